"""One HTTP/1.1 connection to a vendor, for POSTs of the relay: one exchange at a time, then the next (RFC 9112).

The parsing is llhttp's (by `httptools`, the server's own parser), so that what is written here is only whose turn it is.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import cast

import httptools
from multidict import CIMultiDict

from jackfield.contract import ConnectionFailed, JackfieldError, ServerUnavailable, Timeout

_FULL = 512 * 1024  # bytes of a body kept unread before the vendor is made to wait
_MAX_HEAD = 128 * 1024
_MAX_WHOLE = 256 * 1024 * 1024


class Exchange:
    """One request and its answer, as it comes in. Implements `contract.WireResponse` once its head is there.

    :param host: to be named in errors
    :param seconds: until the head, and between two pieces of the body
    """

    __slots__ = (
        "_connection", "_deadline", "_error", "_loop", "_over", "_pieces", "_seconds", "_size", "_timer", "_waiter",
        "fields", "headers", "host", "status",
    )  # fmt: skip

    def __init__(self, connection: Connection, host: str, seconds: float) -> None:
        self._connection: Connection | None = connection
        self._loop = connection.loop
        self.host = host
        self.status = 0
        self.fields: CIMultiDict[str] = CIMultiDict()
        self.headers: Mapping[str, str] = self.fields
        self._pieces: deque[bytes] = deque()
        self._size = 0
        self._over = False
        self._error: JackfieldError | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._seconds = seconds
        self._deadline = self._loop.time() + seconds
        self._timer: asyncio.TimerHandle | None = self._loop.call_at(self._deadline, self._ring)

    # -- for the connection

    def add(self, piece: bytes) -> None:
        """More of the body."""
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size > _FULL and self._connection is not None:
            self._connection.pause()
        self.wake()

    def wake(self) -> None:
        """Something has changed for who waits."""
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def end(self, error: JackfieldError | None = None) -> None:
        """The answer is over: whole, or with an error."""
        self._connection = None
        self._over = True
        self._error = error
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.wake()

    # -- for the reader

    async def wait_for_head(self) -> None:
        """:raises ConnectionFailed, Timeout, ServerUnavailable: if none comes"""
        while not self.status:
            if self._error is not None:
                raise self._error
            await self._wait()

    async def next_piece(self) -> bytes:
        """All of the body that is here and was not read; empty at its end.

        :raises ConnectionFailed: if it broke off
        :raises Timeout: if the next piece did not come in time
        """
        while not self._pieces:
            if self._error is not None:
                raise self._error
            if self._over:
                return b""
            await self._wait()
        pieces = self._pieces
        if len(pieces) == 1:
            piece = pieces.popleft()
        else:
            piece = b"".join(pieces)
            pieces.clear()
        if self._size > _FULL and self._connection is not None:
            self._connection.resume()
        self._size = 0
        return piece

    async def read(self) -> bytes:
        """The whole body; raises as `next_piece` does, and ServerUnavailable for more than 256 MiB."""
        first = await self.next_piece()
        if self._over and not self._pieces and self._error is None:
            return first
        body = bytearray(first)
        while piece := await self.next_piece():
            body += piece
            if len(body) > _MAX_WHOLE:
                self.abort()
                raise ServerUnavailable(f"The answer of {self.host} is larger than {_MAX_WHOLE >> 20} MiB.")
        return bytes(body)

    def chunks(self) -> Chunks:
        """The body's pieces as they come."""
        return Chunks(self)

    async def close(self) -> None:
        """Let go; an unfinished answer closes its connection, which tells the vendor to stop."""
        self.abort()

    def abort(self) -> None:
        """The same, at once."""
        if self._connection is not None:
            connection = self._connection
            self.end()
            connection.abort()

    async def _wait(self) -> None:
        self._deadline = self._loop.time() + self._seconds
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        except BaseException:
            self.abort()
            raise
        finally:
            self._waiter = None

    def _ring(self) -> None:
        """One timer for the whole exchange, set anew when it rings too early: nobody waits, or the wait began later."""
        self._timer = None
        if self._waiter is None:
            self._deadline = self._loop.time() + self._seconds
        if self._deadline > self._loop.time():
            self._timer = self._loop.call_at(self._deadline, self._ring)
            return
        connection = self._connection
        self.end(Timeout(f"{self.host} did not answer in time."))
        if connection is not None:
            connection.abort()


