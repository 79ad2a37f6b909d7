"""What is asked for with each model: where its server is, what the model can do, and how the server differs from OpenAI."""

from __future__ import annotations

from jackfield_sdk import CredentialForm, Feature, FormField, LocalizedText, Option, forms

from .counting import MESSAGES, TOKENIZE

_ADVANCED: dict[str, tuple[str | bool | int | float, ...]] = {"advanced": (True,)}

_SERVER = (
    forms.base_url(
        required=True,
        placeholder="http://127.0.0.1:8000/v1",
        hint=LocalizedText.of("The address up to and with the version, mostly /v1.", "填写到版本号为止，通常以 /v1 结尾。"),
    ),
    forms.api_key(required=False, label=LocalizedText.of("API key (if the server wants one)", "API 密钥（如服务器需要）")),
    FormField(
        name="api",
        kind="select",
        label=LocalizedText.of("API of a language model", "语言模型接口"),
        default="chat",
        options=(
            Option(value="chat", label=LocalizedText.of("Chat completions", "对话（Chat Completions）")),
            Option(value="responses", label=LocalizedText.of("Responses", "Responses")),
            Option(value="completion", label=LocalizedText.of("Text completions, older models", "文本补全（旧式模型）")),
        ),
    ),
)

_ABILITIES = (
    forms.context_size(),
    forms.max_output_tokens(),
    *forms.feature_switches(
        (
            Feature.TOOLS,
            Feature.PARALLEL_TOOLS,
            Feature.STRUCTURED_OUTPUT,
            Feature.REASONING,
            Feature.VISION,
            Feature.AUDIO_INPUT,
            Feature.VIDEO_INPUT,
            Feature.FILE_INPUT,
        )
    ),
    forms.dimensions(),
    forms.max_batch(),
    forms.voices(),
)

_DIFFERENCES = (
    FormField(
        name="advanced",
        kind="switch",
        label=LocalizedText.of("The server differs from OpenAI", "服务器与 OpenAI 有差异"),
        default=False,
    ),
    forms.vendor_name(
        "endpoint_model", LocalizedText.of("The server's name of the model", "服务器上的模型名称"), shown_if=_ADVANCED
    ),
    FormField(
        name="headers",
        kind="secret",
        label=LocalizedText.of("More headers", "附加请求头"),
        help=LocalizedText.of('A JSON object: {"x-team": "search"}', 'JSON 对象：{"x-team": "search"}'),
        pattern=r"(?s)\s*\{.*\}\s*",
        pattern_hint=LocalizedText.of("must be a JSON object", "必须是 JSON 对象"),
        shown_if=_ADVANCED,
    ),
    FormField(
        name="max_tokens_name",
        kind="select",
        label=LocalizedText.of("Name of the output limit", "输出上限参数名"),
        default="max_tokens",
        options=tuple(Option(value=name, label=LocalizedText.of(name)) for name in ("max_tokens", "max_completion_tokens")),
        shown_if=_ADVANCED,
    ),
    FormField(
        name="reasoning_name",
        kind="select",
        label=LocalizedText.of("Reasoning is sent back", "回传推理内容"),
        default="no",
        options=(
            Option(value="no", label=LocalizedText.of("No", "不回传")),
            Option(value="reasoning_content", label=LocalizedText.of("As reasoning_content", "以 reasoning_content 回传")),
            Option(value="reasoning", label=LocalizedText.of("As reasoning", "以 reasoning 回传")),
        ),
        shown_if=_ADVANCED,
    ),
    FormField(
        name="stream_usage",
        kind="switch",
        label=LocalizedText.of("Knows stream_options (usage in streams)", "支持 stream_options（流式返回用量）"),
        default=True,
        shown_if=_ADVANCED,
    ),
    FormField(
        name="counts",
        kind="select",
        label=LocalizedText.of("Tokens are counted", "Token 计数"),
        help=LocalizedText.of("Of a language model, before it is called.", "仅用于语言模型，在调用之前计数。"),
        default="no",
        options=(
            Option(value="no", label=LocalizedText.of("No", "不支持")),
            Option(value=TOKENIZE, label=LocalizedText.of("By /tokenize (vLLM)", "通过 /tokenize（vLLM）")),
            Option(
                value=MESSAGES,
                label=LocalizedText.of(
                    "By /v1/messages/count_tokens (llama.cpp)", "通过 /v1/messages/count_tokens（llama.cpp）"
                ),
            ),
        ),
        shown_if=_ADVANCED,
    ),
    FormField(
        name="path",
        label=LocalizedText.of("Path of the model's API", "接口路径"),
        placeholder=LocalizedText.of("/chat/completions"),
        help=LocalizedText.of(
            "After the base URL, where it is not OpenAI's own.", "基础地址之后的路径，与 OpenAI 不同时填写。"
        ),
        pattern=r"/[^\s?#]*",
        pattern_hint=LocalizedText.of("must begin with a slash", "必须以斜杠开头"),
        shown_if=_ADVANCED,
    ),
)

MODEL_FORM = CredentialForm(fields=(*_SERVER, *_ABILITIES, *_DIFFERENCES))
