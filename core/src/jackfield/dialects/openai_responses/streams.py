"""The answer of OpenAI's responses, streamed: wire to contract.

https://platform.openai.com/docs/api-reference/responses-streaming
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import orjson

from jackfield.contract import (
    BadRequest,
    LLMEvent,
    ReasoningDelta,
    RefusalDelta,
    ServerUnavailable,
    StreamEnd,
    StreamStart,
    TextDelta,
    ToolCallDelta,
    UsageReport,
)

from ..counts import dicts, members
from ..openai_usage import parse_responses_usage
from ..sse import ServerSentEvent
from ..stream_errors import stream_error
from .items import parse_call, parse_reasoning
from .results import parse_finish


class StreamParser:
    """Wire events to the contract's. Calls are numbered by the order of their items."""

    def __init__(self) -> None:
        self._started = False
        self._calls: dict[Any, int] = {}
        self._given: set[Any] = set()  # what came in pieces, and is not taken from the whole once more

    def parse(self, event: Any) -> Iterator[LLMEvent]:
        """:raises ServerUnavailable: for what is no event of this dialect; for an error what its code says"""
        try:
            yield from self._parse(event)
        except (KeyError, TypeError, AttributeError, BadRequest) as error:
            raise ServerUnavailable(f"The vendor's stream holds what is no event of a response: {error!r}.") from None

    def _parse(self, event: dict[str, Any]) -> Iterator[LLMEvent]:
        kind = event["type"]
        match kind:
            case "response.created" | "response.in_progress" if not self._started:
                self._started = True
                yield StreamStart(_string(event["response"]["id"]), str(event["response"].get("model") or ""))
            case "response.completed" | "response.incomplete":
                response = event["response"]
                yield UsageReport(parse_responses_usage(response.get("usage")))
                yield StreamEnd(parse_finish(response, called=bool(self._calls)))
            case "response.failed":
                raise stream_error(event["response"].get("error"))
            case "error":
                raise stream_error(event.get("error") or event)
            case "response.output_item.added" | "response.output_item.done":
                yield from self._item(event["item"], event["output_index"], done=kind.endswith("done"))
            case "response.function_call_arguments.delta":
                self._given.add(("arguments", event["output_index"]))
                yield ToolCallDelta(self._calls[event["output_index"]], arguments=_string(event["delta"]))
            case _:
                yield from self._text(kind, event)

    def _text(self, kind: str, event: dict[str, Any]) -> Iterator[LLMEvent]:
        where = (event.get("output_index"), event.get("content_index"))
        match kind:
            case "response.output_text.delta":
                self._given.add(where)
                logprobs = dicts(event.get("logprobs"))
                yield TextDelta(_string(event["delta"]), logprobs={"content": logprobs} if logprobs else None)
            case "response.output_text.done" if where not in self._given and event.get("text"):
                yield TextDelta(_string(event["text"]))
            case "response.output_text.annotation.added":
                yield TextDelta("", citations=dicts([event["annotation"]]))
            case "response.refusal.delta":
                yield RefusalDelta(_string(event["delta"]))
            case "response.reasoning_text.delta" | "response.reasoning_summary_text.delta":
                self._given.add(("reasoning", event.get("output_index")))
                yield ReasoningDelta(_string(event["delta"]))
            case "response.reasoning_summary_part.added" if ("reasoning", event.get("output_index")) in self._given:
                yield ReasoningDelta("\n\n")

    def _item(self, item: dict[str, Any], index: Any, *, done: bool) -> Iterator[LLMEvent]:
        match item["type"]:
            case "function_call":
                call = parse_call({"arguments": "", **item})
                if index not in self._calls:
                    self._calls[index] = len(self._calls)
                    yield ToolCallDelta(self._calls[index], call.id, call.name, extra=call.extra or None)
                if done and call.arguments and ("arguments", index) not in self._given:
                    yield ToolCallDelta(self._calls[index], arguments=call.arguments)
            case "reasoning" if done:
                part = parse_reasoning(item)
                text = part.text if ("reasoning", index) not in self._given else ""
                if text or part.signature or part.redacted:
                    yield ReasoningDelta(text, part.signature, part.redacted)


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} where a string belongs")
    return value


async def parse_stream(events: AsyncIterator[ServerSentEvent]) -> AsyncIterator[LLMEvent]:
    """The events of a vendor's stream.

    :raises ServerUnavailable: for what is no event of this dialect; for an error what its code says, see `stream_error`
    """
    parser = StreamParser()
    async for event in events:
        if event.data == "[DONE]":
            return
        try:
            body = orjson.loads(event.data)
        except orjson.JSONDecodeError:
            raise ServerUnavailable("The vendor's stream holds an event that is not JSON.") from None
        if isinstance(members(body).get("error"), dict) and "type" not in body:
            raise stream_error(body["error"])
        for parsed in parser.parse(body):
            yield parsed
