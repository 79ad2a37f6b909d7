"""OpenAI's chat: what is rendered validates as the official client's types; what is parsed and built again is the same."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.contract import (
    BadRequest,
    ConnectionFailed,
    ImagePart,
    JackfieldError,
    LLMEvent,
    LLMRequest,
    LLMResult,
    Message,
    ReasoningDelta,
    ReasoningPart,
    Sampling,
    ServerUnavailable,
    StreamCollector,
    StreamEnd,
    StreamStart,
    TextDelta,
    TextPart,
    ToolCall,
    ToolCallDelta,
    ToolResult,
    UnsupportedParameter,
    Usage,
    UsageReport,
)
from jackfield.dialects import openai_chat
from jackfield.dialects.extras import passed_on
from jackfield.dialects.sse import ServerSentEvent, ServerSentEventDecoder
from openai.types.chat import ChatCompletion, ChatCompletionChunk

PIXEL = base64.b64encode(b"\x89PNG not really").decode()
BODY: dict[str, Any] = {
    "model": "gpt",
    "messages": [
        {"role": "system", "content": "Be brief."},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What is this?"},
                {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}", "detail": "low"}},
            ],
        },
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"at": 1}'}}],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "a cat"},
    ],
    "tools": [
        {
            "type": "function",
            "function": {"name": "look", "description": "Looks", "parameters": {"type": "object"}, "strict": True},
        }
    ],
    "tool_choice": {"type": "function", "function": {"name": "look"}},
    "parallel_tool_calls": False,
    "response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}, "strict": True}},
    "temperature": 0.5,
    "max_tokens": 7,
    "stop": ["\n"],
    "seed": 1,
    "user": "u",
    "service_tier": "flex",
}


async def events_of(events: list[LLMEvent], error: JackfieldError | None = None) -> AsyncIterator[LLMEvent]:
    for event in events:
        yield event
    if error is not None:
        raise error


async def rendered(events: list[LLMEvent], request: LLMRequest, error: JackfieldError | None = None) -> list[str]:
    data = b"".join([chunk async for chunk in openai_chat.render_stream(events_of(events, error), request)])
    return [event.data for event in ServerSentEventDecoder().feed(data)]


async def parsed(chunks: list[Any]) -> list[LLMEvent]:
    async def wire() -> AsyncIterator[ServerSentEvent]:
        for chunk in chunks:
            yield ServerSentEvent(chunk if isinstance(chunk, str) else orjson.dumps(chunk).decode())

    return [event async for event in openai_chat.parse_stream(wire())]


def test_a_request_survives_both_ways() -> None:
    request = openai_chat.parse_request(BODY)
    assert isinstance(request.messages[1].parts[1], ImagePart)
    assert request.messages[2].parts == [ToolCall("c1", "look", '{"at": 1}')]
    assert request.messages[3].parts == [ToolResult("c1", "a cat")]
    assert request.sampling == Sampling(temperature=0.5, max_tokens=7, stop=["\n"], seed=1)
    assert request.extra == {"service_tier": "flex"}
    assert openai_chat.build_request(request) == BODY


def test_the_max_tokens_member_goes_by_the_vendors_name() -> None:
    options = openai_chat.ChatOptions(max_tokens_name="max_completion_tokens", system_role="developer")
    built = openai_chat.build_request(openai_chat.parse_request(BODY), options)
    assert built["max_completion_tokens"] == 7
    assert "max_tokens" not in built
    assert built["messages"][0]["role"] == "developer"


FUNCTION: dict[str, Any] = {"name": "f", "parameters": {"type": "object"}}


@pytest.mark.parametrize(
    ("members", "param", "instead"),
    [
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {}}}},
            "response_format",
            {"response_format": {"type": "json_object"}},
        ),
        (
            {"tools": [{"type": "function", "function": FUNCTION | {"strict": True}}]},
            "strict",
            {"tools": [{"type": "function", "function": FUNCTION}]},
        ),
        ({"tool_choice": "required", "parallel_tool_calls": False}, "parallel_tool_calls", {"tool_choice": "required"}),
    ],
)
def test_what_a_vendor_does_not_promise_is_refused_by_name(
    members: dict[str, Any], param: str, instead: dict[str, Any]
) -> None:
    options = openai_chat.ChatOptions(schemas=False, strict=False, parallel=False)
    hello = {"model": "gpt", "messages": [{"role": "user", "content": "Hello"}]}
    request = openai_chat.parse_request(hello | members)
    assert openai_chat.build_request(request) == hello | members
    with pytest.raises(UnsupportedParameter) as caught:
        openai_chat.build_request(request, options)
    assert caught.value.param == param
    request.drop_unsupported = True
    assert openai_chat.build_request(request, options) == hello | instead


def test_what_goes_without_saying_is_left_out_for_a_vendor_that_knows_no_word_for_it() -> None:
    options = openai_chat.ChatOptions(schemas=False, strict=False, parallel=False)
    tool = {"type": "function", "function": FUNCTION | {"strict": False}}
    asked = {"tools": [tool], "tool_choice": "auto", "parallel_tool_calls": True, "response_format": {"type": "json_object"}}
    hello = {"model": "gpt", "messages": [{"role": "user", "content": "Hello"}]}
    sent = {
        "tools": [{"type": "function", "function": FUNCTION}],
        "tool_choice": "auto",
        "response_format": {"type": "json_object"},
    }
    assert openai_chat.build_request(openai_chat.parse_request(hello | asked), options) == hello | sent


def test_what_is_empty_asks_nothing_but_where_its_being_there_does() -> None:
    request = openai_chat.parse_request({"model": "m", "messages": [{"role": "user", "content": "x"}], "modalities": []})
    assert passed_on(request, "anthropic.messages") == {}
    request.extra = {"web_search_options": {}}
    with pytest.raises(UnsupportedParameter) as caught:
        passed_on(request, "anthropic.messages")
    assert caught.value.param == "web_search_options"


def test_what_another_dialect_knows_is_refused_by_name_or_dropped_if_asked() -> None:
    request = openai_chat.parse_request(BODY)
    request.dialect = "anthropic.messages"
    with pytest.raises(UnsupportedParameter) as caught:
        openai_chat.build_request(request)
    assert caught.value.param == "service_tier"
    request.drop_unsupported = True
    assert "service_tier" not in openai_chat.build_request(request)


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": ["hello"]}, "messages.0"),
        ({"messages": [{"role": "king", "content": "x"}]}, "messages.0.role"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages.0.content"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages.0.content.0"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:a/b;base64,?"}}]}]},
            "messages.0.content.0.image_url.url",
        ),
        ({"temperature": "hot"}, "temperature"),
        ({"n": True}, "n"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"stream": "yes"}, "stream"),
        ({"tools": [{"type": "function"}]}, "tools.0.function.name"),
        ({"tool_choice": "maybe"}, "tool_choice"),
        ({"response_format": "json"}, "response_format"),
        ({"model": None}, "model"),
        ({"max_tokens": 5, "max_completion_tokens": 6}, "max_completion_tokens"),
        ({"logprobs": False, "top_logprobs": 2}, "top_logprobs"),
        ({"messages": [{"role": "user"}]}, "messages.0.content"),
    ],
)
def test_a_wrong_member_is_named(change: dict[str, Any], param: str) -> None:
    with pytest.raises(BadRequest) as caught:
        openai_chat.parse_request(BODY | change)
    assert caught.value.param == param


def test_a_result_is_the_official_clients() -> None:
    result = LLMResult(
        message=Message("assistant", [ReasoningPart("hm"), TextPart("Yes."), ToolCall("c", "f", "{}")]),
        finish_reason="tool_calls",
        usage=Usage(input_tokens=10, output_tokens=5, cache_read_tokens=4, reasoning_tokens=2),
        model="m",
    )
    body = openai_chat.render_result(result)
    official = ChatCompletion.model_validate(body, strict=True)
    assert official.choices[0].message.content == "Yes."
    assert official.usage is not None
    assert official.usage.total_tokens == 15
    again = openai_chat.parse_result(body)
    assert again.message == result.message
    assert again.usage == result.usage


@pytest.mark.parametrize("body", [{}, {"choices": []}, {"choices": [{}]}, {"choices": "no"}, {"choices": [{"message": 1}]}])
def test_what_is_no_completion_is_the_vendors_fault(body: dict[str, Any]) -> None:
    with pytest.raises(ServerUnavailable):
        openai_chat.parse_result(body)


STREAM: list[LLMEvent] = [
    StreamStart("chatcmpl-1", "m"),
    ReasoningDelta("think"),
    TextDelta("Hel"),
    TextDelta("lo"),
    ToolCallDelta(0, "c1", "f"),
    ToolCallDelta(0, arguments='{"a"'),
    ToolCallDelta(1, "c2", "g", "{}"),
    ToolCallDelta(0, arguments=":1}"),
    StreamEnd("tool_calls"),
    UsageReport(Usage(input_tokens=3, output_tokens=4)),
]


async def test_a_stream_is_the_official_clients_and_survives_both_ways() -> None:
    request = LLMRequest(model="m", messages=[], stream=True, include_usage=True)
    data = await rendered(STREAM, request)
    assert data[-1] == "[DONE]"
    for chunk in data[:-1]:
        ChatCompletionChunk.model_validate_json(chunk)
    collector, original = StreamCollector(), StreamCollector()
    for event in await parsed(list(data)):
        collector.add(event)
    for event in STREAM:
        original.add(event)
    assert collector.complete
    assert collector.result().message == original.result().message
    assert collector.usage == Usage(input_tokens=3, output_tokens=4)


async def test_a_stream_that_breaks_ends_with_an_error_and_not_as_if_it_were_whole() -> None:
    data = await rendered(STREAM[:3], LLMRequest(model="m", messages=[]), ConnectionFailed("gone"))
    assert "[DONE]" not in data
    assert orjson.loads(data[-1])["error"]["code"] == "connection_failed"


async def test_usage_is_left_out_where_it_was_not_asked_for() -> None:
    data = await rendered(STREAM, LLMRequest(model="m", messages=[]))
    assert all("usage" not in orjson.loads(chunk) for chunk in data[:-1])


def chunk(*choices: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"id": "c", "object": "chat.completion.chunk", "choices": [{"index": 0, **choice} for choice in choices], **members}


async def test_a_stream_without_a_finish_reason_ends_where_it_says_so() -> None:
    """Snowflake never tells one, but the usage and `[DONE]`; without the usage it may be cut."""
    spoken: list[Any] = [chunk({"delta": {"content": "4"}}), chunk({"delta": {"content": ""}})]
    usage = chunk(usage={"prompt_tokens": 22, "completion_tokens": 5})
    whole = await parsed([*spoken, usage, "[DONE]"])
    assert whole[-1] == StreamEnd("stop")
    assert UsageReport(Usage(input_tokens=22, output_tokens=5)) in whole
    for cut in ([*spoken, "[DONE]"], [*spoken, usage]):
        assert not any(isinstance(event, StreamEnd) for event in await parsed(cut))
    call = {"index": 0, "id": "c1", "function": {"name": "f", "arguments": "{}"}}
    called = await parsed([chunk({"delta": {"tool_calls": [call]}}), usage, "[DONE]"])
    assert called[-1] == StreamEnd("tool_calls")


def test_audio_of_nothing_is_none() -> None:
    """Snowflake writes every member that there is; an answer of a text and empty sound could not be told in other dialects."""
    nothing = {
        "audio": {"id": "", "data": "", "transcript": "", "expires_at": 0},
        "function_call": {"name": "", "arguments": ""},
    }
    body = {"choices": [{"message": {"role": "assistant", "content": "4", "refusal": "", **nothing}, "finish_reason": "stop"}]}
    assert openai_chat.parse_result(body).message.parts == [TextPart("4")]


def test_mistrals_word_for_some_tool() -> None:
    request = openai_chat.parse_request({**BODY, "tool_choice": "any"})
    assert openai_chat.build_request(request)["tool_choice"] == "required"


async def test_servers_that_leave_out_the_index_of_a_call_are_understood() -> None:
    def call(**members: Any) -> dict[str, Any]:
        return {"choices": [{"index": 0, "delta": {"tool_calls": [members]}}]}

    chunks = [
        call(id="a", function={"name": "f", "arguments": "{"}),
        call(function={"arguments": "}"}),
        call(id="b", function={"name": "g", "arguments": {"x": 1}}),
    ]
    collector = StreamCollector()
    for event in await parsed(chunks):
        collector.add(event)
    assert collector.result().tool_calls == [ToolCall("a", "f", "{}"), ToolCall("b", "g", '{"x":1}')]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["choices", "delta", "content", "tool_calls", "usage", "error", "function", "index", "id"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.lists(JSON | st.text(max_size=10), max_size=4))
async def test_a_garbage_stream_raises_errors_of_the_tree_only(chunks: list[Any]) -> None:
    try:
        await parsed(chunks)
    except JackfieldError as error:
        assert error.fault == "vendor"


@given(JSON)
def test_a_garbage_request_is_refused_or_taken(body: Any) -> None:
    if isinstance(body, dict):
        try:
            openai_chat.parse_request({"model": "m", "messages": body.get("choices"), **body})
        except BadRequest as error:
            assert error.param
