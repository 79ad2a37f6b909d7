"""HTTP to a vendor, over the host's client: status and body mapped to the error tree, bounds on what is read.

A vendor states one `VendorHTTP`; its methods are all the ways in which a plugin asks: `json` and `request` for a whole answer,
`events`, `lines` and `pieces` for one that comes bit by bit.

httpx is imported when a vendor is asked: a plugin that is only listed needs none of it, and there are many of them.
"""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

import orjson
from jackfield.contract import (
    BadRequest,
    CallContext,
    ConnectionFailed,
    CredentialsInvalid,
    JackfieldError,
    ServerUnavailable,
    Timeout,
)
from jackfield.dialects import sse
from jackfield.dialects.openai_errors import VendorError, read_error

from .errors import MESSAGES, ErrorTable
from .redaction import redact
from .streaming import HeldStream, split_lines

if TYPE_CHECKING:
    import httpx

Piece = TypeVar("Piece")

MAX_ANSWER_BYTES: Final = 64 * 1024 * 1024
MAX_ERROR_BYTES: Final = 64 * 1024
CONNECT_TIMEOUT: Final = 10.0


class _QueriesLeftOut(logging.Filter):
    """Some vendors want a key or a token in the address, and httpx writes addresses into its log."""

    def filter(self, record: logging.LogRecord) -> bool:
        import httpx  # noqa: PLC0415 - it is there: it logs

        if isinstance(record.args, tuple):
            record.args = tuple(
                arg.copy_with(query=b"...") if isinstance(arg, httpx.URL) and arg.query else arg for arg in record.args
            )
        return True


logging.getLogger("httpx").addFilter(_QueriesLeftOut())