class Chunks:
    """An async iterator over a body. `aclose` lets go of the answer."""

    __slots__ = ("_exchange", "_next")

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._next = exchange.next_piece

    def __aiter__(self) -> Chunks:
        return self

    async def __anext__(self) -> bytes:
        piece = await self._next()
        if not piece:
            raise StopAsyncIteration
        return piece

    async def aclose(self) -> None:
        """Stop; the connection is kept only if the answer has ended."""
        self._exchange.abort()


class Connection(asyncio.Protocol):
    """:param on_idle: called when an exchange has ended and the connection can serve another
    :param on_lost: called once, when it is gone

    :ivar idle_since: of the loop's clock
    :ivar answered: whether it has brought a byte since the exchange began
    """

    __slots__ = (
        "_exchange", "_head", "_informational", "_on_idle", "_on_lost", "_parser", "_paused", "_sized", "_transport",
        "answered", "idle_since", "loop", "lost",
    )  # fmt: skip

    def __init__(
        self, loop: asyncio.AbstractEventLoop, on_idle: Callable[[Connection], None], on_lost: Callable[[Connection], None]
    ) -> None:
        self.loop = loop
        self._on_idle = on_idle
        self._on_lost = on_lost
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._exchange: Exchange | None = None
        self._head = 0
        self._informational = False
        self._sized = False
        self._paused = False
        self.answered = False
        self.lost = False
        self.idle_since = 0.0

    def send(self, request: bytes, host: str, seconds: float) -> Exchange:
        """Begin an exchange."""
        assert self._exchange is None
        assert self._transport is not None
        self._exchange = exchange = Exchange(self, host, seconds)
        self._head = 0
        self._sized = False
        self.answered = False
        self._transport.write(request)
        return exchange

    def pause(self) -> None:
        """Read no more for now."""
        if not self._paused and self._transport is not None and not self.lost:
            self._paused = True
            self._transport.pause_reading()

    def resume(self) -> None:
        """Go on reading."""
        if self._paused and self._transport is not None and not self.lost:
            self._paused = False
            self._transport.resume_reading()

    def abort(self) -> None:
        """Close at once."""
        self._exchange = None
        self.lost = True
        if self._transport is not None:
            self._transport.abort()

    @property
    def open(self) -> bool:
        """Whether it can serve another exchange."""
        return not self.lost and self._transport is not None and not self._transport.is_closing()

    # -- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        exchange = self._exchange
        if exchange is None:
            self.abort()  # nobody asked: what comes now would be taken for the next answer
            return
        self.answered = True
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self.abort()
            exchange.end(ServerUnavailable(f"{exchange.host} answered with what is not HTTP."))

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            if exchange.status and not self._sized and exc is None:
                exchange.end()  # a body without a length ends with its connection
            elif exchange.status:
                exchange.end(ConnectionFailed(f"The answer of {exchange.host} broke off."))
            else:
                exchange.end(ConnectionFailed(f"{exchange.host} closed the connection without an answer."))
        self._on_lost(self)

    # -- httptools' callbacks

    def on_message_begin(self) -> None:
        if self._exchange is None:  # a second answer to one request: it shall not be taken for that of the next
            self.abort()

    def on_header(self, name: bytes, value: bytes) -> None:
        exchange = self._exchange
        if exchange is None:
            return
        self._head += len(name) + len(value) + 4
        if self._head > _MAX_HEAD:
            self.abort()
            exchange.end(ServerUnavailable(f"The head of the answer of {exchange.host} is larger than {_MAX_HEAD >> 10} KiB."))
            return
        exchange.fields.add(name.decode("latin-1"), value.decode("utf-8", "surrogateescape"))

    def on_headers_complete(self) -> None:
        exchange = self._exchange
        if exchange is None:
            return
        status = self._parser.get_status_code()
        self._informational = status < 200
        if self._informational:
            exchange.fields.clear()
            return
        headers = exchange.headers
        self._sized = "content-length" in headers or "transfer-encoding" in headers or status in (204, 304)
        exchange.status = status
        exchange.wake()

    def on_body(self, body: bytes) -> None:
        if self._exchange is not None:
            self._exchange.add(body)

    def on_message_complete(self) -> None:
        exchange = self._exchange
        if exchange is None or self._informational:
            return
        self._exchange = None
        self.resume()
        if self._parser.should_keep_alive():
            self.idle_since = self.loop.time()
            exchange.end()
            self._on_idle(self)
        else:
            exchange.end()
            self.lost = True
            assert self._transport is not None
            self._transport.close()
