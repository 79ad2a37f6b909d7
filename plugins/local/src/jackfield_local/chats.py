"""Chat and text completion: which model a request means, and what it may ask of it."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from jackfield_sdk import (
    CallContext,
    Feature,
    LLMRequest,
    LLMResult,
    LLMStream,
    ModelNotFound,
    ModelType,
    allowed,
)

from . import custom
from .llama import chat
from .llama.loaded import Lease, LoadedModels
from .llama.requests import Abilities
from .llama.server import ModelSettings
from .settings import Settings
from .weights import SMOLLM2
from .workers import Stop

SMOLLM2_ID = "smollm2"
_SMOLLM2_ABILITIES = Abilities(tools=True, demanded_calls=True, output_tokens=1024)


class Chats:
    """The GGUF models in memory, and the calls of them."""

    def __init__(self) -> None:
        self._loaded = LoadedModels()
        self._files: dict[Path, Path] = {}  # cache folder -> where SmolLM2's file is

    async def answer(self, request: LLMRequest, context: CallContext) -> LLMResult | LLMStream:
        """:raises JackfieldError: ModelNotFound, BadRequest, ContextLengthExceeded or MissingExtra, before the first event"""
        request = allowed(request, context)
        model = self._model(request, context)
        if request.stream:
            return await chat.answer_in_pieces(self._loaded, model, request)
        return await chat.answer(self._loaded, model, request)

    async def count_tokens(self, request: LLMRequest, context: CallContext) -> int:
        """The input tokens of the request, by the model's own template and tokenizer."""
        request = allowed(request, context)
        return await chat.count_tokens(self._loaded, self._model(request, context), request)

    async def lease_custom(self, model_type: ModelType, context: CallContext) -> Lease:
        """The model that the form in `context` names, in memory.

        :raises CredentialsInvalid: naming the field at fault
        """
        settings = Settings.from_environment()
        known = custom.model_settings(model_type, context.credentials, settings)
        return await self._loaded.lease(lambda _: known, settings.models, known)

    def _model(self, request: LLMRequest, context: CallContext) -> chat.Model:
        settings = Settings.from_environment()
        if "path" in context.credentials:
            known = custom.model_settings(ModelType.LLM, context.credentials, settings)
            tools = context.model is None or Feature.TOOLS in context.model.features
            return chat.Model(lambda _: known, Abilities(tools=tools, demanded_calls=False), settings.models, known)
        if request.model != SMOLLM2_ID:
            raise ModelNotFound(f"There is no embedded chat model `{request.model}`.")
        file = self._files.get(settings.cache)
        known_smollm2 = None if file is None else _smollm2(file, settings)
        return chat.Model(lambda stop: self._find_smollm2(settings, stop), _SMOLLM2_ABILITIES, settings.models, known_smollm2)

    def _find_smollm2(self, settings: Settings, stop: Stop) -> ModelSettings:
        file = SMOLLM2.locate(settings, stop) / SMOLLM2.files[0].name
        self._files[settings.cache] = file
        return _smollm2(file, settings)


def _smollm2(file: Path, settings: Settings) -> ModelSettings:
    """Temperature and top_p are those that its authors use: https://huggingface.co/HuggingFaceTB/SmolLM2-135M-Instruct"""
    template = resources.files("jackfield_local.llama").joinpath("template.jinja").read_text(encoding="utf-8")
    return ModelSettings(
        path=file,
        context=settings.context,
        slots=settings.slots,
        threads=settings.threads,
        template=template,
        temperature=0.2,
        top_p=0.9,
        log_level=settings.log_level,
    )
