"""What is asked for: a key; and for a model that is added, where it is served and what it is like."""

from __future__ import annotations

from jackfield_sdk import CredentialForm, FormField, LocalizedText, forms

KEYS = "https://jina.ai/api-dashboard/key-manager"

_BASE_URL = forms.base_url(
    placeholder="https://api.jina.ai/v1",
    hint=LocalizedText.of(
        "Empty: Jina itself. Otherwise a proxy, or a server of one's own up to and with the version.",
        "留空即 Jina 官方地址；也可填写代理或自建服务地址（含版本号）。",
    ),
)

PROVIDER_FORM = CredentialForm(
    fields=(forms.api_key(env="JINA_API_KEY", help_url=KEYS, placeholder="jina_…"), _BASE_URL),
    help_url=KEYS,
)

MODEL_FORM = CredentialForm(
    help=LocalizedText.of(
        "A model that the catalog knows needs no more than its name; the fields are for others.",
        "目录中已有的模型只需填写名称；其余字段用于目录之外的模型。",
    ),
    fields=(
        forms.api_key(required=False, placeholder="jina_…", label=LocalizedText.of("API key of its own", "专用 API 密钥")),
        _BASE_URL,
        forms.context_size(default=8192),
        forms.dimensions(),
        forms.max_batch(),
        FormField(
            name="tasks",
            kind="switch",
            label=LocalizedText.of("Tells queries from documents (task)", "区分查询与文档（task）"),
            help=LocalizedText.of("Of embedding models from Jina's third generation on.", "仅用于第三代及以后的向量模型。"),
            default=True,
        ),
        FormField(
            name="images",
            kind="switch",
            label=LocalizedText.of("Takes images", "支持图像输入"),
            default=False,
        ),
    ),
)
