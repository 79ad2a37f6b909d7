"""Jackfield as a library: all model types of all installed plugins, with no server and no database.

async with AsyncJackfield(credentials={"openai": {"api_key": key}}) as jackfield:
    answer = await jackfield.chat("openai/gpt-5-mini", "Name three moons.")
    print(answer.text)
"""

from __future__ import annotations

import asyncio
import random
import threading
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, Self, TypeVar, Unpack

from jackfield.contract import (
    BadRequest,
    CallContext,
    Credentials,
    EmbeddingRequest,
    EmbeddingResult,
    ImagePart,
    JackfieldError,
    LLMEvent,
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

from .http import Outbound
from .library_arguments import Audio, ChatOptions, Messages, chat_request, read_audio
from .library_credentials import find_credentials, is_added
from .library_streams import ChatStream, Speech

Answer = TypeVar("Answer")
_BACKOFF = 0.5
_LONGEST_PAUSE = 30.0


@dataclass(frozen=True, slots=True)
class Model:
    """A model that can be called. `name` is what the calls take: `provider/id`."""

    name: str
    provider: str
    description: ModelDescription


@dataclass(frozen=True, slots=True)
class _Target:
    provider: str
    model: str
    description: ModelDescription | None
    credentials: Credentials


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
        self._credentials = {name: dict(values) for name, values in (credentials or {}).items()}
        self._timeout = timeout
        self._idle_timeout = idle_timeout
        self._retries = retries
        self._kernel = kernel
        self._loading = threading.Lock()
        self._outbound: Outbound | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def kernel(self) -> Kernel:
        """The plugins; loaded at first use."""
        with self._loading:
            if self._kernel is None:
                self._kernel = Kernel.load()
            return self._kernel

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
        context = self._at_provider(provider, credentials)
        return [Model(f"{provider}/{model.id}", provider, model) for model in await self.kernel.list_models(context)]

    async def validate(self, provider: str, *, credentials: Mapping[str, Any] | None = None) -> None:
        """Prove the provider's credentials at the vendor.

        :raises CredentialsInvalid: naming the field, where it is known
        """
        context = self._at_provider(provider, credentials)
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
        target = self._resolve(model, ModelType.LLM, credentials)
        request = chat_request(target.model, messages, options)
        return await self._send(target, timeout, lambda context: self.kernel.invoke_llm(request, context))

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
        target = self._resolve(model, ModelType.LLM, credentials)
        request = chat_request(target.model, messages, options, stream=True)

        async def start() -> AsyncIterator[LLMEvent]:
            return await self._send(target, timeout, lambda context: self.kernel.stream_llm(request, context))

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
        target = self._resolve(model, ModelType.LLM, credentials)
        request = chat_request(target.model, messages, options)
        return await self._send(target, timeout, lambda context: self.kernel.count_tokens(request, context))

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
        target = self._resolve(model, ModelType.TEXT_EMBEDDING, credentials)
        request = EmbeddingRequest(
            model=target.model,
            inputs=[inputs] if isinstance(inputs, str) else list(inputs),  # type: ignore[arg-type]
            dimensions=dimensions,
            purpose=purpose,
            extra=extra or {},
            drop_unsupported=drop_unsupported,
        )
        return await self._send(target, timeout, lambda context: self.kernel.invoke_text_embedding(request, context))

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
        target = self._resolve(model, ModelType.RERANK, credentials)
        request = RerankRequest(
            model=target.model,
            query=query,
            documents=list(documents),
            top_n=top_n,
            extra=extra or {},
            drop_unsupported=drop_unsupported,
        )
        return await self._send(target, timeout, lambda context: self.kernel.invoke_rerank(request, context))

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
        target = self._resolve(model, ModelType.SPEECH_TO_TEXT, credentials)
        request = TranscriptionRequest(
            model=target.model,
            audio=await asyncio.to_thread(read_audio, audio),
            task=task,
            language=language,
            prompt=prompt,
            temperature=temperature,
            timestamps=frozenset(timestamps),
            extra=extra or {},
            drop_unsupported=drop_unsupported,
        )
        return await self._send(target, timeout, lambda context: self.kernel.invoke_speech_to_text(request, context))

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
        target = self._resolve(model, ModelType.TEXT_TO_SPEECH, credentials)
        request = SpeechRequest(
            model=target.model,
            text=text,
            voice=voice,
            format=format,
            speed=speed,
            instructions=instructions,
            extra=extra or {},
            drop_unsupported=drop_unsupported,
        )
        return Speech(await self._send(target, timeout, lambda context: self.kernel.invoke_text_to_speech(request, context)))

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
        target = self._resolve(model, ModelType.MODERATION, credentials)
        request = ModerationRequest(
            model=target.model,
            inputs=[inputs] if isinstance(inputs, str) else list(inputs),  # type: ignore[arg-type]
            extra=extra or {},
            drop_unsupported=drop_unsupported,
        )
        return await self._send(target, timeout, lambda context: self.kernel.invoke_moderation(request, context))

    async def aclose(self) -> None:
        """Close the connections; the object may be used again, and opens them anew."""
        outbound, self._outbound = self._outbound, None
        if outbound is not None:
            await outbound.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def _resolve(self, name: str, kind: ModelType, credentials: Mapping[str, Any] | None) -> _Target:
        provider_id, slash, model = name.partition("/")
        if not slash or not model:
            raise BadRequest(
                f"`{name}` names no model: a model is named `provider/model`.",
                param="model",
                advice="`jackfield models` lists the names.",
            )
        provider = self.kernel.provider(provider_id)
        if kind not in provider.model_types:
            raise BadRequest(f"The provider `{provider_id}` has no models of type {kind}.", param="model", provider=provider_id)
        description = provider.model(model, kind)
        given = self._given(provider_id, credentials) | self._credentials.get(name, {})
        found = find_credentials(provider, given, in_catalog=description is not None)
        if description is None:
            description = (
                self.kernel.describe_model(provider_id, model, kind, found)
                if is_added(provider, in_catalog=False)
                else ModelDescription(id=model, type=kind)  # newer than the catalog: the vendor knows whether it is there
            )
        return _Target(provider_id, model, description, found)

    def _at_provider(self, provider_id: str, credentials: Mapping[str, Any] | None) -> CallContext:
        """For what is asked of a provider and not of one of its models."""
        provider = self.kernel.provider(provider_id)
        given = self._given(provider_id, credentials)
        found = find_credentials(provider, given, in_catalog=provider.provider_form is not None)
        return self._context(_Target(provider_id, "", None, found), None)

    def _given(self, provider: str, credentials: Mapping[str, Any] | None) -> dict[str, Any]:
        return self._credentials.get(provider, {}) | dict(credentials or {})

    async def _send(self, target: _Target, timeout: float | None, call: Callable[[CallContext], Awaitable[Answer]]) -> Answer:
        for attempt in range(self._retries + 1):
            try:
                return await call(self._context(target, timeout))
            except JackfieldError as error:
                if not error.retryable or attempt == self._retries or (error.retry_after or 0) > _LONGEST_PAUSE:
                    raise
                pause = min(_BACKOFF * 2**attempt, _LONGEST_PAUSE) * random.uniform(0.75, 1)  # noqa: S311 - spreads, hides nothing
                await asyncio.sleep(max(pause, error.retry_after or 0))
        raise AssertionError("unreachable")  # pragma: no cover

    def _context(self, target: _Target, timeout: float | None) -> CallContext:
        outbound = self._open()
        return CallContext(
            provider=target.provider,
            credentials=target.credentials,
            http=outbound.client,
            wire=outbound.wire,
            model=target.description,
            timeout=self._timeout if timeout is None else timeout,
            idle_timeout=self._idle_timeout,
            request_id=uuid.uuid4().hex,
        )

    def _open(self) -> Outbound:
        """Connections belong to the event loop they were made in; another `asyncio.run` gets its own."""
        loop = asyncio.get_running_loop()
        if self._outbound is None or self._loop is not loop:
            self._outbound, self._loop = Outbound(), loop
        return self._outbound
