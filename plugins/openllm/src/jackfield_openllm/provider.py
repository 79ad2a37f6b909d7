"""A provider whose models run on OpenLLM servers, which speak OpenAI's dialect from 0.4 on."""

from __future__ import annotations

from typing import Any, Final

from jackfield_sdk import (
    OPENAI_CHAT,
    OPENAI_COMPLETIONS,
    OPENAI_EMBEDDINGS,
    BadRequest,
    CallContext,
    CredentialForm,
    ErrorRow,
    ErrorTable,
    Feature,
    LLMRequest,
    LocalizedText,
    ModelDescription,
    ModelNotFound,
    ModelType,
    OpenAICompatible,
    ProvisionKind,
    VendorHTTP,
    forms,
)

DOCS: Final = "https://github.com/bentoml/OpenLLM"

MODEL_FORM = CredentialForm(
    fields=(
        forms.base_url(
            required=True,
            placeholder="http://127.0.0.1:3000",
            hint=LocalizedText.of("The server's address; /v1 may be left out.", "服务器地址，可省略 /v1。"),
        ),
        forms.vendor_name(
            "model_id",
            LocalizedText.of("Model id on the server", "服务器上的模型 ID"),
            placeholder="meta-llama/Llama-3.2-1B-Instruct",
        ),
        forms.api_key(
            required=False, label=LocalizedText.of("API key (of a server in BentoCloud)", "API 密钥（BentoCloud 部署需要）")
        ),
        forms.context_size(),
        forms.max_output_tokens(),
        *forms.feature_switches(
            (Feature.TOOLS, Feature.PARALLEL_TOOLS, Feature.STRUCTURED_OUTPUT, Feature.REASONING, Feature.VISION)
        ),
        forms.dimensions(),
        forms.max_batch(),
    ),
    help_url=DOCS,
)

TABLE = ErrorTable(
    (
        # vLLM's words, which OpenLLM's servers pass on.
        ErrorRow(error=ModelNotFound, code="NotFoundError"),
        ErrorRow(
            error=BadRequest, code="BadRequestError", message=r"does not support (embeddings|chat|completions)", param="model"
        ),
    )
)


class OpenLLM(OpenAICompatible):
    """Servers of `openllm serve`, on a machine of one's own or in BentoCloud. They are vLLM behind BentoML."""

    id = "openllm"
    label = LocalizedText.of("OpenLLM")
    description = LocalizedText.of(
        "Open language and embedding models on servers of OpenLLM.", "部署在 OpenLLM 服务器上的开源语言与向量模型。"
    )
    help_url = DOCS
    model_types = (ModelType.LLM, ModelType.TEXT_EMBEDDING)
    provision = (ProvisionKind.CUSTOMIZABLE,)
    model_form = MODEL_FORM
    version = "/v1"
    name_field = "model_id"
    dialects = (OPENAI_CHAT, OPENAI_COMPLETIONS, OPENAI_EMBEDDINGS)
    http = VendorHTTP(table=TABLE)

    def surface(self, request: LLMRequest, context: CallContext) -> str:
        """It has chat and completions, and no responses."""
        return OPENAI_COMPLETIONS if request.completion else OPENAI_CHAT

    def describe_model(self, model: str, model_type: ModelType, credentials: dict[str, Any]) -> ModelDescription:
        """As the form says."""
        described = forms.describe_from_form(model, model_type, credentials)
        relayed = (OPENAI_CHAT, OPENAI_COMPLETIONS) if model_type is ModelType.LLM else (OPENAI_EMBEDDINGS,)
        return described.model_copy(update={"dialects": relayed})
