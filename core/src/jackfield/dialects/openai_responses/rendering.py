"""The answer of OpenAI's responses, streamed: contract to wire.

https://platform.openai.com/docs/api-reference/responses-streaming
"""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncIterator, Generator, Iterator
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
    ToolCall,
    ToolCallDelta,
    Usage,
    UsageReport,
)

from ..calls import CallOrder
from ..citations import for_responses
from ..counts import members
from ..openai_errors import render_error
from ..openai_usage import render_responses_usage
from ..sse import encode
from .items import REDACTED
from .results import (
    call_item,
    finish_members,
    item_status,
    message_item,
    reasoning_item,
    refusal_content,
    render_response,
    text_content,
    wants_summary,
)

_PREFIXES = {"call": "fc", "reasoning": "rs"}


class _Item:
    """An item of the output while it is put out: `message`, `refusal`, `reasoning` or `call`."""

    def __init__(self, kind: str, index: int, number: int, identity: str, *, summed_up: bool) -> None:
        self.kind = kind
        self.index = index
        self.number = number
        self.id = f"{_PREFIXES.get(kind, 'msg')}_{identity}_{index}"
        self.text = ""
        self.annotations: list[dict[str, Any]] = []
        self.logprobs: list[Any] = []
        self.sealed: str | None = None
        self.call = ToolCall("", "", "")
        self.summed_up = summed_up
        self.begun = kind != "reasoning"  # the text of reasoning may never come
        self.status = "in_progress"

    def render(self) -> dict[str, Any]:
        """The item as it stands."""
        status = self.status
        match self.kind:
            case "call":
                return call_item(self.id, self.call, status)
            case "reasoning":
                return reasoning_item(self.id, self.text, self.sealed, summed_up=self.summed_up)
        return message_item(self.id, [self.content()] if self.text or status != "in_progress" else [], status)

    def content(self) -> dict[str, Any]:
        """What its text is a part of."""
        match self.kind:
            case "refusal":
                return refusal_content(self.text)
            case "reasoning":
                return {"type": "summary_text" if self.summed_up else "reasoning_text", "text": self.text}
        return text_content(self.text, self.annotations, self.logprobs)


