"""What is asked for: an API key of today's API, or the two keys of the older one."""

from __future__ import annotations

from jackfield_sdk import CredentialForm, FormField, LocalizedText, forms

KEYS = "https://console.bce.baidu.com/qianfan/ais/console/apiKey"
BASE_URL = "https://qianfan.baidubce.com/v2"

PROVIDER_FORM = CredentialForm(
    fields=(
        forms.api_key(env="QIANFAN_API_KEY", help_url=KEYS, placeholder="bce-v3/ALTAK-…"),
        FormField(
            name="secret_key",
            kind="secret",
            label=LocalizedText.of("Secret key (older API only)", "Secret Key（仅旧版接口）"),
            help=LocalizedText.of(
                "Empty, unless the key above is that of an application of the older API.",
                "通常留空；仅当上方填写的是旧版接口的应用 API Key 时才需要填写。",
            ),
            env="QIANFAN_SECRET_KEY",
        ),
        forms.base_url(
            placeholder=BASE_URL,
            env="QIANFAN_BASE_URL",
            hint=LocalizedText.of(
                "Empty: Qianfan's own, of the older API https://aip.baidubce.com.",
                "留空即千帆官方地址；旧版接口为 https://aip.baidubce.com。",
            ),
        ),
    ),
    help_url=KEYS,
)
