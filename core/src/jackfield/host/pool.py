"""The relay's connections: kept open between calls, made under the egress rules, and no more of them than allowed."""

from __future__ import annotations

import asyncio
import socket
import ssl
from base64 import b64encode
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import aiohappyeyeballs
import aiohttp
from yarl import URL

from jackfield.contract import ConnectionFailed, CredentialsInvalid, Timeout

from .connection import Connection, Exchange
from .wire import bad_url, error_of, session_for

_NAMES_KEPT = 30.0  # seconds for which an address is used without asking for it again
_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection"})


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where a URL leads, read once.

    :param key: of the pool: scheme, host, port
    :param head: the request's first lines, up to the caller's headers
    """

    key: tuple[str, str, int]
    host: str
    head: bytes


class Pool:
    """Implements `contract.Wire` for direct connections, in an eighth of the CPU that aiohttp's client takes.

    :param agent: the User-Agent
    :param route: which session leads to a URL, for what is no HTTP (websockets)
    :param limit: connections at once, in use or idle; 0: no limit
    :param keepalive: seconds for which an idle one is kept
    """

    def __init__(
        self,
        make_socket: Callable[[Any], socket.socket],
        context: ssl.SSLContext,
        *,
        agent: str,
        route: Callable[[URL], aiohttp.ClientSession],
        connect_timeout: float,
        keepalive: float,
        limit: int,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._make_socket = make_socket
        self._route = route
        self._context = context
        self._connect_timeout = connect_timeout
        self._keepalive = keepalive
        self._limit = limit
        self._open: set[Connection] = set()
        self._making = 0
        self._idle: dict[tuple[str, str, int], deque[Connection]] = {}
        self._homes: dict[Connection, tuple[str, str, int]] = {}
        self._queue: deque[asyncio.Future[None]] = deque()
        self._addresses: dict[tuple[str, int], tuple[float, list[Any]]] = {}
        self._sweeper: asyncio.TimerHandle | None = None
        self._closed = False
        self._place = lru_cache(maxsize=1024)(lambda url: read_place(url, agent))

    async def send(self, url: str, *, headers: Mapping[str, str], body: bytes, timeout: float) -> Exchange:
        """POST `body`.

        :param timeout: seconds until the answer's head, and between two of its pieces
        :raises ConnectionFailed: where the vendor cannot be reached, or goes away
        :raises Timeout: where it does not answer in time
        :raises PermissionDenied: where an egress rule refuses its address
        """
        place = self._place(url)
        request = b"%b%bcontent-length: %d\r\n\r\n%b" % (place.head, write_headers(headers), len(body), body)
        connection = self._take(place.key)
        if connection is not None:
            exchange = connection.send(request, place.host, timeout)
            try:
                await exchange.wait_for_head()
            except ConnectionFailed:
                # A kept connection that closes before it brings a byte was closed while it was idle: the request was not read.
                if connection.answered:
                    raise
            else:
                return exchange
        connection = await self._connect(place, min(timeout, self._connect_timeout))
        exchange = connection.send(request, place.host, timeout)
        await exchange.wait_for_head()
        return exchange

    def session_for(self, url: str) -> aiohttp.ClientSession:
        """As `AiohttpWire.session_for`: websockets keep to the egress rules, whichever wire is the host's."""
        return session_for(self._route, url)

    async def close(self) -> None:
        """Close every connection; exchanges that still run end with ConnectionFailed."""
        self._closed = True
        if self._sweeper is not None:
            self._sweeper.cancel()
        self._wake(len(self._queue))
        for connection in tuple(self._open):
            connection.abort()

    # -- connections

    def _take(self, key: tuple[str, str, int]) -> Connection | None:
        idle = self._idle.get(key)
        while idle:
            connection = idle.pop()
            if connection.open:
                return connection
        return None

    async def _connect(self, place: Place, seconds: float) -> Connection:
        try:
            async with asyncio.timeout(seconds):
                kept = await self._wait_for_room(place.key)
                if kept is not None:
                    return kept
                self._making += 1
                try:
                    connection = await self._make(place)
                finally:
                    self._making -= 1
        except TimeoutError:
            raise Timeout(f"{place.host} could not be reached in time.") from None
        except OSError as error:
            self._addresses.pop(place.key[1:], None)
            raise error_of(error, place.host) from error
        if self._closed:
            connection.abort()
            raise _stopping()
        return connection

    async def _make(self, place: Place) -> Connection:
        scheme, host, port = place.key
        sock = await aiohappyeyeballs.start_connection(
            await self._resolve(host, port),
            happy_eyeballs_delay=0.25,
            interleave=1,
            loop=self._loop,
            socket_factory=self._make_socket,
        )
        tls: dict[str, Any] = {"ssl": self._context, "server_hostname": host} if scheme == "https" else {}
        try:
            _, connection = await self._loop.create_connection(
                lambda: Connection(self._loop, self._keep, self._forget), sock=sock, **tls
            )
        except BaseException:
            sock.close()
            raise
        self._open.add(connection)
        self._homes[connection] = place.key
        return connection

    async def _resolve(self, host: str, port: int) -> list[Any]:
        found = self._addresses.get((host, port))
        if found is None or found[0] < self._loop.time():
            addresses = await self._loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            if len(self._addresses) > 1000:
                self._addresses.clear()
            found = self._addresses[host, port] = (self._loop.time() + _NAMES_KEPT, list(addresses))
        return found[1]

    def _keep(self, connection: Connection) -> None:
        """An exchange has ended well."""
        if self._closed or not self._keepalive:
            connection.abort()
            return
        self._idle.setdefault(self._homes[connection], deque()).append(connection)
        self._wake(1)
        if self._sweeper is None:
            self._sweeper = self._loop.call_later(self._keepalive, self._sweep)

    def _forget(self, connection: Connection) -> None:
        """A connection is gone."""
        self._open.discard(connection)
        self._homes.pop(connection, None)
        self._wake(1)

    def _wake(self, count: int) -> None:
        """Let so many of those who wait for a connection look again."""
        while self._queue and count:
            waiter = self._queue.popleft()
            if not waiter.done():
                waiter.set_result(None)
                count -= 1

    def _sweep(self) -> None:
        self._sweeper = None
        old = self._loop.time() - self._keepalive
        for key, idle in list(self._idle.items()):
            while idle and (idle[0].lost or idle[0].idle_since <= old):
                idle.popleft().abort()
            if not idle:
                del self._idle[key]
        if self._idle:
            self._sweeper = self._loop.call_later(self._keepalive / 2, self._sweep)

    async def _wait_for_room(self, key: tuple[str, str, int]) -> Connection | None:
        """A connection that has become idle meanwhile, or None once there is room for a new one."""
        while self._limit and len(self._open) + self._making >= self._limit:
            if self._closed:
                raise _stopping()
            kept = self._take(key)
            if kept is not None:
                return kept
            if self._make_room():
                await asyncio.sleep(0)  # its end is told by the event loop
                continue
            waiter = self._loop.create_future()
            self._queue.append(waiter)
            await waiter
        return None

    def _make_room(self) -> bool:
        """Close an idle connection, of whatever vendor, for one that is waited for."""
        for key, idle in self._idle.items():
            if idle:
                idle.popleft().abort()
                if not idle:
                    del self._idle[key]
                return True
        return False


