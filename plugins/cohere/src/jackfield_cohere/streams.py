"""The answer of a chat, streamed: https://docs.cohere.com/v2/docs/streaming"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import orjson
from jackfield_sdk import (
    LLMEvent,
    ReasoningDelta,
    ServerUnavailable,
    StreamEnd,
    StreamStart,
    TextDelta,
    ToolCallDelta,
    UsageReport,
)
from jackfield_sdk.dialects import ServerSentEvent

from .answers import is_of_text, parse_finish_reason, parse_logprob, string
from .errors import raise_failure
from .usage import parse_usage


class StreamParser:
    """Wire events to the contract's. Counts tool calls, which the contract numbers from zero.

    :param model: what was asked, as the stream does not say
    """

    def __init__(self, model: str) -> None:
        self._model = model
        self._calls = -1
        self._argued = False

    async def read(self, events: AsyncIterator[ServerSentEvent]) -> AsyncIterator[LLMEvent]:
        """The whole stream. Some deployments end it with OpenAI's `[DONE]`.

        :raises ServerUnavailable: for what is no event of a chat, or a generation that failed; Timeout
        """
        async for event in events:
            if event.data == "[DONE]":
                continue
            try:
                body = orjson.loads(event.data)
            except orjson.JSONDecodeError:
                raise ServerUnavailable("The vendor's stream holds an event that is not JSON.") from None
            for parsed in self.parse(body):
                yield parsed

    def parse(self, event: Any) -> Iterator[LLMEvent]:
        """One event; those that say nothing, as the end of a block, give none."""
        try:
            yield from self._parse(event)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ServerUnavailable(f"The vendor's stream holds what is no event of a chat: {error!r}.") from None

    def _parse(self, event: dict[str, Any]) -> Iterator[LLMEvent]:
        match event["type"]:
            case "message-start":
                yield StreamStart(string(event.get("id") or ""), self._model)
            case "content-start" | "content-delta":
                yield from self._content(event["delta"]["message"]["content"], event.get("logprobs"))
            case "tool-plan-delta":
                yield ReasoningDelta(string(event["delta"]["message"]["tool_plan"]))
            case "tool-call-start":
                yield from self._call(event["delta"]["message"]["tool_calls"])
            case "tool-call-delta":
                yield from self._arguments(event["delta"]["message"]["tool_calls"]["function"])
            case "tool-call-end" if not self._argued:
                yield ToolCallDelta(self._calls, arguments="{}")
            case "citation-start":
                citation = event["delta"]["message"]["citations"]
                if is_of_text(citation):
                    yield TextDelta("", citations=[citation])
            case "message-end":
                delta = event["delta"]
                yield UsageReport(parse_usage(delta.get("usage")))
                raise_failure(delta)
                yield StreamEnd(parse_finish_reason(delta["finish_reason"]))

    def _content(self, content: dict[str, Any], logprob: dict[str, Any] | None) -> Iterator[LLMEvent]:
        if thinking := content.get("thinking"):
            yield ReasoningDelta(string(thinking))
        if (text := content.get("text")) or logprob:
            yield TextDelta(string(text or ""), logprobs={"content": [parse_logprob(logprob)]} if logprob else None)

    def _call(self, call: dict[str, Any]) -> Iterator[LLMEvent]:
        """The next call: one comes after the other."""
        self._calls, self._argued = self._calls + 1, False
        yield ToolCallDelta(self._calls, string(call["id"]), string(call["function"]["name"]))
        yield from self._arguments(call["function"])

    def _arguments(self, function: dict[str, Any]) -> Iterator[LLMEvent]:
        if arguments := function.get("arguments"):
            self._argued = True
            yield ToolCallDelta(self._calls, arguments=string(arguments))
