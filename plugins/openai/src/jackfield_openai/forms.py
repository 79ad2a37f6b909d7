"""What is asked for: a key, and whom its calls are booked to."""

from __future__ import annotations

from jackfield_sdk import CredentialForm, Feature, FormField, LocalizedText, forms

KEYS = "https://platform.openai.com/api-keys"

_ORGANIZATION = FormField(
    name="organization",
    label=LocalizedText.of("Organization", "组织 ID"),
    placeholder=LocalizedText.of("org-…"),
    help=LocalizedText.of(
        "For a key that belongs to several organizations: the one that is billed.", "若密钥属于多个组织，填写计费的组织。"
    ),
    env="OPENAI_ORG_ID",
)
_PROJECT = FormField(
    name="project",
    label=LocalizedText.of("Project", "项目 ID"),
    placeholder=LocalizedText.of("proj_…"),
    help=LocalizedText.of(
        "For a key of a user, not of a project: the project that is billed.", "仅用户级密钥需要：计费的项目。"
    ),
    env="OPENAI_PROJECT_ID",
)
_BASE_URL = forms.base_url(
    placeholder="https://api.openai.com/v1",
    env="OPENAI_BASE_URL",
    hint=LocalizedText.of(
        "Empty: OpenAI itself. Otherwise a proxy, or a region's address, as https://eu.api.openai.com/v1.",
        "留空即 OpenAI 官方地址；也可填写代理或区域地址，如 https://eu.api.openai.com/v1。",
    ),
)

PROVIDER_FORM = CredentialForm(
    fields=(
        forms.api_key(env="OPENAI_API_KEY", help_url=KEYS, placeholder="sk-…"),
        _ORGANIZATION,
        _PROJECT,
        _BASE_URL,
    ),
    help_url=KEYS,
)

MODEL_FORM = CredentialForm(
    help=LocalizedText.of(
        "A fine-tuned model (ft:…) has what its base model has; the fields are for a model that the catalog does not know.",
        "微调模型（ft:…）沿用其基础模型的特性；其余字段用于目录中没有的模型。",
    ),
    fields=(
        forms.api_key(required=False, placeholder="sk-…", label=LocalizedText.of("API key of its own", "专用 API 密钥")),
        _ORGANIZATION.model_copy(update={"env": None}),
        _PROJECT.model_copy(update={"env": None}),
        _BASE_URL.model_copy(update={"env": None}),
        forms.context_size(default=None),
        forms.max_output_tokens(),
        *forms.feature_switches(
            (Feature.TOOLS, Feature.STRUCTURED_OUTPUT, Feature.VISION, Feature.REASONING, Feature.COMPLETION),
        ),
    ),
)