def _stopping() -> ConnectionFailed:
    return ConnectionFailed("The host is stopping.", fault="host")


def read_place(url: str, agent: str) -> Place:
    """:raises ConnectionFailed: for what is no http(s) URL; it does not say what it is, as a URL may hold a key"""
    try:
        parsed = URL(url)
        host, port = parsed.host, parsed.port
    except ValueError:
        raise bad_url() from None
    if parsed.scheme not in ("http", "https") or not host or not port:
        raise bad_url()
    lines = [
        f"POST {parsed.raw_path_qs} HTTP/1.1",
        f"host: {parsed.host_port_subcomponent}",
        f"user-agent: {agent}",
        "accept: */*",
        "accept-encoding: identity",  # usage is read out of the bytes
    ]
    if parsed.user is not None:
        basic = b64encode(f"{parsed.user}:{parsed.password or ''}".encode()).decode()
        lines.append(f"authorization: Basic {basic}")
    return Place((parsed.scheme, host, port), host, ("\r\n".join(lines) + "\r\n").encode("ascii"))


def write_headers(headers: Mapping[str, str]) -> bytes:
    """:raises CredentialsInvalid: for a value that would break out of its line; only what people enter can hold one"""
    lines = [f"{name}: {value}\r\n" for name, value in headers.items() if name.lower() not in _OURS]
    text = "".join(lines)
    if text.count("\n") != len(lines) or text.count("\r") != len(lines) or "\0" in text:
        raise CredentialsInvalid("A credential holds a line break, which no header may.", advice="Enter the credential anew.")
    return text.encode("utf-8")
