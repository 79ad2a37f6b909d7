"""What a client sends: its key, its JSON, within the limits of size and time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson

from jackfield.contract import BadRequest, RequestTooLarge, Timeout, Unauthenticated

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Any, Any, Any], Awaitable[None]]


class ClientGone(Exception):
    """The client closed its connection: there is nobody to answer."""


def bearer_key(headers: Mapping[bytes, bytes]) -> str | None:
    """The key in `Authorization: Bearer …`; None where there is none."""
    value = headers.get(b"authorization")
    if value is None:
        return None
    scheme, _, key = value.decode("latin-1").partition(" ")
    return key.strip() or None if scheme.lower() == "bearer" else None


def anthropic_key(headers: Mapping[bytes, bytes]) -> str | None:
    """Anthropic's clients send `x-api-key`; with an auth token they send a bearer, which is as good."""
    value = headers.get(b"x-api-key")
    return (value.decode("latin-1").strip() or None) if value is not None else bearer_key(headers)


def missing_key(*, anthropic: bool) -> Unauthenticated:
    """There is no key in the request."""
    advice = "Send your Jackfield key as `x-api-key: …`." if anthropic else None
    return Unauthenticated("The request carries no API key.", advice=advice)


async def read_pieces(
    headers: Mapping[bytes, bytes], receive: Receive, *, max_bytes: int, patience: float
) -> AsyncIterator[bytes]:
    """The body's pieces as they come, whether its length was announced or not.

    What a client sends after an error is read and forgotten by the server, so that the client comes to read the error.

    :param patience: seconds that the client may take for the next piece
    :raises RequestTooLarge: at the first byte too many, or before the first one where the length tells
    :raises Timeout: (408) where the next piece does not come
    :raises ClientGone: where the client closed the connection
    """
    announced = headers.get(b"content-length")
    if announced is not None and announced.isdigit() and int(announced) > max_bytes:
        raise too_large(max_bytes)
    size = 0
    while True:
        message = await _next(receive, patience if size else None)
        piece: bytes = message["body"]
        size += len(piece)
        if size > max_bytes:
            raise too_large(max_bytes)
        if not message["more_body"]:
            if piece:
                yield piece
            return
        if piece:
            yield piece


async def read_body(headers: Mapping[bytes, bytes], receive: Receive, *, max_bytes: int, patience: float) -> bytes:
    """The whole body; see `read_pieces`."""
    announced = headers.get(b"content-length")
    if announced is None or len(announced) < 6:  # what is small has mostly come whole, with the head
        message = await _next(receive, patience)
        if not message["more_body"] and len(message["body"]) <= max_bytes:
            body: bytes = message["body"]
            return body
        receive = _Again(message, receive)
    return b"".join([piece async for piece in read_pieces(headers, receive, max_bytes=max_bytes, patience=patience)])


class _Again:
    """`receive`, with a message put back."""

    def __init__(self, message: Message, receive: Receive) -> None:
        self._message: Message | None = message
        self._receive = receive

    async def __call__(self) -> Message:
        message, self._message = self._message, None
        return message if message is not None else await self._receive()


async def _next(receive: Receive, patience: float | None) -> Message:
    try:
        async with asyncio.timeout(patience):
            message = await receive()
    except TimeoutError:
        raise Timeout("The request's body did not arrive in time.", status=408, fault="caller") from None
    if message["type"] == "http.disconnect":
        raise ClientGone
    return message


def too_large(max_bytes: int) -> RequestTooLarge:
    """The body is over the host's limit."""
    return RequestTooLarge(
        f"The request's body is larger than {max_bytes:,} bytes, the most that this host takes.",
        advice="Send less in one request, or have the operator raise `server.max_body_bytes`.",
    )


def json_object(raw: bytes) -> dict[str, Any]:
    """The body as a JSON object.

    :raises BadRequest: saying where it stops being JSON
    """
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        problem = "is empty" if not raw.strip() else f"is not JSON: {error}"
        raise BadRequest(f"The request's body {problem}.") from None
    if not isinstance(body, dict):
        raise BadRequest("The request's body must be a JSON object.")
    return body


def wants_drop(headers: Mapping[bytes, bytes]) -> bool:
    """Whether parameters that the model does not take are to be left out: `x-jackfield-drop-params: true`."""
    value = headers.get(b"x-jackfield-drop-params")
    return value is not None and value.strip().lower() in (b"true", b"1", b"yes", b"on")


def query(scope: Scope) -> dict[str, str]:
    """The parameters of the URL; of one that stands there twice, the last."""
    return dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