def error_inside(body: dict[str, Any]) -> VendorError | None:
    """The error in a 200 answer or in an event of a stream, as OpenAI, Anthropic and most others write it.

    `{"error": …}`; and of OpenAI's responses `{"type": "error", …}` and `{"type": "response.failed", "response": {…}}`.
    """
    if body.get("type") == "response.failed" and isinstance(body.get("response"), dict):
        body = body["response"]
    if body.get("error") and not any(body.get(name) for name in ("choices", "data", "results")):
        return read_error(orjson.dumps(body))
    return read_error(orjson.dumps(body)) if body.get("type") == "error" else None


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorHTTP:
    """One vendor's way of speaking HTTP.

    :param table: its errors
    :param read_error: reads the body of an answer whose status is not good; if it is not given, that is tried with what
        `error_inside` finds first, as most vendors write their errors alike wherever they stand
    :param error_inside: finds the error in the JSON of a good answer, or of one event of a stream; None if it is none
    :param max_answer_bytes: what is larger is no answer; of a stream, half of it is the most for one event or line
    """

    table: ErrorTable = field(default_factory=ErrorTable)
    read_error: Callable[[bytes], VendorError] = read_error
    error_inside: Callable[[dict[str, Any]], VendorError | None] = error_inside
    max_answer_bytes: int = MAX_ANSWER_BYTES

    @property
    def _max_piece_bytes(self) -> int:
        return self.max_answer_bytes // 2

    # -- whole answers ---------------------------------------------------------------------------------------------------

    async def json(self, context: CallContext, method: str, url: str, **rest: Any) -> Any:
        """The JSON of a good answer; `rest` as for `open`.

        :raises ServerUnavailable: if it is not JSON; and as `request`
        """
        return self.checked_json(await self.request(context, method, url, **rest), context)

    def checked_json(self, response: httpx.Response, context: CallContext) -> Any:
        """The JSON of an answer that was read; the error inside it, if there is one, raised by the table."""
        return self._checked(parse_json(response), context, response)

    async def object(self, context: CallContext, method: str, url: str, **rest: Any) -> dict[str, Any]:
        """The same, where the answer must be a JSON object."""
        body = await self.json(context, method, url, **rest)
        if not isinstance(body, dict):
            raise ServerUnavailable("The vendor answered with JSON that is no object.")
        return body

    async def request(self, context: CallContext, method: str, url: str, **rest: Any) -> httpx.Response:
        """A good (2xx) answer, read whole; `rest` as for `open`.

        :raises JackfieldError: by the vendor's table for any other status; Timeout, ConnectionFailed; ServerUnavailable for an
            answer over `max_answer_bytes`
        """
        import httpx  # noqa: PLC0415 - not before a vendor is asked

        response = await self.open(context, method, url, **rest)
        try:
            body = await self._read(read_chunks(response))
        finally:
            await response.aclose()
        return httpx.Response(response.status_code, headers=_plain(response.headers), content=body, request=response.request)

    # -- answers that come bit by bit ------------------------------------------------------------------------------------

    async def events(
        self,
        context: CallContext,
        method: str,
        url: str,
        *,
        parse: Callable[[AsyncIterator[sse.ServerSentEvent]], AsyncIterator[Piece]],
        **rest: Any,
    ) -> HeldStream[Piece]:
        """What `parse` makes of the server-sent events of a good answer; an error among them is raised by the table.

        Returns when the answer's head has come. Closing what it returns cancels the call at the vendor.
        """
        response = await self._open_stream(context, method, url, "text/event-stream", **rest)
        try:
            chunks = await self._refuse_json(response, context)
        except BaseException:
            await response.aclose()
            raise
        events = self._checked_events(sse.decode(chunks, self._max_piece_bytes), context, response)
        return HeldStream(response, parse(events), events, chunks)

    async def lines(
        self,
        context: CallContext,
        method: str,
        url: str,
        *,
        parse: Callable[[AsyncIterator[dict[str, Any]]], AsyncIterator[Piece]],
        **rest: Any,
    ) -> HeldStream[Piece]:
        """The same for newline-delimited JSON, as Ollama sends it: `parse` gets the objects."""
        response = await self._open_stream(context, method, url, "application/x-ndjson", **rest)
        chunks = read_chunks(response)
        objects = self._checked_lines(split_lines(chunks, self._max_piece_bytes), context, response)
        return HeldStream(response, parse(objects), objects, chunks)

    async def pieces(self, context: CallContext, method: str, url: str, **rest: Any) -> HeldStream[bytes]:
        """The bytes of a good answer as they come; the first is there when this returns.

        :raises ServerUnavailable: if there are none, or JSON comes where sound should
        """
        response = await self.open(context, method, url, **rest)
        chunks = read_chunks(response)
        try:
            first = await anext(chunks, b"")  # what goes wrong now can still be told by a status
            if _media_type(response) == "application/json":
                await self._raise_for_json(_rejoin(first, chunks), context, response)
        except BaseException:
            await response.aclose()
            raise
        if not first:
            await response.aclose()
            raise ServerUnavailable("The vendor answered with nothing.")
        return HeldStream(response, _rejoin(first, chunks), chunks)

    # -- below these -----------------------------------------------------------------------------------------------------

    async def open(
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
        """A good (2xx) answer whose body is not read yet. Whoever asks closes it.

        The body to send is one of `json`, `content` (bytes), or `data` and `files` (a form, as httpx takes them).
        """
        import httpx  # noqa: PLC0415 - as above

        sent = dict(headers or {})
        if json is not None:
            content = dump_json(json)
            sent.setdefault("content-type", "application/json")
        # Between the pieces of a stream the kernel is less patient than this, with `idle_timeout`.
        timeout = httpx.Timeout(max(context.timeout, context.idle_timeout), connect=min(context.timeout, CONNECT_TIMEOUT))
        try:
            request = context.http.build_request(
                method, url, headers=sent, content=content, data=data, files=files, params=params, timeout=timeout
            )
            response = await context.http.send(request, stream=True)
        except httpx.HTTPError as error:
            raise connection_error(error, context) from None
        except httpx.InvalidURL:
            raise _unusable_address() from None
        except ValueError:  # what cannot stand in a header: its text may be the key
            raise unsendable() from None
        if response.is_success:
            return response
        try:
            failure = await self._error(response, context)
        finally:
            await response.aclose()
        raise failure

    def failure(
        self,
        vendor: VendorError,
        context: CallContext,
        response: httpx.Response | None = None,
        *,
        status: int | None = None,
    ) -> JackfieldError:
        """The error of the tree for what a vendor says, redacted. `status` and `response` where there are any.

        In an error inside a good answer or a stream, a code that is an HTTP status counts as such.
        """
        if response is not None and not response.is_success:
            status = response.status_code
        if status is None and vendor.code and re.fullmatch(r"[45]\d\d", vendor.code):
            status = int(vendor.code)
        headers = response.headers if response is not None else None
        return self.table.error(redact_error(vendor, context), status=status, headers=headers)

    async def _error(self, response: httpx.Response, context: CallContext) -> JackfieldError:
        if response.is_redirect:
            message = "The vendor answered with a redirect, which is not followed."
            return ServerUnavailable(
                message, advice="Check the base URL: https instead of http, perhaps.", vendor_status=response.status_code
            )
        body = bytearray()
        try:
            async for chunk in read_chunks(response):
                body += chunk
                if len(body) > MAX_ERROR_BYTES:
                    break
        except JackfieldError:
            pass  # the status alone says more than a broken body
        return self.failure(self.said(bytes(body[:MAX_ERROR_BYTES])), context, response)

    def said(self, body: bytes) -> VendorError:
        """What an answer says whose status is not good."""
        if self.read_error is read_error and self.error_inside is not error_inside:
            try:
                parsed = orjson.loads(body)
            except orjson.JSONDecodeError:
                parsed = None
            vendor = self.error_inside(parsed) if isinstance(parsed, dict) else None
            if vendor is not None:
                return vendor
        return self.read_error(body)

    async def _read(self, chunks: AsyncIterator[bytes]) -> bytes:
        body = bytearray()
        async for chunk in chunks:
            body += chunk
            if len(body) > self.max_answer_bytes:
                raise ServerUnavailable(f"The vendor's answer is larger than {self.max_answer_bytes >> 20} MiB.")
        return bytes(body)

    async def _open_stream(
        self, context: CallContext, method: str, url: str, accept: str, *, headers: Mapping[str, str] | None = None, **rest: Any
    ) -> httpx.Response:
        return await self.open(context, method, url, headers={"accept": accept, **(headers or {})}, **rest)

    async def _refuse_json(self, response: httpx.Response, context: CallContext) -> AsyncGenerator[bytes, None]:
        """The body's pieces, if it is a stream of events; one JSON object in its place is raised as what it says."""
        chunks = read_chunks(response)
        if _media_type(response) == "text/event-stream":
            return chunks
        first = await anext(chunks, b"")
        if first.lstrip().startswith(b"{"):
            await self._raise_for_json(_rejoin(first, chunks), context, response)
        return _rejoin(first, chunks)

    async def _raise_for_json(self, chunks: AsyncIterator[bytes], context: CallContext, response: httpx.Response) -> None:
        """A whole JSON answer where a stream or sound should come: the error of a vendor that answers all with 200."""
        import httpx  # noqa: PLC0415 - as above

        body = parse_json(httpx.Response(response.status_code, content=await self._read(chunks)))
        self._checked(body, context, response)
        raise ServerUnavailable("The vendor answered a request for a stream with one whole answer.")

    def _checked(self, body: Any, context: CallContext, response: httpx.Response) -> Any:
        vendor = self.error_inside(body) if isinstance(body, dict) else None
        if vendor is not None:
            raise self.failure(vendor, context, response)
        return body

    async def _checked_events(
        self, events: AsyncIterator[sse.ServerSentEvent], context: CallContext, response: httpx.Response
    ) -> AsyncGenerator[sse.ServerSentEvent, None]:
        async for event in events:
            if "error" in event.data or event.event == "error":
                try:
                    body = orjson.loads(event.data)
                except orjson.JSONDecodeError:
                    body = {"error": event.data} if event.event == "error" else None
                self._checked(body, context, response)
            yield event

    async def _checked_lines(
        self, lines: AsyncIterator[bytes], context: CallContext, response: httpx.Response
    ) -> AsyncGenerator[dict[str, Any], None]:
        async for line in lines:
            try:
                body = orjson.loads(line)
            except orjson.JSONDecodeError:
                raise ServerUnavailable("The vendor's stream holds a line that is not JSON.") from None
            if not isinstance(body, dict):
                raise ServerUnavailable("The vendor's stream holds a line that is no JSON object.")
            yield self._checked(body, context, response)


async def _rejoin(first: bytes, rest: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(rest):
        yield first
        async for chunk in rest:
            yield chunk


def _media_type(response: httpx.Response) -> str:
    return str(response.headers.get("content-type", "")).partition(";")[0].strip().lower()


def _plain(headers: httpx.Headers) -> list[tuple[str, str]]:
    """Headers that still hold for a body that was decoded and joined."""
    stale = ("content-encoding", "content-length", "transfer-encoding")
    return [(name, value) for name, value in headers.multi_items() if name not in stale]


def _unusable_address() -> CredentialsInvalid:
    return CredentialsInvalid("The address of the vendor is no http(s) URL.", param="base_url")


def unsendable() -> CredentialsInvalid:
    """A credential that no header can hold."""
    return CredentialsInvalid(
        "A credential holds characters that cannot be sent, a line break or a letter beyond ASCII.",
        advice="Paste the credential again, without what stands around it.",
    )


def connection_error(error: httpx.HTTPError, context: CallContext) -> JackfieldError:
    """An error of the transport as one of the tree."""
    import httpx  # noqa: PLC0415 - as above

    if isinstance(error, httpx.TimeoutException):
        return Timeout(MESSAGES[Timeout])
    if isinstance(error, httpx.UnsupportedProtocol):
        return _unusable_address()
    if isinstance(error, httpx.LocalProtocolError):  # its text is the header that cannot be sent
        return unsendable()
    kind = type(error).__name__
    text = redact(str(error), context.credentials)
    return ConnectionFailed(f"The connection to the vendor failed ({kind}{': ' + text if text else ''}).")


def redact_error(vendor: VendorError, context: CallContext) -> VendorError:
    """What a vendor says, without any credential in it."""
    texts = (vendor.message, vendor.code, vendor.param, vendor.type)
    message, code, param, kind = (redact(text, context.credentials) if text else text for text in texts)
    return VendorError(message or "", code, param, kind, vendor.request_id, vendor.retry_after)


def dump_json(body: Any) -> bytes:
    """:raises BadRequest: for what is no JSON, a lone surrogate in a text for example"""
    try:
        return orjson.dumps(body)
    except TypeError as error:
        raise BadRequest(f"The request cannot be written as JSON: {error}.") from None


def parse_json(response: httpx.Response) -> Any:
    """:raises ServerUnavailable: if the body is not JSON"""
    try:
        return orjson.loads(response.content)
    except orjson.JSONDecodeError:
        raise ServerUnavailable("The vendor answered with what is not JSON.", vendor_status=response.status_code) from None


async def read_chunks(response: httpx.Response) -> AsyncGenerator[bytes, None]:
    """The body's pieces as they come.

    :raises ConnectionFailed: if the connection breaks; Timeout: if a piece does not come in time
    """
    import httpx  # noqa: PLC0415 - as above

    try:
        async for chunk in response.aiter_bytes():
            yield chunk
    except httpx.TimeoutException:
        raise Timeout("The vendor stopped answering half-way.") from None
    except httpx.DecodingError:
        raise ServerUnavailable("The vendor's answer is compressed in a way that cannot be read.") from None
    except httpx.HTTPError as error:
        raise ConnectionFailed(f"The connection to the vendor broke half-way ({type(error).__name__}).") from None
