"""The chat answer, streamed: wire to contract. https://platform.openai.com/docs/api-reference/chat/streaming"""

from __future__ import annotations

import base64
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from jackfield.contract import (
    AudioDelta,
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

from ..counts import count, dicts, members
from ..openai_usage import parse_chat_usage
from ..sse import ServerSentEvent
from ..stream_errors import stream_error
from .answers import parse_arguments, parse_reasoning
from .parts import thinking_text
from .results import parse_finish_reason

_CALL = {"id", "type", "function", "index"}


@dataclass(slots=True)
class _Choice:
    """One choice while it comes: its calls by the index that the wire gives them, and how many there are."""

    ended: bool = False
    calls: dict[Any, tuple[int, str]] = field(default_factory=dict)
    count: int = 0
    last: Any = None


class StreamParser:
    """Chunks to events. Keeps what the wire leaves open: which choices have ended, and which fragment is of which call."""

    def __init__(self) -> None:
        self._started = False
        self._counted = False
        self._choices: dict[int, _Choice] = {}

    def parse(self, chunk: Any) -> Iterator[LLMEvent]:
        """The events of one chunk.

        :raises ServerUnavailable: if it is no chunk
        """
        try:
            yield from self._parse(chunk)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ServerUnavailable(f"The vendor's stream holds what is no chunk of a chat: {error!r}.") from None

    def close(self) -> Iterator[LLMEvent]:
        """What `[DONE]` ends: Snowflake sends it after the usage, and never a finish reason.

        Without the usage nothing says that the answer is whole, and the choice stays open.
        """
        for index, state in self._choices.items():
            if self._counted and not state.ended:
                state.ended = True
                yield StreamEnd("tool_calls" if state.count else "stop", index)

    def _parse(self, chunk: dict[str, Any]) -> Iterator[LLMEvent]:
        if not self._started and chunk.get("id"):
            self._started = True
            yield StreamStart(str(chunk["id"]), str(chunk.get("model") or ""))
        for choice in chunk.get("choices") or ():
            index = count(choice.get("index"))
            state = self._choices.setdefault(index, _Choice())
            yield from self._parse_delta(choice.get("delta") or {}, index, state, choice.get("logprobs"))
            if choice.get("finish_reason") and not state.ended:
                state.ended = True
                reason = parse_finish_reason(choice["finish_reason"])
                yield StreamEnd("tool_calls" if reason == "stop" and state.count else reason, index)
            yield from _usage(choice.get("usage"))  # Moonshot puts it here
        yield from _usage(members(chunk.get("x_groq")).get("usage"))
        self._counted = self._counted or bool(chunk.get("usage"))
        yield from _usage(chunk.get("usage"))

    def _parse_delta(self, delta: dict[str, Any], index: int, state: _Choice, logprobs: Any) -> Iterator[LLMEvent]:
        for part in parse_reasoning(delta):
            yield ReasoningDelta(part.text, part.signature, part.redacted, index)
        content = delta.get("content")
        if isinstance(content, list):  # Mistral streams parts
            for piece in dicts(content):
                if piece.get("type") == "thinking":
                    yield ReasoningDelta(thinking_text(piece.get("thinking")), choice=index)
            content = "".join(str(piece.get("text") or "") for piece in dicts(content))
        elif content is not None and not isinstance(content, str):
            raise TypeError(f"content is {type(content).__name__}")
        annotations = dicts(delta.get("annotations"))
        if content or annotations or logprobs:
            yield TextDelta(content or "", index, logprobs, annotations or None)
        if refusal := delta.get("refusal"):
            yield RefusalDelta(str(refusal), index)
        if isinstance(audio := delta.get("audio"), dict) and any(audio.values()):
            yield AudioDelta(base64.b64decode(audio.get("data") or ""), audio.get("transcript") or "", audio.get("id"))
        for call in delta.get("tool_calls") or ():
            yield _parse_call(call, index, state)


def _usage(usage: object) -> Iterator[LLMEvent]:
    if isinstance(usage, dict) and usage:
        yield UsageReport(parse_chat_usage(usage))


def _parse_call(call: dict[str, Any], choice: int, state: _Choice) -> ToolCallDelta:
    """One fragment.

    Some servers leave the index out, and one call ends where the next has a name; some give all calls the same index, and
    those differ by name and id; some give no id.
    """
    function = call.get("function") or call.get("custom") or {}
    name, identity, wire = function.get("name") or None, call.get("id") or None, call.get("index")
    known = state.calls.get(state.last if wire is None else wire)
    begins = known is None or (name is not None and (wire is None or (identity is not None and identity != known[1])))
    if begins:
        wire = ("unnumbered", state.count) if wire is None else wire
        identity = identity or f"call_{uuid.uuid4().hex[:24]}"
        known = state.calls[wire] = state.count, str(identity)
        state.count += 1
        state.last = wire
    assert known is not None
    return ToolCallDelta(
        known[0],
        known[1] if begins else None,
        str(name) if name is not None and begins else None,
        parse_arguments(function.get("arguments") or function.get("input")),
        choice,
        {key: value for key, value in call.items() if key not in _CALL and value is not None} or None,
    )


async def parse_stream(events: AsyncIterator[ServerSentEvent]) -> AsyncIterator[LLMEvent]:
    """The events of a vendor's stream. Ends at `[DONE]`, or with the bytes.

    :raises ServerUnavailable: for what is no chunk; for an error event what its code says, see `stream_error`
    """
    parser = StreamParser()
    async for event in events:
        if event.data == "[DONE]":
            for parsed in parser.close():
                yield parsed
            return
        try:
            chunk = orjson.loads(event.data)
        except orjson.JSONDecodeError:
            raise ServerUnavailable("The vendor's stream holds an event that is not JSON.") from None
        if isinstance(chunk, dict) and chunk.get("error"):
            raise stream_error(chunk["error"])
        for parsed in parser.parse(chunk):
            yield parsed
