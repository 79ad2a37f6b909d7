"""OpenAI's responses: the official client's types and events, both ways."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from jackfield.contract import (
    BadRequest,
    FinishReason,
    LLMEvent,
    LLMRequest,
    LLMResult,
    Message,
    Part,
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
from jackfield.dialects import anthropic_messages, openai_chat, openai_responses
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
    built = openai_responses.build_request(request)
    assert "instructions" not in built  # they go once, as a message
    assert "Be brief." in str(built["input"][0])
    assert "Be brief." in str(openai_chat.build_request(request)["messages"][0])  # nothing of them is refused elsewhere
    assert "Be brief." in str(anthropic_messages.build_request(request)["system"])


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
    official = Response.model_validate(body)
    assert official.status == "incomplete"
    assert official.incomplete_details is not None
    assert official.incomplete_details.reason == "max_output_tokens"
    assert [item["status"] for item in body["output"]] == ["incomplete"]
    assert openai_responses.parse_result(body).finish_reason == "length"


def test_only_the_item_that_was_cut_is_incomplete() -> None:
    parts: list[Part] = [TextPart("I look."), ToolCall("c1", "f", "{}"), ToolCall("c2", "f", '{"a')]
    body = openai_responses.render_result(LLMResult(message=Message("assistant", parts), finish_reason="length"))
    assert [item["status"] for item in body["output"]] == ["completed", "completed", "incomplete"]


def test_what_was_asked_for_is_said_again() -> None:
    asked: dict[str, Any] = {
        "instructions": "Be brief.",
        "tools": [{"type": "function", "name": "f", "description": "d", "parameters": {"type": "object"}, "strict": True}],
        "tool_choice": {"type": "function", "name": "f"},
        "parallel_tool_calls": False,
        "text": {"format": {"type": "json_object"}, "verbosity": "low"},
        "reasoning": {"effort": "low", "summary": "auto"},
        "temperature": 0.5,
        "top_p": 0.9,
        "top_logprobs": 2,
        "max_output_tokens": 9,
        "max_tool_calls": 3,
        "metadata": {"a": "b"},
        "truncation": "auto",
        "user": "u",
        "safety_identifier": "s",
        "prompt_cache_key": "k",
    }
    request = openai_responses.parse_request({"model": "m", "input": "Hi"} | asked)
    body = openai_responses.render_result(LLMResult(message=Message.assistant("Yes."), finish_reason="stop"), request)
    Response.model_validate(body)
    assert {name: body[name] for name in asked} == asked


def test_what_was_not_asked_for_has_the_values_of_the_reference() -> None:
    request = openai_responses.parse_request({"model": "m", "input": [{"role": "system", "content": "No instructions."}]})
    body = openai_responses.render_result(LLMResult(message=Message.assistant("Yes."), finish_reason="stop"), request)
    official = Response.model_validate(body)
    assert official.instructions is None
    assert official.truncation == "disabled"
    assert official.tool_choice == "auto"
    assert official.parallel_tool_calls
    assert body["text"] == {"format": {"type": "text"}}
    assert body["reasoning"] == {"effort": None, "summary": None}


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


@pytest.mark.parametrize(("reason", "why"), [("length", "max_output_tokens"), ("content_filter", "content_filter")])
async def test_a_stream_that_is_cut_is_incomplete_and_so_is_its_last_item(reason: FinishReason, why: str) -> None:
    sent = await wire([StreamStart("resp_1", "m"), TextDelta("I lo"), StreamEnd(reason)])
    adapter: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
    *_, item_done, end = [adapter.validate_json(event.data) for event in sent]
    assert item_done.type == "response.output_item.done"
    assert item_done.item.status == "incomplete"
    assert end.type == "response.incomplete"
    assert end.response.incomplete_details.reason == why
    assert [item.status for item in end.response.output] == ["incomplete"]


async def test_a_call_that_is_cut_is_incomplete_and_what_was_before_it_is_not() -> None:
    sent = await wire(
        [TextDelta("I look."), ToolCallDelta(0, "c1", "f"), ToolCallDelta(0, arguments='{"a'), StreamEnd("length")]
    )
    response = orjson.loads(sent[-1].data)["response"]
    assert [item["status"] for item in response["output"]] == ["completed", "incomplete"]


async def test_a_stream_that_breaks_fails_and_is_not_completed() -> None:
    sent = await wire(STREAM[:6], ServerUnavailable("gone"))
    assert sent[-1].event == "response.failed"
    response = orjson.loads(sent[-1].data)["response"]
    assert response["status"] == "failed"
    assert [item.get("status") for item in response["output"]] == [None, "completed", "incomplete"]  # reasoning has none
    assert all(event.event != "response.completed" for event in sent)
