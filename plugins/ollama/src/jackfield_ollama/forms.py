"""What is asked for with each model."""

from __future__ import annotations

from jackfield_sdk import CredentialForm, Feature, FormField, LocalizedText, forms

LOCAL = "http://127.0.0.1:11434"
KEYS = "https://ollama.com/settings/keys"

MODEL_FORM = CredentialForm(
    fields=(
        forms.base_url(
            required=True,
            placeholder=LOCAL,
            hint=LocalizedText.of(
                "Of the Ollama server; https://ollama.com for Ollama's cloud.",
                "Ollama 服务器地址；Ollama 云端为 https://ollama.com。",
            ),
        ),
        forms.api_key(
            required=False,
            env="OLLAMA_API_KEY",
            help_url=KEYS,
            label=LocalizedText.of(
                "API key (of the cloud, or of a proxy before the server)", "API 密钥（云端或服务器前的代理所需）"
            ),
        ),
        forms.context_size(default=None).model_copy(
            update={
                "help": LocalizedText.of(
                    "The server is told to hold so many tokens (num_ctx). Empty: what the server holds by itself.",
                    "告知服务器的上下文长度（num_ctx）；留空则由服务器决定。",
                )
            }
        ),
        forms.max_output_tokens(),
        *forms.feature_switches((Feature.TOOLS, Feature.VISION, Feature.REASONING, Feature.COMPLETION)),
        FormField(
            name="cut_history",
            kind="switch",
            label=LocalizedText.of("Cut conversations that are too long", "截断过长的对话"),
            help=LocalizedText.of(
                "The server leaves out the oldest messages. Off: such a call is refused.",
                "由服务器丢弃最早的消息；关闭则拒绝此类请求。",
            ),
            default=False,
        ),
        FormField(
            name="keep_alive",
            label=LocalizedText.of("Stays loaded for", "保持加载时长"),
            help=LocalizedText.of(
                "After a call: 5m, 24h, 0 (not at all), -1 (for ever). Empty: as the server is set up.",
                "调用后保持加载：5m、24h、0（立即卸载）、-1（一直）；留空则按服务器设置。",
            ),
            pattern=r"-?\d+(ms|s|m|h)?",
            pattern_hint=LocalizedText.of("is a number of seconds, or a time like 10m", "为秒数，或形如 10m 的时长"),
        ),
        forms.dimensions(),
        forms.max_batch(),
    ),
    help_url="https://docs.ollama.com",
)
