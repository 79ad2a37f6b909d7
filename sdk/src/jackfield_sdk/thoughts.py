"""Thoughts that a model writes into its answer, told apart from it.

DeepSeek R1, Qwen 3 and those made from them begin with `<think>…</think>`; a server that knows this answers the thoughts beside
the text (https://docs.vllm.ai/en/latest/features/reasoning_outputs.html), another leaves them where they are.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from typing import Any, Literal, cast

from jackfield.contract import LLMEvent, LLMResult, Part, ReasoningDelta, ReasoningPart, StreamEnd, TextDelta, TextPart

OPENING, CLOSING = "<think>", "</think>"


class _Choice:
    """One answer while it comes: before it is clear whether it begins with thoughts, in them, behind them, or in the text."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._state: Literal["begin", "thoughts", "gap", "text"] = "begin"
        self._held = ""
        self._thought = False

    def add(self, text: str) -> Iterator[LLMEvent]:
        """What can be told of it so far."""
        self._held += text
        if self._state == "begin":
            begun = self._held.lstrip()
            if begun.startswith(OPENING):
                self._state, self._held = "thoughts", begun.removeprefix(OPENING)
            elif not OPENING.startswith(begun):
                self._state = "text"
        if self._state == "thoughts":
            yield from self._think()
        if self._state == "gap":
            self._held = self._held.lstrip()
            self._state = "text" if self._held else "gap"
        if self._state == "text" and self._held:
            yield TextDelta(self._held, self._number)
            self._held = ""

    def _think(self) -> Iterator[LLMEvent]:
        if not self._thought:
            self._held = self._held.lstrip("\n")
        thought, closing, rest = self._held.partition(CLOSING)
        if closing:
            self._state, self._held = "gap", rest
        else:  # the end may be the beginning of what closes, or a line end before that
            kept = next((size for size in range(len(CLOSING) - 1, 0, -1) if thought.endswith(CLOSING[:size])), 0)
            ending = thought[len(thought) - kept :]
            thought = thought[: len(thought) - kept]
            self._held = thought[len(thought.rstrip("\n")) :] + ending
        if thought := thought.rstrip("\n"):
            self._thought = True
            yield ReasoningDelta(thought, choice=self._number)

    def give_up(self) -> Iterator[LLMEvent]:
        """The server tells thoughts apart by itself: what follows is text."""
        if self._state == "begin":
            self._state = "text"
            yield from self.add("")

    def end(self) -> Iterator[LLMEvent]:
        """What is still held: thoughts that were cut, or the beginning of a text that began like them."""
        held, self._held = self._held, ""
        if held and self._state == "thoughts":
            yield ReasoningDelta(held, choice=self._number)
        elif held and self._state != "gap":
            yield TextDelta(held, self._number)


async def thoughts_apart(events: AsyncIterator[LLMEvent]) -> AsyncIterator[LLMEvent]:
    """The events of a stream, with the thoughts at the beginning of its text as reasoning."""
    choices: dict[int, _Choice] = {}
    async with aclosing(cast("AsyncGenerator[LLMEvent, None]", events)):
        async for event in events:
            number = getattr(event, "choice", 0)
            choice = choices.setdefault(number, _Choice(number))
            if isinstance(event, TextDelta):
                for told in choice.add(event.text):
                    yield told
                if event.logprobs is not None or event.citations:
                    yield TextDelta("", number, event.logprobs, event.citations)
                continue
            if isinstance(event, StreamEnd):
                for told in choice.end():
                    yield told
            elif isinstance(event, ReasoningDelta):
                for told in choice.give_up():
                    yield told
            yield event


def apart(result: LLMResult) -> LLMResult:
    """The same for a whole answer."""
    result.message.parts = _told(result.message.parts)
    for choice in result.alternatives:
        choice.message.parts = _told(choice.message.parts)
    return result


def _told(parts: list[Part]) -> list[Part]:
    first = parts[0] if parts else None
    if not isinstance(first, TextPart):
        return parts
    if not first.text.lstrip().startswith(OPENING):
        return parts
    choice = _Choice(0)
    told: dict[type[Any], str] = {ReasoningDelta: "", TextDelta: ""}
    for event in (*choice.add(first.text), *choice.end()):
        if isinstance(event, ReasoningDelta | TextDelta):
            told[type(event)] += event.text
    thought, first.text = told[ReasoningDelta], told[TextDelta]
    return [*([ReasoningPart(thought)] if thought else []), *([first] if first.text else []), *parts[1:]]
