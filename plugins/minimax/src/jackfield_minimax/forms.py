"""What is asked for: a key, and which of MiniMax's two platforms it is of."""

from __future__ import annotations

from typing import Final

from jackfield_sdk import CredentialForm, FormField, LocalizedText, Option, forms

KEYS: Final = "https://platform.minimaxi.com/user-center/basic-information/interface-key"
HOSTS: Final = {"china": "https://api.minimaxi.com", "global": "https://api.minimax.io"}
"""Keys of one are not known to the other: https://platform.minimax.io/docs/guides/quickstart"""

PROVIDER_FORM = CredentialForm(
    fields=(
        forms.api_key(env="MINIMAX_API_KEY", help_url=KEYS),
        FormField(
            name="region",
            kind="select",
            label=LocalizedText.of("Platform", "平台"),
            help=LocalizedText.of("Where the key was made; the other one does not know it.", "密钥所属平台，两者不通用。"),
            default="china",
            options=(
                Option(value="china", label=LocalizedText.of("China (platform.minimaxi.com)", "国内（platform.minimaxi.com）")),
                Option(value="global", label=LocalizedText.of("Global (platform.minimax.io)", "海外（platform.minimax.io）")),
            ),
        ),
        FormField(
            name="group_id",
            label=LocalizedText.of("Group ID", "Group ID（用户组）"),
            help=LocalizedText.of(
                "Older accounts need it for embeddings and speech; the others leave it empty.",
                "旧账户使用向量与语音模型时需要，其余留空。",
            ),
            pattern=r"\d{6,32}",
            pattern_hint=LocalizedText.of("must be a number", "必须为数字"),
            env="MINIMAX_GROUP_ID",
        ),
        forms.base_url(
            placeholder="https://api.minimaxi.com",
            env="MINIMAX_API_HOST",
            hint=LocalizedText.of(
                "Empty: the platform's own. Otherwise a proxy, or https://api-uw.minimax.io.",
                "留空即所选平台的地址；也可填写代理或 https://api-uw.minimax.io。",
            ),
        ),
    ),
    help_url=KEYS,
)
