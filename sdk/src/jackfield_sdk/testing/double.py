"""A vendor on loopback: a real HTTP server that plays scripted answers and keeps the requests it got."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, Self

from .answers import Answer, Reply, Script
from .recorded import Recorded

PATIENCE: Final = 30.0
"""Seconds that the double's own waiting lasts at most: a promise that is broken must not hang the tests."""
URL_HEADER: Final = "x-vendor-double-url"
_NOTHING: Final = Answer.content("the double has no answer to this request", status=599)


@dataclass(slots=True)
class _Route:
    method: str
    path: re.Pattern[str]
    script: Callable[[Recorded], Answer]


@dataclass(slots=True)
class _Queue:
    """Answers in their order; the last one stays."""

    answers: deque[Answer] = field(default_factory=deque)

    def __call__(self, _: Recorded) -> Answer:
        if not self.answers:
            return _NOTHING
        return self.answers.popleft() if len(self.answers) > 1 else self.answers[0]


def _script(script: Script) -> Callable[[Recorded], Answer]:
    if callable(script):
        return script
    return _Queue(deque([script] if isinstance(script, Answer) else script))


class VendorDouble:
    """`async with VendorDouble() as vendor:`, then script it:

        vendor.answers(Answer.json({…}))                     # to whatever is asked
        vendor.answers([first, second])                      # one after the other; the last stays
        vendor.on("POST", "/oauth/token", Answer.json({…}))  # a route of its own, which goes before
        vendor.on("POST", "/chat", lambda request: …)        # by what was asked

    :ivar requests: what was asked, in order
    :ivar url: where it listens
    :ivar peak: the most requests that it had in hand at one time
    """

    def __init__(self) -> None:
        self.requests: list[Recorded] = []
        self.url = ""
        self.peak = 0
        self._routes: list[_Route] = []
        self._rest: Callable[[Recorded], Answer] = _Queue()
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._busy = 0
        self._gone = 0
        self._hung = 0
        self._waiting: list[asyncio.Future[None]] = []
        self._broken: Exception | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=1 << 20)
        host, port = self._server.sockets[0].getsockname()[:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        """:raises AssertionError: if an answer could not be made: what the client saw of that does not tell why"""
        await self.stop()
        if self._broken is not None:
            raise AssertionError(f"The double could not make an answer: {self._broken!r}") from self._broken

    async def stop(self) -> None:
        """Stop listening, and break what is open: from now on the vendor cannot be reached."""
        if self._server is not None:
            self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    # -- the script ------------------------------------------------------------------------------------------------------

    def answers(self, script: Script) -> None:
        """What is answered where no route fits."""
        self._rest = _script(script)

    def on(self, method: str, path: str, script: Script) -> None:
        """What is answered to a method and a path.

        :param path: a regular expression that the end of the path must match
        """
        self._routes.insert(0, _Route(method, re.compile(f".*(?:{path})"), _script(script)))

    # -- what happened ---------------------------------------------------------------------------------------------------

    @property
    def last(self) -> Recorded:
        """The request that came last."""
        assert self.requests, "the vendor was not asked at all"
        return self.requests[-1]

    @property
    def last_body(self) -> Recorded:
        """The request that came last with a body; one that only looks after an answer has none."""
        sent = [request for request in self.requests if request.body]
        return sent[-1] if sent else self.last

    async def received(self, count: int = 1) -> None:
        """Wait until so many requests have come."""
        await self._until(lambda: len(self.requests) >= count, f"the vendor got {len(self.requests)} of {count} requests")

    async def hangs(self, count: int = 1) -> None:
        """Wait until so many answers have come to where nothing more comes of them (`silent`, `hang`)."""
        await self._until(lambda: self._hung >= count, "the vendor was not asked")

    async def left(self, count: int = 1) -> None:
        """Wait until the client has gone away from so many answers that were not finished."""
        await self._until(lambda: self._gone >= count, "the connection to the vendor was not closed")

    async def _until(self, true: Callable[[], bool], complaint: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                while not true():
                    future = asyncio.get_running_loop().create_future()
                    self._waiting.append(future)
                    await future
        except TimeoutError:
            raise AssertionError(complaint) from None

    def _changed(self) -> None:
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    # -- HTTP/1.1, by hand: an honest server could not be as rude as this one must be -------------------------------------

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            while await self._serve(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            self._connections.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request; whether the connection can take another."""
        request = await _read_request(reader)
        if request is None:
            return False
        self.requests.append(request)
        self._busy += 1
        self.peak = max(self.peak, self._busy)
        self._changed()
        try:
            return await self._play(self._answer(request), reader, writer)
        except ConnectionError:
            self._leave()
            raise
        finally:
            self._busy -= 1

    def _leave(self) -> None:
        self._gone += 1
        self._changed()

    def _answer(self, request: Recorded) -> Answer:
        """:raises ConnectionAbortedError: where the script fails, which is kept to be told at the end"""
        try:
            return self._find(request)
        except Exception as error:
            self._broken = self._broken or error
            raise ConnectionAbortedError from error

    def _find(self, request: Recorded) -> Answer:
        for route in self._routes:
            if route.method == request.method and route.path.fullmatch(request.path):
                return route.script(request)
        return self._rest(request)

    async def _play(self, answer: Answer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        if answer.silent:
            await self._wait_for_leave(reader)
            return False
        if answer.raw is not None:
            writer.write(answer.raw)
            await writer.drain()
            return False
        writer.write(_head(answer))
        left = answer.cut if answer.cut is not None else answer.hang
        for piece in _pieces(answer):
            part = piece if left is None else piece[:left]
            left = None if left is None else left - len(part)
            if part:
                writer.write(_frame(part, answer))
                await writer.drain()
                await asyncio.sleep(answer.pause)  # let the client read: a piece shall not melt into the next
            if left == 0:
                break
        if answer.cut is not None and left == 0:
            if answer.framing != "close":
                await writer.drain()
                writer.transport.abort() if answer.cut == 0 else writer.close()
            return False
        if answer.hang is not None:
            await self._wait_for_leave(reader)
            return False
        if answer.framing == "chunked":
            writer.write(b"0\r\n\r\n")
        await writer.drain()
        return answer.framing != "close"

    async def _wait_for_leave(self, reader: asyncio.StreamReader) -> None:
        self._hung += 1
        self._changed()
        with contextlib.suppress(ConnectionError):
            await reader.read(1)
        self._leave()


def _pieces(answer: Answer) -> Iterator[bytes]:
    yield from answer.pieces
    while answer.endless:
        yield answer.pieces[-1]


def _frame(piece: bytes, answer: Answer) -> bytes:
    return b"%x\r\n%b\r\n" % (len(piece), piece) if answer.framing == "chunked" else piece


def _head(answer: Answer) -> bytes:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    if answer.framing == "length":
        headers["content-length"] = str(1 << 40 if answer.endless else len(answer.body))
    elif answer.framing == "chunked":
        headers["transfer-encoding"] = "chunked"
    else:
        headers["connection"] = "close"
    phrase = HTTPStatus(answer.status).phrase if answer.status in HTTPStatus._value2member_map_ else "Status"
    lines = [f"HTTP/1.1 {answer.status} {phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def _read_request(reader: asyncio.StreamReader) -> Recorded | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return None
    first, *lines = head.decode("latin-1").rstrip().split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await _read_body(reader, headers)
    url = headers.pop(URL_HEADER, None) or f"http://{headers.get('host', '')}{target}"
    return Recorded(method=method, url=url, headers=headers, body=body)


async def _read_body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = b""
        while size := int(await reader.readline(), 16):
            body += await reader.readexactly(size)
            await reader.readline()
        await reader.readline()
        return body
    return await reader.readexactly(int(headers.get("content-length", 0)))


__all__ = ["PATIENCE", "URL_HEADER", "Reply", "VendorDouble"]
