"""A provider whose models run on Xinference servers."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from jackfield_sdk import (
    JINA_RERANK,
    OPENAI_CHAT,
    OPENAI_COMPLETIONS,
    OPENAI_EMBEDDINGS,
    BadRequest,
    CallContext,
    ChatOptions,
    CredentialsInvalid,
    EmbeddingRequest,
    Feature,
    LLMRequest,
    LocalizedText,
    ModelDescription,
    ModelNotFound,
    ModelType,
    OpenAICompatible,
    ProvisionKind,
    RerankRequest,
    VendorHTTP,
    forms,
)
from jackfield_sdk.listing import entries_of

from .abilities import abilities_of, describe, lacking, types_of
from .errors import TABLE
from .forms import DOCS, MODEL_FORM

_DIALECTS = {ModelType.TEXT_EMBEDDING: OPENAI_EMBEDDINGS, ModelType.RERANK: JINA_RERANK}


class Xinference(OpenAICompatible):
    """Xinference speaks OpenAI's dialect; what a model is and can do, its server says."""

    id = "xinference"
    label = LocalizedText.of("Xorbits Inference")
    description = LocalizedText.of(
        "Language, embedding, rerank and speech models on servers of Xinference.",
        "部署在 Xinference 服务器上的语言、向量、重排与语音模型。",
    )
    help_url = DOCS
    model_types = (
        ModelType.LLM,
        ModelType.TEXT_EMBEDDING,
        ModelType.RERANK,
        ModelType.SPEECH_TO_TEXT,
        ModelType.TEXT_TO_SPEECH,
    )
    provision = (ProvisionKind.CUSTOMIZABLE,)
    model_form = MODEL_FORM
    version = "/v1"
    name_field = "model_uid"
    dialects = (OPENAI_CHAT, OPENAI_COMPLETIONS, OPENAI_EMBEDDINGS, JINA_RERANK)
    http = VendorHTTP(table=TABLE)
    options = ChatOptions(unsupported=frozenset({"n", "logit_bias"}))  # the one is not heeded, the other not implemented

    def surface(self, request: LLMRequest, context: CallContext) -> str:
        """A model that only goes on with a text has no chat."""
        completion = context.model is not None and Feature.COMPLETION in context.model.features
        return OPENAI_COMPLETIONS if completion or request.completion else OPENAI_CHAT

    def default_voice(self, context: CallContext) -> str:
        """The model's own, if the form names none."""
        return context.model.voices[0] if context.model is not None and context.model.voices else ""

    # -- what the server says of its models ------------------------------------------------------------------------------------

    async def validate_model_credentials(self, model: str, model_type: ModelType, context: CallContext) -> None:
        """Whether such a model runs there, is of this type, and can do what the form says: nothing is computed for it.

        A key that may call models, and not look at them, is proved by a short call.
        """
        uid = self.model_name(model, context)
        try:
            entry = await self.prove(context, "GET", f"{self.url('models', context)}/{quote(uid, safe='')}")
        except ModelNotFound as error:
            if context.credentials.get("model_uid"):
                raise CredentialsInvalid(error.message, param="model_uid", vendor_message=error.vendor_message) from None
            raise
        except CredentialsInvalid as error:
            if error.vendor_status != 403:
                raise
            await super().validate_model_credentials(model, model_type, context)
            return
        if not isinstance(entry, dict) or not entry.get("model_type"):
            raise CredentialsInvalid("There is no Xinference at this address.", param="base_url")
        if model_type not in types_of(entry):
            told = f"{entry['model_type']} ({', '.join(abilities_of(entry))})"
            raise BadRequest(f"The server's model {uid!r} is of another type: {told}.", param="model_type")
        feature = lacking(entry, context.credentials) if model_type is ModelType.LLM else None
        if feature is not None:
            told = ", ".join(abilities_of(entry))
            raise CredentialsInvalid(f"The server does not know of this that its model can: {told}.", param=feature.value)

    async def list_models(self, context: CallContext) -> list[ModelDescription]:
        """The models that run, with what they can do."""
        body = await self.http.json(context, "GET", self.url("models", context), headers=self.headers(context))
        return [describe(entry, kind) for entry in entries_of(body) for kind in sorted(types_of(entry) or _untold(entry))]

    def describe_model(self, model: str, model_type: ModelType, credentials: dict[str, Any]) -> ModelDescription:
        """As the form says."""
        described = forms.describe_from_form(model, model_type, credentials)
        dialect = _DIALECTS.get(model_type)
        if model_type is ModelType.LLM:
            dialect = OPENAI_COMPLETIONS if Feature.COMPLETION in described.features else OPENAI_CHAT
        return described.model_copy(update={"dialects": (dialect,) if dialect else ()})

    # -- where it differs from OpenAI ------------------------------------------------------------------------------------------

    def adapt_chat(self, body: dict[str, Any], request: LLMRequest, context: CallContext) -> dict[str, Any]:
        """Hybrid models think or not by a switch of their template, which has one of two names: both are set."""
        effort = request.sampling.reasoning_effort
        if effort is None:
            return body
        if effort == "none":
            body.pop("reasoning_effort", None)
        template = body.get("chat_template_kwargs")
        switch = dict.fromkeys(("enable_thinking", "thinking"), effort != "none")
        return body | {"chat_template_kwargs": (template if isinstance(template, dict) else {}) | switch}

    def adapt_embedding(self, body: dict[str, Any], request: EmbeddingRequest, context: CallContext) -> dict[str, Any]:
        """Whatever is longer than the model takes is cut, if that is asked for."""
        return body | ({"truncate_prompt_tokens": -1} if request.truncate else {})

    def adapt_rerank(self, body: dict[str, Any], request: RerankRequest, context: CallContext) -> dict[str, Any]:
        """Tokens are counted only when asked for."""
        return body | {"return_len": True}


def _untold(entry: dict[str, Any]) -> frozenset[ModelType]:
    """A server before the abilities, or one that only looks like Xinference: a chat model."""
    return frozenset() if entry.get("model_type") else frozenset({ModelType.LLM})
