"""What is made of the answers of a chat that Cohere gave.

The answers are facts from its API reference (https://docs.cohere.com/v2/reference/chat) and its page of errors
(https://docs.cohere.com/reference/errors), and from recordings in pydantic-ai's tests.
"""

from __future__ import annotations

from typing import Any

import pytest
from jackfield_sdk import (
    BadRequest,
    ContentRefused,
    ContextLengthExceeded,
    CredentialsInvalid,
    JackfieldError,
    LLMResult,
    ModelNotFound,
    QuotaExceeded,
    RateLimited,
    ReasoningPart,
    ServerUnavailable,
    TextPart,
    Timeout,
    Tool,
    ToolCall,
    Usage,
)
from jackfield_sdk.testing import Answer, Asker, VendorDouble

THINKS, PLANS = "command-a-plus-05-2026", "command-a-03-2025"
ENDED = {"finish_reason": "COMPLETE", "usage": {"billed_units": {"input_tokens": 1, "output_tokens": 1}}}
TOOL = Tool("query_daily_sales_report", "Sales of a day.")


async def hear(api: Asker, vendor: VendorDouble, events: list[dict[str, Any]]) -> LLMResult:
    vendor.answers(Answer.sse([(event["type"], event) for event in events]))
    result: LLMResult = await api.listen(PLANS)
    return result


async def test_a_plan_is_reasoning(api: Asker, vendor: VendorDouble) -> None:
    function = {"name": "get_weather", "arguments": '{"city":"Paris"}'}
    message = {
        "role": "assistant",
        "tool_calls": [{"id": "get_weather_3p2j6ce4gxxx", "type": "function", "function": function}],
        "tool_plan": "I will use one or more of the available tools to find the answer",
    }
    usage = {
        "billed_units": {"input_tokens": 33, "output_tokens": 22},
        "cached_tokens": 144,
        "tokens": {"input_tokens": 1452, "output_tokens": 33},
    }
    vendor.answers(Answer.json({"finish_reason": "TOOL_CALL", "id": "104628b4", "message": message, "usage": usage}))
    result = await api.ask(PLANS, tools=[TOOL])
    assert result.message.parts == [
        ReasoningPart("I will use one or more of the available tools to find the answer"),
        ToolCall("get_weather_3p2j6ce4gxxx", "get_weather", '{"city":"Paris"}'),
    ]
    assert (result.finish_reason, result.id, result.model) == ("tool_calls", "104628b4", PLANS)
    assert result.usage == Usage(input_tokens=33, output_tokens=22)  # what was cached is Cohere's own part of the prompt


async def test_the_usage_is_what_is_billed(api: Asker, vendor: VendorDouble) -> None:
    text = {"role": "assistant", "content": [{"type": "text", "text": "Hello!"}]}
    usage: dict[str, Any] = {
        "billed_units": {"input_tokens": 2406, "output_tokens": 2},
        "cached_tokens": 2928,
        "tokens": {"input_tokens": 2935, "output_tokens": 4},
    }
    vendor.answers(Answer.json({"id": "0bf8e1a5", "finish_reason": "COMPLETE", "message": text, "usage": usage}))
    assert (await api.ask(THINKS)).usage == Usage(input_tokens=2406, output_tokens=2, cache_read_tokens=2399)
    del usage["billed_units"]  # a deployment of one's own
    vendor.answers(Answer.json({"id": "0bf8e1a5", "finish_reason": "COMPLETE", "message": text, "usage": usage}))
    assert (await api.ask(THINKS)).usage == Usage(input_tokens=2935, output_tokens=4, cache_read_tokens=2928)


async def test_thoughts_text_and_what_it_cites(api: Asker, vendor: VendorDouble) -> None:
    source = {"type": "document", "id": "doc:0", "document": {"id": "doc:0", "snippet": "Emperor penguins are the tallest."}}
    cited = {
        "start": 29,
        "end": 46,
        "text": "Emperor penguins.",
        "sources": [source],
        "type": "TEXT_CONTENT",
        "content_index": 1,
    }
    planned = {"start": 0, "end": 1, "text": "I", "sources": [source], "type": "PLAN"}
    content = [
        {"type": "thinking", "thinking": "Easy."},
        {"type": "text", "text": "The tallest penguins are the Emperor penguins."},
    ]
    message = {"role": "assistant", "content": content, "citations": [cited, planned]}
    logprobs = [{"text": "The tall", "token_ids": [1, 2], "logprobs": [-0.5, -0.25]}]
    vendor.answers(Answer.json({"id": "1", "message": message, **ENDED, "logprobs": logprobs}))
    result = await api.ask(THINKS)
    assert result.message.parts == [ReasoningPart("Easy."), TextPart(content[1]["text"], citations=[cited])]
    (token,) = result.logprobs["content"]
    assert (token["token"], token["logprob"]) == ("The tall", -0.75)


