"""The answer of Anthropic's messages, streamed: https://docs.anthropic.com/en/api/messages-streaming"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

import orjson

from jackfield.contract import (
    JackfieldError,
    LLMEvent,
    LLMRequest,
    RateLimited,
    ReasoningDelta,
    RefusalDelta,
    ServerUnavailable,
    StreamEnd,
    StreamStart,
    TextDelta,
    ToolCallDelta,
    Usage,
    UsageReport,
)

from ..anthropic_usage import parse_usage, render_usage
from ..sse import ServerSentEvent, encode
from .results import message_id, parse_stop_reason, render_error, render_stop_reason


class StreamParser:
    """Wire events to the contract's. Counts tool calls, as the contract numbers calls and the wire numbers blocks."""

    def __init__(self) -> None:
        self._usage: dict[str, Any] = {}
        self._calls: dict[int, int] = {}
        self._seeded: dict[int, str] = {}

    def parse(self, event: Any) -> Iterator[LLMEvent]:
        """:raises ServerUnavailable: for an error event, or what is no event of this dialect"""
        try:
            yield from self._parse(event)
        except (KeyError, TypeError, AttributeError) as error:
            raise ServerUnavailable(f"The vendor's stream holds what is no event of a message: {error!r}.") from None

    def _parse(self, event: dict[str, Any]) -> Iterator[LLMEvent]:
        match event["type"]:
            case "message_start":
                message = event["message"]
                self._usage |= message.get("usage") or {}
                yield StreamStart(message["id"], message.get("model") or "", parse_usage(self._usage))
            case "content_block_start":
                yield from self._start(event["index"], event["content_block"])
            case "content_block_delta":
                yield from self._delta(event["index"], event["delta"])
            case "content_block_stop":
                yield from self._stop(event["index"])
            case "message_delta":
                self._usage |= {name: value for name, value in (event.get("usage") or {}).items() if value is not None}
                yield UsageReport(parse_usage(self._usage))
                delta = event["delta"]
                if delta.get("stop_reason"):
                    yield StreamEnd(parse_stop_reason(delta["stop_reason"]), stop_sequence=delta.get("stop_sequence"))
            case "error":
                raise stream_error(event.get("error") or {})

    def _start(self, index: int, block: dict[str, Any]) -> Iterator[LLMEvent]:
        match block["type"]:
            case "text" if block.get("text"):
                yield TextDelta(block["text"])
            case "thinking" if block.get("thinking"):
                yield ReasoningDelta(block["thinking"])
            case "redacted_thinking":
                yield ReasoningDelta(redacted=block["data"])
            case "tool_use":
                self._calls[index] = len(self._calls)
                # The input comes in pieces, but a server may give it whole here: it counts if no piece follows.
                self._seeded[index] = orjson.dumps(block["input"]).decode() if block.get("input") else ""
                yield ToolCallDelta(self._calls[index], block["id"], block["name"])

    def _delta(self, index: int, delta: dict[str, Any]) -> Iterator[LLMEvent]:
        match delta["type"]:
            case "text_delta":
                yield TextDelta(delta["text"])
            case "thinking_delta":
                yield ReasoningDelta(delta["thinking"])
            case "signature_delta":
                yield ReasoningDelta(signature=delta["signature"])
            case "citations_delta":
                yield TextDelta("", citations=[delta["citation"]])
            case "input_json_delta" if index in self._calls and delta["partial_json"]:
                self._seeded.pop(index, None)
                yield ToolCallDelta(self._calls[index], arguments=delta["partial_json"])

    def _stop(self, index: int) -> Iterator[LLMEvent]:
        if index in self._seeded:
            yield ToolCallDelta(self._calls[index], arguments=self._seeded.pop(index) or "{}")


def stream_error(error: dict[str, Any]) -> JackfieldError:
    """The error of an `error` event; its types are those of the HTTP errors."""
    kind, message = str(error.get("type") or ""), str(error.get("message") or "")
    cause = RateLimited if kind == "rate_limit_error" else ServerUnavailable
    return cause("The vendor broke the stream off with an error.", vendor_code=kind or None, vendor_message=message or None)


async def parse_stream(events: AsyncIterator[ServerSentEvent]) -> AsyncIterator[LLMEvent]:
    """The events of a vendor's stream."""
    parser = StreamParser()
    async for event in events:
        try:
            body = orjson.loads(event.data)
        except orjson.JSONDecodeError:
            raise ServerUnavailable("The vendor's stream holds an event that is not JSON.") from None
        for parsed in parser.parse(body):
            yield parsed


