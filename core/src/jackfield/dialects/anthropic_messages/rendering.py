"""The answer of Anthropic's messages, streamed: contract to wire: https://docs.anthropic.com/en/api/messages-streaming"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

import orjson

from jackfield.contract import (
    JackfieldError,
    LLMEvent,
    LLMRequest,
    ReasoningDelta,
    RefusalDelta,
    StreamEnd,
    StreamStart,
    TextDelta,
    ToolCallDelta,
    Usage,
    UsageReport,
)

from ..anthropic_usage import render_usage
from ..calls import CallOrder
from ..citations import for_messages
from ..sse import encode
from .results import message_id, render_error, render_stop_reason


class StreamRenderer:
    """Events of the contract to those of one message. Holds the open block; choice 0 only, as this wire has no other."""

    def __init__(self, request: LLMRequest) -> None:
        self._request = request
        self._started = False
        self._index = -1
        self._open: tuple[str, int] | None = None
        self._order = CallOrder()
        self._held: set[str] = set()
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
        elif getattr(event, "choice", 0) != 0:
            return
        elif isinstance(event, ToolCallDelta):
            yield from self._calls(self._order.add(event))
        else:
            yield from self._render_delta(event)

    def _render_delta(self, event: LLMEvent) -> Iterator[bytes]:
        match event:
            case TextDelta(text=text, citations=citations) if text or citations:
                yield from self._switch("text", 0, {"type": "text", "text": ""})
                if text:
                    yield self._delta({"type": "text_delta", "text": text})
                for citation in for_messages(citations or ()):
                    yield self._delta({"type": "citations_delta", "citation": citation})
            case RefusalDelta(text=text) if text:
                self._held.add("refusal")
                yield from self._switch("text", 0, {"type": "text", "text": ""})
                yield self._delta({"type": "text_delta", "text": text})
            case ReasoningDelta(redacted=str(data)):
                yield from self._switch("redacted", 0, {"type": "redacted_thinking", "data": data})
                yield from self._close()
            case ReasoningDelta() if event.text or event.signature:
                yield from self._switch("thinking", 0, {"type": "thinking", "thinking": "", "signature": ""})
                if event.text:
                    yield self._delta({"type": "thinking_delta", "thinking": event.text})
                if event.signature:
                    yield self._delta({"type": "signature_delta", "signature": event.signature})
                    yield from self._close()

    def _calls(self, calls: Iterator[ToolCallDelta]) -> Iterator[bytes]:
        for call in calls:
            self._held.add("tool_calls")
            if self._open != ("tool", call.index):
                identity = call.id or f"toolu_{uuid.uuid4().hex[:24]}"
                block = {"type": "tool_use", "id": identity, "name": call.name or "", "input": {}, **(call.extra or {})}
                yield from self._close()
                yield from self._begin("tool", call.index, block)
            if call.arguments:
                yield self._delta({"type": "input_json_delta", "partial_json": call.arguments})

    def finish(self) -> Iterator[bytes]:
        """The end of the message."""
        if not self._started:
            yield from self._start(uuid.uuid4().hex, self._request.model)
        yield from self._calls(self._order.flush())
        yield from self._close()
        end = self._end or StreamEnd("stop")
        reason = end.finish_reason
        if reason == "stop" and self._held:
            reason = "tool_calls" if "tool_calls" in self._held else "refusal"
        delta = {"stop_reason": render_stop_reason(reason, end.stop_sequence), "stop_sequence": end.stop_sequence}
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
        yield from self._calls(self._order.flush())
        yield from self._close()
        yield from self._begin(kind, number, block)

    def _begin(self, kind: str, number: int, block: dict[str, Any]) -> Iterator[bytes]:
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
