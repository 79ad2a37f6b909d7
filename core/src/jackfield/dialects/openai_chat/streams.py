"""The chat answer, streamed: contract to wire and back.

https://platform.openai.com/docs/api-reference/chat/streaming
"""

from __future__ import annotations

import base64
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

import orjson

from jackfield.contract import (
    AudioDelta,
    JackfieldError,
    LLMEvent,
    LLMRequest,
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

from ..openai_errors import render_error
from ..openai_usage import parse_chat_usage, render_chat_usage
from ..sse import ServerSentEvent, encode
from .results import parse_finish_reason, render_finish_reason


class StreamParser:
    """Chunks to events. Keeps what the wire leaves open: which choices have ended, and names of tool calls without index."""

    def __init__(self) -> None:
        self._started = False
        self._ended: set[int] = set()
        self._calls: dict[int, int] = {}

    def parse(self, chunk: Any) -> Iterator[LLMEvent]:
        """The events of one chunk.

        :raises ServerUnavailable: if it is no chunk
        """
        try:
            yield from self._parse(chunk)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ServerUnavailable(f"The vendor's stream holds what is no chunk of a chat: {error!r}.") from None

    def _parse(self, chunk: dict[str, Any]) -> Iterator[LLMEvent]:
        if not self._started and chunk.get("id"):
            self._started = True
            yield StreamStart(str(chunk["id"]), str(chunk.get("model") or ""))
        for choice in chunk.get("choices") or ():
            index = choice.get("index") or 0
            delta = choice.get("delta") or {}
            yield from self._parse_delta(delta, index, choice.get("logprobs"))
            if choice.get("finish_reason") and index not in self._ended:
                self._ended.add(index)
                yield StreamEnd(parse_finish_reason(choice["finish_reason"]), index)
            if isinstance(choice.get("usage"), dict):  # Moonshot puts it here
                yield UsageReport(parse_chat_usage(choice["usage"]))
        usage = chunk.get("usage") or (chunk.get("x_groq") or {}).get("usage")
        if usage:
            yield UsageReport(parse_chat_usage(usage))

    def _parse_delta(self, delta: dict[str, Any], index: int, logprobs: Any) -> Iterator[LLMEvent]:
        reasoning = delta.get("reasoning_content") or delta.get("reasoning")
        if isinstance(reasoning, str) and reasoning:
            yield ReasoningDelta(reasoning, choice=index)
        content = delta.get("content")
        if isinstance(content, list):
            content = "".join(part.get("text", "") for part in content)
        if content or delta.get("annotations") or logprobs:
            yield TextDelta(content or "", index, logprobs, delta.get("annotations"))
        if delta.get("refusal"):
            yield RefusalDelta(delta["refusal"], index)
        if isinstance(audio := delta.get("audio"), dict):
            yield AudioDelta(base64.b64decode(audio.get("data") or ""), audio.get("transcript") or "", audio.get("id"))
        for call in delta.get("tool_calls") or ():
            yield self._parse_call(call, index)

    def _parse_call(self, call: dict[str, Any], choice: int) -> ToolCallDelta:
        function = call.get("function") or {}
        number = call.get("index")
        if number is None:  # some servers leave it out: a call with an id begins a new one
            number = self._calls.get(choice, -1) + (1 if call.get("id") else 0)
            number = max(number, 0)
        self._calls[choice] = number
        arguments = function.get("arguments") or ""
        if not isinstance(arguments, str):
            arguments = orjson.dumps(arguments).decode()
        return ToolCallDelta(number, call.get("id") or None, function.get("name") or None, arguments, choice)


async def parse_stream(events: AsyncIterator[ServerSentEvent]) -> AsyncIterator[LLMEvent]:
    """The events of a vendor's stream. Ends at `[DONE]`, or with the bytes.

    :raises ServerUnavailable: for an error event, or what is no chunk; the SDK maps `vendor_code` and message further
    """
    parser = StreamParser()
    async for event in events:
        if event.data == "[DONE]":
            return
        try:
            chunk = orjson.loads(event.data)
        except orjson.JSONDecodeError:
            raise ServerUnavailable("The vendor's stream holds an event that is not JSON.") from None
        if isinstance(chunk, dict) and chunk.get("error"):
            error = chunk["error"] if isinstance(chunk["error"], dict) else {"message": str(chunk["error"])}
            raise ServerUnavailable(
                "The vendor broke the stream off with an error.",
                vendor_message=str(error.get("message", "")),
                vendor_code=str(error.get("code") or error.get("type") or "") or None,
            )
        for parsed in parser.parse(chunk):
            yield parsed


class StreamRenderer:
    """Events to chunks of one answer."""

    def __init__(self, request: LLMRequest) -> None:
        self._id = f"chatcmpl-{uuid.uuid4().hex}"
        self._model = request.model
        self._created = int(time.time())
        self._with_usage = request.include_usage
        self._begun: set[int] = set()
        self.usage = Usage()

    def render(self, event: LLMEvent) -> Iterator[bytes]:
        """The chunks of one event, as server-sent events."""
        match event:
            case StreamStart():
                self._id, self._model = event.id or self._id, event.model or self._model
                return
            case UsageReport():
                self.usage = event.usage
                return
            case AudioDelta():
                audio = {"data": base64.b64encode(event.data).decode(), "transcript": event.transcript}
                delta: dict[str, Any] = {"audio": audio | ({"id": event.id} if event.id else {})}
            case TextDelta():
                delta = {"content": event.text} | ({"annotations": event.citations} if event.citations else {})
            case ReasoningDelta():
                if not event.text:
                    return
                delta = {"reasoning_content": event.text}
            case RefusalDelta():
                delta = {"refusal": event.text}
            case ToolCallDelta():
                delta = {"tool_calls": [_render_call(event)]}
            case StreamEnd():
                delta = {}
        choice = getattr(event, "choice", 0)
        if choice not in self._begun:
            self._begun.add(choice)
            delta = {"role": "assistant", "content": ""} | delta if not isinstance(event, StreamEnd) else {"role": "assistant"}
        finish = render_finish_reason(event.finish_reason) if isinstance(event, StreamEnd) else None
        logprobs = event.logprobs if isinstance(event, TextDelta) else None
        yield self._chunk([{"index": choice, "delta": delta, "logprobs": logprobs, "finish_reason": finish}])

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


def _render_call(event: ToolCallDelta) -> dict[str, Any]:
    function: dict[str, Any] = {"arguments": event.arguments}
    if event.name is not None:
        function["name"] = event.name
    call: dict[str, Any] = {"index": event.index, "function": function}
    if event.id is not None:
        call |= {"id": event.id, "type": "function"}
    return call


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