class StreamRenderer:
    """Events of the contract to those of one response; choice 0 only, as this wire has no other."""

    def __init__(self, request: LLMRequest) -> None:
        self._request = request
        self._identity = uuid.uuid4().hex
        self._model = request.model
        self._created = int(time.time())
        self._sequence = 0
        self._started = False
        self._summed_up = wants_summary(request)
        self._items: list[_Item] = []
        self._open: _Item | None = None
        self._order = CallOrder()
        self._end: StreamEnd | None = None
        self.usage = Usage()

    def render(self, event: LLMEvent) -> Iterator[bytes]:
        """The wire events of one event."""
        if isinstance(event, StreamStart):
            self._identity, self._model = event.id.removeprefix("resp_") or self._identity, event.model or self._model
            self.usage = event.usage or self.usage
            yield from self._start()
            return
        if isinstance(event, UsageReport):
            self.usage = event.usage
            return
        yield from self._start()
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
            case TextDelta() if event.text or event.citations:
                item = yield from self._switch("message")
                yield from self._render_text(item, event)
            case RefusalDelta() if event.text:
                item = yield from self._switch("refusal")
                item.text += event.text
                yield self._item_event("refusal.delta", delta=event.text, content_index=0)
            case ReasoningDelta() if event.text or event.signature or event.redacted:
                item = yield from self._switch("reasoning")
                yield from self._render_reasoning(item, event)

    def _render_text(self, item: _Item, event: TextDelta) -> Iterator[bytes]:
        if event.text:
            logprobs = members(event.logprobs).get("content") or []
            item.logprobs += logprobs
            item.text += event.text
            yield self._item_event("output_text.delta", delta=event.text, content_index=0, logprobs=logprobs)
        for annotation in for_responses(event.citations or (), len(item.text), len(item.text)):
            where = {"content_index": 0, "annotation_index": len(item.annotations)}
            item.annotations.append(annotation)
            yield self._item_event("output_text.annotation.added", annotation=annotation, **where)

    def _render_reasoning(self, item: _Item, event: ReasoningDelta) -> Iterator[bytes]:
        if event.text:
            if not item.begun:
                item.begun = True
                yield self._part_event("added", item, item.content())
            item.text += event.text
            kind, where = ("reasoning_summary_text", "summary_index") if item.summed_up else ("reasoning_text", "content_index")
            yield self._item_event(f"{kind}.delta", delta=event.text, **{where: 0})
        item.sealed = event.signature or (f"{REDACTED}{event.redacted}" if event.redacted else item.sealed)
        if event.signature or event.redacted:  # a seal ends a block of reasoning
            yield from self._close()

    def _calls(self, calls: Iterator[ToolCallDelta]) -> Iterator[bytes]:
        for call in calls:
            if self._open is None or (self._open.kind, self._open.number) != ("call", call.index):
                yield from self._close()
                identity = call.id or f"call_{uuid.uuid4().hex[:24]}"
                yield from self._begin(
                    "call", call.index, ToolCall(identity, call.name or "", "", extra=dict(call.extra or {}))
                )
            if call.arguments and self._open is not None:
                self._open.call.arguments += call.arguments
                yield self._item_event("function_call_arguments.delta", delta=call.arguments)

    def finish(self) -> Iterator[bytes]:
        """The end of the response."""
        yield from self._start()
        yield from self._calls(self._order.flush())
        reason = self._end.finish_reason if self._end else "stop"
        yield from self._close(item_status(reason))
        ended = finish_members(reason)
        body = self._response("completed", [item.render() for item in self._items])
        body |= {"usage": render_responses_usage(self.usage)} | ended
        yield self._event(f"response.{ended['status']}", response=body)

    def fail(self, error: JackfieldError) -> Iterator[bytes]:
        """The end of a response that broke."""
        yield from self._start()
        code = "rate_limit_exceeded" if error.status == 429 else "server_error"
        if self._open is not None:
            self._open.status = "incomplete"
        body = self._response("failed", [item.render() for item in self._items])
        body["error"] = {"code": code, "message": render_error(error)["error"]["message"]}
        yield self._event("response.failed", response=body)

    def _start(self) -> Iterator[bytes]:
        if not self._started:
            self._started = True
            body = self._response("in_progress", [])
            yield self._event("response.created", response=body)
            yield self._event("response.in_progress", response=body)

    def _response(self, status: str, output: list[dict[str, Any]]) -> dict[str, Any]:
        return render_response(self._identity, self._created, self._model, self._request, status=status, output=output)

    def _switch(self, kind: str) -> Generator[bytes, None, _Item]:
        """The open item, if it is of the kind; else a new one."""
        if self._open is None or self._open.kind != kind:
            yield from self._calls(self._order.flush())
            yield from self._close()
            yield from self._begin(kind, 0)
        assert self._open is not None
        return self._open

    def _begin(self, kind: str, number: int, call: ToolCall | None = None) -> Iterator[bytes]:
        item = self._open = _Item(kind, len(self._items), number, self._identity, summed_up=self._summed_up)
        item.call = call or item.call
        self._items.append(item)
        yield self._event("response.output_item.added", output_index=item.index, item=item.render())
        if kind in ("message", "refusal"):
            yield self._part_event("added", item, item.content())

    def _part_event(self, what: str, item: _Item, part: dict[str, Any]) -> bytes:
        if item.kind == "reasoning" and item.summed_up:
            return self._item_event(f"reasoning_summary_part.{what}", summary_index=0, part=part)
        return self._item_event(f"content_part.{what}", content_index=0, part=part)

    def _close(self, status: str = "completed") -> Iterator[bytes]:
        item = self._open
        if item is None:
            return
        match item.kind:
            case "message":
                yield self._item_event("output_text.done", content_index=0, text=item.text, logprobs=item.logprobs)
            case "refusal":
                yield self._item_event("refusal.done", content_index=0, refusal=item.text)
            case "reasoning" if item.begun and item.summed_up:
                yield self._item_event("reasoning_summary_text.done", summary_index=0, text=item.text)
            case "reasoning" if item.begun:
                yield self._item_event("reasoning_text.done", content_index=0, text=item.text)
            case "call":
                yield self._item_event("function_call_arguments.done", arguments=item.call.arguments, name=item.call.name)
        if item.kind != "call" and item.begun:
            yield self._part_event("done", item, item.content())
        self._open, item.status = None, status
        yield self._event("response.output_item.done", output_index=item.index, item=item.render())

    def _item_event(self, kind: str, **rest: Any) -> bytes:
        assert self._open is not None
        return self._event(f"response.{kind}", item_id=self._open.id, output_index=self._open.index, **rest)

    def _event(self, kind: str, **rest: Any) -> bytes:
        body = {"type": kind, "sequence_number": self._sequence, **rest}
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
