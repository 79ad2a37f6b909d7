"""The host's way out to vendors, with two faces: `httpx.AsyncClient` and `Wire`.

httpx is what plugins program against; aiohttp's pool under it is what makes it fast (httpx's own costs seven times the CPU at
fifty connections). The wire of the relay has connections of its own, see `pool`; through a proxy it uses aiohttp's. No cookies,
no redirects, no credentials from a netrc file; egress rules hold for every connection.
"""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from functools import lru_cache
from http.cookiejar import Cookie, CookieJar
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.request import Request

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport
from yarl import URL

from jackfield.contract import HostFault, Wire

from .egress import EgressRules, ProxyChoice
from .settings import CallSettings, EgressSettings
from .wire import AiohttpWire, egress_denied, is_denied

if TYPE_CHECKING:
    from .pool import Pool

SocketFactory = Callable[[Any], socket.socket]
USER_AGENT = f"jackfield/{version('jackfield')}"


class Outbound:
    """:ivar client: for hooks that go through httpx
    :ivar wire: for relay
    :ivar rules: what may be connected to
    """

    def __init__(self, egress: EgressSettings | None = None, calls: CallSettings | None = None) -> None:
        """To be made in a running event loop, to which it belongs until `close`.

        :raises HostFault: if `egress.ca_file` cannot be read
        """
        egress, calls = egress or EgressSettings(), calls or CallSettings()
        self.rules = EgressRules.of(egress)
        self._proxies = ProxyChoice(egress)
        context = tls_context(egress)
        self._direct = open_session(egress, context, self.rules.make_socket)
        self._proxied = {proxy: open_session(egress, context, proxy=proxy) for proxy in self._proxies.all}
        self._pool = self._make_pool(egress, calls, context)
        self.wire: Wire = self._pool or AiohttpWire(self._route, calls.connect_timeout)
        self.client = httpx.AsyncClient(
            transport=SessionTransport(self._route, context),
            timeout=httpx.Timeout(calls.timeout, connect=calls.connect_timeout, pool=calls.connect_timeout),
            headers={"user-agent": USER_AGENT},
            cookies=NoCookies(),
            trust_env=False,
        )

    def _make_pool(self, egress: EgressSettings, calls: CallSettings, context: ssl.SSLContext) -> Pool | None:
        """None where a proxy is used, or where the parser (of the extra `server`) is not installed."""
        if self._proxied or find_spec("httptools") is None:
            return None
        from .pool import Pool  # noqa: PLC0415

        return Pool(
            self.rules.make_socket,
            context,
            agent=USER_AGENT,
            route=self._route,
            connect_timeout=calls.connect_timeout,
            keepalive=egress.keepalive,
            limit=egress.max_connections,
        )

    def _route(self, url: URL) -> aiohttp.ClientSession:
        if not self._proxied:
            return self._direct
        host = url.host or ""
        proxy = self._proxies.proxy_for(url.scheme, host, url.explicit_port)
        if proxy is None:
            return self._direct
        if not self.rules.permits_host(host):
            raise egress_denied(host)
        return self._proxied[proxy]

    async def close(self) -> None:
        """Close every connection; calls that still run end with ConnectionFailed."""
        if self._pool is not None:
            await self._pool.close()
        await self.client.aclose()
        for session in (self._direct, *self._proxied.values()):
            await session.close()


def open_session(
    egress: EgressSettings, context: ssl.SSLContext, make_socket: SocketFactory | None = None, proxy: str | None = None
) -> aiohttp.ClientSession:
    """A pool: the one of direct connections, or that of a proxy (which the operator chose, so no rule is asked)."""
    connector = aiohttp.TCPConnector(
        ssl=context,
        limit=egress.max_connections,
        keepalive_timeout=egress.keepalive,
        ttl_dns_cache=30,
        socket_factory=make_socket,
    )
    return aiohttp.ClientSession(
        connector=connector,
        proxy=proxy,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=None),
        # The relay reads usage out of the bytes: ask for them plain. (httpx brings its own header, and decodes.)
        headers={"accept-encoding": "identity", "user-agent": USER_AGENT},
        read_bufsize=256 * 1024,
        max_line_size=32 * 1024,
        max_field_size=32 * 1024,
    )


