"""What streams in library use: the events of a chat, and a voice."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from jackfield.contract import LLMEvent, LLMResult, SpeechResult, StreamCollector, TextDelta, Usage


class ChatStream:
    """A chat as it comes: iterate over it for its events, over `texts()` for its text; `result()` is the whole of it.

    The call is sent when the first event is asked for. Leaving `async with`, or `aclose`, cancels it at the vendor.
    """

    def __init__(self, start: Callable[[], Awaitable[AsyncIterator[LLMEvent]]], model: str) -> None:
        self._start = start
        self._events: AsyncIterator[LLMEvent] | None = None
        self._closed = False
        self.collector = StreamCollector(model)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> LLMEvent:
        if self._closed:
            raise StopAsyncIteration
        if self._events is None:
            self._events = await self._start()
        event = await anext(self._events)
        self.collector.add(event)
        return event

    async def texts(self) -> AsyncIterator[str]:
        """The text of the first choice, piece by piece."""
        async for event in self:
            if isinstance(event, TextDelta) and event.choice == 0 and event.text:
                yield event.text

    async def result(self) -> LLMResult:
        """The whole answer; reads what has not been read."""
        async for _ in self:
            pass
        return self.collector.result()

    async def aclose(self) -> None:
        """Stop; what has come so far stays in `collector`."""
        self._closed = True
        close = getattr(self._events, "aclose", None)
        if close is not None:
            await close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


class Speech:
    """A voice: iterate over it for the pieces of the file as they come, or `read` or `save` the whole.

    :ivar media_type: e.g. `audio/wav`
    """

    def __init__(self, result: SpeechResult) -> None:
        self._result = result
        self.media_type = result.media_type

    @property
    def usage(self) -> Usage:
        """Complete when the last piece has come."""
        return self._result.usage

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._result.audio

    async def read(self) -> bytes:
        """The whole file."""
        return b"".join([piece async for piece in self._result.audio])

    async def save(self, path: str | os.PathLike[str]) -> None:
        """Write the file."""
        await asyncio.to_thread(Path(path).write_bytes, await self.read())

    async def aclose(self) -> None:
        """Stop."""
        close = getattr(self._result.audio, "aclose", None)
        if close is not None:
            await close()
