"""The blocking face of the library: the same calls, for programs without an event loop.

with Jackfield() as jackfield:
    for text in jackfield.stream("local/smollm2", "Tell me a story.").texts():
        print(text, end="")
"""

from __future__ import annotations

import os
import weakref
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self, Unpack

from jackfield.contract import (
    EmbeddingResult,
    ImagePart,
    LLMEvent,
    LLMResult,
    ModelType,
    ModerationResult,
    ProviderDescription,
    RerankResult,
    TextDelta,
    TextPart,
    TranscriptionResult,
    Usage,
)
from jackfield.kernel import Kernel, PluginRecord

from .library import AsyncJackfield, Model
from .library_arguments import Audio, ChatOptions, Messages
from .library_portal import BlockingIterator, Portal
from .library_streams import ChatStream, Speech


class BlockingChatStream:
    """As ChatStream, with plain iterators. `close`, or leaving `with`, cancels the call at the vendor."""

    def __init__(self, portal: Portal, stream: ChatStream) -> None:
        async def start() -> AsyncIterator[LLMEvent]:
            return stream

        self._stream = stream
        self._events = BlockingIterator(portal, start)

    def __iter__(self) -> Iterator[LLMEvent]:
        return self._events

    def texts(self) -> Iterator[str]:
        """The text of the first choice, piece by piece."""
        for event in self._events:
            if isinstance(event, TextDelta) and event.choice == 0 and event.text:
                yield event.text

    def result(self) -> LLMResult:
        """The whole answer; reads what has not been read."""
        for _ in self._events:
            pass
        return self._stream.collector.result()

    def close(self) -> None:
        """Stop."""
        self._events.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class BlockingSpeech:
    """As Speech, with a plain iterator."""

    def __init__(self, portal: Portal, speech: Speech) -> None:
        async def start() -> AsyncIterator[bytes]:
            return aiter(speech)

        self._speech = speech
        self.media_type = speech.media_type
        self._pieces = BlockingIterator(portal, start)

    @property
    def usage(self) -> Usage:
        """Complete when the last piece has come."""
        return self._speech.usage

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def read(self) -> bytes:
        """The whole file."""
        return b"".join(self._pieces)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the file, as its pieces come."""
        with Path(path).open("wb") as file:
            for piece in self._pieces:
                file.write(piece)

    def close(self) -> None:
        """Stop."""
        self._pieces.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class Jackfield:
    """AsyncJackfield for programs without an event loop: same names, same arguments, same results and errors.

    It may be used from several threads at once. Closing it (`close`, `with`) is good manners; a program that ends closes it.
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
        self._inner = AsyncJackfield(
            credentials=credentials, timeout=timeout, idle_timeout=idle_timeout, retries=retries, kernel=kernel
        )
        self._portal = Portal()
        self._finalizer = weakref.finalize(self, self._portal.close, self._inner.aclose)

    @property
    def kernel(self) -> Kernel:
        """The plugins; loaded at first use."""
        return self._inner.kernel

    @property
    def plugins(self) -> tuple[PluginRecord, ...]:
        """All plugins that were found, those that do not work too, with the cause."""
        return self._inner.plugins

    @property
    def providers(self) -> Mapping[str, ProviderDescription]:
        """The providers, by id."""
        return self._inner.providers

    def models(self, provider: str | None = None, model_type: ModelType | str | None = None) -> list[Model]:
        """The models of the catalogs, of one provider or of all, of one type or of all."""
        return self._inner.models(provider, model_type)

    def list_models(self, provider: str, *, credentials: Mapping[str, Any] | None = None) -> list[Model]:
        """What the provider's endpoint offers now, where it can be asked; else its catalog."""
        return self._portal.call(self._inner.list_models(provider, credentials=credentials))

    def validate(self, provider: str, *, credentials: Mapping[str, Any] | None = None) -> None:
        """Prove the provider's credentials at the vendor.

        :raises CredentialsInvalid: naming the field, where it is known
        """
        self._portal.call(self._inner.validate(provider, credentials=credentials))

    def chat(
        self,
        model: str,
        messages: Messages,
        *,
        credentials: Mapping[str, Any] | None = None,
        timeout: float | None = None,
        **options: Unpack[ChatOptions],
    ) -> LLMResult:
        """A whole answer. `messages` is a string, a Message, or a list of these or of OpenAI's dicts."""
        return self._portal.call(self._inner.chat(model, messages, credentials=credentials, timeout=timeout, **options))

    def stream(
        self,
        model: str,
        messages: Messages,
        *,
        credentials: Mapping[str, Any] | None = None,
        timeout: float | None = None,
        **options: Unpack[ChatOptions],
    ) -> BlockingChatStream:
        """The same as it comes: `for text in jackfield.stream(…).texts()`."""
        stream = self._inner.stream(model, messages, credentials=credentials, timeout=timeout, **options)
        return BlockingChatStream(self._portal, stream)

    def count_tokens(
        self,
        model: str,
        messages: Messages,
        *,
        credentials: Mapping[str, Any] | None = None,
        timeout: float | None = None,
        **options: Unpack[ChatOptions],
    ) -> int:
        """The input tokens of a chat, by the vendor's count."""
        return self._portal.call(self._inner.count_tokens(model, messages, credentials=credentials, timeout=timeout, **options))

    def embed(
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
        return self._portal.call(
            self._inner.embed(
                model,
                inputs,
                dimensions=dimensions,
                purpose=purpose,
                extra=extra,
                drop_unsupported=drop_unsupported,
                credentials=credentials,
                timeout=timeout,
            )
        )

    def rerank(
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
        return self._portal.call(
            self._inner.rerank(
                model,
                query,
                documents,
                top_n=top_n,
                extra=extra,
                drop_unsupported=drop_unsupported,
                credentials=credentials,
                timeout=timeout,
            )
        )

    def transcribe(
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
        return self._portal.call(
            self._inner.transcribe(
                model,
                audio,
                task=task,
                language=language,
                prompt=prompt,
                temperature=temperature,
                timestamps=timestamps,
                extra=extra,
                drop_unsupported=drop_unsupported,
                credentials=credentials,
                timeout=timeout,
            )
        )

    def speak(
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
    ) -> BlockingSpeech:
        """A text spoken; the first piece as early as the vendor gives it."""
        speech = self._portal.call(
            self._inner.speak(
                model,
                text,
                voice=voice,
                format=format,
                speed=speed,
                instructions=instructions,
                extra=extra,
                drop_unsupported=drop_unsupported,
                credentials=credentials,
                timeout=timeout,
            )
        )
        return BlockingSpeech(self._portal, speech)

    def moderate(
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
        return self._portal.call(
            self._inner.moderate(
                model, inputs, extra=extra, drop_unsupported=drop_unsupported, credentials=credentials, timeout=timeout
            )
        )

    def close(self) -> None:
        """Cancel what still runs and close the connections."""
        self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
