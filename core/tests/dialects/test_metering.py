"""Meters: usage is read out of an answer that is passed on, however its bytes are cut."""

from __future__ import annotations

from itertools import pairwise

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.contract import Usage
from jackfield.dialects.metering import usage_meter

CHAT = (
    b'data: {"id":"1","choices":[{"index":0,"delta":{"content":"the \\"usage\\" of words"}}]}\r\n\r\n'
    b'data: {"id":"1","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4,'
    b'"prompt_tokens_details":{"cached_tokens":3}}}\r\n\r\ndata: [DONE]\r\n\r\n'
)
MESSAGES = (
    b'event: message_start\ndata: {"type":"message_start","message":{"usage":{"input_tokens":5,"output_tokens":1,'
    b'"cache_read_input_tokens":4}}}\n\n'
    b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"x"}}\n\n'
    b'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":7}}\n\n'
    b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
)
RESPONSES = (
    b'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"x"}\n\n'
    b'event: response.completed\ndata: {"type":"response.completed","response":{"usage":{"input_tokens":2,'
    b'"output_tokens":3,"output_tokens_details":{"reasoning_tokens":1}}}}\n\n'
)
STREAMS = {
    "openai.chat": (CHAT, Usage(input_tokens=9, output_tokens=4, cache_read_tokens=3)),
    "anthropic.messages": (MESSAGES, Usage(input_tokens=9, output_tokens=7, cache_read_tokens=4)),
    "openai.responses": (RESPONSES, Usage(input_tokens=2, output_tokens=3, reasoning_tokens=1)),
}


@given(st.sampled_from(sorted(STREAMS)), st.lists(st.integers(0, 1000), max_size=10))
def test_any_cut_gives_the_same_usage(dialect: str, places: list[int]) -> None:
    data, usage = STREAMS[dialect]
    edges = [0, *sorted(place % len(data) for place in places), len(data)]
    meter = usage_meter(dialect, stream=True)
    for start, end in pairwise(edges):
        meter.feed(data[start:end])
    assert meter.usage == usage
    assert meter.complete
    assert meter.error is None


@pytest.mark.parametrize("dialect", sorted(STREAMS))
def test_a_cut_stream_is_not_complete(dialect: str) -> None:
    meter = usage_meter(dialect, stream=True)
    meter.feed(STREAMS[dialect][0][:90])
    assert not meter.complete


def test_an_error_event_is_seen() -> None:
    meter = usage_meter("openai.chat", stream=True)
    meter.feed(b'data: {"error":{"message":"overloaded"}}\n\n')
    assert meter.error == {"message": "overloaded"}
    meter = usage_meter("anthropic.messages", stream=True)
    meter.feed(b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error"}}\n\n')
    assert meter.error == {"type": "overloaded_error"}


@pytest.mark.parametrize(
    ("dialect", "body", "usage"),
    [
        ("openai.chat", {"usage": {"prompt_tokens": 1, "completion_tokens": 2}}, Usage(input_tokens=1, output_tokens=2)),
        ("openai.embeddings", {"usage": {"prompt_tokens": 8, "total_tokens": 8}}, Usage(input_tokens=8)),
        ("openai.responses", {"usage": {"input_tokens": 1, "output_tokens": 2}}, Usage(input_tokens=1, output_tokens=2)),
        (
            "anthropic.messages",
            {"usage": {"input_tokens": 1, "cache_read_input_tokens": 2}},
            Usage(input_tokens=3, cache_read_tokens=2),
        ),
        ("jina.rerank", {"usage": {"total_tokens": 5}}, Usage(input_tokens=5)),
        ("cohere.rerank", {"meta": {"billed_units": {"search_units": 1}}}, Usage(search_units=1)),
        ("openai.moderations", {"results": []}, None),
    ],
)
def test_whole_answers(dialect: str, body: dict[str, object], usage: Usage | None) -> None:
    data = orjson.dumps(body)
    meter = usage_meter(dialect, stream=False)
    meter.feed(data[:5])
    meter.feed(data[5:])
    assert meter.usage == usage
    assert meter.complete


@given(st.binary(max_size=200))
def test_garbage_raises_nothing(data: bytes) -> None:
    for dialect in STREAMS:
        for stream in (True, False):
            meter = usage_meter(dialect, stream=stream)
            meter.feed(data)
            assert meter.usage is None or isinstance(meter.usage, Usage)
