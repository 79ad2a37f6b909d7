"""What is asked for with each model."""

from __future__ import annotations

from jackfield_sdk import CredentialForm, Feature, FormField, LocalizedText, forms

TOKENS = "https://replicate.com/account/api-tokens"

MODEL_FORM = CredentialForm(
    fields=(
        forms.api_key(
            env="REPLICATE_API_TOKEN",
            help_url=TOKENS,
            placeholder="r8_…",
            label=LocalizedText.of("API token", "API 令牌"),
        ),
        FormField(
            name="version",
            label=LocalizedText.of("Version", "版本"),
            help=LocalizedText.of(
                "The id of a version of the model. Empty: the latest; official models have none.",
                "模型版本 ID；留空则为最新版本，官方模型没有版本。",
            ),
            pattern=r"[0-9a-f]{32,64}",
            pattern_hint=LocalizedText.of("must be the 64 digits of a version's id", "必须是 64 位的版本 ID"),
        ),
        FormField(
            name="deployment",
            label=LocalizedText.of("Deployment", "部署"),
            help=LocalizedText.of(
                "Your own deployment of this model, as owner/name.", "该模型的自有部署，格式为 所有者/名称。"
            ),
            placeholder=LocalizedText.of("acme/my-deployment"),
            pattern=r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+",
            pattern_hint=LocalizedText.of("is written as owner/name", "格式为 所有者/名称"),
        ),
        forms.context_size(),
        forms.max_output_tokens(),
        *forms.feature_switches((Feature.VISION, Feature.REASONING)),
        forms.dimensions(),
        forms.max_batch(16),
        forms.base_url(
            placeholder="https://api.replicate.com",
            env="REPLICATE_BASE_URL",
            hint=LocalizedText.of("Empty: Replicate itself.", "留空即 Replicate 官方地址。"),
        ),
    ),
    help_url=TOKENS,
)
