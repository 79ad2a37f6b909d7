"""What a chat is sent as: https://docs.cohere.com/v2/reference/chat"""

from __future__ import annotations

from typing import Any

import cohere
import httpx
import pytest
from jackfield_sdk import (
    AudioPart,
    BadRequest,
    Blob,
    FilePart,
    ImagePart,
    LLMRequest,
    Message,
    OutputFormat,
    ReasoningPart,
    Sampling,
    ServerUnavailable,
    TextPart,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    UnsupportedParameter,
)
from jackfield_sdk.testing import Answer, Asker, VendorDouble

THINKS, PLANS, OLDER = "command-a-plus-05-2026", "command-a-03-2025", "command-r-08-2024"
SCHEMA = {"type": "object", "properties": {"day": {"type": "string"}}, "required": ["day"]}
REPORT = Tool("query_daily_sales_report", "Sales of a day.", SCHEMA)
CATALOG = Tool("query_product_catalog", "Products.", {"type": "object", "properties": {}})
CALL = ToolCall("query_daily_sales_report_hgxx", "query_daily_sales_report", '{"day": "2023-09-29"}')
ENDED = {"finish_reason": "COMPLETE", "usage": {"billed_units": {"input_tokens": 1, "output_tokens": 1}}}
HELLO = Answer.json({"id": "1", "message": {"role": "assistant", "content": [{"type": "text", "text": "hi"}]}, **ENDED})


async def test_a_request_is_sent_as_cohere_has_it(api: Asker, vendor: VendorDouble) -> None:
    vendor.answers(HELLO)
    await api.ask(
        THINKS,
        Message.system("Be brief."),
        Message(
            "user",
            [
                TextPart("What is this?"),
                ImagePart(Blob(media_type="image/png", data=b"\x89PNG"), detail="low"),
                FilePart(Blob(media_type="text/plain", data=b"Emperors are tall."), title="Penguins", context="a zoo's page"),
            ],
        ),
        Message("assistant", [ReasoningPart("I look it up.", signature="another vendor's"), TextPart("Wait."), CALL]),
        Message(
            "tool",
            [ToolResult(CALL.id, [TextPart("12 sold"), TextPart("3 returned")]), ToolResult("other", "none", is_error=True)],
        ),
        Message.user("So?"),
        tools=[REPORT, CATALOG],
        tool_choice=ToolChoice("tool", "query_daily_sales_report"),
        output=OutputFormat("json_schema", SCHEMA, name="day", strict=True),
        sampling=Sampling(
            max_tokens=99, temperature=0.5, top_p=1.0, top_k=7, seed=3, stop=["END"], frequency_penalty=0.25, logprobs=True
        ),
        extra={"safety_mode": "STRICT", "documents": ["Kings are smaller."], "store": False},
        dialect="openai.chat",
        user="u-1",
    )
    assert vendor.last.url == "https://api.cohere.com/v2/chat"
    assert vendor.last.headers["authorization"] == "Bearer cohere-canary-key"
    function = {"name": CALL.name, "arguments": CALL.arguments}
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw==", "detail": "low"}}
    assert vendor.last.json == {
        "model": THINKS,
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "What is this?"}, image]},
            {
                "role": "assistant",
                "content": [{"type": "thinking", "thinking": "I look it up."}, {"type": "text", "text": "Wait."}],
                "tool_calls": [{"id": CALL.id, "type": "function", "function": function}],
            },
            {"role": "tool", "tool_call_id": CALL.id, "content": "12 sold\n3 returned"},
            {"role": "tool", "tool_call_id": "other", "content": "Error: none"},
            {"role": "user", "content": "So?"},
        ],
        "tools": [
            {"type": "function", "function": {"name": REPORT.name, "description": "Sales of a day.", "parameters": SCHEMA}}
        ],
        "tool_choice": "REQUIRED",
        "response_format": {"type": "json_object", "json_schema": SCHEMA},
        "max_tokens": 99,
        "temperature": 0.5,
        "p": 0.99,
        "k": 7,
        "seed": 3,
        "stop_sequences": ["END"],
        "frequency_penalty": 0.25,
        "logprobs": True,
        "safety_mode": "STRICT",
        "documents": [
            {"data": {"title": "Penguins", "context": "a zoo's page", "text": "Emperors are tall."}},
            "Kings are smaller.",
        ],
    }


async def test_the_same_is_sent_as_by_coheres_own_client(api: Asker, vendor: VendorDouble) -> None:
    vendor.answers(HELLO)
    function = {"name": CALL.name, "arguments": CALL.arguments}
    told = {"type": "document", "document": {"data": {"text": "12"}}}
    tool = {"name": REPORT.name, "description": REPORT.description, "parameters": SCHEMA}
    body: dict[str, Any] = {
        "model": PLANS,
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Sales?"},
            {
                "role": "assistant",
                "tool_plan": "I will ask for them.",
                "tool_calls": [{"id": CALL.id, "type": "function", "function": function}],
            },
            {"role": "tool", "tool_call_id": CALL.id, "content": [told]},
        ],
        "tools": [{"type": "function", "function": tool}],
        "tool_choice": "REQUIRED",
        "strict_tools": True,
        "response_format": {"type": "json_object", "json_schema": SCHEMA},
        "max_tokens": 9,
        "p": 0.5,
        "k": 2,
        "stop_sequences": ["END"],
        "seed": 1,
    }
    async with httpx.AsyncClient() as http:
        client = cohere.AsyncClientV2(api_key="cohere-canary-key", base_url=vendor.url, httpx_client=http)
        answer = await client.chat(**body)
    theirs = vendor.last
    result = await api.ask(
        PLANS,
        Message.system("Be brief."),
        Message.user("Sales?"),
        Message("assistant", [ReasoningPart("I will ask for them."), CALL]),
        Message("tool", [ToolResult(CALL.id, [FilePart(Blob(media_type="text/plain", data=b"12"))])]),
        tools=[Tool(REPORT.name, REPORT.description, SCHEMA, strict=True)],
        tool_choice=ToolChoice("required"),
        output=OutputFormat("json_schema", SCHEMA),
        sampling=Sampling(max_tokens=9, top_p=0.5, top_k=2, stop=["END"], seed=1),
    )
    assert vendor.last.json | {"stream": False} == theirs.json
    assert vendor.last.headers["authorization"] == theirs.headers["authorization"]
    assert vendor.last.path == theirs.path
    assert answer.message.content is not None
    assert result.text == getattr(answer.message.content[0], "text", None)


