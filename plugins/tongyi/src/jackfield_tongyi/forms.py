"""What is asked for: a key, the region that it belongs to, and how to speak."""

from __future__ import annotations

from jackfield_sdk import CredentialForm, Feature, FormField, LocalizedText, Option, forms

KEYS = "https://bailian.console.aliyun.com/?apiKey=1#/api-key"

_REGION = FormField(
    name="region",
    kind="select",
    label=LocalizedText.of("Region", "地域"),
    help=LocalizedText.of("A key belongs to one region.", "API 密钥与地域一一对应。"),
    default="beijing",
    options=(
        Option(value="beijing", label=LocalizedText.of("China (Beijing)", "华北2（北京）")),
        Option(value="singapore", label=LocalizedText.of("Singapore", "新加坡")),
        Option(value="virginia", label=LocalizedText.of("US (Virginia)", "美国（弗吉尼亚）")),
        Option(value="hongkong", label=LocalizedText.of("China (Hong Kong)", "中国香港")),
    ),
)
_BASE_URL = forms.base_url(
    placeholder="https://ws-….cn-beijing.maas.aliyuncs.com",
    env="DASHSCOPE_BASE_URL",
    hint=LocalizedText.of(
        "Empty: the region's shared domain. Otherwise a workspace's own, or a proxy; the host alone.",
        "留空即所选地域的公共域名；也可填写业务空间专属域名或代理地址（仅域名部分）。",
    ),
)
_API = FormField(
    name="api",
    kind="select",
    label=LocalizedText.of("API of chats", "对话接口"),
    help=LocalizedText.of(
        "Both do the same; some models are served by DashScope's own only.", "两者功能一致；个别模型仅支持 DashScope 原生接口。"
    ),
    default="compatible",
    options=(
        Option(value="compatible", label=LocalizedText.of("OpenAI-compatible", "OpenAI 兼容模式")),
        Option(value="native", label=LocalizedText.of("DashScope", "DashScope 原生")),
    ),
)

PROVIDER_FORM = CredentialForm(
    fields=(forms.api_key(env="DASHSCOPE_API_KEY", help_url=KEYS, placeholder="sk-…"), _REGION, _BASE_URL, _API),
    help_url=KEYS,
)

MODEL_FORM = CredentialForm(
    help=LocalizedText.of(
        "A model that the catalog does not list, a snapshot or one of your own deployments.",
        "用于目录中没有的模型、快照版本或自行部署的模型。",
    ),
    fields=(
        forms.api_key(required=False, placeholder="sk-…", label=LocalizedText.of("API key of its own", "专用 API 密钥")),
        # Without a default: what is left empty here is the provider's.
        _REGION.model_copy(update={"default": None}),
        _BASE_URL.model_copy(update={"env": None}),
        _API.model_copy(update={"default": None}),
        forms.context_size(default=None),
        forms.max_output_tokens(),
        *forms.feature_switches(
            (Feature.TOOLS, Feature.STRUCTURED_OUTPUT, Feature.REASONING, Feature.VISION, Feature.AUDIO_INPUT),
        ),
        FormField(
            name="only_streams",
            kind="switch",
            label=LocalizedText.of("Answers in streams only", "仅支持流式输出"),
            help=LocalizedText.of(
                "Then whole answers are put together here, as open models need it while they think.",
                "开启后由本机拼接完整回答；开源模型在思考模式下需要开启。",
            ),
            default=False,
        ),
        forms.dimensions(),
        forms.max_batch(),
    ),
)
