"""Ollama's answers, whole and line by line: https://docs.ollama.com/api/chat, https://docs.ollama.com/api/streaming"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

import orjson
from jackfield_sdk import (
    FinishReason,
    LLMEvent,
    LLMResult,
    ReasoningDelta,
    ServerUnavailable,
    StreamCollector,
    StreamEnd,
    StreamStart,
    TextDelta,
    ToolCallDelta,
    Usage,
    UsageReport,
)


class LineParser:
    """Lines of a chat or of a completion to events; calls come whole, each in a line, and are numbered here."""

    def __init__(self) -> None:
        self._started = False
        self._calls = 0

    def parse(self, line: dict[str, Any]) -> Iterator[LLMEvent]:
        """:raises ServerUnavailable: if it is no part of an answer"""
        message = line.get("message", line)
        text = message.get("content") if "message" in line and isinstance(message, dict) else line.get("response")
        if not isinstance(message, dict) or not isinstance(text, str | None) or ("message" not in line and text is None):
            raise ServerUnavailable("The vendor's answer holds no message.")
        if not self._started:
            self._started = True
            yield StreamStart(f"chat-{uuid.uuid4().hex}", str(line.get("model") or ""))
        thinking = message.get("thinking")
        if isinstance(thinking, str) and thinking:
            yield ReasoningDelta(thinking)
        logprobs = line.get("logprobs")
        if text or logprobs:
            yield TextDelta(text or "", logprobs={"content": logprobs, "refusal": None} if logprobs else None)
        for call in message.get("tool_calls") or ():
            yield self._call(call)
        if line.get("done") is True:
            yield UsageReport(usage_of(line))
            yield StreamEnd(self._reason(line.get("done_reason")))

    def _call(self, call: Any) -> ToolCallDelta:
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            raise ServerUnavailable("The vendor's answer holds what is no tool call.")
        identity = call.get("id") or f"call_{uuid.uuid4().hex[:24]}"
        arguments = orjson.dumps(function.get("arguments") or {}).decode()
        self._calls += 1
        return ToolCallDelta(self._calls - 1, str(identity), function["name"], arguments)

    def _reason(self, reason: object) -> FinishReason:
        if reason == "length":
            return "length"
        return "tool_calls" if self._calls else "stop"


async def parse_stream(lines: AsyncIterator[dict[str, Any]]) -> AsyncIterator[LLMEvent]:
    """The events of a stream; one that stops before a line is `done` has no end."""
    parser = LineParser()
    async for line in lines:
        for event in parser.parse(line):
            yield event
        if line.get("done") is True:
            return


def parse_result(body: dict[str, Any]) -> LLMResult:
    """A whole answer, which is a stream of one line.

    :raises ServerUnavailable: if it is none, or not done
    """
    collector = StreamCollector()
    for event in LineParser().parse(body):
        collector.add(event)
    if not collector.complete:
        raise ServerUnavailable("The vendor's answer is not done.")
    result = collector.result()
    if isinstance(result.logprobs, list):
        result.logprobs = result.logprobs[0]
    return result


def usage_of(line: dict[str, Any]) -> Usage:
    """Tokens; what the server took from its cache is not told."""
    return Usage(input_tokens=_count(line.get("prompt_eval_count")), output_tokens=_count(line.get("eval_count")))


def _count(value: Any) -> int:
    return value if type(value) is int and value > 0 else 0
