"""The surfaces of chats: one endpoint, told apart by the dialect's codec."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from jackfield.contract import JackfieldError, LLMEvent, LLMRequest, LLMResult
from jackfield.dialects import anthropic_messages, openai_chat, openai_completions, openai_responses
from jackfield.dialects.words import reword
from jackfield.host.relaying import Relayed

from .errors import Headers, anthropic_event, openai_event, responses_event
from .exchange import JSON, Exchange
from .requests import json_object
from .streaming import EventRenderer, EventStream, Pieces

COMMENT = b": keep-alive\n\n"
PING = b'event: ping\ndata: {"type": "ping"}\n\n'


class Codec(Protocol):
    """The server's side of a dialect (see `jackfield.dialects`)."""

    DIALECT: str

    def parse_request(self, body: dict[str, Any]) -> LLMRequest: ...

    def render_result(self, result: LLMResult, request: LLMRequest | None = None) -> dict[str, Any]: ...

    def render_stream(self, events: AsyncIterator[LLMEvent], request: LLMRequest) -> AsyncIterator[bytes]: ...


@dataclass(frozen=True, slots=True)
class ChatEndpoint:
    """A chat in one dialect: relayed where the model's provider speaks it, else by way of the contract.

    :param keep_alive: what the dialect's clients take for silence
    :param render_event: an error in mid-stream
    :param passed_headers: the client's headers that the dialect gives a meaning
    """

    codec: Codec
    keep_alive: bytes
    render_event: EventRenderer
    passed_headers: tuple[bytes, ...] = ()

    async def __call__(self, exchange: Exchange) -> None:
        await exchange.authenticate()
        raw = await exchange.read()
        body = json_object(raw)
        with exchange.watching():
            try:
                if body.get("stream") is True:
                    stream = EventStream(exchange, keep_alive=self.keep_alive, render_error=self.render_event)
                    await stream.serve(self._stream(exchange, body, raw))
                else:
                    await self._whole(exchange, body, raw)
            except JackfieldError as error:
                reword(error, self.codec.DIALECT)
                raise

    async def _whole(self, exchange: Exchange, body: dict[str, Any], raw: bytes) -> None:
        relayed = await self._relay(exchange, body, raw)
        if relayed is not None:
            await respond_relayed(exchange, relayed)
            return
        request = self._parse(exchange, body)
        caller = exchange.principal
        result = await exchange.host.calls.llm(caller, request, info=exchange.info)
        await exchange.respond_json(self.codec.render_result(result, request))

    async def _stream(self, exchange: Exchange, body: dict[str, Any], raw: bytes) -> Pieces:
        relayed = await self._relay(exchange, body, raw)
        if relayed is not None:
            if isinstance(relayed.body, bytes):
                return _Whole(relayed.body)
            exchange.extra_headers += vendor_headers(relayed)
            return relayed.body
        request = self._parse(exchange, body)
        events = await exchange.host.calls.stream_llm(exchange.principal, request, info=exchange.info)
        return _Rendered(self.codec.render_stream(events, request), events)

    async def _relay(self, exchange: Exchange, body: dict[str, Any], raw: bytes) -> Relayed | None:
        if exchange.drops:  # what is to be dropped, only the typed way knows
            return None
        headers = passed(exchange, self.passed_headers) if self.passed_headers else None
        return await exchange.host.calls.relay(exchange.principal, self.codec.DIALECT, body, raw, headers, info=exchange.info)

    def _parse(self, exchange: Exchange, body: dict[str, Any]) -> LLMRequest:
        request = self.codec.parse_request(body)
        request.drop_unsupported = exchange.drops
        return request


class _Rendered:
    """A typed stream in the dialect's bytes; closing it closes the call as well."""

    def __init__(self, rendered: AsyncIterator[bytes], events: Pieces | Any) -> None:
        self._rendered = rendered
        self._events = events

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._rendered

    async def aclose(self) -> None:
        close = getattr(self._rendered, "aclose", None)
        if close is not None:
            await close()
        await self._events.aclose()


class _Whole:
    """A body that came whole although a stream was asked for."""

    def __init__(self, body: bytes) -> None:
        self._left = [body]

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if not self._left:
            raise StopAsyncIteration
        return self._left.pop()

    async def aclose(self) -> None:
        self._left.clear()


def passed(exchange: Exchange, names: tuple[bytes, ...]) -> dict[str, str]:
    """Those of the client's headers that go on to the vendor."""
    headers = exchange.headers
    return {name.decode(): headers[name].decode("latin-1") for name in names if name in headers}


def vendor_headers(relayed: Relayed) -> Headers:
    """What a client may know of the vendor's answer beside its body."""
    number = relayed.headers.get("x-vendor-request-id")
    return [(b"x-vendor-request-id", number.encode("latin-1", "replace"))] if number else []


async def respond_relayed(exchange: Exchange, relayed: Relayed) -> None:
    """A relayed answer, whole."""
    body = relayed.body
    if not isinstance(body, bytes):
        body = b"".join([piece async for piece in body])
    exchange.extra_headers += vendor_headers(relayed)
    await exchange.respond(body, status=relayed.status, headers=JSON)


async def count_tokens(exchange: Exchange) -> None:
    """Anthropic's count of a message's tokens: https://docs.anthropic.com/en/api/messages-count-tokens"""
    await exchange.authenticate()
    request = anthropic_messages.parse_request(await exchange.read_json(), counting=True)
    request.drop_unsupported = exchange.drops
    with exchange.watching():
        tokens = await exchange.host.calls.count_tokens(exchange.principal, request, info=exchange.info)
        await exchange.respond(orjson.dumps({"input_tokens": tokens}))


chat_completions = ChatEndpoint(openai_chat, COMMENT, openai_event)
completions = ChatEndpoint(openai_completions, COMMENT, openai_event)
responses = ChatEndpoint(openai_responses, COMMENT, responses_event)
messages = ChatEndpoint(anthropic_messages, PING, anthropic_event, (b"anthropic-version", b"anthropic-beta"))