class StreamRenderer:
    """Events of the contract to those of one message. Holds the open block; choice 0 only, as this wire has no other."""

    def __init__(self, request: LLMRequest) -> None:
        self._request = request
        self._started = False
        self._index = -1
        self._open: tuple[str, int] | None = None
        self._end: StreamEnd | None = None
        self._usage = Usage()

    def render(self, event: LLMEvent) -> Iterator[bytes]:
        """The wire events of one event."""
        if isinstance(event, StreamStart):
            self._usage = event.usage or self._usage
            yield from self._start(event.id, event.model)
            return
        if isinstance(event, UsageReport):
            self._usage = event.usage
            return
        if not self._started:
            yield from self._start(uuid.uuid4().hex, self._request.model)
        if isinstance(event, StreamEnd):
            self._end = self._end or event
        elif getattr(event, "choice", 0) == 0:
            yield from self._render_delta(event)

    def _render_delta(self, event: LLMEvent) -> Iterator[bytes]:
        match event:
            case TextDelta() | RefusalDelta():
                yield from self._switch("text", 0, {"type": "text", "text": ""})
                if event.text:
                    yield self._delta({"type": "text_delta", "text": event.text})
                for citation in (event.citations if isinstance(event, TextDelta) else None) or ():
                    if str(citation.get("type", "")).endswith("_location"):
                        yield self._delta({"type": "citations_delta", "citation": citation})
            case ReasoningDelta(redacted=str(data)):
                yield from self._close()
                yield from self._switch("redacted", 0, {"type": "redacted_thinking", "data": data})
                yield from self._close()
            case ReasoningDelta():
                yield from self._switch("thinking", 0, {"type": "thinking", "thinking": "", "signature": ""})
                if event.text:
                    yield self._delta({"type": "thinking_delta", "thinking": event.text})
                if event.signature:
                    yield self._delta({"type": "signature_delta", "signature": event.signature})
                    yield from self._close()
            case ToolCallDelta():
                block = {"type": "tool_use", "id": event.id or "", "name": event.name or "", "input": {}}
                yield from self._switch("tool", event.index, block)
                if event.arguments:
                    yield self._delta({"type": "input_json_delta", "partial_json": event.arguments})

    def finish(self) -> Iterator[bytes]:
        """The end of the message."""
        if not self._started:
            yield from self._start(uuid.uuid4().hex, self._request.model)
        yield from self._close()
        end = self._end or StreamEnd("stop")
        reason = render_stop_reason(end.finish_reason, end.stop_sequence)
        delta = {"stop_reason": reason, "stop_sequence": end.stop_sequence}
        yield _event("message_delta", {"delta": delta, "usage": render_usage(self._usage)})
        yield _event("message_stop", {})

    def _start(self, identity: str, model: str) -> Iterator[bytes]:
        self._started = True
        message: dict[str, Any] = {
            "id": message_id(identity),
            "type": "message",
            "role": "assistant",
            "model": model or self._request.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": render_usage(self._usage),
        }
        yield _event("message_start", {"message": message})

    def _switch(self, kind: str, number: int, block: dict[str, Any]) -> Iterator[bytes]:
        if self._open == (kind, number):
            return
        yield from self._close()
        self._open = (kind, number)
        self._index += 1
        yield _event("content_block_start", {"index": self._index, "content_block": block})

    def _close(self) -> Iterator[bytes]:
        if self._open is not None:
            self._open = None
            yield _event("content_block_stop", {"index": self._index})

    def _delta(self, delta: dict[str, Any]) -> bytes:
        return _event("content_block_delta", {"index": self._index, "delta": delta})


def _event(kind: str, body: dict[str, Any]) -> bytes:
    return encode(orjson.dumps({"type": kind, **body}), kind)


async def render_stream(events: AsyncIterator[LLMEvent], request: LLMRequest) -> AsyncIterator[bytes]:
    """The stream as Anthropic sends it. An error in mid-stream becomes an `error` event, and no `message_stop` follows."""
    renderer = StreamRenderer(request)
    try:
        async for event in events:
            for chunk in renderer.render(event):
                yield chunk
    except JackfieldError as error:
        yield encode(orjson.dumps(render_error(error)), "error")
        return
    for chunk in renderer.finish():
        yield chunk
