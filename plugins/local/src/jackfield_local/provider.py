"""The provider `local`: the embedded models, and GGUF files that a workspace adds."""

from __future__ import annotations

from typing import Any

from jackfield_sdk import (
    CallContext,
    CredentialsInvalid,
    EmbeddingRequest,
    EmbeddingResult,
    HostFault,
    LLMRequest,
    LLMResult,
    LLMStream,
    LocalizedText,
    ModelDescription,
    ModelType,
    Provider,
    ProvisionKind,
    RerankRequest,
    RerankResult,
    SpeechRequest,
    SpeechResult,
    TranscriptionRequest,
    TranscriptionResult,
)

from . import custom
from .chats import Chats
from .forms import MODEL_FORM, PROVIDER_FORM
from .llama.server import LoadFailed
from .settings import Settings
from .sounds import Sounds
from .vectors import Vectors

_ADDED = (ModelType.LLM, ModelType.TEXT_EMBEDDING)


class Local(Provider):
    """Real models inside wheels, offline and without a key. Nothing is loaded before it is asked for."""

    id = "local"
    label = LocalizedText.of("Local models", "本地模型")
    description = LocalizedText.of(
        "Models inside this host: offline, without a key and without a bill.",
        "在主机内运行的模型：离线、无需密钥、不产生费用。",
    )
    model_types = tuple(kind for kind in ModelType if kind is not ModelType.MODERATION)
    provision = (ProvisionKind.PREDEFINED, ProvisionKind.CUSTOMIZABLE)
    provider_form = PROVIDER_FORM
    model_form = MODEL_FORM

    def __init__(self) -> None:
        self._chats = Chats()
        self._vectors = Vectors(self._chats)
        self._sounds = Sounds()

    @property
    def models(self) -> tuple[ModelDescription, ...]:
        """The catalog's models, the chat model with the context that the operator gave it."""
        try:
            context = Settings.from_environment().context
        except HostFault:
            return self.catalog.models  # the first call says what is wrong, to whoever can mend it
        size = {"context_window": context, "max_output_tokens": context}
        return tuple(model.model_copy(update=size) if model.type is ModelType.LLM else model for model in self.catalog.models)

    async def validate_provider_credentials(self, context: CallContext) -> None:
        """There is nothing to prove."""

    async def validate_model_credentials(self, model: str, model_type: ModelType, context: CallContext) -> None:
        """Load the file; what llama.cpp cannot load is said now, not at the first call."""
        _refuse_other_types(model_type)
        try:
            (await self._chats.lease_custom(model_type, context)).end()
        except LoadFailed as error:
            raise CredentialsInvalid(error.message, param="path", advice=error.advice) from error

    def describe_model(self, model: str, model_type: ModelType, credentials: dict[str, Any]) -> ModelDescription:
        _refuse_other_types(model_type)
        rules = next(entry.parameters for entry in self.models if entry.type is ModelType.LLM) or ()
        return custom.describe(model, model_type, credentials, Settings.from_environment(), rules)

    async def invoke_llm(self, request: LLMRequest, context: CallContext) -> LLMResult | LLMStream:
        return await self._chats.answer(request, context)

    async def count_tokens(self, request: LLMRequest, context: CallContext) -> int:
        return await self._chats.count_tokens(request, context)

    async def invoke_text_embedding(self, request: EmbeddingRequest, context: CallContext) -> EmbeddingResult:
        return await self._vectors.embed(request, context)

    async def invoke_rerank(self, request: RerankRequest, context: CallContext) -> RerankResult:
        return await self._vectors.rerank(request, context)

    async def invoke_speech_to_text(self, request: TranscriptionRequest, context: CallContext) -> TranscriptionResult:
        return await self._sounds.transcribe(request, context)

    async def invoke_text_to_speech(self, request: SpeechRequest, context: CallContext) -> SpeechResult:
        return await self._sounds.speak(request, context)


def _refuse_other_types(model_type: ModelType) -> None:
    if model_type not in _ADDED:
        raise CredentialsInvalid(f"A GGUF file is a chat or an embedding model here, not a {model_type} one.", param="path")
