"""Answers that come piece by piece: kept alive while the model thinks, ended with an error the client sees if they break.

A stream begins when its first piece is there, so that what fails before has its own HTTP status; a model that thinks for longer
than `PULSE` seconds begins it with a keep-alive instead, since proxies and clients give up on silence.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol

from jackfield.contract import ConnectionFailed, JackfieldError, ServerUnavailable

from .errors import Headers, unexpected
from .exchange import EVENTS, Exchange
from .requests import ClientGone

PULSE = 15.0
"""Seconds of silence after which a keep-alive is sent."""

EventRenderer = Callable[[JackfieldError], bytes]


class Pieces(Protocol):
    """What is streamed: bytes that come, and a way to stop them."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    async def aclose(self) -> None: ...


class EventStream:
    """One stream of server-sent events.

    :param keep_alive: an event or comment that the dialect's clients ignore
    :param render_error: the dialect's error event
    """

    __slots__ = (
        "_beat_at",
        "_exchange",
        "_keep_alive",
        "_last",
        "_loop",
        "_pulse",
        "_render_error",
        "_starting",
        "_timer",
    )

    def __init__(self, exchange: Exchange, *, keep_alive: bytes, render_error: EventRenderer, pulse: float = PULSE) -> None:
        self._exchange = exchange
        self._keep_alive = keep_alive
        self._render_error = render_error
        self._pulse = pulse
        self._loop = asyncio.get_running_loop()
        self._last = b"\n\n"
        self._beat_at = 0.0
        self._starting: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def serve(self, call: Awaitable[Pieces]) -> None:
        """Await the call whose answer is to be streamed, and stream it.

        :raises JackfieldError: what went wrong before the stream began
        """
        try:
            pieces = await self._begin(call)
        except JackfieldError as error:
            if not self._exchange.status:
                raise
            await self.break_off(error)
        else:
            await self._run(pieces)

    async def _begin(self, call: Awaitable[Pieces]) -> Pieces:
        """Keep the client company until the answer begins."""
        self._beat_at = self._loop.time()
        self._timer = self._loop.call_later(self._pulse, self._beat)
        try:
            return await call
        except BaseException:
            self._stop()
            raise
        finally:
            if self._starting is not None:
                await self._starting

    async def _run(self, pieces: Pieces) -> None:
        """Send all of it. What goes wrong on the way is told to the client in the stream, and kept in the exchange."""
        exchange = self._exchange
        send = exchange.send
        time = self._loop.time
        sent = 0
        try:
            if not exchange.status:
                await self._start()
            async for piece in pieces:
                sent += len(piece)
                self._last = piece
                self._beat_at = time()
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        except JackfieldError as error:
            await self.break_off(error)
        except asyncio.CancelledError:
            await self._cancelled(pieces)
            raise
        except ClientGone:
            raise
        except Exception as error:
            await self.break_off(unexpected(error, exchange.info.request_id))
        else:
            await self._end()
        finally:
            self._stop()
            exchange.bytes_out += sent
            await pieces.aclose()

    async def break_off(self, error: JackfieldError) -> None:
        """End the stream with the dialect's error event."""
        exchange = self._exchange
        exchange.error, exchange.outcome = error, "error"
        error.request_id = error.request_id or exchange.info.request_id
        # What was passed on may have ended in the middle of a line: the error must not become a part of it.
        gap = b"" if self._last.endswith((b"\n\n", b"\r\n\r\n")) else b"\n\n"
        await self._end(gap + self._render_error(error))

    async def _start(self) -> None:
        exchange = self._exchange
        exchange.status = 200
        await exchange.send({"type": "http.response.start", "status": 200, "headers": [*EVENTS, *exchange.head()]})

    async def _end(self, body: bytes = b"") -> None:
        self._stop()
        if self._exchange.watch is not None:
            self._exchange.watch.stop()
        await self._exchange.send({"type": "http.response.body", "body": body})

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _beat(self) -> None:
        """The pulse: one timer for a stream, however many pieces it has."""
        now = self._loop.time()
        silent = now - self._beat_at
        if silent >= self._pulse:
            silent = 0.0
            self._beat_at = now
            if self._last.endswith((b"\n\n", b"\r\n\r\n")):
                self._starting = self._loop.create_task(self._keep_company())
        self._timer = self._loop.call_later(self._pulse - silent, self._beat)

    async def _keep_company(self) -> None:
        if not self._exchange.status:
            await self._start()
        await self._exchange.send({"type": "http.response.body", "body": self._keep_alive, "more_body": True})

    async def _cancelled(self, pieces: Pieces) -> None:
        """The client has gone, or the host is told to stop and the time for running calls is over: that one is told."""
        watch = self._exchange.watch
        if watch is not None and watch.gone:
            return
        await pieces.aclose()
        with contextlib.suppress(RuntimeError):  # the answer may have ended just now
            await self.break_off(shutting_down())
        self._exchange.outcome = "cut"


def shutting_down() -> ServerUnavailable:
    """The host stops, and this call has had the time that running calls get."""
    return ServerUnavailable("The host is shutting down.", fault="host", advice="Send the request again.")


async def send_file(exchange: Exchange, pieces: AsyncIterator[bytes], headers: Headers) -> None:
    """An answer that is no event stream. One that breaks off closes the connection, so that it is not taken for whole.

    The first piece is awaited before the answer begins: what fails before has its own HTTP status.
    """
    try:
        first = await anext(pieces, b"")
        if not first:
            raise ConnectionFailed("The vendor's answer is empty.")
        exchange.status = 200
        await exchange.send({"type": "http.response.start", "status": 200, "headers": [*headers, *exchange.head()]})
        await exchange.send({"type": "http.response.body", "body": first, "more_body": True})
        exchange.bytes_out += len(first)
        async for piece in pieces:
            await exchange.send({"type": "http.response.body", "body": piece, "more_body": True})
            exchange.bytes_out += len(piece)
        if exchange.watch is not None:
            exchange.watch.stop()
        await exchange.send({"type": "http.response.body", "body": b""})
    finally:
        close = getattr(pieces, "aclose", None)
        if close is not None:
            await close()
