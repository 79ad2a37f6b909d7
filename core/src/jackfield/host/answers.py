"""Answers that come piece by piece, watched to their end: every way in which one can end settles its call, once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, Generic, Protocol, TypeVar

from jackfield.contract import (
    ConnectionFailed,
    JackfieldError,
    LLMEvent,
    ServerUnavailable,
    SpeechResult,
    StreamEnd,
    StreamStart,
    Usage,
    UsageReport,
)
from jackfield.dialects.metering import UsageMeter

from .splicing import UsageWithheld

Piece = TypeVar("Piece")


class Settler(Protocol):
    """The part of a ticket that an answer needs.

    :ivar task: which waits for the next piece
    """

    task: asyncio.Task[Any] | None

    def finish(self, outcome: str, usage: Usage | None, error: JackfieldError | None = None) -> None:
        """The call is over. Only the first word counts."""


class Answer(Generic[Piece]):
    """An async iterator over a stream whose first piece has been awaited already. `aclose` cancels the call at the vendor.

    What ends it: its own end (ok), an error (error), the consumer who closes it or is cancelled (cancelled, unless the part of
    the stream that carries the answer was over).
    """

    __slots__ = ("_done", "_first", "_next", "_settler", "_source")

    def __init__(self, source: AsyncIterator[Piece], first: Piece | None, settler: Settler) -> None:
        """:param first: the first piece; None where the stream is already at its end"""
        self._source = source
        self._next = source.__anext__
        self._first = first
        self._settler = settler
        self._done = False

    def __aiter__(self) -> Answer[Piece]:
        return self

    async def __anext__(self) -> Piece:
        if self._done:
            raise StopAsyncIteration
        while True:
            if self._first is not None:
                piece, self._first = self._first, None
            else:
                piece = await self._pull()
            passed = self.take(piece)
            if passed is not None:
                return passed

    async def _pull(self) -> Piece:
        self._settler.task = asyncio.current_task()
        try:
            return await self._next()
        except StopAsyncIteration:
            self._done = True
            broken = self.check_end()
            if broken is None:
                self._settler.finish("ok", self.usage)
                raise
            self._settler.finish("error", self.usage, broken)
            if self.told:
                raise
            raise broken from None
        except JackfieldError as error:
            self._done = True
            self._settler.finish("error", self.usage, error)
            raise
        except asyncio.CancelledError:
            await self.aclose()
            raise

    async def aclose(self) -> None:
        """Stop here. Once is enough."""
        if self._done:
            return
        self._done = True
        self._settler.finish("ok" if self.answered else "cancelled", self.usage)
        close: Callable[[], object] | None = getattr(self._source, "aclose", None)
        if close is not None:
            await close()  # type: ignore[misc]

    def take(self, piece: Piece) -> Piece | None:
        """What the consumer gets of a piece; None for nothing."""
        return piece

    def check_end(self) -> JackfieldError | None:
        """What is wrong with the stream's having ended now."""
        return None

    @property
    def told(self) -> bool:
        """Whether the consumer has read already, in the stream itself, what is wrong."""
        return False

    @property
    def usage(self) -> Usage | None:
        """What is known of it so far."""
        return None

    @property
    def answered(self) -> bool:
        """Whether the model had said all before the end of the stream."""
        return False


class EventAnswer(Answer[LLMEvent]):
    """The events of a typed chat."""

    __slots__ = ("_ended", "_usage")

    def __init__(self, source: AsyncIterator[LLMEvent], first: LLMEvent | None, settler: Settler) -> None:
        super().__init__(source, first, settler)
        self._usage: Usage | None = None
        self._ended = False

    def take(self, piece: LLMEvent) -> LLMEvent:
        kind = type(piece)
        if kind is UsageReport or kind is StreamStart:
            self._usage = piece.usage or self._usage  # type: ignore[union-attr]
        elif kind is StreamEnd:
            self._ended = True
        return piece

    @property
    def usage(self) -> Usage | None:
        return self._usage

    @property
    def answered(self) -> bool:
        return self._ended


class RelayedAnswer(Answer[bytes]):
    """The bytes of a relayed stream: metered, checked for their end, and without the usage that the client did not ask for.

    :param must_end: whether the dialect marks the end of a stream, so that one without it is broken
    """

    __slots__ = ("_feed", "_meter", "_must_end", "_withheld")

    def __init__(
        self,
        source: AsyncIterator[bytes],
        first: bytes | None,
        settler: Settler,
        *,
        meter: UsageMeter,
        must_end: bool,
        withhold_usage: bool,
    ) -> None:
        super().__init__(source, first, settler)
        self._meter = meter
        self._feed = meter.feed
        self._must_end = must_end
        self._withheld = UsageWithheld() if withhold_usage else None

    def take(self, piece: bytes) -> bytes | None:
        self._feed(piece)
        if self._withheld is None:
            return piece
        return self._withheld.feed(piece) or None

    async def _pull(self) -> bytes:
        try:
            return await super()._pull()
        except (StopAsyncIteration, JackfieldError):
            rest = self._withheld.end() if self._withheld else b""
            if rest and self._meter.complete:
                self._withheld = None
                return rest
            raise

    def check_end(self) -> JackfieldError | None:
        error = self._meter.error
        if error is not None:
            message = error.get("message")
            return ServerUnavailable(
                "The vendor ended the stream with an error.", vendor_message=message if isinstance(message, str) else None
            )
        if self._must_end and not self._meter.complete:
            return ConnectionFailed("The vendor's stream broke off before its end.")
        return None

    @property
    def told(self) -> bool:
        return self._meter.error is not None

    @property
    def usage(self) -> Usage | None:
        return self._meter.usage

    @property
    def answered(self) -> bool:
        return self._meter.complete


class SoundAnswer(Answer[bytes]):
    """The pieces of a spoken text."""

    __slots__ = ("_result",)

    def __init__(self, result: SpeechResult, first: bytes, settler: Settler) -> None:
        super().__init__(result.audio, first, settler)
        self._result = result

    @property
    def usage(self) -> Usage | None:
        return self._result.usage
