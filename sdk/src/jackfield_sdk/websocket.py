"""A websocket to a vendor that has no other way in (iFlytek). Needs aiohttp: `jackfield-sdk[websocket]`.

The host's own session is used where its wire offers one (`session_for`), so that its proxies and egress rules hold. aiohttp is
imported when a connection is made: it takes longer than all the rest of a plugin.
"""

from __future__ import annotations

import errno
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import orjson
from jackfield.contract import (
    CallContext,
    ConnectionFailed,
    CredentialsInvalid,
    JackfieldError,
    PermissionDenied,
    ServerUnavailable,
    Timeout,
)
from jackfield.dialects.openai_errors import VendorError

from .http import VendorHTTP, dump_json

if TYPE_CHECKING:
    import aiohttp

MAX_MESSAGE_BYTES: Final = 32 * 1024 * 1024


class WebSocket:
    """An open websocket, one JSON object a message."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def send(self, message: Any) -> None:
        """Send one JSON value.

        :raises ConnectionFailed: if the connection is gone
        """
        import aiohttp  # noqa: PLC0415 - not before there is a socket

        try:
            await self._socket.send_str(dump_json(message).decode())
        except (aiohttp.ClientError, OSError) as error:
            raise ConnectionFailed(f"The connection to the vendor broke ({type(error).__name__}).") from None

    async def messages(self) -> AsyncIterator[dict[str, Any]]:
        """The vendor's messages, until it closes the connection.

        :raises ConnectionFailed: if the connection breaks
        :raises ServerUnavailable: for a message that is no JSON object
        """
        import aiohttp  # noqa: PLC0415 - as above

        async for message in self._socket:
            if message.type is aiohttp.WSMsgType.ERROR:
                break
            try:
                body = orjson.loads(message.data)
            except (orjson.JSONDecodeError, TypeError):
                raise ServerUnavailable("The vendor's message is not JSON.") from None
            if not isinstance(body, dict):
                raise ServerUnavailable("The vendor's message is no JSON object.")
            yield body
        if self._socket.exception() is not None or self._socket.close_code in (None, 1006):
            raise ConnectionFailed("The connection to the vendor broke half-way.")


@asynccontextmanager
async def connect(
    context: CallContext, url: str, *, http: VendorHTTP, headers: Mapping[str, str] | None = None
) -> AsyncIterator[WebSocket]:
    """Open a websocket; leaving the block closes it, which cancels what the vendor is doing.

    :param http: for its error table: a handshake that is refused has a status
    :raises JackfieldError: by the table, ConnectionFailed, Timeout
    """
    import aiohttp  # noqa: PLC0415 - as above

    async with AsyncExitStack() as stack:
        session_for = getattr(context.wire, "session_for", None)
        if session_for is not None:
            try:
                session: aiohttp.ClientSession = session_for(url)
            except ValueError:
                raise _no_address() from None
        else:
            session = await stack.enter_async_context(aiohttp.ClientSession(trust_env=False))
        timeout = aiohttp.ClientWSTimeout(ws_receive=max(context.timeout, context.idle_timeout), ws_close=1.0)
        opening = session.ws_connect(
            url, headers=dict(headers or {}), timeout=timeout, max_msg_size=MAX_MESSAGE_BYTES, heartbeat=None
        )
        try:
            socket = await stack.enter_async_context(opening)
        except aiohttp.WSServerHandshakeError as error:
            raise http.failure(VendorError(error.message), context, status=error.status) from None
        except TimeoutError:
            raise Timeout("The vendor did not answer in time.") from None
        except aiohttp.InvalidURL:
            raise _no_address() from None
        except (aiohttp.ClientError, OSError) as error:
            raise _unreached(error) from None
        try:
            yield WebSocket(socket)
        except TimeoutError:
            raise Timeout("The vendor stopped answering half-way.") from None


def _no_address() -> CredentialsInvalid:
    return CredentialsInvalid("The address of the vendor is no websocket's.", param="base_url")


def _unreached(error: aiohttp.ClientError | OSError) -> JackfieldError:
    """What kept the connection from being made; an address is not shown, as a signature may stand in it."""
    import aiohttp  # noqa: PLC0415 - as above

    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(cause, OSError) and cause.errno == errno.EACCES:  # what the host's egress rules raise
        return PermissionDenied("This host may not connect to the vendor's address: its operator's rules refuse the network.")
    return ConnectionFailed(f"The connection to the vendor failed ({type(error).__name__}).")
