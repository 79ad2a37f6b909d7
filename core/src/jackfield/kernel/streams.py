"""Streams under guard: every piece is checked, silence has an end, and a stream that breaks says so."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any, Generic, TypeVar

from jackfield.contract import (
    AudioDelta,
    CallContext,
    ConnectionFailed,
    JackfieldError,
    LLMEvent,
    ReasoningDelta,
    RefusalDelta,
    StreamEnd,
    StreamStart,
    TextDelta,
    Timeout,
    ToolCallDelta,
    UsageReport,
)

from .faults import Blame
from .patience import Patience
from .results import name_of

Piece = TypeVar("Piece")
_log = logging.getLogger("jackfield.kernel")

_DELTAS = frozenset({TextDelta, ReasoningDelta, RefusalDelta, ToolCallDelta, AudioDelta})


class GuardedStream(Generic[Piece]):
    """An async iterator around a plugin's. `aclose` closes the plugin's, which cancels the call at the vendor."""

    __slots__ = ("_blame", "_context", "_deadline", "_done", "_model", "_next", "_patience", "_source")

    def __init__(self, source: AsyncIterator[Any], blame: Blame, context: CallContext, model: str) -> None:
        self._source = source
        self._next = source.__anext__
        self._blame = blame
        self._context = context
        self._model = model
        self._deadline: float | None = None
        self._patience: Patience | None = None
        self._done = False

    def watch(self, patience: Patience, deadline: float) -> None:
        """Mind the time: until `deadline` (of the loop's clock) for the first piece, then the context's `idle_timeout`."""
        self._patience = patience
        self._deadline = deadline

    def __aiter__(self) -> GuardedStream[Piece]:
        return self

    async def __anext__(self) -> Piece:
        if self._done:
            raise StopAsyncIteration
        patience = self._patience
        if patience is not None:
            patience.begin(self._deadline, self._context.idle_timeout)
        try:
            while True:
                piece = await self._next()
                if self._accept(piece):
                    if self._deadline is not None and self._answers(piece):
                        self._deadline = None
                    return piece  # type: ignore[no-any-return]
        except StopAsyncIteration:
            await self.aclose()
            self._end()
            raise
        except BaseException as error:
            await self._fail(error)
            raise  # what _fail lets be: cancellation, the end of the program
        finally:
            if patience is not None:
                patience.end()

    async def _fail(self, error: BaseException) -> None:
        """Raises what the caller is to see of `error`."""
        first = self._deadline is not None
        if self._patience is not None and isinstance(error, asyncio.CancelledError) and self._patience.ran_out():
            await self.aclose()
            what = f"answer within {self._context.timeout:g} s" if first else f"go on within {self._context.idle_timeout:g} s"
            raise self._blame.name(Timeout(f"The vendor did not {what}."), self._context, self._model) from None
        if isinstance(error, asyncio.CancelledError) and _cancelled_from_outside():
            return
        await self.aclose()
        self._blame.raise_for(error, self._context, self._model)

    async def aclose(self) -> None:
        """Close the plugin's iterator; once is enough. An error while closing is logged: the stream is over already."""
        self._done = True
        if self._patience is not None:
            self._patience.stop()
        close = getattr(self._source, "aclose", None)
        if close is None:
            return
        try:
            await close()
        except JackfieldError as error:
            _log.debug("closing a stream of %s: %s", self._context.provider, error)
        except Exception as error:
            self._blame.scrub(error, self._context)
            _log.warning("the plugin %s raised while its stream was closed", self._blame.plugin, exc_info=error)

    def _accept(self, piece: Any) -> bool:
        """Whether the piece is passed on. Raises for what the contract does not allow."""
        raise NotImplementedError

    def _answers(self, piece: Any) -> bool:
        """Whether the answer has begun with this piece, so that from now on silence counts."""
        return True

    def _end(self) -> None:
        """The iterator has ended: raises if it should not have."""


def _cancelled_from_outside() -> bool:
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


class EventStream(GuardedStream[LLMEvent]):
    """The events of a chat. Without a StreamEnd for each choice that began, the end is a broken connection."""

    __slots__ = ("_begun", "_ended")

    def __init__(self, source: AsyncIterator[Any], blame: Blame, context: CallContext, model: str) -> None:
        super().__init__(source, blame, context, model)
        self._begun: set[int] = set()
        self._ended: set[int] = set()

    def _accept(self, piece: Any) -> bool:
        kind = type(piece)
        if kind in _DELTAS:
            self._begun.add(getattr(piece, "choice", 0))
            return True
        if kind is StreamEnd:
            if piece.choice in self._ended:
                return False  # some vendors say it twice; the first counts
            self._ended.add(piece.choice)
            return True
        if kind is StreamStart or kind is UsageReport:
            return True
        raise self._blame.fault(f"sent {name_of(piece)} as an event of a stream", self._context, self._model)

    def _answers(self, piece: Any) -> bool:
        return type(piece) in _DELTAS  # a model that reasons unseen names itself at once, and then says nothing for minutes

    def _end(self) -> None:
        if not self._ended or self._begun - self._ended:
            broken = ConnectionFailed("The vendor's stream broke off before its end.")
            raise self._blame.name(broken, self._context, self._model)


class ByteStream(GuardedStream[bytes]):
    """The pieces of a body: sound, or a relayed answer (whether that is complete, its dialect's meter knows)."""

    __slots__ = ()

    def _accept(self, piece: Any) -> bool:
        if isinstance(piece, bytes):
            return True
        raise self._blame.fault(f"sent {name_of(piece)} as a piece of a body", self._context, self._model)
