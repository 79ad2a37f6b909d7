"""Relay: a body passed to a vendor that speaks the client's dialect, and the answer passed back, metered on the way."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jackfield.contract import (
    BadRequest,
    ConnectionFailed,
    JackfieldError,
    ModelType,
    RateLimited,
    RelayRequest,
    ServerUnavailable,
    Usage,
)
from jackfield.contract.relay import (
    ANTHROPIC_MESSAGES,
    COHERE_RERANK,
    JINA_RERANK,
    OPENAI_CHAT,
    OPENAI_COMPLETIONS,
    OPENAI_EMBEDDINGS,
    OPENAI_MODERATIONS,
    OPENAI_RESPONSES,
)
from jackfield.dialects.metering import usage_meter
from jackfield.kernel import Kernel

from .answers import RelayedAnswer
from .attempts import Lease
from .decoding import decode_stream, decode_whole
from .splicing import asks_for_usage, with_model, with_usage_asked
from .tickets import Ticket

TYPES: Mapping[str, ModelType] = {
    OPENAI_CHAT: ModelType.LLM,
    OPENAI_COMPLETIONS: ModelType.LLM,
    OPENAI_RESPONSES: ModelType.LLM,
    ANTHROPIC_MESSAGES: ModelType.LLM,
    OPENAI_EMBEDDINGS: ModelType.TEXT_EMBEDDING,
    OPENAI_MODERATIONS: ModelType.MODERATION,
    JINA_RERANK: ModelType.RERANK,
    COHERE_RERANK: ModelType.RERANK,
}
"""The dialects that can be relayed, and the type of the models that they call."""

_INPUTS: Mapping[str, str] = {OPENAI_EMBEDDINGS: "input", JINA_RERANK: "documents", COHERE_RERANK: "documents"}
_USAGE_ON_REQUEST = frozenset({OPENAI_CHAT, OPENAI_COMPLETIONS})  # their streams tell it only if asked to
_MARKED_END = frozenset({OPENAI_CHAT, OPENAI_COMPLETIONS, OPENAI_RESPONSES, ANTHROPIC_MESSAGES})

_FIRST_EVENT = re.compile(rb"\r?\n\r?\n")
_NOT_NOW: tuple[tuple[re.Pattern[str], type[JackfieldError]], ...] = (
    (re.compile(r"overloaded|server_error|api_error|unavailable|\b50[0-9]\b|\b529\b"), ServerUnavailable),
    (re.compile(r"rate_limit|\b429\b"), RateLimited),
)


@dataclass(slots=True)
class Relayed:
    """:param body: the whole body; or its pieces, to be closed (`aclose`) if they are not read to their end
    :param headers: lower-case; what a client needs of the vendor's
    """

    status: int
    body: bytes | RelayedAnswer = field(repr=False)
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class RelayCall:
    """A body on its way.

    :param body: `raw`, parsed
    :param headers: those of the client's that the dialect gives a meaning, lower-case
    """

    dialect: str
    body: dict[str, Any] = field(repr=False)
    raw: bytes = field(repr=False)
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def streamed(self) -> bool:
        """Whether the body asks for a stream."""
        return self.body.get("stream") is True

    @property
    def inputs(self) -> int:
        """How many texts or documents there are, which a vendor may bound. A list of numbers is one text, as token ids."""
        inputs = self.body.get(_INPUTS.get(self.dialect, ""))
        if not isinstance(inputs, list) or (inputs and isinstance(inputs[0], int)):
            return 1
        return len(inputs)

    @property
    def model(self) -> str:
        """:raises BadRequest: where the body names none"""
        model = self.body.get("model")
        if not isinstance(model, str) or not model:
            raise BadRequest("`model` must name a model, as `provider/model`, an alias, or `default`.", param="model")
        return model


class Relaying:
    """The attempt of a relayed call."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    async def attempt(self, call: RelayCall, ticket: Ticket, lease: Lease) -> Relayed:
        """The answer: whole, or begun. A whole one has settled its ticket."""
        model = lease.target.model
        raw = with_model(call.raw, call.body, model.id)
        streamed = call.streamed
        withhold = False
        if streamed and call.dialect in _USAGE_ON_REQUEST and model.properties.get("stream_usage") is not False:
            withhold = not asks_for_usage(call.body)
            if withhold:
                raw = with_usage_asked(raw, call.body)
        request = RelayRequest(dialect=call.dialect, model=model.id, body=raw, headers=call.headers, stream=streamed)
        response = await self._kernel.relay(request, lease.context)
        headers = _headers(response.headers)
        encoding = response.headers.get("content-encoding")
        if isinstance(response.body, bytes):
            body = decode_whole(response.body, encoding) if encoding and encoding != "identity" else response.body
            ticket.begin_answer()
            ticket.finish("ok", _usage(call.dialect, body))
            return Relayed(response.status, body, headers)
        pieces = decode_stream(response.body, encoding) if encoding and encoding != "identity" else response.body
        if streamed and headers["content-type"].startswith("application/json"):
            body = b"".join([piece async for piece in pieces])  # asked for a stream, the vendor answers whole all the same
            ticket.begin_answer()
            ticket.finish("ok", _usage(call.dialect, body))
            return Relayed(response.status, body, headers)
        return Relayed(response.status, await self._begin(call, ticket, pieces, withhold=withhold), headers)

    async def _begin(self, call: RelayCall, ticket: Ticket, pieces: AsyncIterator[bytes], *, withhold: bool) -> RelayedAnswer:
        """Wait for the first piece, which is the last moment at which another attempt can be made."""
        try:
            first = await anext(pieces)
        except StopAsyncIteration:
            raise ConnectionFailed("The vendor's stream ended before it began.") from None
        meter = usage_meter(call.dialect, call.streamed)
        if b'"error"' in first:
            await _refuse_error(call, first, pieces)
        answer = RelayedAnswer(
            pieces,
            first,
            ticket,
            meter=meter,
            must_end=call.streamed and call.dialect in _MARKED_END,
            withhold_usage=withhold,
        )
        ticket.begin_answer(answer)
        return answer


async def _refuse_error(call: RelayCall, first: bytes, pieces: AsyncIterator[bytes]) -> None:
    """A stream that begins with "not now" instead of an answer is a failed attempt, whatever its HTTP status said.

    Other errors pass: the client reads them in the vendor's own words.
    """
    probe = usage_meter(call.dialect, call.streamed)
    probe.feed(_FIRST_EVENT.split(first, maxsplit=1)[0] + b"\n\n")
    if probe.error is None:
        return
    kind = f"{probe.error.get('type')} {probe.error.get('code')}"
    error = next((error for words, error in _NOT_NOW if words.search(kind)), None)
    if error is None:
        return
    close = getattr(pieces, "aclose", None)
    if close is not None:
        await close()
    message = probe.error.get("message")
    raise error("The vendor began its stream with an error.", vendor_message=message if isinstance(message, str) else None)


def _usage(dialect: str, body: bytes) -> Usage | None:
    meter = usage_meter(dialect, stream=False)
    meter.feed(body)
    return meter.usage


def _headers(vendor: Mapping[str, str]) -> dict[str, str]:
    """The few that mean something to a client; the others speak of the vendor's connection, account and cookies."""
    kept = {"content-type": vendor.get("content-type") or "application/json"}
    number = vendor.get("x-request-id") or vendor.get("request-id")
    if number:
        kept["x-vendor-request-id"] = number
    return kept
