"""The events of a stream put together are the whole answer, however they were cut."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from jackfield.contract import (
    AudioDelta,
    AudioPart,
    LLMEvent,
    ReasoningDelta,
    ReasoningPart,
    RefusalDelta,
    RefusalPart,
    StreamCollector,
    StreamEnd,
    StreamStart,
    TextDelta,
    TextPart,
    ToolCall,
    ToolCallDelta,
    Usage,
    UsageReport,
    collect,
)


def test_every_kind_of_event() -> None:
    events: list[LLMEvent] = [
        StreamStart("answer-1", "m-2024", usage=Usage(input_tokens=5)),
        ReasoningDelta("let me "),
        ReasoningDelta("think", signature="sig"),
        ReasoningDelta(redacted="sealed"),
        TextDelta("The sky", citations=[{"url": "a"}], logprobs=[1]),
        TextDelta(" is blue", citations=[{"url": "b"}], logprobs=[2]),
        ToolCallDelta(0, id="c0", name="look"),
        ToolCallDelta(1, id="c1", name="hear", arguments="{}"),
        ToolCallDelta(0, arguments='{"at": '),
        ToolCallDelta(0, arguments='"sky"}'),
        RefusalDelta("No"),
        RefusalDelta("."),
        AudioDelta(b"RI", transcript="he", id="a1"),
        AudioDelta(b"FF", transcript="llo"),
        StreamEnd("tool_calls", stop_sequence="END"),
        UsageReport(Usage(input_tokens=5, output_tokens=9)),
    ]
    result = collect(events, "m")
    sound = next(part for part in result.message.parts if isinstance(part, AudioPart))
    assert [part for part in result.message.parts if part is not sound] == [
        ReasoningPart("let me think", signature="sig"),
        ReasoningPart(redacted="sealed"),
        TextPart("The sky is blue", citations=[{"url": "a"}, {"url": "b"}]),
        ToolCall("c0", "look", '{"at": "sky"}'),
        ToolCall("c1", "hear", "{}"),
        RefusalPart("No."),
    ]
    assert (sound.blob.data, sound.transcript, sound.id) == (b"RIFF", "hello", "a1")
    assert (result.id, result.model, result.finish_reason) == ("answer-1", "m-2024", "tool_calls")
    assert (result.stop_sequence, result.logprobs) == ("END", [[1], [2]])
    assert result.usage == Usage(input_tokens=5, output_tokens=9)
    assert result.text == "The sky is blue"
    assert [call.name for call in result.tool_calls] == ["look", "hear"]


def test_choices_are_kept_apart_and_each_has_its_end() -> None:
    collector = StreamCollector("m")
    for event in (TextDelta("b", choice=1), TextDelta("a"), StreamEnd("stop"), TextDelta("b", choice=1)):
        collector.add(event)
    open_ended = collector.complete
    assert not open_ended
    assert [choice.finish_reason for choice in collector.result().alternatives] == ["error"]
    collector.add(StreamEnd("length", choice=1))
    assert collector.complete
    result = collector.result()
    assert (result.text, result.alternatives[0].message.text) == ("a", "bb")
    assert result.alternatives[0].finish_reason == "length"


def test_what_never_came_is_no_answer() -> None:
    assert not StreamCollector().complete
    assert collect([], "m").finish_reason == "error"
    assert collect([TextDelta("half")]).finish_reason == "error"


def pieces(text: str, cuts: list[int]) -> list[str]:
    edges = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    return [text[start:end] for start, end in pairwise(edges)]


cuts = st.lists(st.integers(min_value=0, max_value=1000), max_size=8)


@given(st.text(min_size=1), cuts, st.text(min_size=1), cuts, st.randoms())
def test_the_cuts_make_no_difference(
    text: str, text_cuts: list[int], arguments: str, argument_cuts: list[int], random: Any
) -> None:
    calls = [ToolCallDelta(index, id=f"c{index}", name="f") for index in (0, 1)]
    more = [ToolCallDelta(index, arguments=piece) for index in (0, 1) for piece in pieces(arguments, argument_cuts)]
    order = [event.index for event in more]
    random.shuffle(order)  # two calls interleaved, each in its own order
    queues = {index: [event for event in more if event.index == index] for index in (0, 1)}
    shuffled = [queues[index].pop(0) for index in order]
    events: list[LLMEvent] = [TextDelta(piece) for piece in pieces(text, text_cuts)]
    result = collect([*events, *calls, *shuffled, StreamEnd("stop")])
    assert result.text == text
    assert [call.arguments for call in result.tool_calls] == [arguments, arguments]
    assert len(result.message.parts) == 3
