"""The chat answer, streamed: contract to wire. https://platform.openai.com/docs/api-reference/chat/streaming"""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from jackfield.contract import (
    AudioDelta,
    JackfieldError,
    LLMEvent,
    LLMRequest,
    ReasoningDelta,
    ReasoningPart,
    RefusalDelta,
    StreamEnd,
    StreamStart,
    TextDelta,
    ToolCallDelta,
    Usage,
    UsageReport,
)

from ..citations import for_chat
from ..media import encode_base64
from ..openai_errors import render_error
from ..openai_usage import render_chat_usage
from ..sse import encode
from .answers import build_detail
from .results import render_finish_reason


@dataclass(slots=True)
class _Choice:
    """One choice while it goes out: how much was said, and the reasoning that a seal may follow."""

    begun: bool = False
    length: int = 0
    reasoning: str = ""
    details: int = 0


class StreamRenderer:
    """Events to chunks of one answer."""

    def __init__(self, request: LLMRequest) -> None:
        self._id = f"chatcmpl-{uuid.uuid4().hex}"
        self._model = request.model
        self._created = int(time.time())
        self._with_usage = request.include_usage
        self._choices: dict[int, _Choice] = {}
        self.usage = Usage()

    def render(self, event: LLMEvent) -> Iterator[bytes]:
        """The chunks of one event, as server-sent events."""
        if isinstance(event, StreamStart):
            self._id, self._model = event.id or self._id, event.model or self._model
            self.usage = event.usage or self.usage
            return
        if isinstance(event, UsageReport):
            self.usage = event.usage
            return
        index = getattr(event, "choice", 0)
        state = self._choices.setdefault(index, _Choice())
        delta = self._delta(event, state)
        if delta is None:
            return
        if not state.begun:
            state.begun = True
            delta = {"role": "assistant", **({} if isinstance(event, StreamEnd) else {"content": ""}), **delta}
        finish = render_finish_reason(event.finish_reason) if isinstance(event, StreamEnd) else None
        logprobs = event.logprobs if isinstance(event, TextDelta) else None
        yield self._chunk([{"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": finish}])

    def _delta(self, event: LLMEvent, state: _Choice) -> dict[str, Any] | None:
        match event:
            case TextDelta():
                state.length += len(event.text)
                annotations = for_chat(event.citations or (), state.length, state.length)
                return {"content": event.text} | ({"annotations": annotations} if annotations else {})
            case ReasoningDelta():
                return _reasoning(event, state)
            case RefusalDelta():
                return {"refusal": event.text}
            case ToolCallDelta():
                return {"tool_calls": [_render_call(event)]}
            case AudioDelta():
                audio = {"data": encode_base64(event.data), "transcript": event.transcript}
                return {"audio": audio | ({"id": event.id} if event.id else {})}
        return {}

    def finish(self) -> Iterator[bytes]:
        """The usage, if it was asked for, and the mark that the answer is whole."""
        if self._with_usage:
            yield self._chunk([], render_chat_usage(self.usage))
        yield b"data: [DONE]\n\n"

    def _chunk(self, choices: list[dict[str, Any]], usage: dict[str, Any] | None = None) -> bytes:
        chunk: dict[str, Any] = {
            "id": self._id,
            "object": "chat.completion.chunk",
            "created": self._created,
            "model": self._model,
            "choices": choices,
        }
        if self._with_usage:
            chunk["usage"] = usage
        return encode(orjson.dumps(chunk))


def _reasoning(event: ReasoningDelta, state: _Choice) -> dict[str, Any] | None:
    """Text as it comes; with its seal the whole of it once more, so that a client that keeps both can send them back."""
    state.reasoning += event.text
    delta: dict[str, Any] = {"reasoning_content": event.text} if event.text else {}
    if event.signature or event.redacted:
        sealed = ReasoningPart(state.reasoning, signature=event.signature, redacted=event.redacted)
        delta["reasoning_details"] = [build_detail(sealed, state.details)]
        state.details += 1
        state.reasoning = state.reasoning if event.redacted else ""
    return delta or None


def _render_call(event: ToolCallDelta) -> dict[str, Any]:
    function: dict[str, Any] = {"arguments": event.arguments}
    if event.name is not None:
        function["name"] = event.name
    call: dict[str, Any] = {"index": event.index, "function": function}
    if event.id is not None:
        call |= {"id": event.id, "type": "function"}
    return call | (event.extra or {})


async def render_stream(events: AsyncIterator[LLMEvent], request: LLMRequest) -> AsyncIterator[bytes]:
    """The stream as OpenAI sends it. An error in mid-stream becomes an error event, and no `[DONE]` follows."""
    renderer = StreamRenderer(request)
    try:
        async for event in events:
            for chunk in renderer.render(event):
                yield chunk
    except JackfieldError as error:
        yield encode(orjson.dumps(render_error(error)))
        return
    for chunk in renderer.finish():
        yield chunk
