"""Anthropic's messages: the official client's types, both ways, and to and from OpenAI's chat."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from anthropic.lib.streaming._messages import accumulate_event
from anthropic.types import Message as OfficialMessage
from anthropic.types import RawMessageStreamEvent
from jackfield.contract import (
    BadRequest,
    LLMEvent,
    LLMRequest,
    LLMResult,
    Message,
    RateLimited,
    ReasoningDelta,
    ReasoningPart,
    Sampling,
    ServerUnavailable,
    StreamCollector,
    StreamEnd,
    StreamStart,
    TextDelta,
    TextPart,
    Tool,
    ToolCall,
    ToolCallDelta,
    ToolChoice,
    UnsupportedParameter,
    Usage,
    UsageReport,
)
from jackfield.dialects import anthropic_messages, openai_chat, openai_responses
from jackfield.dialects.sse import ServerSentEvent, ServerSentEventDecoder
from pydantic import TypeAdapter

PDF = base64.b64encode(b"%PDF-1.7").decode()
BODY: dict[str, Any] = {
    "model": "claude",
    "max_tokens": 100,
    "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": PDF}, "title": "T"},
                {"type": "text", "text": "Look."},
            ],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "hm", "signature": "sig"},
                {"type": "redacted_thinking", "data": "sealed"},
                {"type": "tool_use", "id": "t1", "name": "look", "input": {"at": 1}},
            ],
        },
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "no", "is_error": True}],
        },
    ],
    "tools": [
        {"name": "look", "description": "Looks", "input_schema": {"type": "object"}, "cache_control": {"type": "ephemeral"}},
        {"type": "web_search_20250305", "name": "web_search"},
    ],
    "tool_choice": {"type": "any", "disable_parallel_tool_use": True},
    "thinking": {"type": "enabled", "budget_tokens": 50},
    "temperature": 1,
    "top_k": 5,
    "stop_sequences": ["x"],
    "metadata": {"user_id": "u"},
    "output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}},
    "service_tier": "auto",
}


def test_a_request_survives_both_ways() -> None:
    request = anthropic_messages.parse_request(BODY)
    assert request.messages[2].parts == [
        ReasoningPart("hm", signature="sig"),
        ReasoningPart(redacted="sealed"),
        ToolCall("t1", "look", '{"at":1}'),
    ]
    assert anthropic_messages.build_request(request) == BODY


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"max_tokens": None}, "max_tokens"),
        ({"messages": None}, "messages"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages.0.role"),
        ({"messages": [{"role": "user", "content": [{"type": "image"}]}]}, "messages.0.content.0"),
        ({"tools": [{"name": "x"}]}, "tools.0"),
        ({"tool_choice": "any"}, "tool_choice"),
        ({"top_p": "much"}, "top_p"),
    ],
)
def test_a_wrong_member_is_named(change: dict[str, Any], param: str) -> None:
    with pytest.raises(BadRequest) as caught:
        anthropic_messages.parse_request(BODY | change)
    assert caught.value.param == param


def test_that_a_tool_failed_is_told_where_the_wire_has_no_member_for_it() -> None:
    block = {"type": "tool_result", "tool_use_id": "t1", "content": "no such file", "is_error": True}
    asked = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": [block]}]}
    request = anthropic_messages.parse_request(asked)
    told = "Error: no such file"
    assert openai_chat.build_request(request)["messages"] == [{"role": "tool", "tool_call_id": "t1", "content": told}]
    assert openai_responses.build_request(request)["input"] == [
        {"type": "function_call_output", "call_id": "t1", "output": told}
    ]
    assert anthropic_messages.build_request(request)["messages"][0]["content"] == [block]


def test_a_chat_request_becomes_messages() -> None:
    chat = {
        "model": "claude",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hi"},
            {
                "role": "assistant",
                "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
            },
            {"role": "tool", "tool_call_id": "c", "content": "1"},
            {"role": "user", "content": "And?"},
        ],
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
        "tool_choice": "required",
        "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}},
        "reasoning_effort": "minimal",
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert anthropic_messages.build_request(openai_chat.parse_request(chat)) == {
        "model": "claude",
        "max_tokens": 8192,
        "system": [{"type": "text", "text": "Be brief."}],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "c", "name": "f", "input": {}}]},
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "c", "content": "1"},
                    {"type": "text", "text": "And?"},
                ],
            },
        ],
        "tools": [{"name": "f", "input_schema": {"type": "object"}}],
        "tool_choice": {"type": "any"},
        "output_config": {
            "format": {"type": "json_schema", "schema": {"type": "object", "additionalProperties": False}},
            "effort": "low",
        },
        "stream": True,
    }


@pytest.mark.parametrize(("member", "value"), [("seed", 1), ("logit_bias", {"1": 2.0}), ("presence_penalty", 0.5), ("n", 2)])
def test_what_the_api_has_no_form_for_is_refused_by_name(member: str, value: Any) -> None:
    request = LLMRequest(model="m", messages=[Message.user("x")], sampling=Sampling(**{member: value}))
    with pytest.raises(UnsupportedParameter) as caught:
        anthropic_messages.build_request(request)
    assert caught.value.param == member
    request.drop_unsupported = True
    assert member not in anthropic_messages.build_request(request)


def test_an_effort_becomes_a_budget_where_the_model_knows_none_and_leaves_room_for_the_answer() -> None:
    request = LLMRequest(model="m", messages=[Message.user("x")], sampling=Sampling(reasoning_effort="high", max_tokens=100))
    body = anthropic_messages.build_request(request, anthropic_messages.MessagesOptions(effort=False))
    assert body["thinking"] == {"type": "enabled", "budget_tokens": 16384}
    assert body["max_tokens"] == 100 + 16384


ADAPTIVE: dict[str, Any] = {"adaptive": True, "thinks": True, "shown": True}
SHOWN = {"type": "adaptive", "display": "summarized"}


@pytest.mark.parametrize(
    ("sampling", "options", "thinking"),
    [
        (Sampling(), {}, None),
        (Sampling(reasoning_effort="high"), {}, {"type": "enabled", "budget_tokens": 16384}),
        (Sampling(), {"adaptive": True}, None),
        (Sampling(reasoning_effort="low"), {"adaptive": True}, {"type": "adaptive"}),
        (Sampling(), {"adaptive": True, "thinks": True}, None),
        (Sampling(), ADAPTIVE, SHOWN),
        (Sampling(reasoning_budget=5000), ADAPTIVE, SHOWN),
        (Sampling(reasoning_effort="none"), ADAPTIVE, {"type": "disabled"}),
        (Sampling(reasoning_budget=0), ADAPTIVE | {"off": "between_tools"}, {"type": "between_tools"}),
    ],
)
def test_how_a_model_is_asked_to_think(sampling: Sampling, options: dict[str, Any], thinking: dict[str, Any] | None) -> None:
    request = LLMRequest(model="m", messages=[Message.user("x")], sampling=sampling)
    body = anthropic_messages.build_request(request, anthropic_messages.MessagesOptions(**options))
    assert body.get("thinking") == thinking


def test_an_effort_of_a_client_of_its_own_does_not_ask_for_thoughts() -> None:
    own: dict[str, Any] = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "x"}]}
    own["output_config"] = {"effort": "low"}
    for options in ({}, ADAPTIVE):
        request = anthropic_messages.parse_request(own)
        body = anthropic_messages.build_request(request, anthropic_messages.MessagesOptions(**options))
        assert "thinking" not in body
        assert body["output_config"] == {"effort": "low"}


@pytest.mark.parametrize(
    ("members", "options", "param"),
    [
        ({"sampling": Sampling(reasoning_effort="none")}, {"off": None}, "reasoning_effort"),
        ({"sampling": Sampling(reasoning_budget=0)}, {"off": None}, "reasoning_budget"),
        ({"tool_choice": ToolChoice("required")}, {"forced": False}, "tool_choice"),
        ({"tool_choice": ToolChoice("tool", "now")}, {"forced": False}, "tool_choice"),
    ],
)
def test_what_a_model_cannot_be_made_to_do_is_refused(members: dict[str, Any], options: dict[str, Any], param: str) -> None:
    request = LLMRequest(model="m", messages=[Message.user("x")], tools=[Tool("now")], **members)
    wanted = anthropic_messages.MessagesOptions(**options)
    with pytest.raises(UnsupportedParameter) as caught:
        anthropic_messages.build_request(request, wanted)
    assert caught.value.param == param
    request.drop_unsupported = True
    body = anthropic_messages.build_request(request, wanted)
    assert "thinking" not in body
    assert body.get("tool_choice", {"type": "auto"}) == {"type": "auto"}


def test_cached_tokens_are_part_of_the_input_here_and_apart_there() -> None:
    body = anthropic_messages.render_result(
        LLMResult(
            message=Message("assistant", [ReasoningPart("hm", signature="s"), TextPart("Yes.")]),
            finish_reason="stop",
            usage=Usage(input_tokens=100, cache_read_tokens=60, cache_write_tokens=30, output_tokens=7),
            model="m",
        )
    )
    official = OfficialMessage.model_validate(body, strict=True)
    assert (official.usage.input_tokens, official.usage.cache_read_input_tokens) == (10, 60)
    again = anthropic_messages.parse_result(body)
    assert again.usage == Usage(input_tokens=100, cache_read_tokens=60, cache_write_tokens=30, output_tokens=7)
    assert again.message.parts == [ReasoningPart("hm", signature="s"), TextPart("Yes.")]


STREAM: list[LLMEvent] = [
    StreamStart("msg_1", "m", Usage(input_tokens=9, cache_read_tokens=4)),
    ReasoningDelta("hm"),
    ReasoningDelta(signature="sig"),
    ReasoningDelta(redacted="sealed"),
    TextDelta("Hel"),
    TextDelta("lo"),
    ToolCallDelta(0, "t1", "look"),
    ToolCallDelta(0, arguments='{"at"'),
    ToolCallDelta(0, arguments=": 1}"),
    ToolCallDelta(1, "t2", "look", "{}"),
    StreamEnd("tool_calls"),
    UsageReport(Usage(input_tokens=9, cache_read_tokens=4, output_tokens=5)),
]


async def as_stream(events: list[LLMEvent], error: Exception | None = None) -> AsyncIterator[LLMEvent]:
    for event in events:
        yield event
    if error is not None:
        raise error


async def wire(events: list[LLMEvent], error: Exception | None = None) -> list[ServerSentEvent]:
    request = LLMRequest(model="m", messages=[], stream=True)
    data = b"".join([chunk async for chunk in anthropic_messages.render_stream(as_stream(events, error), request)])
    return list(ServerSentEventDecoder().feed(data))


async def test_a_stream_accumulates_in_the_official_client_and_survives_both_ways() -> None:
    sent = await wire(STREAM)
    snapshot: Any = None
    buffers: dict[int, bytes] = {}
    adapter: TypeAdapter[Any] = TypeAdapter(RawMessageStreamEvent)
    for event in sent:
        assert orjson.loads(event.data)["type"] == event.event
        snapshot = accumulate_event(
            event=adapter.validate_json(event.data),
            current_snapshot=snapshot,
            json_bufs=buffers,
        )
    assert [block.type for block in snapshot.content] == ["thinking", "redacted_thinking", "text", "tool_use", "tool_use"]
    assert snapshot.content[0].signature == "sig"
    assert snapshot.content[2].text == "Hello"
    assert snapshot.content[3].input == {"at": 1}
    assert snapshot.stop_reason == "tool_use"
    assert snapshot.usage.output_tokens == 5

    async def again() -> AsyncIterator[ServerSentEvent]:
        for event in sent:
            yield event

    collector, original = StreamCollector(), StreamCollector()
    async for parsed in anthropic_messages.parse_stream(again()):
        collector.add(parsed)
    for one in STREAM:
        original.add(one)
    assert collector.complete
    assert collector.result().message == original.result().message
    assert collector.usage == original.usage


async def test_a_stream_that_breaks_ends_with_an_error_event() -> None:
    sent = await wire(STREAM[:5], RateLimited("slow down"))
    assert sent[-1].event == "error"
    assert orjson.loads(sent[-1].data)["error"]["type"] == "rate_limit_error"
    assert all(event.event != "message_stop" for event in sent)


@pytest.mark.parametrize("data", ["{", "[]", "{}", '{"type": "content_block_delta"}', '{"type":"error","error":{}}'])
async def test_garbage_in_a_stream_is_the_vendors_fault(data: str) -> None:
    async def bad() -> AsyncIterator[ServerSentEvent]:
        yield ServerSentEvent(data)

    with pytest.raises(ServerUnavailable):
        [event async for event in anthropic_messages.parse_stream(bad())]
