"""The pieces of llama.cpp's answer as events of the contract."""

from __future__ import annotations

import dataclasses
import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from jackfield_sdk import (
    FinishReason,
    LLMEvent,
    ReasoningDelta,
    StreamEnd,
    StreamStart,
    TextDelta,
    ToolCallDelta,
    Usage,
    UsageReport,
)
from jackfield_sdk.dialects import openai_chat

from .grammar import MARK, MarkFilter
from .requests import Plan
from .server import Chunk

_CALL = re.compile(r'\{"name":"((?:[^"\\]|\\.)*)","arguments":')  # as our grammar lays it out


class Reader:
    """Reads the answers of one request, choice after choice."""

    def __init__(self, plan: Plan, model: str) -> None:
        self._plan = plan
        self._model = model
        self._choice = -1
        self.usage = Usage()
        self.next_choice()

    def next_choice(self) -> None:
        """The pieces that come now are of the next choice, which the engine takes for the first."""
        self._choice += 1
        self._parser = openai_chat.StreamParser()
        self._answer = _Answer.of(self._plan)

    def read(self, chunk: Chunk) -> Iterator[LLMEvent]:
        """The events in one piece.

        :raises BadRequest: the answer is not held to the schema that was asked for
        """
        stopping_word = (chunk.get("__verbose") or {}).get("stopping_word")
        for event in self._parser.parse(_as_chat(chunk)):
            if isinstance(event, StreamStart):
                if not self._choice:
                    yield StreamStart(event.id, self._model)
            elif isinstance(event, UsageReport):
                self._add(event.usage)
            elif isinstance(event, TextDelta):
                yield from self._answer.text_events(event.text, event.logprobs, self._choice)
            elif isinstance(event, StreamEnd):
                yield from self._answer.end_events(self._choice)
                yield StreamEnd(self._finish(event.finish_reason), self._choice, stopping_word or None)
            elif isinstance(event, ReasoningDelta | ToolCallDelta):
                yield dataclasses.replace(event, choice=self._choice)

    def finish(self) -> list[LLMEvent]:
        """What comes after the last piece."""
        return [UsageReport(self.usage)]

    def _add(self, usage: Usage) -> None:
        """Each choice reads the same input, which counts once."""
        if not self._choice:
            self.usage = usage
        else:
            self.usage.output_tokens += usage.output_tokens

    def _finish(self, reason: FinishReason) -> FinishReason:
        return "tool_calls" if self._plan.demanded_call and reason == "stop" else reason


def _as_chat(chunk: Chunk) -> Chunk:
    """A piece of a text completion as one of a chat."""
    if chunk.get("object") != "text_completion":
        return chunk
    return chunk | {"choices": [{**choice, "delta": {"content": choice.get("text")}} for choice in chunk.get("choices") or ()]}


@dataclass(slots=True)
class _Answer:
    """What is known of the choice that is being read."""

    mark: MarkFilter | None
    mark_left: int
    top_logprobs: int | None
    call: _DemandedCall | None = None

    @classmethod
    def of(cls, plan: Plan) -> _Answer:
        mark = MarkFilter(plan.marked) if plan.marked else None
        call = _DemandedCall() if plan.demanded_call else None
        return cls(mark, len(MARK) if mark else 0, plan.top_logprobs, call)

    def text_events(self, text: str, logprobs: dict[str, Any] | None, choice: int) -> list[LLMEvent]:
        logprobs = self._logprobs(logprobs)
        if self.mark is not None:
            text = self.mark.feed(text)
        if self.call is not None:
            return self.call.feed(text, choice)
        return [TextDelta(text, choice=choice, logprobs=logprobs)] if text or logprobs else []

    def end_events(self, choice: int) -> list[LLMEvent]:
        return self.call.end(choice) if self.call is not None else []

    def _logprobs(self, logprobs: dict[str, Any] | None) -> dict[str, Any] | None:
        """OpenAI's `logprobs`, without the mark's tokens and without more alternatives than asked for."""
        if self.top_logprobs is None or not logprobs:
            return None
        entries = []
        for entry in logprobs.get("content") or ():
            if self.mark_left > 0:
                self.mark_left -= len(entry["token"])
                continue
            alternatives = [_entry(top) for top in entry.get("top_logprobs", ())[: self.top_logprobs]]
            entries.append(_entry(entry) | {"top_logprobs": alternatives})
        return {"content": entries} if entries else None


def _entry(entry: dict[str, Any]) -> dict[str, Any]:
    return {"token": entry["token"], "logprob": entry["logprob"], "bytes": entry.get("bytes")}


class _DemandedCall:
    """Turns the JSON of a call that our grammar demanded into the events of a tool call, as it comes."""

    def __init__(self) -> None:
        self._held = ""
        self._named = False

    def feed(self, text: str, choice: int) -> list[LLMEvent]:
        self._held += text
        events: list[LLMEvent] = []
        if not self._named:
            head = _CALL.match(self._held)
            if head is None:
                return []
            self._named = True
            self._held = self._held[head.end() :]
            events.append(ToolCallDelta(0, id=_call_id(), name=_unescaped(head[1]), choice=choice))
        # The last character may be the brace that ends the call, which is not of the arguments.
        arguments, self._held = self._held[:-1], self._held[-1:]
        if arguments:
            events.append(ToolCallDelta(0, arguments=arguments, choice=choice))
        return events

    def end(self, choice: int) -> list[LLMEvent]:
        """The rest of a call that was cut short; nothing of one that is whole."""
        if self._named and self._held and self._held != "}":
            return [ToolCallDelta(0, arguments=self._held, choice=choice)]
        return []


def _unescaped(name: str) -> str:
    text: str = json.loads(f'"{name}"')
    return text


def _call_id() -> str:
    return f"call_{uuid.uuid4().hex[:24]}"


def joined_logprobs(pieces: Any) -> dict[str, Any] | None:
    """The `logprobs` of a whole answer from those of its pieces."""
    entries = [entry for piece in pieces or () for entry in piece["content"]]
    return {"content": entries} if entries else None
