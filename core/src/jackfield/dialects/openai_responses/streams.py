"""The answer of OpenAI's responses, streamed: https://platform.openai.com/docs/api-reference/responses-streaming"""

from __future__ import annotations

import time
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
    ServerUnavailable,
    StreamEnd,
    StreamStart,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    Usage,
    UsageReport,
)

from ..openai_errors import render_error
from ..openai_usage import parse_responses_usage, render_responses_usage
from ..sse import ServerSentEvent, encode
from .results import (
    call_item,
    finish_members,
    message_item,
    parse_finish,
    parse_output_item,
    reasoning_item,
    refusal_content,
    render_response,
    text_content,
)


class StreamParser:
    """Wire events to the contract's. Calls are numbered by the order of their items."""

    def __init__(self) -> None:
        self._calls: dict[int, int] = {}

    def parse(self, event: Any) -> Iterator[LLMEvent]:
        """:raises ServerUnavailable: for an error event, a failed response, or what is no event of this dialect"""
        try:
            yield from self._parse(event)
        except (KeyError, TypeError, AttributeError) as error:
            raise ServerUnavailable(f"The vendor's stream holds what is no event of a response: {error!r}.") from None

    def _parse(self, event: dict[str, Any]) -> Iterator[LLMEvent]:
        match event["type"]:
            case "response.created":
                yield StreamStart(event["response"]["id"], event["response"].get("model") or "")
            case "response.output_text.delta":
                yield TextDelta(event["delta"])
            case "response.refusal.delta":
                yield RefusalDelta(event["delta"])
            case "response.reasoning_text.delta" | "response.reasoning_summary_text.delta":
                yield ReasoningDelta(event["delta"])
            case "response.output_item.added" if event["item"]["type"] == "function_call":
                number = self._calls[event["output_index"]] = len(self._calls)
                yield ToolCallDelta(number, event["item"]["call_id"], event["item"]["name"])
            case "response.function_call_arguments.delta":
                yield ToolCallDelta(self._calls[event["output_index"]], arguments=event["delta"])
            case "response.output_item.done" if event["item"]["type"] == "reasoning":
                if sealed := event["item"].get("encrypted_content"):
                    yield ReasoningDelta(signature=sealed)
            case "response.completed" | "response.incomplete":
                response = event["response"]
                yield UsageReport(parse_responses_usage(response.get("usage")))
                parts = [part for item in response.get("output") or () for part in parse_output_item(item)]
                reason = parse_finish(response, parts)
                yield StreamEnd("tool_calls" if self._calls and reason == "stop" else reason)
            case "response.failed":
                raise _failure(event["response"].get("error") or {})
            case "error":
                raise _failure(event.get("error") or event)


def _failure(error: dict[str, Any]) -> ServerUnavailable:
    return ServerUnavailable(
        "The vendor broke the stream off with an error.",
        vendor_code=str(error.get("code") or "") or None,
        vendor_message=str(error.get("message") or "") or None,
    )


async def parse_stream(events: AsyncIterator[ServerSentEvent]) -> AsyncIterator[LLMEvent]:
    """The events of a vendor's stream."""
    parser = StreamParser()
    async for event in events:
        if event.data == "[DONE]":
            return
        try:
            body = orjson.loads(event.data)
        except orjson.JSONDecodeError:
            raise ServerUnavailable("The vendor's stream holds an event that is not JSON.") from None
        for parsed in parser.parse(body):
            yield parsed


class _Item:
    """An item of the output while it is put out: `message`, `refusal`, `reasoning` or `call`."""

    def __init__(self, kind: str, index: int, number: int, identity: str) -> None:
        self.kind = kind
        self.index = index
        self.number = number
        self.id = identity
        self.text = ""
        self.sealed: str | None = None
        self.call = ToolCall("", "", "")

    def render(self, status: str = "completed") -> dict[str, Any]:
        match self.kind:
            case "call":
                return call_item(self.id, self.call, status)
            case "reasoning":
                return reasoning_item(self.id, self.text, self.sealed)
            case "refusal":
                return message_item(self.id, [refusal_content(self.text)], status)
        return message_item(self.id, [text_content(self.text)], status)