@pytest.mark.parametrize(
    ("sampling", "thinking"),
    [
        (Sampling(), None),
        (Sampling(reasoning_effort="none"), {"type": "disabled"}),
        (Sampling(reasoning_budget=0), {"type": "disabled"}),
        (Sampling(reasoning_effort="low"), {"type": "enabled", "token_budget": 2048}),
        (Sampling(reasoning_effort="high"), {"type": "enabled"}),
        (Sampling(reasoning_effort="high", reasoning_budget=500), {"type": "enabled", "token_budget": 500}),
    ],
)
async def test_thinking(api: Asker, vendor: VendorDouble, sampling: Sampling, thinking: dict[str, Any] | None) -> None:
    vendor.answers(HELLO)
    await api.ask(THINKS, sampling=sampling)
    assert vendor.last.json.get("thinking") == thinking
    if thinking not in (None, {"type": "disabled"}):
        with pytest.raises(UnsupportedParameter):
            await api.ask(PLANS, sampling=sampling)


@pytest.mark.parametrize(
    ("model", "members", "param"),
    [
        (THINKS, {"tools": [REPORT], "tool_choice": ToolChoice(parallel=False)}, "parallel_tool_calls"),
        (THINKS, {"tools": [REPORT], "tool_choice": ToolChoice("tool", "unheard_of")}, "tool_choice"),
        (OLDER, {"tools": [REPORT], "tool_choice": ToolChoice("required")}, "tool_choice"),
        (THINKS, {"sampling": Sampling(temperature=1.5)}, "temperature"),
        (THINKS, {"sampling": Sampling(frequency_penalty=-1)}, "frequency_penalty"),
        (THINKS, {"messages": [Message("user", [AudioPart(Blob(media_type="audio/wav", data=b"RIFF"))])]}, "messages"),
        (THINKS, {"messages": [Message("user", [FilePart(Blob(media_type="application/pdf", data=b"%PDF-"))])]}, "messages"),
        (THINKS, {"messages": [Message("user", [FilePart(Blob(data=b"\xff\xfe"))])]}, "messages"),
        (THINKS, {"messages": [Message("user", [FilePart(Blob(url="https://a.example/b.txt"))])]}, "messages"),
        (THINKS, {"messages": [Message("tool", [ToolResult("1", [ImagePart(Blob(data=b"x"))])])]}, "messages"),
        (THINKS, {"messages": [Message("system", [ImagePart(Blob(data=b"x"))])]}, "messages"),
        (
            THINKS,
            {"messages": [Message("user", [TextPart("x")], extra={"strange": 1})], "dialect": "openai.chat"},
            "messages.0",
        ),
        (THINKS, {"extra": {"modalities": ["audio"]}, "dialect": "openai.chat"}, "modalities"),
    ],
)
async def test_what_cohere_cannot_take_is_refused_by_its_name(
    api: Asker, vendor: VendorDouble, model: str, members: dict[str, Any], param: str
) -> None:
    request = LLMRequest(model=model, **{"messages": [Message.user("x")], **members})
    with pytest.raises(BadRequest) as caught:
        await api.kernel.invoke_llm(request, api.context(model))
    assert caught.value.param is not None
    assert caught.value.param.startswith(param)
    assert not vendor.requests


async def test_tokens_are_counted_by_coheres_tokenizer(api: Asker, vendor: VendorDouble) -> None:
    vendor.answers(lambda sent: Answer.json({"tokens": [1] * len(sent.json["text"].split()), "token_strings": []}))
    context = api.context(THINKS)
    long = Message.user("word " * 20_000)
    request = LLMRequest(model=THINKS, messages=[Message.system("Be brief, please."), Message.assistant("yes"), long])
    assert await api.kernel.count_tokens(request, context) == 20_004
    assert vendor.last.url == "https://api.cohere.com/v1/tokenize"
    assert all(sent.json["model"] == THINKS and 0 < len(sent.json["text"]) <= 65536 for sent in vendor.requests)
    seen = Message("user", [ImagePart(Blob(data=b"x"))])
    for more in (LLMRequest(model=THINKS, messages=[], tools=[REPORT]), LLMRequest(model=THINKS, messages=[seen])):
        with pytest.raises(UnsupportedParameter):
            await api.kernel.count_tokens(more, context)
    vendor.answers(Answer.json({"tokens": 3}))
    with pytest.raises(ServerUnavailable):
        await api.kernel.count_tokens(request, context)
