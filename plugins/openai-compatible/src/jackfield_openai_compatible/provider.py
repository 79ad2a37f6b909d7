"""Any endpoint that speaks OpenAI's dialect: vLLM, llama.cpp, LM Studio, LocalAI, SGLang, a company's own gateway, …

https://platform.openai.com/docs/api-reference is what such endpoints follow; where one does not, the form says so.
"""

from __future__ import annotations

import re
from typing import Any

import orjson
from jackfield_sdk import (
    OPENAI_CHAT,
    OPENAI_COMPLETIONS,
    OPENAI_EMBEDDINGS,
    CallContext,
    ChatOptions,
    CredentialForm,
    CredentialsInvalid,
    Feature,
    FormField,
    LocalizedText,
    ModelDescription,
    ModelType,
    OpenAICompatible,
    Option,
    ProvisionKind,
    forms,
)

SWITCHES = (
    Feature.TOOLS,
    Feature.PARALLEL_TOOLS,
    Feature.STRUCTURED_OUTPUT,
    Feature.REASONING,
    Feature.VISION,
    Feature.AUDIO_INPUT,
    Feature.FILE_INPUT,
    Feature.COMPLETION,
)
# A header whose name the transport or the dialect owns is not for a form to change.
_RESERVED = {"authorization", "content-type", "content-length", "host", "connection", "transfer-encoding", "accept"}
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")

MODEL_FORM = CredentialForm(
    help=LocalizedText.of("The model's name is sent to the endpoint as you write it here.", "模型名称会原样发送给该接口。"),
    fields=(
        forms.base_url(
            required=True,
            placeholder="https://llm.example.org/v1",
            hint=LocalizedText.of("Up to and with the version.", "填写到版本号为止。"),
        ),
        forms.api_key(required=False),
        forms.context_size(),
        forms.max_output_tokens(),
        *forms.feature_switches(SWITCHES),
        forms.dimensions(),
        forms.max_batch(),
        FormField(
            name="max_tokens_name",
            kind="select",
            label=LocalizedText.of("Output limit is called", "输出长度参数名"),
            default="max_tokens",
            options=(
                Option(value="max_tokens", label=LocalizedText.of("max_tokens")),
                Option(value="max_completion_tokens", label=LocalizedText.of("max_completion_tokens")),
            ),
        ),
        FormField(
            name="stream_usage",
            kind="switch",
            label=LocalizedText.of("Knows stream_options.include_usage", "支持 stream_options.include_usage"),
            default=True,
        ),
        FormField(
            name="path",
            label=LocalizedText.of("Path of the model's surface", "接口路径"),
            placeholder=LocalizedText.of("/chat/completions"),
            help=LocalizedText.of("If it is not the dialect's own.", "与标准路径不同时填写。"),
            pattern=r"/[^\s?#]*",
            pattern_hint=LocalizedText.of("must begin with a slash", "必须以斜杠开头"),
        ),
        FormField(
            name="headers",
            kind="secret",
            label=LocalizedText.of("Further headers", "附加请求头"),
            placeholder=LocalizedText.of('{"X-Team": "blue"}'),
            help=LocalizedText.of("A JSON object of texts. Kept sealed, as keys often stand here.", "JSON 对象；加密保存。"),
        ),
    ),
)

_SURFACES = {
    ModelType.LLM: "openai.chat",
    ModelType.TEXT_EMBEDDING: "openai.embeddings",
    ModelType.RERANK: "jina.rerank",
    ModelType.SPEECH_TO_TEXT: "transcriptions",
    ModelType.TEXT_TO_SPEECH: "speech",
    ModelType.MODERATION: "openai.moderations",
}


class Compatible(OpenAICompatible):
    """Models are added one by one, each with its own address, key and abilities."""

    id = "openai_compatible"
    label = LocalizedText.of("OpenAI-compatible endpoint", "兼容 OpenAI 的接口")
    description = LocalizedText.of(
        "vLLM, llama.cpp, LM Studio, LocalAI, SGLang: whatever speaks OpenAI's dialect.",
        "vLLM、llama.cpp、LM Studio、LocalAI、SGLang 等兼容 OpenAI 协议的服务。",
    )
    help_url = "https://platform.openai.com/docs/api-reference"
    model_types = tuple(ModelType)
    provision = (ProvisionKind.CUSTOMIZABLE,)
    model_form = MODEL_FORM
    dialects = (OPENAI_CHAT, OPENAI_COMPLETIONS, OPENAI_EMBEDDINGS)

    def url(self, surface: str, context: CallContext) -> str:
        path = context.credentials.get("path")
        if path and surface != "models":
            return str(context.credentials["base_url"]).rstrip("/") + str(path)
        return super().url(surface, context)

    def headers(self, context: CallContext) -> dict[str, str]:
        return super().headers(context) | read_headers(context.credentials.get("headers"))

    def chat_options(self, context: CallContext) -> ChatOptions:
        return ChatOptions(
            max_tokens_name=str(context.credentials.get("max_tokens_name") or "max_tokens"),
            stream_usage=context.credentials.get("stream_usage") is not False,
            reasoning_name="reasoning_content" if context.credentials.get(Feature.REASONING.value) is True else None,
        )

    def describe_model(self, model: str, model_type: ModelType, credentials: dict[str, Any]) -> ModelDescription:
        """From the form, which is checked as far as its fields alone cannot be."""
        read_headers(credentials.get("headers"))
        description = forms.describe_from_form(model, model_type, credentials)
        path = credentials.get("path")
        # A path of its own belongs to one surface: relayed to another, the body would go astray.
        dialects = None if not path else tuple(name for name in self.dialects if name == _SURFACES[model_type])
        if Feature.COMPLETION in description.features:
            dialects = (OPENAI_COMPLETIONS,)
        elif dialects is None and model_type is ModelType.LLM:
            dialects = (OPENAI_CHAT,)
        return description.model_copy(update={"dialects": dialects})


def read_headers(text: object) -> dict[str, str]:
    """The form's further headers.

    :raises CredentialsInvalid: naming the field, if they are no JSON object of texts, or name a header that is not theirs
    """
    if not text:
        return {}
    try:
        headers = orjson.loads(str(text))
    except orjson.JSONDecodeError:
        headers = None
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        raise CredentialsInvalid('Further headers must be a JSON object of texts, as {"X-Team": "blue"}.', param="headers")
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or not value.isprintable():
            raise CredentialsInvalid(f"`{name}` is not a header that can be sent.", param="headers")
        if name.lower() in _RESERVED:
            raise CredentialsInvalid(f"The header `{name}` is not yours to set.", param="headers")
    return {name.lower(): value for name, value in headers.items()}