async def test_a_stream_with_a_plan_and_two_calls(api: Asker, vendor: VendorDouble) -> None:
    def call(kind: str, index: int, **calls: Any) -> dict[str, Any]:
        return {"type": kind, "index": index, "delta": {"message": {"tool_calls": calls}}}

    usage = {"billed_units": {"input_tokens": 126, "output_tokens": 84}, "tokens": {"input_tokens": 1589, "output_tokens": 135}}
    result = await hear(
        api,
        vendor,
        [
            {"type": "message-start", "id": "2edfdf70", "delta": {"message": {"role": "assistant"}}},
            {"type": "tool-plan-delta", "delta": {"message": {"tool_plan": "I"}}},
            {"type": "tool-plan-delta", "delta": {"message": {"tool_plan": " will."}}},
            call("tool-call-start", 1, id="a", type="function", function={"name": "report", "arguments": ""}),
            call("tool-call-delta", 1, function={"arguments": '{"'}),
            call("tool-call-delta", 1, function={"arguments": 'day": 1}'}),
            {"type": "tool-call-end", "index": 1},
            call("tool-call-start", 2, id="b", type="function", function={"name": "catalog", "arguments": ""}),
            {"type": "tool-call-end", "index": 2},
            {"type": "message-end", "delta": {"finish_reason": "TOOL_CALL", "usage": usage}},
        ],
    )
    calls = [ToolCall("a", "report", '{"day": 1}'), ToolCall("b", "catalog", "{}")]
    assert result.message.parts == [ReasoningPart("I will."), *calls]
    assert (result.id, result.model, result.finish_reason) == ("2edfdf70", PLANS, "tool_calls")
    assert result.usage == Usage(input_tokens=126, output_tokens=84)


async def test_a_stream_with_citations(api: Asker, vendor: VendorDouble) -> None:
    def content(kind: str, **content: str) -> dict[str, Any]:
        return {"type": kind, "index": 0, "delta": {"message": {"content": content}}}

    citation = {"start": 5, "end": 10, "text": "Nsync", "sources": [{"type": "document", "id": "1", "document": {"id": "1"}}]}
    usage = {"billed_units": {"input_tokens": 18.0, "output_tokens": 6.0}, "tokens": {"input_tokens": 1661.0}}
    logprob = {"text": " Nsync", "token_ids": [8], "logprobs": [-0.1]}
    result = await hear(
        api,
        vendor,
        [
            {"type": "message-start", "id": "8268c123", "delta": {"message": {"role": "assistant"}}},
            content("content-start", type="text", text=""),
            content("content-delta", text="Both"),
            content("content-delta", text=" Nsync") | {"logprobs": logprob},
            {"type": "citation-start", "index": 0, "delta": {"message": {"citations": citation}}},
            {"type": "citation-end", "index": 0},
            {"type": "content-end", "index": 0},
            {"type": "debug", "prompt": "…"},
            {"type": "message-end", "delta": {"finish_reason": "STOP_SEQUENCE", "usage": usage}},
        ],
    )
    assert result.message.parts == [TextPart("Both Nsync", citations=[citation])]
    assert result.logprobs == [
        {"content": [{"token": " Nsync", "logprob": -0.1, "bytes": list(b" Nsync"), "top_logprobs": []}]}
    ]
    assert (result.finish_reason, result.usage) == ("stop", Usage(input_tokens=18, output_tokens=6))


@pytest.mark.parametrize(
    ("ended", "error"),
    [
        ({"finish_reason": "ERROR"}, ServerUnavailable),
        ({"finish_reason": "ERROR", "error": "worker cohere-canary-key died"}, ServerUnavailable),
        ({"finish_reason": "TIMEOUT"}, Timeout),
    ],
)
async def test_a_generation_that_fails(
    api: Asker, vendor: VendorDouble, ended: dict[str, Any], error: type[JackfieldError]
) -> None:
    vendor.answers(Answer.json({"id": "1", "message": {"role": "assistant", "content": []}, **ended}))
    with pytest.raises(error):
        await api.ask(THINKS)
    start = {"type": "message-start", "id": "1", "delta": {"message": {"role": "assistant"}}}
    with pytest.raises(error) as caught:
        await hear(api, vendor, [start, {"type": "message-end", "delta": ended}])
    assert "canary" not in str(caught.value.describe())


MODEL_NOT_FOUND = "model 'x' not found, make sure the correct model ID was used and that you have access to the model."
TOO_LONG = "too many tokens: size limit exceeded by 11326 tokens. Try using shorter or fewer inputs."
TOO_MUCH = "too many tokens: max tokens must be less than or equal to 4096, the maximum output for this model - received 8192."
MONTHLY = "You are using a Trial key, which is limited to 1000 API calls / month."
MINUTELY = "You are using a Trial key, which is limited to 40 API calls / minute."


@pytest.mark.parametrize(
    ("status", "message", "error", "param"),
    [
        (400, TOO_LONG, ContextLengthExceeded, None),
        (400, TOO_MUCH, BadRequest, "max_tokens"),
        (400, "invalid request: list of documents must not be empty", BadRequest, None),
        (401, "invalid api token", CredentialsInvalid, "api_key"),
        (402, "Please add or update your payment method to continue", QuotaExceeded, None),
        (404, MODEL_NOT_FOUND, ModelNotFound, None),
        (422, "JSON is invalid", BadRequest, None),
        (429, MONTHLY, QuotaExceeded, None),
        (429, MINUTELY, RateLimited, None),
        (498, "a deny-listed token", ContentRefused, None),
        (499, "request cancelled", ServerUnavailable, None),
        (501, "this feature is not implemented", BadRequest, None),
        (504, "upstream timed out", Timeout, None),
    ],
)
async def test_the_error_table(
    api: Asker, vendor: VendorDouble, status: int, message: str, error: type[JackfieldError], param: str | None
) -> None:
    vendor.answers(Answer.json({"id": "8bd5b608", "message": message}, status, {"x-debug-trace-id": "trace-1"}))
    with pytest.raises(JackfieldError) as caught:
        await api.ask(THINKS)
    assert type(caught.value) is error
    assert (caught.value.param, caught.value.vendor_message, caught.value.request_id) == (param, message, "trace-1")
