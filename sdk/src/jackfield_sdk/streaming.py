"""Answers that come bit by bit: an iterator that holds its connection, and newline-delimited JSON."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import orjson
from jackfield.contract import ServerUnavailable
from jackfield.dialects.sse import ServerSentEvent

if TYPE_CHECKING:
    import httpx

Piece = TypeVar("Piece")

MAX_LINE_BYTES = 32 * 1024 * 1024


class HeldStream(Generic[Piece]):
    """What is parsed out of an answer as it comes. Its end, an error in it, and `aclose` give the connection back.

    An object, not a generator: one that is closed before anything was asked of it closes its connection all the same.

    :param pieces: what is iterated
    :param inner: the generators below it, outermost first
    """

    __slots__ = ("_generators", "_next", "_response")

    def __init__(self, response: httpx.Response, pieces: AsyncIterator[Piece], *inner: Any) -> None:
        self._response = response
        self._next = pieces.__anext__
        self._generators = (pieces, *inner)

    @property
    def headers(self) -> httpx.Headers:
        """The headers of the answer."""
        return self._response.headers

    def __aiter__(self) -> HeldStream[Piece]:
        return self

    async def __anext__(self) -> Piece:
        try:
            return await self._next()
        except BaseException:
            await self.aclose()
            raise

    async def aclose(self) -> None:
        """Let go; if the answer has not ended, this closes its connection, which tells the vendor to stop."""
        try:
            for generator in self._generators:
                close = getattr(generator, "aclose", None)
                if close is not None:
                    await close()
        finally:
            await self._response.aclose()


class BegunStream(Generic[Piece]):
    """A stream whose first piece has come already; closing it closes what it was made of."""

    __slots__ = ("_first", "_rest")

    def __init__(self, first: Piece, rest: AsyncIterator[Piece]) -> None:
        self._first: list[Piece] = [first]
        self._rest = rest

    def __aiter__(self) -> BegunStream[Piece]:
        return self

    async def __anext__(self) -> Piece:
        return self._first.pop() if self._first else await anext(self._rest)

    async def aclose(self) -> None:
        """Let go."""
        self._first.clear()
        await _close(self._rest)


async def begin(stream: AsyncIterator[Piece]) -> BegunStream[Piece]:
    """The stream once its first piece is there: what goes wrong before it can still be told by a status, and tried elsewhere.

    :raises ServerUnavailable: if it holds nothing
    """
    try:
        return BegunStream(await anext(stream), stream)
    except StopAsyncIteration:
        raise ServerUnavailable("The vendor answered with nothing.") from None
    except BaseException:
        await _close(stream)
        raise


async def _close(stream: AsyncIterator[Any]) -> None:
    close = getattr(stream, "aclose", None)
    if close is not None:
        await close()


def event_object(event: ServerSentEvent) -> dict[str, Any]:
    """The JSON object that an event holds.

    :raises ServerUnavailable: if it holds none
    """
    try:
        body = orjson.loads(event.data)
    except orjson.JSONDecodeError:
        raise ServerUnavailable("The vendor's stream holds an event that is not JSON.") from None
    if not isinstance(body, dict):
        raise ServerUnavailable("The vendor's stream holds an event that is no JSON object.")
    return body


async def split_lines(chunks: AsyncIterator[bytes], max_line_bytes: int = MAX_LINE_BYTES) -> AsyncIterator[bytes]:
    """The lines of a stream of bytes that hold something, the last one too if no line end follows.

    :raises ServerUnavailable: when a line grows over `max_line_bytes`
    """
    rest = bytearray()
    async for chunk in chunks:
        rest += chunk
        if b"\n" in chunk:
            *lines, last = bytes(rest).split(b"\n")
            rest = bytearray(last)
            for line in lines:
                if line.strip():
                    yield line
        if len(rest) > max_line_bytes:
            raise ServerUnavailable("The vendor's stream holds a line that is longer than any answer.")
    if rest.strip():
        yield bytes(rest)
