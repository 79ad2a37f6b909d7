"""OpenAI's responses: the official client's types and events, both ways."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from jackfield.contract import (
    BadRequest,
    LLMEvent,
    LLMRequest,
    LLMResult,
    Message,
    ReasoningDelta,
    ReasoningPart,
    ServerUnavailable,
    StreamCollector,
    StreamEnd,
    StreamStart,
    TextDelta,
    TextPart,
    Tool,
    ToolCall,
    ToolCallDelta,
    UnsupportedParameter,
    Usage,
    UsageReport,
)
from jackfield.dialects import openai_responses
from jackfield.dialects.sse import ServerSentEvent, ServerSentEventDecoder
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

BODY: dict[str, Any] = {
    "model": "gpt",
    "input": [
        {"type": "message", "role": "system", "content": [{"type": "input_text", "text": "Be brief."}]},
        {
            "type": "message",
            "role": "user",
            "content": [
                {"type": "input_text", "text": "Look."},
                {"type": "input_image", "detail": "low", "image_url": "https://example.org/a.png"},
            ],
        },
        {"type": "reasoning", "summary": [], "encrypted_content": "sealed", "id": "rs_1"},
        {"type": "function_call", "call_id": "c1", "name": "look", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "a cat"},
    ],
    "store": False,
    "tools": [{"type": "function", "name": "look", "parameters": {"type": "object"}, "strict": False}],
    "tool_choice": {"type": "function", "name": "look"},
    "parallel_tool_calls": False,
    "text": {"format": {"type": "json_schema", "name": "a", "schema": {"type": "object"}, "strict": True}},
    "temperature": 0.5,
    "max_output_tokens": 9,
    "user": "u",
    "service_tier": "flex",
}


def test_a_request_survives_both_ways() -> None:
    request = openai_responses.parse_request(BODY)
    assert request.messages[2].parts == [
        ReasoningPart("", signature="sealed", id="rs_1"),
        ToolCall("c1", "look", "{}"),
    ]
    assert openai_responses.build_request(request) == BODY


def test_instructions_and_plain_text_are_messages() -> None:
    request = openai_responses.parse_request({"model": "m", "input": "Hi", "instructions": "Be brief."})
    assert request.messages == [Message.system("Be brief."), Message.user("Hi")]


@pytest.mark.parametrize(
    ("change", "error", "param"),
    [
        ({"input": []}, BadRequest, "input"),
        ({"input": [5]}, BadRequest, "input.0"),
        ({"input": [{"role": "user"}]}, BadRequest, "input.0"),
        ({"previous_response_id": "resp_1"}, UnsupportedParameter, "previous_response_id"),
        ({"background": True}, UnsupportedParameter, "background"),
        ({"max_output_tokens": "all"}, BadRequest, "max_output_tokens"),
        ({"tool_choice": 3}, BadRequest, "tool_choice"),
        ({"text": {"format": {"type": "xml"}}}, BadRequest, "text.format"),
    ],
)
def test_a_wrong_member_is_named(change: dict[str, Any], error: type[BadRequest], param: str) -> None:
    with pytest.raises(error) as caught:
        openai_responses.parse_request(BODY | change)
    assert caught.value.param == param


def test_a_result_is_the_official_clients() -> None:
    result = LLMResult(
        message=Message("assistant", [ReasoningPart("hm", signature="s"), TextPart("Yes."), ToolCall("c", "f", "{}")]),
        finish_reason="tool_calls",
        usage=Usage(input_tokens=10, output_tokens=5, cache_read_tokens=4, reasoning_tokens=2),
        model="m",
    )
    request = LLMRequest(model="m", messages=[], tools=[Tool("f")])
    body = openai_responses.render_result(result, request)
    official = Response.model_validate(body)
    assert official.output_text == "Yes."
    assert [item.type for item in official.output] == ["reasoning", "message", "function_call"]
    again = openai_responses.parse_result(body)
    assert again.finish_reason == "tool_calls"
    assert again.usage == result.usage
    assert again.text == "Yes."


def test_a_cut_answer_is_incomplete() -> None:
    body = openai_responses.render_result(LLMResult(message=Message.assistant("Ye"), finish_reason="length"))
    assert Response.model_validate(body).status == "incomplete"
    assert openai_responses.parse_result(body).finish_reason == "length"


STREAM: list[LLMEvent] = [
    StreamStart("resp_1", "m"),
    ReasoningDelta("hm"),
    ReasoningDelta(signature="sealed"),
    TextDelta("Hel"),
    TextDelta("lo"),
    ToolCallDelta(0, "c1", "f"),
    ToolCallDelta(0, arguments="{}"),
    StreamEnd("tool_calls"),
    UsageReport(Usage(input_tokens=3, output_tokens=4)),
]


async def wire(events: list[LLMEvent], error: Exception | None = None) -> list[ServerSentEvent]:
    async def stream() -> AsyncIterator[LLMEvent]:
        for event in events:
            yield event
        if error is not None:
            raise error

    request = LLMRequest(model="m", messages=[], stream=True)
    data = b"".join([chunk async for chunk in openai_responses.render_stream(stream(), request)])
    return list(ServerSentEventDecoder().feed(data))


async def test_a_stream_has_the_official_events_in_order_and_survives_both_ways() -> None:
    sent = await wire(STREAM)
    adapter: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
    official = [adapter.validate_json(event.data) for event in sent]
    assert [event.sequence_number for event in official] == list(range(len(official)))
    kinds = [event.type for event in official]
    assert kinds[:2] == ["response.created", "response.in_progress"]
    assert kinds[-1] == "response.completed"
    assert kinds.count("response.output_item.added") == kinds.count("response.output_item.done") == 3
    assert official[-1].response.output_text == "Hello"
    assert official[-1].response.usage.total_tokens == 7

    async def again() -> AsyncIterator[ServerSentEvent]:
        for event in sent:
            yield event

    collector, original = StreamCollector(), StreamCollector()
    async for parsed in openai_responses.parse_stream(again()):
        collector.add(parsed)
    for one in STREAM:
        original.add(one)
    assert collector.complete
    assert collector.result().finish_reason == "tool_calls"
    assert collector.result().message == original.result().message


async def test_a_stream_that_breaks_fails_and_is_not_completed() -> None:
    sent = await wire(STREAM[:4], ServerUnavailable("gone"))
    assert sent[-1].event == "response.failed"
    assert orjson.loads(sent[-1].data)["response"]["status"] == "failed"
    assert all(event.event != "response.completed" for event in sent)
