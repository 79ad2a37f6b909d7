"""The answer of Anthropic's messages, streamed: wire to contract: https://docs.anthropic.com/en/api/messages-streaming"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import orjson

from jackfield.contract import (
    LLMEvent,
    ReasoningDelta,
    ServerUnavailable,
    StreamEnd,
    StreamStart,
    TextDelta,
    ToolCallDelta,
    UsageReport,
)

from ..anthropic_usage import parse_usage
from ..counts import members
from ..sse import ServerSentEvent
from ..stream_errors import stream_error
from .results import parse_stop_reason

_TOOL_USE = {"type", "id", "name", "input"}


class StreamParser:
    """Wire events to the contract's. Counts tool calls, as the contract numbers calls and the wire numbers blocks."""

    def __init__(self) -> None:
        self._usage: dict[str, Any] = {}
        self._calls: dict[int, int] = {}
        self._seeded: dict[int, str] = {}

    def parse(self, event: Any) -> Iterator[LLMEvent]:
        """:raises ServerUnavailable: for what is no event of this dialect; for an error event what its type says"""
        try:
            yield from self._parse(event)
        except (KeyError, TypeError, AttributeError) as error:
            raise ServerUnavailable(f"The vendor's stream holds what is no event of a message: {error!r}.") from None

    def _parse(self, event: dict[str, Any]) -> Iterator[LLMEvent]:
        match event["type"]:
            case "message_start":
                message = event["message"]
                self._usage |= members(message.get("usage"))
                yield StreamStart(_string(message["id"]), str(message.get("model") or ""), parse_usage(self._usage))
            case "content_block_start":
                yield from self._start(event["index"], event["content_block"])
            case "content_block_delta":
                yield from self._delta(event["index"], event["delta"])
            case "content_block_stop":
                yield from self._stop(event["index"])
            case "message_delta":
                self._usage |= {name: value for name, value in members(event.get("usage")).items() if value is not None}
                yield UsageReport(parse_usage(self._usage))
                delta = event["delta"]
                if delta.get("stop_reason"):
                    yield StreamEnd(parse_stop_reason(delta["stop_reason"]), stop_sequence=delta.get("stop_sequence"))
            case "error":
                raise stream_error(event.get("error"))

    def _start(self, index: int, block: dict[str, Any]) -> Iterator[LLMEvent]:
        match block["type"]:
            case "text" if block.get("text"):
                yield TextDelta(_string(block["text"]))
            case "thinking" if block.get("thinking"):
                yield ReasoningDelta(_string(block["thinking"]))
            case "redacted_thinking":
                yield ReasoningDelta(redacted=_string(block["data"]))
            case "tool_use":
                self._calls[index] = len(self._calls)
                # The input comes in pieces, but a server may give it whole here: it counts if no piece follows.
                self._seeded[index] = orjson.dumps(block["input"]).decode() if block.get("input") else ""
                extra = {name: value for name, value in block.items() if name not in _TOOL_USE and value is not None}
                identity, name = _string(block["id"]), _string(block["name"])
                yield ToolCallDelta(self._calls[index], identity, name, extra=extra or None)

    def _delta(self, index: int, delta: dict[str, Any]) -> Iterator[LLMEvent]:
        match delta["type"]:
            case "text_delta":
                yield TextDelta(_string(delta["text"]))
            case "thinking_delta":
                yield ReasoningDelta(_string(delta["thinking"]))
            case "signature_delta":
                yield ReasoningDelta(signature=_string(delta["signature"]))
            case "citations_delta":
                yield TextDelta("", citations=[dict(delta["citation"])])
            case "input_json_delta" if index in self._calls and delta["partial_json"]:
                self._seeded.pop(index, None)
                yield ToolCallDelta(self._calls[index], arguments=_string(delta["partial_json"]))

    def _stop(self, index: int) -> Iterator[LLMEvent]:
        if index in self._seeded:
            yield ToolCallDelta(self._calls[index], arguments=self._seeded.pop(index) or "{}")


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} where a string belongs")
    return value


async def parse_stream(events: AsyncIterator[ServerSentEvent]) -> AsyncIterator[LLMEvent]:
    """The events of a vendor's stream.

    :raises ServerUnavailable: for what is no event of this dialect; for an error event what its type says, see `stream_error`
    """
    parser = StreamParser()
    async for event in events:
        try:
            body = orjson.loads(event.data)
        except orjson.JSONDecodeError:
            raise ServerUnavailable("The vendor's stream holds an event that is not JSON.") from None
        for parsed in parser.parse(body):
            yield parsed
