"""HTTP to a vendor, over the host's client: status and body mapped to the error tree, bounds on what is read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
from jackfield.contract import CallContext, ConnectionFailed, CredentialsInvalid, JackfieldError, ServerUnavailable, Timeout
from jackfield.dialects import sse
from jackfield.dialects.openai_errors import VendorError, read_error

from .errors import MESSAGES, ErrorTable
from .redaction import redact

MAX_ANSWER_BYTES = 64 * 1024 * 1024
MAX_ERROR_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class VendorHTTP:
    """One vendor's way of speaking HTTP.

    :param table: its errors
    :param read_error: reads its error body
    """

    table: ErrorTable = field(default_factory=ErrorTable)
    read_error: Callable[[bytes], VendorError] = read_error

    async def request(
        self,
        context: CallContext,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        content: bytes | None = None,
        data: Mapping[str, Any] | None = None,
        files: Any = None,
        params: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """A good (2xx) answer, read whole.

        :raises JackfieldError: by the vendor's table for any other status; Timeout, ConnectionFailed; ServerUnavailable for an
            answer over 64 MiB
        """
        async with self.stream(
            context, method, url, headers=headers, json=json, content=content, data=data, files=files, params=params
        ) as response:
            body = bytearray()
            async for chunk in read_chunks(response):
                body += chunk
                if len(body) > MAX_ANSWER_BYTES:
                    raise ServerUnavailable(f"The vendor's answer is larger than {MAX_ANSWER_BYTES >> 20} MiB.")
            return httpx.Response(
                response.status_code, headers=_plain(response.headers), content=bytes(body), request=response.request
            )

    async def json(self, context: CallContext, method: str, url: str, **rest: Any) -> Any:
        """The JSON of a good answer.

        :raises ServerUnavailable: if it is not JSON; and as `request`
        """
        return parse_json(await self.request(context, method, url, **rest))

    @asynccontextmanager
    async def stream(
        self,
        context: CallContext,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        content: bytes | None = None,
        data: Mapping[str, Any] | None = None,
        files: Any = None,
        params: Mapping[str, str] | None = None,
    ) -> AsyncIterator[httpx.Response]:
        """A good (2xx) answer, its body to be read by `read_chunks` or `read_events`. Leaving the block cancels the rest."""
        sent = dict(headers or {})
        if json is not None:
            content = orjson.dumps(json)
            sent.setdefault("content-type", "application/json")
        timeout = httpx.Timeout(context.idle_timeout, connect=min(context.timeout, 10.0))
        try:
            request = context.http.build_request(
                method, url, headers=sent, content=content, data=data, files=files, params=params, timeout=timeout
            )
            response = await context.http.send(request, stream=True)
        except httpx.HTTPError as error:
            raise connection_error(error, context) from None
        except httpx.InvalidURL as error:
            message = redact(f"The address of the vendor cannot be used: {error}.", context.credentials)
            raise CredentialsInvalid(message, param="base_url") from None
        try:
            if not response.is_success:
                raise await self.error(response, context)
            yield response
        finally:
            await response.aclose()

    async def error(self, response: httpx.Response, context: CallContext) -> JackfieldError:
        """The error of the tree for an answer that is not good. Reads at most 64 KiB of it."""
        body = bytearray()
        async for chunk in read_chunks(response):
            body += chunk
            if len(body) > MAX_ERROR_BYTES:
                break
        return self.failure(self.read_error(bytes(body[:MAX_ERROR_BYTES])), context, response)

    def failure(
        self, vendor: VendorError, context: CallContext, response: httpx.Response | None = None, *, status: int | None = None
    ) -> JackfieldError:
        """The same for an error that stands inside a good answer or a stream (`response` None or 2xx)."""
        clean = VendorError(redact(vendor.message, context.credentials), vendor.code, vendor.param, vendor.type)
        if response is not None and not response.is_success:
            status = response.status_code
        return self.table.error(clean, status=status, headers=response.headers if response is not None else None)


def _plain(headers: httpx.Headers) -> list[tuple[str, str]]:
    """Headers that still hold for a body that was decoded and joined."""
    return [
        (name, value)
        for name, value in headers.multi_items()
        if name not in ("content-encoding", "content-length", "transfer-encoding")
    ]


def connection_error(error: httpx.HTTPError, context: CallContext) -> JackfieldError:
    """An error of the transport as one of the tree."""
    if isinstance(error, httpx.TimeoutException):
        return Timeout(MESSAGES[Timeout])
    kind = type(error).__name__
    text = redact(str(error), context.credentials)
    if isinstance(error, httpx.UnsupportedProtocol):
        return ConnectionFailed("The address of the vendor must begin with http:// or https://.", param="base_url")
    return ConnectionFailed(f"The connection to the vendor failed ({kind}{': ' + text if text else ''}).")


def parse_json(response: httpx.Response) -> Any:
    """:raises ServerUnavailable: if the body is not JSON"""
    try:
        return orjson.loads(response.content)
    except orjson.JSONDecodeError:
        raise ServerUnavailable("The vendor answered with what is not JSON.", vendor_status=response.status_code) from None


async def read_chunks(response: httpx.Response) -> AsyncIterator[bytes]:
    """The body's pieces as they come.

    :raises ConnectionFailed: if the connection breaks; Timeout: if a piece does not come in time
    """
    try:
        async for chunk in response.aiter_bytes():
            yield chunk
    except httpx.TimeoutException:
        raise Timeout("The vendor stopped answering half-way.") from None
    except httpx.DecodingError:
        raise ServerUnavailable("The vendor's answer is compressed in a way that cannot be read.") from None
    except httpx.HTTPError as error:
        raise ConnectionFailed(f"The connection to the vendor broke half-way ({type(error).__name__}).") from None


def read_events(response: httpx.Response) -> AsyncIterator[sse.ServerSentEvent]:
    """The server-sent events of a streamed answer."""
    return sse.decode(read_chunks(response))
