"""What is asked for with each model: the resource, how its calls are signed, the deployment and what stands behind it."""

from __future__ import annotations

from jackfield_sdk import CredentialForm, Feature, FormField, LocalizedText, Option, forms

HELP = "https://learn.microsoft.com/azure/foundry/openai/how-to/create-resource"

_KEY: dict[str, tuple[str | bool | int | float, ...]] = {"auth": ("api_key",)}
_ENTRA: dict[str, tuple[str | bool | int | float, ...]] = {"auth": ("entra",)}

_RESOURCE = (
    FormField(
        name="base_url",
        label=LocalizedText.of("Endpoint", "终结点"),
        required=True,
        placeholder=LocalizedText.of("https://my-resource.openai.azure.com"),
        help=LocalizedText.of(
            "The resource's address, as the portal shows it; the target URI of a deployment does as well.",
            "资源地址，与门户中显示的一致；也可填写部署的目标 URI。",
        ),
        env="AZURE_OPENAI_ENDPOINT",
        pattern=r"https?://[^\s/?#]+\S*",
        pattern_hint=LocalizedText.of(
            "must be an address that begins with http:// or https://", "必须是以 http:// 或 https:// 开头的地址"
        ),
    ),
    FormField(
        name="auth",
        kind="select",
        label=LocalizedText.of("Authentication", "身份验证方式"),
        default="api_key",
        options=(
            Option(value="api_key", label=LocalizedText.of("API key", "API 密钥")),
            Option(value="entra", label=LocalizedText.of("Microsoft Entra ID", "Microsoft Entra ID（服务主体）")),
        ),
    ),
    forms.api_key(env="AZURE_OPENAI_API_KEY", help_url=HELP).model_copy(update={"shown_if": _KEY}),
    FormField(
        name="tenant_id",
        label=LocalizedText.of("Directory (tenant) ID", "目录（租户）ID"),
        required=True,
        shown_if=_ENTRA,
        env="AZURE_TENANT_ID",
        pattern=r"[A-Za-z0-9.-]+",
        pattern_hint=LocalizedText.of("must be an ID or a domain name", "必须是 ID 或域名"),
    ),
    FormField(
        name="client_id",
        label=LocalizedText.of("Application (client) ID", "应用程序（客户端）ID"),
        required=True,
        shown_if=_ENTRA,
        env="AZURE_CLIENT_ID",
    ),
    FormField(
        name="client_secret",
        kind="secret",
        label=LocalizedText.of("Client secret (its value, not its ID)", "客户端密码（值，而非 ID）"),
        required=True,
        shown_if=_ENTRA,
        env="AZURE_CLIENT_SECRET",
    ),
    FormField(
        name="cloud",
        kind="select",
        label=LocalizedText.of("Cloud", "云环境"),
        default="public",
        options=(
            Option(value="public", label=LocalizedText.of("Azure", "Azure（全球）")),
            Option(value="us_government", label=LocalizedText.of("Azure Government (US)", "Azure 美国政府云")),
            Option(value="china", label=LocalizedText.of("Azure operated by 21Vianet", "Azure 中国（世纪互联）")),
        ),
        shown_if=_ENTRA,
    ),
    FormField(
        name="api_version",
        label=LocalizedText.of("API version", "API 版本"),
        placeholder=LocalizedText.of("2025-04-01-preview"),
        help=LocalizedText.of("Empty: the v1 API, which has no versions.", "留空则使用无版本的 v1 API。"),
        pattern=r"\d{4}-\d{2}-\d{2}(-preview)?|v1|preview|latest",
        pattern_hint=LocalizedText.of(
            "must be a date as 2024-10-21 or 2025-04-01-preview", "必须是日期，如 2024-10-21 或 2025-04-01-preview"
        ),
    ),
)

_MODEL = (
    forms.vendor_name("deployment", LocalizedText.of("Deployment", "部署名称"), in_address=True),
    FormField(
        name="base_model",
        label=LocalizedText.of("Model behind the deployment", "基础模型"),
        placeholder=LocalizedText.of("gpt-5.4"),
        help=LocalizedText.of(
            "As the portal names it. Empty: the deployment is named after it. What the model can do follows from it; "
            "the fields below are for one that is not known.",
            "与门户中的模型名称一致；留空则按部署名称识别。能识别的模型会自动带出其能力，其余字段用于未知模型。",
        ),
    ),
    forms.context_size(default=None),
    forms.max_output_tokens(),
    *forms.feature_switches(
        (Feature.TOOLS, Feature.PARALLEL_TOOLS, Feature.STRUCTURED_OUTPUT, Feature.VISION, Feature.REASONING)
    ),
    forms.dimensions(),
)

MODEL_FORM = CredentialForm(fields=(*_RESOURCE, *_MODEL), help_url=HELP)
