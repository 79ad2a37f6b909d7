"""What OpenAI is sent for a chat, to the last member, on each of its surfaces."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from jackfield_sdk import (
    BadRequest,
    Blob,
    FilePart,
    ImagePart,
    LLMRequest,
    Message,
    OutputFormat,
    Part,
    RelayRequest,
    Sampling,
    TextPart,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    UnsupportedParameter,
)
from jackfield_sdk.testing import Answer, Asker, VendorDouble

CHAT = Answer.json({"id": "c", "choices": [{"index": 0, "message": {"content": "hi"}, "finish_reason": "stop"}]})
RESPONSE = Answer.json({"id": "r", "status": "completed", "output": [], "usage": {}})
SCHEMA = {"type": "object", "properties": {"sum": {"type": "integer"}}, "required": ["sum"], "additionalProperties": False}
WEATHER = Tool("get_weather", "Tells the weather.", {"type": "object", "properties": {"city": {"type": "string"}}}, strict=True)
PIXEL = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=")


def chat(model: str = "gpt-4.1", **members: Any) -> LLMRequest:
    members.setdefault("messages", [Message.system("Be brief."), Message.user("Hello")])
    return LLMRequest(model=model, **members)


async def sent_for(openai: Asker, vendor: VendorDouble, request: LLMRequest, answer: Answer = CHAT) -> Any:
    """The body that the vendor got."""
    vendor.answers(answer)
    await openai.kernel.invoke_llm(request, openai.context(request.model))
    assert len(vendor.requests) == 1
    return vendor.last.json


async def test_a_plain_chat(openai: Asker, vendor: VendorDouble) -> None:
    sampling = Sampling(max_tokens=50, temperature=0.5, stop=["END"], seed=7)
    body = await sent_for(openai, vendor, chat(sampling=sampling, user="u-1", metadata={"a": "b"}, extra={"store": True}))
    assert body == {
        "model": "gpt-4.1",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}],
        "max_completion_tokens": 50,
        "temperature": 0.5,
        "stop": ["END"],
        "seed": 7,
        "user": "u-1",
        "metadata": {"a": "b"},
        "store": True,
    }
    asked = vendor.last
    assert (asked.method, asked.url) == ("POST", "https://api.openai.com/v1/chat/completions")
    assert asked.headers["authorization"] == "Bearer sk-proj-canary-0123456789"
    assert asked.headers["content-type"] == "application/json"
    assert "openai-organization" not in asked.headers


@pytest.mark.parametrize(
    ("base_url", "url"),
    [
        ("https://eu.api.openai.com/v1/", "https://eu.api.openai.com/v1/chat/completions"),
        ("https://api.openai.com", "https://api.openai.com/v1/chat/completions"),
        ("http://proxy.acme.example:8080/openai", "http://proxy.acme.example:8080/openai/chat/completions"),
    ],
)
async def test_organization_project_and_base_url(openai: Asker, vendor: VendorDouble, base_url: str, url: str) -> None:
    vendor.answers(CHAT)
    context = openai.context("gpt-4.1", organization="org-1", project="proj_2", base_url=base_url)
    await openai.kernel.invoke_llm(chat(), context)
    assert vendor.last.url == url
    assert vendor.last.headers["openai-organization"] == "org-1"
    assert vendor.last.headers["openai-project"] == "proj_2"


async def test_a_stream_asks_for_its_usage(openai: Asker, vendor: VendorDouble) -> None:
    vendor.answers(Answer.sse([{"choices": [{"index": 0, "delta": {"content": "x"}, "finish_reason": "stop"}]}], done="[DONE]"))
    events = await openai.kernel.stream_llm(chat(messages=[Message.user("Hello")], stream=True), openai.context("gpt-4.1"))
    assert [type(event).__name__ async for event in events] == ["TextDelta", "StreamEnd"]
    assert vendor.last.json == {
        "model": "gpt-4.1",
        "messages": [{"role": "user", "content": "Hello"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert vendor.last.headers["accept"] == "text/event-stream"


async def test_tools_and_a_turn_with_their_results(openai: Asker, vendor: VendorDouble) -> None:
    turns = [
        Message.user("Weather in Oslo?"),
        Message("assistant", [ToolCall("call_1", "get_weather", '{"city":"Oslo"}')]),
        Message("tool", [ToolResult("call_1", "rain")]),
    ]
    choice = ToolChoice("tool", "get_weather", parallel=False)
    body = await sent_for(openai, vendor, chat(messages=turns, tools=[WEATHER], tool_choice=choice))
    call = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city":"Oslo"}'}}
    function = {"name": "get_weather", "parameters": WEATHER.parameters, "description": "Tells the weather.", "strict": True}
    assert body == {
        "model": "gpt-4.1",
        "messages": [
            {"role": "user", "content": "Weather in Oslo?"},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "call_1", "content": "rain"},
        ],
        "tools": [{"type": "function", "function": function}],
        "tool_choice": {"type": "function", "function": {"name": "get_weather"}},
        "parallel_tool_calls": False,
    }


async def test_images_files_and_a_schema(openai: Asker, vendor: VendorDouble) -> None:
    parts: list[Part] = [
        TextPart("What is this?"),
        ImagePart(Blob(url="https://acme.example/cat.png"), detail="low"),
        ImagePart(Blob(media_type="image/png", data=PIXEL)),
        FilePart(Blob(media_type="application/pdf", data=b"%PDF", name="a.pdf")),
    ]
    output = OutputFormat("json_schema", SCHEMA, name="answer", strict=True)
    body = await sent_for(openai, vendor, chat(messages=[Message("user", parts)], output=output))
    assert body["messages"][0]["content"] == [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": "https://acme.example/cat.png", "detail": "low"}},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64," + base64.b64encode(PIXEL).decode()}},
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERg==", "filename": "a.pdf"}},
    ]
    schema = {"name": "answer", "schema": SCHEMA, "strict": True}
    assert body["response_format"] == {"type": "json_schema", "json_schema": schema}


async def test_reasoning_models_read_developer_messages(openai: Asker, vendor: VendorDouble) -> None:
    body = await sent_for(openai, vendor, chat("gpt-5.2", sampling=Sampling(max_tokens=9, reasoning_effort="high")))
    assert body == {
        "model": "gpt-5.2",
        "messages": [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "Hello"}],
        "max_completion_tokens": 9,
        "reasoning_effort": "high",
    }


@pytest.mark.parametrize(
    ("model", "sampling", "refused"),
    [
        ("gpt-5", Sampling(temperature=0.2), "temperature"),
        ("o3", Sampling(stop=["x"]), "stop"),
        ("gpt-6-sol", Sampling(top_p=0.5), "top_p"),
        ("gpt-5.2", Sampling(temperature=0.2, reasoning_effort="low"), "temperature"),
        ("gpt-4.1", Sampling(reasoning_effort="low"), "reasoning_effort"),
        ("gpt-4.1", Sampling(top_k=5), "top_k"),
        ("gpt-5.5-pro", Sampling(n=2), "n"),
    ],
)
async def test_what_a_model_does_not_take(
    openai: Asker, vendor: VendorDouble, model: str, sampling: Sampling, refused: str
) -> None:
    vendor.answers(RESPONSE if model.endswith("pro") else CHAT)
    with pytest.raises(UnsupportedParameter) as caught:
        await openai.kernel.invoke_llm(chat(model, sampling=sampling), openai.context(model))
    assert caught.value.param == refused
    assert not vendor.requests
    await openai.kernel.invoke_llm(chat(model, sampling=sampling, drop_unsupported=True), openai.context(model))
    assert refused not in vendor.last.json


async def test_values_outside_their_rule_are_refused(openai: Asker, vendor: VendorDouble) -> None:
    for sampling in (Sampling(reasoning_effort="xhigh"), Sampling(reasoning_effort="none"), Sampling(max_tokens=0)):
        with pytest.raises(BadRequest):
            await openai.kernel.invoke_llm(chat("gpt-5", sampling=sampling, drop_unsupported=True), openai.context("gpt-5"))
    assert not vendor.requests


async def test_without_reasoning_a_model_takes_temperature(openai: Asker, vendor: VendorDouble) -> None:
    body = await sent_for(openai, vendor, chat("gpt-5.2", sampling=Sampling(temperature=0.2)))
    assert body["temperature"] == 0.2
    vendor.requests.clear()
    body = await sent_for(openai, vendor, chat("gpt-6-luna", sampling=Sampling(temperature=0.2, reasoning_effort="none")))
    assert (body["temperature"], body["reasoning_effort"]) == (0.2, "none")


@pytest.mark.parametrize(
    ("model", "effort", "path"),
    [
        ("gpt-6.1-sol", None, "/v1/responses"),
        ("gpt-5.6", None, "/v1/responses"),
        ("gpt-5.6", "none", "/v1/chat/completions"),
        ("gpt-5.4", None, "/v1/chat/completions"),
        ("gpt-5.4", "low", "/v1/responses"),
        ("gpt-5.2", "low", "/v1/chat/completions"),
    ],
)
async def test_tools_beside_reasoning_go_to_responses(
    openai: Asker, vendor: VendorDouble, model: str, effort: str | None, path: str
) -> None:
    request = chat(model, tools=[WEATHER], sampling=Sampling(reasoning_effort=effort))
    await sent_for(openai, vendor, request, RESPONSE if path.endswith("responses") else CHAT)
    assert vendor.last.path == path


async def test_a_model_of_responses_alone(openai: Asker, vendor: VendorDouble) -> None:
    output = [
        {"type": "reasoning", "id": "rs", "summary": [], "encrypted_content": "sealed"},
        {"type": "message", "id": "m", "role": "assistant", "content": [{"type": "output_text", "text": "4"}]},
    ]
    vendor.answers(Answer.json({"id": "r", "status": "completed", "output": output, "usage": {"input_tokens": 3}}))
    request = chat("o3-pro", sampling=Sampling(max_tokens=99, reasoning_effort="low"))
    result = await openai.kernel.invoke_llm(request, openai.context("o3-pro"))
    assert (result.text, result.usage.input_tokens) == ("4", 3)
    body = vendor.last.json
    assert (body["model"], body["max_output_tokens"], body["reasoning"], body["store"]) == (
        "o3-pro",
        99,
        {"effort": "low"},
        False,
    )
    assert "messages" not in body


async def test_a_text_model_that_is_asked_to_chat(openai: Asker, vendor: VendorDouble) -> None:
    answer = Answer.json({"choices": [{"index": 0, "text": "Hi", "finish_reason": "stop"}]})
    lone = chat("text-davinci-003", messages=[Message.user("Once upon")], sampling=Sampling(max_tokens=5))
    assert await sent_for(openai, vendor, lone, answer) == {"model": "text-davinci-003", "prompt": "Once upon", "max_tokens": 5}
    vendor.requests.clear()
    body = await sent_for(openai, vendor, chat("text-davinci-003"), answer)
    assert body["prompt"] == "Be brief.\n\nUser: Hello\n\nAssistant:"
    picture = Message("user", [ImagePart(Blob(url="https://acme.example/cat.png"))])
    with pytest.raises(UnsupportedParameter):
        await openai.kernel.invoke_llm(chat("text-davinci-003", messages=[picture]), openai.context("text-davinci-003"))


async def test_a_fine_tuned_model_is_its_base(openai: Asker, vendor: VendorDouble) -> None:
    model = "ft:gpt-4.1-mini-2025-04-14:acme::9aBcDeF"
    described = openai.context(model).model
    base = openai.context("gpt-4.1-mini-2025-04-14").model
    assert described is not None
    assert base is not None
    assert (described.id, described.features, described.parameters) == (model, base.features, base.parameters)
    assert described.prices is None
    assert (await sent_for(openai, vendor, chat(model)))["model"] == model


async def test_openai_counts_the_tokens(openai: Asker, vendor: VendorDouble) -> None:
    vendor.answers(Answer.json({"object": "response.input_tokens", "input_tokens": 42}))
    request = chat("gpt-4.1", tools=[WEATHER], sampling=Sampling(temperature=0.5))
    assert await openai.kernel.count_tokens(request, openai.context("gpt-4.1")) == 42
    assert vendor.last.path == "/v1/responses/input_tokens"
    assert set(vendor.last.json) == {"model", "input", "tools"}


async def test_relay_goes_to_the_surface_of_its_dialect(openai: Asker, vendor: VendorDouble) -> None:
    vendor.answers(Answer.json({}))
    paths = {
        "openai.chat": "/v1/chat/completions",
        "openai.responses": "/v1/responses",
        "openai.completions": "/v1/completions",
        "openai.embeddings": "/v1/embeddings",
        "openai.moderations": "/v1/moderations",
    }
    for dialect, path in paths.items():
        body = b'{"model": "m",   "tomorrow": 1e3}'
        context = openai.context("gpt-4.1", organization="org-1")
        await openai.kernel.relay(RelayRequest(dialect=dialect, model="m", body=body), context)
        assert (vendor.last.path, vendor.last.body) == (path, body)
        assert vendor.last.headers["openai-organization"] == "org-1"
