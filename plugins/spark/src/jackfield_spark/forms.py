"""What is asked for: the credentials of one of the two ways in, by the names that they have in iFlytek's console."""

from __future__ import annotations

from typing import Final

from jackfield_sdk import CredentialForm, FormField, LocalizedText, Option, forms

CONSOLE: Final = "https://console.xfyun.cn/services/bm4"
HTTP: Final = "http"
WEBSOCKET: Final = "websocket"

_BY_HTTP: dict[str, tuple[str | bool | int | float, ...]] = {"protocol": (HTTP,)}
_BY_WEBSOCKET: dict[str, tuple[str | bool | int | float, ...]] = {"protocol": (WEBSOCKET,)}

PROVIDER_FORM = CredentialForm(
    fields=(
        FormField(
            name="protocol",
            kind="select",
            label=LocalizedText.of("Protocol", "接口协议"),
            default=HTTP,
            options=(
                Option(value=HTTP, label=LocalizedText.of("HTTP (APIPassword)", "HTTP（APIPassword）")),
                Option(
                    value=WEBSOCKET,
                    label=LocalizedText.of("Websocket (APPID, APIKey, APISecret)", "WebSocket（APPID、APIKey、APISecret）"),
                ),
            ),
        ),
        FormField(
            name="api_password",
            kind="secret",
            label=LocalizedText.of("APIPassword", "APIPassword（HTTP 服务接口认证信息）"),
            help=LocalizedText.of(
                "Of the model's page in the console; APIKey:APISecret will do as well.",
                "在控制台对应模型页面获取，也可填写 APIKey:APISecret。",
            ),
            help_url=CONSOLE,
            required=True,
            shown_if=_BY_HTTP,
            env="SPARK_API_PASSWORD",
        ),
        FormField(
            name="app_id",
            label=LocalizedText.of("APPID", "APPID（应用）"),
            required=True,
            shown_if=_BY_WEBSOCKET,
            env="SPARKAI_APP_ID",
        ),
        FormField(
            name="api_key",
            kind="secret",
            label=LocalizedText.of("APIKey", "APIKey（接口密钥）"),
            required=True,
            shown_if=_BY_WEBSOCKET,
            env="SPARKAI_API_KEY",
        ),
        FormField(
            name="api_secret",
            kind="secret",
            label=LocalizedText.of("APISecret", "APISecret（签名密钥）"),
            help=LocalizedText.of("It signs, and is never sent.", "仅用于签名，不会被发送。"),
            required=True,
            shown_if=_BY_WEBSOCKET,
            env="SPARKAI_API_SECRET",
        ),
        forms.base_url(
            placeholder="https://spark-api-open.xf-yun.com",
            hint=LocalizedText.of(
                "Empty: iFlytek itself. Otherwise a proxy; paths are added.",
                "留空即讯飞官方地址；也可填写代理地址，路径会自动补全。",
            ),
        ),
    ),
    help_url=CONSOLE,
)