class StreamRenderer:
    """Events of the contract to those of one response; choice 0 only, as this wire has no other."""

    def __init__(self, request: LLMRequest) -> None:
        self._request = request
        self._identity = uuid.uuid4().hex
        self._model = request.model
        self._created = int(time.time())
        self._sequence = 0
        self._started = False
        self._items: list[_Item] = []
        self._open: _Item | None = None
        self._end: StreamEnd | None = None
        self.usage = Usage()

    def render(self, event: LLMEvent) -> Iterator[bytes]:
        """The wire events of one event."""
        if isinstance(event, StreamStart):
            self._identity, self._model = event.id.removeprefix("resp_") or self._identity, event.model or self._model
            yield from self._start()
            return
        if isinstance(event, UsageReport):
            self.usage = event.usage
            return
        yield from self._start()
        if isinstance(event, StreamEnd):
            self._end = self._end or event
        elif getattr(event, "choice", 0) == 0:
            yield from self._render_delta(event)

    def _render_delta(self, event: LLMEvent) -> Iterator[bytes]:
        match event:
            case TextDelta() if event.text:
                yield from self._switch("message")
                yield self._item_event("output_text.delta", delta=event.text, content_index=0, logprobs=[])
                self._current.text += event.text
            case RefusalDelta():
                yield from self._switch("refusal")
                yield self._item_event("refusal.delta", delta=event.text, content_index=0)
                self._current.text += event.text
            case ReasoningDelta():
                yield from self._switch("reasoning")
                if event.text:
                    yield self._item_event("reasoning_text.delta", delta=event.text, content_index=0)
                self._current.text += event.text
                self._current.sealed = event.signature or self._current.sealed
            case ToolCallDelta():
                yield from self._switch("call", event)
                if event.arguments:
                    yield self._item_event("function_call_arguments.delta", delta=event.arguments)
                self._current.call.arguments += event.arguments

    @property
    def _current(self) -> _Item:
        assert self._open is not None
        return self._open

    def finish(self) -> Iterator[bytes]:
        """The end of the response."""
        yield from self._start()
        yield from self._close()
        status, details = finish_members(self._end.finish_reason if self._end else "stop")
        output = [item.render() for item in self._items]
        body = self._response(status, output) | {"usage": render_responses_usage(self.usage), "incomplete_details": details}
        yield self._event(f"response.{status}", response=body)

    def fail(self, error: JackfieldError) -> Iterator[bytes]:
        """The end of a response that broke."""
        wired = render_error(error)["error"]
        yield from self._start()
        code = "rate_limit_exceeded" if error.status == 429 else "server_error"
        output = [item.render("incomplete") for item in self._items]
        body = self._response("failed", output) | {"error": {"code": code, "message": wired["message"]}}
        yield self._event("response.failed", response=body)

    def _start(self) -> Iterator[bytes]:
        if not self._started:
            self._started = True
            body = self._response("in_progress", [])
            yield self._event("response.created", response=body)
            yield self._event("response.in_progress", response=body)

    def _response(self, status: str, output: list[dict[str, Any]]) -> dict[str, Any]:
        return render_response(self._identity, self._created, self._model, self._request, status=status, output=output)

    def _switch(self, kind: str, call: ToolCallDelta | None = None) -> Iterator[bytes]:
        number = call.index if call else 0
        if self._open is not None and (self._open.kind, self._open.number) == (kind, number):
            return
        yield from self._close()
        prefix = {"call": "fc", "reasoning": "rs"}.get(kind, "msg")
        item = self._open = _Item(kind, len(self._items), number, f"{prefix}_{self._identity}_{len(self._items)}")
        self._items.append(item)
        if call is not None:
            item.call = ToolCall(call.id or f"call_{item.index}", call.name or "", "")
        shown = item.render("in_progress")
        if kind in ("message", "refusal"):
            shown["content"] = []
        yield self._event("response.output_item.added", output_index=item.index, item=shown)
        if kind in ("message", "refusal"):
            part = text_content("") if kind == "message" else refusal_content("")
            yield self._item_event("content_part.added", content_index=0, part=part)

    def _close(self) -> Iterator[bytes]:
        item = self._open
        if item is None:
            return
        match item.kind:
            case "message":
                yield self._item_event("output_text.done", content_index=0, text=item.text, logprobs=[])
                yield self._item_event("content_part.done", content_index=0, part=text_content(item.text))
            case "refusal":
                yield self._item_event("refusal.done", content_index=0, refusal=item.text)
                yield self._item_event("content_part.done", content_index=0, part=refusal_content(item.text))
            case "reasoning" if item.text:
                yield self._item_event("reasoning_text.done", content_index=0, text=item.text)
            case "call":
                yield self._item_event("function_call_arguments.done", arguments=item.call.arguments, name=item.call.name)
        self._open = None
        yield self._event("response.output_item.done", output_index=item.index, item=item.render())

    def _item_event(self, kind: str, **members: Any) -> bytes:
        item = self._current
        return self._event(f"response.{kind}", item_id=item.id, output_index=item.index, **members)

    def _event(self, kind: str, **members: Any) -> bytes:
        body = {"type": kind, "sequence_number": self._sequence, **members}
        self._sequence += 1
        return encode(orjson.dumps(body), kind)


async def render_stream(events: AsyncIterator[LLMEvent], request: LLMRequest) -> AsyncIterator[bytes]:
    """The stream as OpenAI sends it. An error in mid-stream becomes `response.failed`, and nothing follows."""
    renderer = StreamRenderer(request)
    try:
        async for event in events:
            for chunk in renderer.render(event):
                yield chunk
    except JackfieldError as error:
        for chunk in renderer.fail(error):
            yield chunk
        return
    for chunk in renderer.finish():
        yield chunk
