"""The way out of a relay that goes through a proxy: bytes to a URL and the answer's bytes back, over aiohttp's sessions.

Direct connections have a quicker one; see `pool`.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from functools import lru_cache

import aiohttp
from yarl import URL

from jackfield.contract import ConnectionFailed, JackfieldError, PermissionDenied, ServerUnavailable, Timeout

from .egress import EgressDenied


def error_of(error: BaseException, host: str) -> JackfieldError:
    """What an exception of aiohttp or of a socket means to the caller. `host` is named; a URL may hold a key and is not."""
    if is_denied(error):
        return egress_denied(host)
    if isinstance(error, TimeoutError):
        return Timeout(f"{host} did not answer in time.")
    if isinstance(error, aiohttp.ClientConnectorDNSError | socket.gaierror):
        return ConnectionFailed(f"The name {host} does not resolve to an address.")
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError | ssl.SSLError):
        failed = ConnectionFailed(
            f"The secure connection to {host} could not be made: {_short(error)}.",
            advice="Check the URL's scheme and the server's certificate; `egress.ca_file` names authorities of your own.",
        )
        failed.retryable = False
        return failed
    if isinstance(error, aiohttp.ClientProxyConnectionError | aiohttp.ClientHttpProxyError):
        return ConnectionFailed(
            f"The proxy on the way to {host} failed: {_short(error)}.", advice="Check `egress.proxy`.", fault="host"
        )
    if isinstance(error, aiohttp.InvalidURL | aiohttp.NonHttpUrlClientError):
        return bad_url()
    if isinstance(error, aiohttp.ClientResponseError):
        return ServerUnavailable(f"{host} answered with what is not HTTP.")
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return ConnectionFailed(f"{host} closed the connection without an answer.")
    if isinstance(error, aiohttp.ClientPayloadError):
        return ConnectionFailed(f"The answer of {host} broke off.")
    if isinstance(error, aiohttp.ClientConnectorError) or not isinstance(error, aiohttp.ClientError):
        return ConnectionFailed(f"{host} could not be reached: {_short(error)}.")
    return ConnectionFailed(f"The connection to {host} broke.")


def session_for(route: Callable[[URL], aiohttp.ClientSession], url: str) -> aiohttp.ClientSession:
    """The session that leads to a URL, a websocket's as well.

    :raises PermissionDenied: where an egress rule refuses the address
    :raises ValueError: for what is no URL
    """
    target = URL(url)
    return route(target.with_scheme("http" if target.scheme in ("ws", "http") else "https"))


def is_denied(error: BaseException) -> bool:
    """Whether the egress rules are behind the error."""
    return isinstance(error, EgressDenied) or isinstance(getattr(error, "os_error", None), EgressDenied)


def bad_url() -> JackfieldError:
    """A URL that cannot be called. It is not shown, as it may hold a key."""
    failed = ConnectionFailed(
        "The provider's base URL is not an http(s) URL.", advice="Correct the base URL.", fault="workspace"
    )
    failed.retryable = False
    return failed


def egress_denied(host: str) -> JackfieldError:
    """The refusal, as the caller sees it."""
    return PermissionDenied(
        f"This host may not connect to {host}: its operator's egress rules refuse the network.",
        advice="Correct the base URL, or ask the operator to allow the network with `egress.allow`.",
    )


def _short(error: BaseException) -> str:
    cause = getattr(error, "os_error", None) or error
    return getattr(cause, "strerror", None) or type(cause).__name__


class Answer:
    """An answer whose head has come; implements `contract.WireResponse`."""

    __slots__ = ("_host", "_response", "headers", "status")

    def __init__(self, response: aiohttp.ClientResponse, host: str) -> None:
        self._response = response
        self._host = host
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers

    async def read(self) -> bytes:
        """The whole body.

        :raises ConnectionFailed: if it broke off
        :raises Timeout: if the next piece did not come in time
        """
        try:
            return await self._response.read()
        except (aiohttp.ClientError, OSError) as error:
            raise error_of(error, self._host) from error
        except BaseException:
            self._response.close()
            raise

    def chunks(self) -> AsyncIterator[bytes]:
        """The body's pieces as they come. Raises as `read` does; closing it early closes the connection."""
        return Chunks(self._response, self._host)

    async def close(self) -> None:
        """Let go: an unfinished answer closes its connection, which tells the vendor to stop."""
        self._response.close()


class Chunks:
    """An async iterator over a body; `aclose` as of an async generator, without what one costs for each piece."""

    __slots__ = ("_host", "_read", "_response")

    def __init__(self, response: aiohttp.ClientResponse, host: str) -> None:
        self._response = response
        self._read = response.content.readany
        self._host = host

    def __aiter__(self) -> Chunks:
        return self

    async def __anext__(self) -> bytes:
        try:
            chunk = await self._read()
        except (aiohttp.ClientError, OSError) as error:
            self._response.close()
            raise error_of(error, self._host) from error
        except BaseException:
            self._response.close()
            raise
        if not chunk:
            raise StopAsyncIteration
        return chunk

    async def aclose(self) -> None:
        """Stop; the connection is kept only if the answer has ended."""
        self._response.close()


class AiohttpWire:
    """Implements `contract.Wire`.

    :param route: which session leads to a URL; raises PermissionDenied
    """

    def __init__(self, route: Callable[[URL], aiohttp.ClientSession], connect_timeout: float) -> None:
        self._route = route
        self._timeouts = lru_cache(maxsize=64)(
            lambda seconds: aiohttp.ClientTimeout(
                total=None, connect=min(connect_timeout, seconds), sock_connect=min(connect_timeout, seconds), sock_read=seconds
            )
        )

    def session_for(self, url: str) -> aiohttp.ClientSession:
        """As the function of this name: for a plugin whose vendor has nothing but a websocket."""
        return session_for(self._route, url)

    async def send(self, url: str, *, headers: Mapping[str, str], body: bytes, timeout: float) -> Answer:
        """POST `body`.

        :param timeout: seconds until the answer's head, and between two of its pieces
        :raises ConnectionFailed: where the vendor cannot be reached or does not answer in HTTP
        :raises Timeout: where the head did not come in time
        :raises PermissionDenied: where an egress rule refuses the address
        """
        try:
            target = URL(url)
        except ValueError:
            raise bad_url() from None
        host = target.host or "the vendor"
        session = self._route(target)
        try:
            response = await session.request(
                "POST", target, headers=headers, data=body, allow_redirects=False, timeout=self._timeouts(timeout)
            )
        except aiohttp.InvalidURL as error:
            raise error_of(error, host) from None  # its text is the URL
        except (aiohttp.ClientError, OSError) as error:
            raise error_of(error, host) from error
        return Answer(response, host)
