"""Jackfield as a library: all model types of all installed plugins, with no server and no database.

async with AsyncJackfield(credentials={"openai": {"api_key": key}}) as jackfield:
    answer = await jackfield.chat("openai/gpt-5-mini", "Name three moons.")
    print(answer.text)
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Literal, Self, Unpack

from jackfield.contract import (
    EmbeddingRequest,
    EmbeddingResult,
    ImagePart,
    LLMEvent,
    LLMRequest,
    LLMResult,
    ModelDescription,
    ModelType,
    ModerationRequest,
    ModerationResult,
    ProviderDescription,
    RerankRequest,
    RerankResult,
    SpeechRequest,
    TextPart,
    TranscriptionRequest,
    TranscriptionResult,
)
from jackfield.kernel import Kernel, PluginRecord

from .library_arguments import Audio, ChatOptions, Messages, chat_request, read_audio
from .library_sending import HOOKS, Request, Sender
from .library_streams import ChatStream, Speech


@dataclasses.dataclass(frozen=True, slots=True)
class Model:
    """A model that can be called. `name` is what the calls take: `provider/id`."""

    name: str
    provider: str
    description: ModelDescription


class AsyncJackfield:
    """The models of the installed plugins, as coroutines. Models are named `provider/model`.

    :param credentials: by provider, the fields of its form; by `provider/model` too, for a model with settings of its own.
        What is not here comes from the environment: the variable that the vendor's own tools read (`OPENAI_API_KEY`), or
        `JACKFIELD_<PROVIDER>_<FIELD>`
    :param timeout: seconds for a whole call, or until the first piece of a stream; `idle_timeout` between its pieces
    :param retries: how often a call that failed in a way that may pass is sent again
    :param kernel: the plugins to use instead of those that are installed

    Every call raises errors of `jackfield.contract` only: what went wrong, whose fault it is, and what to do.
    """

    def __init__(
        self,
        *,
        credentials: Mapping[str, Mapping[str, Any]] | None = None,
        timeout: float = 600.0,
        idle_timeout: float = 120.0,
        retries: int = 2,
        kernel: Kernel | None = None,
    ) -> None:
        self._sender = Sender(credentials, timeout=timeout, idle_timeout=idle_timeout, retries=retries, kernel=kernel)

    @property
    def kernel(self) -> Kernel:
        """The plugins; loaded at first use."""
        return self._sender.kernel

    @property
    def plugins(self) -> tuple[PluginRecord, ...]:
        """All plugins that were found, those that do not work too, with the cause."""
        return self.kernel.plugins

    @property
    def providers(self) -> Mapping[str, ProviderDescription]:
        """The providers, by id."""
        return self.kernel.providers

    def models(self, provider: str | None = None, model_type: ModelType | str | None = None) -> list[Model]:
        """The models of the catalogs, of one provider or of all, of one type or of all."""
        found = [self.kernel.provider(provider)] if provider else self.kernel.providers.values()
        kind = ModelType(model_type) if model_type else None
        return [
            Model(f"{description.id}/{model.id}", description.id, model)
            for description in found
            for model in description.models
            if kind is None or model.type == kind
        ]

    async def list_models(self, provider: str, *, credentials: Mapping[str, Any] | None = None) -> list[Model]:
        """What the provider's endpoint offers now, where it can be asked; else its catalog."""
        context = self._sender.at_provider(provider, credentials)
        return [Model(f"{provider}/{model.id}", provider, model) for model in await self.kernel.list_models(context)]

    async def validate(self, provider: str, *, credentials: Mapping[str, Any] | None = None) -> None:
        """Prove the provider's credentials at the vendor.

        :raises CredentialsInvalid: naming the field, where it is known
        """
        context = self._sender.at_provider(provider, credentials)
        await self.kernel.validate_provider_credentials(context)

    async def chat(
        self,
        model: str,
        messages: Messages,
        *,
        credentials: Mapping[str, Any] | None = None,
        timeout: float | None = None,
        **options: Unpack[ChatOptions],
    ) -> LLMResult:
        """A whole answer. `messages` is a string, a Message, or a list of these or of OpenAI's dicts."""
        result: LLMResult = await self.send(chat_request(model, messages, options), credentials=credentials, timeout=timeout)
        return result

    def stream(
        self,
        model: str,
        messages: Messages,
        *,
        credentials: Mapping[str, Any] | None = None,
        timeout: float | None = None,
        **options: Unpack[ChatOptions],
    ) -> ChatStream:
        """The same as it comes: `async for text in jackfield.stream(…).texts()`."""
        request = chat_request(model, messages, options, stream=True)
        target = self._sender.resolve(model, ModelType.LLM, credentials)

        async def start() -> AsyncIterator[LLMEvent]:
            events: AsyncIterator[LLMEvent] = await self._sender.send(target, request, self.kernel.stream_llm, timeout)
            return events

        return ChatStream(start, target.model)

    async def count_tokens(
        self,
        model: str,
        messages: Messages,
        *,
        credentials: Mapping[str, Any] | None = None,
        timeout: float | None = None,
        **options: Unpack[ChatOptions],
    ) -> int:
        """The input tokens of a chat, by the vendor's count.

        :raises BadRequest: where the provider cannot count
        """
        target = self._sender.resolve(model, ModelType.LLM, credentials)
        tokens: int = await self._sender.send(target, chat_request(model, messages, options), self.kernel.count_tokens, timeout)
        return tokens

    async def embed(
        self,
        model: str,
        inputs: str | Sequence[str] | Sequence[list[TextPart | ImagePart]],
        *,
        dimensions: int | None = None,
        purpose: Literal["query", "document", "classification", "clustering", "similarity"] | None = None,
        extra: dict[str, Any] | None = None,
        drop_unsupported: bool = False,
        credentials: Mapping[str, Any] | None = None,
        timeout: float | None = None,
    ) -> EmbeddingResult:
        """A vector for each input, in order."""
        request = EmbeddingRequest(
            model=model,
            inputs=[inputs] if isinstance(inputs, str) else list(inputs),  # type: ignore[arg-type]
            dimensions=dimensions,
            purpose=purpose,
            extra=extra or {},
            drop_unsupported=drop_unsupported,
        )
        result: EmbeddingResult = await self.send(request, credentials=credentials, timeout=timeout)
        return result

    async def rerank(
        self,
        model: str,
        query: str,
        documents: Sequence[str],
        *,
        top_n: int | None = None,
        extra: dict[str, Any] | None = None,
        drop_unsupported: bool = False,
        credentials: Mapping[str, Any] | None = None,
        timeout: float | None = None,
    ) -> RerankResult:
        """The documents' ranking, best first: indexes into `documents`, and scores."""
        request = RerankRequest(
            model=model,
            query=query,
            documents=list(documents),
            top_n=top_n,
            extra=extra or {},
            drop_unsupported=drop_unsupported,
        )
        result: RerankResult = await self.send(request, credentials=credentials, timeout=timeout)
        return result

    async def transcribe(
        self,
        model: str,
        audio: Audio,
        *,
        task: Literal["transcribe", "translate"] = "transcribe",
        language: str | None = None,
        prompt: str | None = None,
        temperature: float | None = None,
        timestamps: Sequence[Literal["segment", "word"]] = (),
        extra: dict[str, Any] | None = None,
        drop_unsupported: bool = False,
        credentials: Mapping[str, Any] | None = None,
        timeout: float | None = None,
    ) -> TranscriptionResult:
        """What a recording says. `audio` is a path, bytes, an open file, or a Blob."""
        request = TranscriptionRequest(
            model=model,
            audio=await asyncio.to_thread(read_audio, audio),
            task=task,
            language=language,
            prompt=prompt,
            temperature=temperature,
            timestamps=frozenset(timestamps),
            extra=extra or {},
            drop_unsupported=drop_unsupported,
        )
        result: TranscriptionResult = await self.send(request, credentials=credentials, timeout=timeout)
        return result

    async def speak(
        self,
        model: str,
        text: str,
        *,
        voice: str | None = None,
        format: str | None = None,  # noqa: A002 - the field's word
        speed: float | None = None,
        instructions: str | None = None,
        extra: dict[str, Any] | None = None,
        drop_unsupported: bool = False,
        credentials: Mapping[str, Any] | None = None,
        timeout: float | None = None,
    ) -> Speech:
        """A text spoken; the first piece as early as the vendor gives it."""
        request = SpeechRequest(
            model=model,
            text=text,
            voice=voice,
            format=format,
            speed=speed,
            instructions=instructions,
            extra=extra or {},
            drop_unsupported=drop_unsupported,
        )
        return Speech(await self.send(request, credentials=credentials, timeout=timeout))

    async def moderate(
        self,
        model: str,
        inputs: str | Sequence[str] | Sequence[list[TextPart | ImagePart]],
        *,
        extra: dict[str, Any] | None = None,
        drop_unsupported: bool = False,
        credentials: Mapping[str, Any] | None = None,
        timeout: float | None = None,
    ) -> ModerationResult:
        """A verdict for each input, in order."""
        request = ModerationRequest(
            model=model,
            inputs=[inputs] if isinstance(inputs, str) else list(inputs),  # type: ignore[arg-type]
            extra=extra or {},
            drop_unsupported=drop_unsupported,
        )
        result: ModerationResult = await self.send(request, credentials=credentials, timeout=timeout)
        return result

    async def send(
        self, request: Request, *, credentials: Mapping[str, Any] | None = None, timeout: float | None = None
    ) -> Any:
        """A request of the contract, whose `model` is named `provider/model`; answers the result of its kind.

        For an LLMRequest that asks for a stream, that is an async iterator of events with an `aclose`.
        """
        kind, hook = HOOKS[type(request)]
        streamed = isinstance(request, LLMRequest) and request.stream
        call = getattr(self.kernel, "stream_llm" if streamed else hook)
        return await self._sender.send(self._sender.resolve(request.model, kind, credentials), request, call, timeout)

    async def aclose(self) -> None:
        """Close the connections; the object may be used again, and opens them anew."""
        await self._sender.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
