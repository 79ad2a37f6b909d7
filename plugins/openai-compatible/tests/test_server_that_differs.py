"""What the form says of a server is what is sent to it."""

from __future__ import annotations

from typing import Any

import pytest
from jackfield_sdk import (
    BadRequest,
    Credentials,
    CredentialsInvalid,
    EmbeddingRequest,
    Feature,
    LLMRequest,
    Message,
    ModelType,
    ReasoningPart,
    RelayRequest,
    RerankRequest,
    Sampling,
    SpeechRequest,
    TextPart,
    Tool,
)
from jackfield_sdk.testing import Answer, Caller, VendorDouble

CHAT = Answer.json({"choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}]})


def form(caller: Caller, **values: Any) -> dict[str, Any]:
    """The values as the host stores them."""
    model_form = caller.description.model_form
    assert model_form is not None
    return model_form.check({"base_url": "https://llm.acme.example/api", "advanced": True, **values})


def chat(**members: Any) -> LLMRequest:
    members.setdefault("messages", [Message.user("hello")])
    return LLMRequest(model="ours", **members)


async def test_a_bare_server_gets_nothing_but_what_it_needs(caller: Caller, vendor: VendorDouble) -> None:
    vendor.answers(CHAT)
    await caller.kernel.invoke_llm(chat(), caller.context(form(caller, advanced=False), "ours"))
    assert vendor.last.url == "https://llm.acme.example/api/chat/completions"
    assert vendor.last.json == {"model": "ours", "messages": [{"role": "user", "content": "hello"}]}
    assert "authorization" not in vendor.last.headers


async def test_the_differences_of_the_form(caller: Caller, vendor: VendorDouble) -> None:
    values = form(
        caller,
        endpoint_model="qwen3",
        headers='{"X-Team": "search", "Authorization": "Basic abc"}',
        api_key="unused-key",
        max_tokens_name="max_completion_tokens",
        reasoning_name="reasoning_content",
        stream_usage=False,
        path="/v7/talk",
    )
    said = [Message.user("2+2?"), Message("assistant", [ReasoningPart("hm"), TextPart("4")]), Message.user("sure?")]
    vendor.answers(
        Answer.sse([{"id": "1", "choices": [{"index": 0, "delta": {"content": "y"}, "finish_reason": "stop"}]}], done="[DONE]")
    )
    request = chat(messages=said, sampling=Sampling(max_tokens=9), stream=True)
    async for _ in await caller.kernel.stream_llm(request, caller.context(values, "ours")):
        pass
    assert vendor.last.url == "https://llm.acme.example/api/v7/talk"
    assert vendor.last.headers["x-team"] == "search"
    assert vendor.last.headers["authorization"] == "Basic abc"
    assert vendor.last.json == {
        "model": "qwen3",
        "messages": [
            {"role": "user", "content": "2+2?"},
            {"role": "assistant", "content": "4", "reasoning_content": "hm"},
            {"role": "user", "content": "sure?"},
        ],
        "max_completion_tokens": 9,
        "stream": True,
    }


async def test_the_other_apis_of_a_language_model(caller: Caller, vendor: VendorDouble) -> None:
    vendor.answers(Answer.json({"choices": [{"text": "hi", "finish_reason": "stop"}]}))
    await caller.kernel.invoke_llm(chat(), caller.context(form(caller, api="completion"), "ours"))
    assert vendor.last.path == "/api/completions"
    assert vendor.last.json == {"model": "ours", "prompt": "hello"}
    output = [{"type": "message", "id": "m", "role": "assistant", "content": [{"type": "output_text", "text": "hi"}]}]
    vendor.answers(Answer.json({"id": "r", "status": "completed", "output": output, "usage": {}}))
    result = await caller.kernel.invoke_llm(chat(), caller.context(form(caller, api="responses"), "ours"))
    assert result.text == "hi"
    assert vendor.last.path == "/api/responses"
    for api, path in (("completion", "/api/completions"), ("responses", "/api/responses"), ("chat", "/api/chat/completions")):
        await caller.kernel.validate_model_credentials("ours", ModelType.LLM, caller.context(form(caller, api=api)))
        assert vendor.last.path == path


async def test_other_types_go_by_the_servers_name_too(caller: Caller, vendor: VendorDouble) -> None:
    values = form(caller, endpoint_model="theirs", path="/embed", voices="anna, bert")
    vendor.answers(Answer.json({"data": [{"index": 0, "embedding": [1.0]}]}))
    context = caller.context(values, "ours", ModelType.TEXT_EMBEDDING)
    await caller.kernel.invoke_text_embedding(EmbeddingRequest(model="ours", inputs=["a"]), context)
    assert (vendor.last.path, vendor.last.json["model"]) == ("/api/embed", "theirs")
    vendor.answers(Answer.json({"results": [{"index": 0, "relevance_score": 0.5}]}))
    values = form(caller, endpoint_model="theirs", path="/v2/rerank", voices="anna, bert")
    context = caller.context(values, "ours", ModelType.RERANK)
    await caller.kernel.invoke_rerank(RerankRequest(model="ours", query="q", documents=["a"]), context)
    assert (vendor.last.path, vendor.last.json["model"]) == ("/api/v2/rerank", "theirs")
    vendor.answers(Answer.content(b"sound", "audio/wav"))
    values = form(caller, endpoint_model="theirs", voices="anna, bert")
    context = caller.context(values, "ours", ModelType.TEXT_TO_SPEECH)
    spoken = await caller.kernel.invoke_text_to_speech(SpeechRequest(model="ours", text="hi"), context)
    assert b"".join([piece async for piece in spoken.audio]) == b"sound"
    assert spoken.media_type == "audio/wav"
    assert vendor.last.json == {"model": "theirs", "input": "hi", "voice": "anna"}


async def test_only_the_name_changes_in_a_relayed_body(caller: Caller, vendor: VendorDouble) -> None:
    vendor.answers(CHAT)
    body = '{"model": "ours", "brand_new": [1.50, "é"], "messages": []}'.encode()
    request = RelayRequest(dialect="openai.chat", model="ours", body=body)
    await caller.kernel.relay(request, caller.context(form(caller), "ours"))
    assert vendor.last.body == body
    await caller.kernel.relay(request, caller.context(form(caller, endpoint_model="theirs"), "ours"))
    assert vendor.last.json == {"model": "theirs", "brand_new": [1.5, "é"], "messages": []}


async def test_every_type_is_proved_by_a_call_of_its_own(caller: Caller, vendor: VendorDouble) -> None:
    vendor.answers(Answer.json({"text": ""}))
    seen = set()
    for kind in ModelType:
        await caller.kernel.validate_model_credentials("ours", kind, caller.context(form(caller)))
        seen.add(vendor.last.path)
        assert b"ours" in vendor.last.body
    assert len(seen) == len(ModelType)
    vendor.answers(Answer.content("<html>Please sign in</html>", "text/html"))
    with pytest.raises(CredentialsInvalid) as caught:
        await caller.kernel.validate_model_credentials("ours", ModelType.LLM, caller.context(form(caller)))
    assert caught.value.param == "base_url"


@pytest.mark.parametrize(
    "headers",
    ["[1]", '{"a": 1}', "{nonsense}", '{"a b": "c"}', '{"X": "a\\r\\nEvil: 1"}', '{"X": "ключ"}', '{"Host": "other.example"}'],
)
async def test_headers_that_are_none_are_refused(caller: Caller, vendor: VendorDouble, headers: str) -> None:
    values = {"base_url": "https://llm.acme.example", "headers": headers}
    with pytest.raises(CredentialsInvalid) as saved:
        caller.kernel.describe_model("openai_compatible", "ours", ModelType.LLM, values)
    with pytest.raises(CredentialsInvalid) as proved:
        await caller.kernel.validate_model_credentials("ours", ModelType.LLM, caller.context(values))
    assert saved.value.param == proved.value.param == "headers"
    assert not vendor.requests


async def test_the_description_by_the_form(caller: Caller) -> None:
    values = form(caller, context_size=8192, max_output_tokens=512, vision=True, api="completion", dimensions=384, max_batch=16)
    model = caller.kernel.describe_model("openai_compatible", "m", ModelType.LLM, Credentials(values))
    assert model.features == {Feature.STREAMING, Feature.VISION, Feature.COMPLETION}
    assert (model.context_window, model.max_output_tokens, model.dialects) == (8192, 512, ("openai.completions",))
    model = caller.kernel.describe_model("openai_compatible", "m", ModelType.TEXT_EMBEDDING, Credentials(values))
    assert (model.dimensions, model.max_batch, model.dialects) == (384, 16, ("openai.embeddings",))
    assert not model.features


async def test_a_server_lists_models_of_many_types(caller: Caller, vendor: VendorDouble) -> None:
    entries = [
        {"id": "Qwen/Qwen3-8B", "max_model_len": 40960},
        {"id": "BAAI/bge-m3"},
        {"id": "BAAI/bge-reranker-v2-m3"},
        {"id": "whisper-large-v3"},
        {"id": "kokoro-tts"},
        {"id": "flux.1-dev image"},
        {"no": "id"},
        "nonsense",
    ]
    vendor.answers(Answer.json({"object": "list", "data": entries}))
    models = await caller.kernel.list_models(caller.context(form(caller)))
    assert [(model.id, model.type.value, model.context_window) for model in models] == [
        ("Qwen/Qwen3-8B", "llm", 40960),
        ("BAAI/bge-m3", "text_embedding", None),
        ("BAAI/bge-reranker-v2-m3", "rerank", None),
        ("whisper-large-v3", "speech_to_text", None),
        ("kokoro-tts", "text_to_speech", None),
    ]


async def test_where_tokens_are_not_counted(caller: Caller, vendor: VendorDouble) -> None:
    request = LLMRequest(model="ours", messages=[Message.user("Hello")])
    for values in ({}, {"counts": "no"}, {"counts": "tokenize", "api": "completion"}):
        with pytest.raises(BadRequest):
            await caller.kernel.count_tokens(request, caller.context(form(caller, **values), "ours"))
    assert not vendor.requests
    vendor.answers(Answer.json({"detail": "Not Found"}, 404))
    with pytest.raises(BadRequest, match=r"does not count tokens at /tokenize"):
        await caller.kernel.count_tokens(request, caller.context(form(caller, counts="tokenize"), "ours"))
    assert vendor.last.url == "https://llm.acme.example/api/tokenize"


async def test_what_is_counted(caller: Caller, vendor: VendorDouble) -> None:
    vendor.answers(Answer.json({"count": 7}))
    request = LLMRequest(model="ours", messages=[Message.user("Hello")], tools=[Tool("f")], sampling=Sampling(max_tokens=9))
    values = form(caller, counts="tokenize", endpoint_model="theirs", base_url="https://llm.acme.example/v1")
    assert await caller.kernel.count_tokens(request, caller.context(values, "ours")) == 7
    assert vendor.last.url == "https://llm.acme.example/tokenize"
    assert set(vendor.last.json) == {"model", "messages", "tools"}
    assert vendor.last.json["model"] == "theirs"
