"""Thoughts that a model writes into its answer, told apart from it, however they come."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield_sdk import (
    LLMEvent,
    LLMResult,
    Message,
    Part,
    ReasoningDelta,
    ReasoningPart,
    StreamCollector,
    StreamEnd,
    TextDelta,
    TextPart,
    ToolCall,
    apart,
    thoughts_apart,
)

CASES = [
    ("<think>\nhm\n\nyes\n</think>\n\nHello", "hm\n\nyes", "Hello"),
    ("\n <think>hm</think>Hello", "hm", "Hello"),
    ("<think>\n\n</think>\n\nHello", "", "Hello"),
    ("<think>a < b </thin </think>x", "a < b </thin ", "x"),
    ("<think>hm</think>", "hm", ""),
    ("<think>cut off</th", "cut off</th", ""),
    ("Hello <think>hm</think>", "", "Hello <think>hm</think>"),
    ("<thin", "", "<thin"),
    ("\n\nHello", "", "\n\nHello"),
    ("<b>bold</b>", "", "<b>bold</b>"),
]


async def told(events: list[LLMEvent]) -> LLMResult:
    async def stream() -> AsyncIterator[LLMEvent]:
        for event in events:
            yield event

    collector = StreamCollector()
    async for event in thoughts_apart(stream()):
        collector.add(event)
    assert collector.complete
    return collector.result()


def thought_of(result: LLMResult) -> str:
    return "".join(part.text for part in result.message.parts if isinstance(part, ReasoningPart))


@pytest.mark.parametrize(("text", "thought", "answer"), CASES)
async def test_whole_and_in_pieces(text: str, thought: str, answer: str) -> None:
    whole = apart(LLMResult(message=Message.assistant(text), finish_reason="stop"))
    assert (thought_of(whole), whole.text) == (thought, answer)
    for size in (1, 2, 3, 7, 100):
        pieces: list[LLMEvent] = [TextDelta(text[at : at + size]) for at in range(0, len(text), size)]
        result = await told([*pieces, StreamEnd("stop")])
        assert (thought_of(result), result.text) == (thought, answer), size


@given(st.lists(st.sampled_from(["<think>", "</think>", "<", "think", ">", "/", "\n", " ", "word"]), max_size=12))
async def test_in_pieces_as_whole(words: list[str]) -> None:
    whole = apart(LLMResult(message=Message.assistant("".join(words)), finish_reason="stop"))
    pieces: list[LLMEvent] = [TextDelta(word) for word in words]
    result = await told([*pieces, StreamEnd("stop")])
    assert (thought_of(result).rstrip("\n"), result.text) == (thought_of(whole).rstrip("\n"), whole.text)


async def test_a_server_that_tells_them_apart_by_itself() -> None:
    text = "<think>is a tag</think>"
    result = await told([TextDelta("\n"), ReasoningDelta("hm"), TextDelta(text), StreamEnd("stop")])
    assert (thought_of(result), result.text) == ("hm", "\n" + text)
    parts: list[Part] = [ReasoningPart("hm"), TextPart(text)]
    whole = apart(LLMResult(message=Message("assistant", [*parts]), finish_reason="stop"))
    assert whole.message.parts == parts


async def test_what_else_comes_is_kept() -> None:
    call = ToolCall("1", "f", "{}")
    message = Message("assistant", [TextPart("<think>hm</think>"), call])
    assert apart(LLMResult(message=message, finish_reason="tool_calls")).message.parts == [ReasoningPart("hm"), call]
    events: list[LLMEvent] = [TextDelta("<think>hm</think>a", 0, {"content": [1]}), TextDelta("b", 1), StreamEnd("stop", 1)]
    result = await told([*events, StreamEnd("stop")])
    assert (result.text, result.logprobs, result.alternatives[0].message.text) == ("a", [{"content": [1]}], "b")
