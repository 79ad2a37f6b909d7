"""What is asked for with each model: the server, the model's UID there, and what it can do."""

from __future__ import annotations

from typing import Final

from jackfield_sdk import CredentialForm, Feature, LocalizedText, forms

DOCS: Final = "https://inference.readthedocs.io/"

SWITCHES: Final = (
    Feature.TOOLS,
    Feature.PARALLEL_TOOLS,
    Feature.STRUCTURED_OUTPUT,
    Feature.REASONING,
    Feature.VISION,
    Feature.AUDIO_INPUT,
    Feature.VIDEO_INPUT,
    Feature.COMPLETION,
)

MODEL_FORM = CredentialForm(
    fields=(
        forms.base_url(
            required=True,
            placeholder="http://127.0.0.1:9997",
            hint=LocalizedText.of("The server's address; /v1 may be left out.", "服务器地址，可省略 /v1。"),
        ),
        forms.vendor_name("model_uid", LocalizedText.of("UID of the running model", "运行中模型的 UID"), in_address=True),
        forms.api_key(required=False, label=LocalizedText.of("API key (if the server wants one)", "API 密钥（如服务器需要）")),
        forms.context_size(default=None),
        forms.max_output_tokens(),
        *forms.feature_switches(SWITCHES),
        forms.dimensions(),
        forms.max_batch(),
        forms.voices(),
    ),
    help=LocalizedText.of(
        "What a model can do is compared with what its server says of it.", "保存时会与服务器返回的模型能力进行核对。"
    ),
    help_url=DOCS,
)