def tls_context(egress: EgressSettings) -> ssl.SSLContext:
    """Which certificates are trusted.

    :raises HostFault: if `egress.ca_file` cannot be read
    """
    if egress.ca_file is None:
        return _usual_authorities(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
    context = httpx.create_ssl_context()
    try:
        context.load_verify_locations(cafile=egress.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise HostFault(
            f"The file of certificate authorities {egress.ca_file} cannot be used: {error}.",
            advice="Correct `egress.ca_file`: it names a file of certificates in PEM form.",
        ) from error
    return context


@lru_cache(maxsize=4)
def _usual_authorities(_file: str | None, _folder: str | None) -> ssl.SSLContext:
    """Read once in a process, as it takes 40 ms, and the library opens a way out for each event loop.

    The arguments are the variables that httpx heeds: where they change, the answer does.
    """
    return httpx.create_ssl_context()


class NoCookies(CookieJar):
    """Keeps none: the client serves all workspaces, and a vendor's cookie would follow one of them into another's call."""

    def extract_cookies(self, response: Any, request: Request) -> None:
        pass

    def add_cookie_header(self, request: Request) -> None:
        pass

    def set_cookie(self, cookie: Cookie) -> None:
        pass


class SessionTransport(httpx.AsyncBaseTransport):
    """httpx-aiohttp's transport over the host's sessions, with errors told apart more exactly than it does."""

    def __init__(self, route: Callable[[URL], aiohttp.ClientSession], context: ssl.SSLContext) -> None:
        self._route = route
        self._context = context
        self._transports: dict[aiohttp.ClientSession, AiohttpTransport] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        session = self._route(URL.build(scheme=url.scheme, host=url.host, port=url.port))
        transport = self._transports.get(session)
        if transport is None:
            transport = self._transports[session] = AiohttpTransport(verify=self._context, client=session)
        try:
            response = await transport.handle_async_request(request)
        except httpx.TransportError as error:
            raise _truer(error, request) from error.__cause__
        except (aiohttp.ClientError, OSError) as error:  # what httpx-aiohttp has no word for
            raise _truer(httpx.NetworkError(str(error)), request, error) from error
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _Stream(response.stream, request)
        return response


_LOST = "Connection closed"  # what aiohttp says, as a RuntimeError, if the session is closed under a reader


class _Stream(httpx.AsyncByteStream):
    def __init__(self, inner: httpx.AsyncByteStream, request: httpx.Request) -> None:
        self._inner = inner
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._inner:
                yield chunk
        except httpx.TransportError as error:
            raise _truer(error, self._request) from error.__cause__
        except RuntimeError as error:
            if _LOST not in str(error):
                raise
            raise httpx.ReadError(str(error), request=self._request) from error

    async def aclose(self) -> None:
        await self._inner.aclose()


def _truer(error: httpx.TransportError, request: httpx.Request, cause: BaseException | None = None) -> Exception:
    """httpx-aiohttp calls every lost connection a ConnectTimeout, and knows no egress rule."""
    cause = cause or error.__cause__
    text = str(error)
    kind: type[httpx.TransportError] = type(error)
    if cause is not None and is_denied(cause):
        return egress_denied(request.url.host)
    if isinstance(cause, aiohttp.ConnectionTimeoutError):
        kind = httpx.ConnectTimeout
    elif isinstance(cause, TimeoutError):
        kind = httpx.ReadTimeout
    elif isinstance(cause, aiohttp.ServerDisconnectedError):
        kind, text = httpx.RemoteProtocolError, "the server closed the connection without an answer"
    elif isinstance(cause, aiohttp.ClientProxyConnectionError | aiohttp.ClientHttpProxyError):
        kind = httpx.ProxyError
    elif isinstance(cause, aiohttp.ClientConnectorError):
        kind = httpx.ConnectError
    elif isinstance(cause, aiohttp.ClientPayloadError | aiohttp.ClientOSError | aiohttp.ClientConnectionResetError):
        kind = httpx.ReadError
    elif isinstance(cause, aiohttp.ClientResponseError):
        kind = httpx.RemoteProtocolError
    return kind(text, request=request)
