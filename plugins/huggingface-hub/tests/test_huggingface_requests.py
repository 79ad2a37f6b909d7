"""What each way of serving is sent exactly, and what its answers and errors mean."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from jackfield_sdk import (
    BadRequest,
    Blob,
    ContextLengthExceeded,
    CredentialsInvalid,
    EmbeddingRequest,
    ImagePart,
    JackfieldError,
    LLMRequest,
    Message,
    ModelNotFound,
    ModelType,
    OutputFormat,
    QuotaExceeded,
    RateLimited,
    ReasoningPart,
    RelayRequest,
    RequestTooLarge,
    RerankRequest,
    Sampling,
    ServerUnavailable,
    TextPart,
    UnsupportedParameter,
)
from jackfield_sdk.testing import Answer, Caller, VendorDouble

TOKEN = {"api_key": "hf_canaryCanary0123456789"}
SERVER = TOKEN | {"base_url": "https://models.acme.example/"}
VLLM = SERVER | {"server": "openai"}
CHAT = Answer.json({"choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}]})


@pytest.fixture(autouse=True)
def _chat(vendor: VendorDouble) -> None:
    vendor.answers(CHAT)


def ask(**members: Any) -> LLMRequest:
    return LLMRequest(model="org/model", messages=[Message.user("hello")], **members)


def embed(*texts: str, **members: Any) -> EmbeddingRequest:
    return EmbeddingRequest(model="org/model", inputs=list(texts), **members)


@pytest.mark.parametrize(
    ("form", "model"),
    [
        ({}, "org/model"),
        ({"provider": "auto"}, "org/model"),
        ({"provider": "groq"}, "org/model:groq"),
        ({"provider": "cheapest", "endpoint_model": "org/other"}, "org/other:cheapest"),
    ],
)
async def test_the_router_is_told_the_provider(caller: Caller, vendor: VendorDouble, form: dict[str, Any], model: str) -> None:
    await caller.kernel.invoke_llm(ask(), caller.context(TOKEN | form | {"bill_to": "acme"}, "org/model"))
    assert vendor.last.url == "https://router.huggingface.co/v1/chat/completions"
    assert vendor.last.headers["authorization"] == f"Bearer {TOKEN['api_key']}"
    assert vendor.last.headers["x-hf-bill-to"] == "acme"
    assert vendor.last.json == {"model": model, "messages": [{"role": "user", "content": "hello"}]}


@pytest.mark.parametrize(
    ("dialect", "path"),
    [("openai.chat", "/v1/chat/completions"), ("openai.responses", "/v1/responses"), ("anthropic.messages", "/v1/messages")],
)
async def test_the_router_takes_three_dialects_as_they_are(
    caller: Caller, vendor: VendorDouble, dialect: str, path: str
) -> None:
    request = RelayRequest(dialect=dialect, model="org/model", body=b'{"model":"org/model","new":1}')
    await caller.kernel.relay(request, caller.context(TOKEN | {"provider": "groq"}, "org/model"))
    assert vendor.last.url == f"https://router.huggingface.co{path}"
    assert vendor.last.json == {"model": "org/model:groq", "new": 1}


@pytest.mark.parametrize("pasted", ["", "/v1", "/v1/", "/v1/chat/completions", "/embed"])
async def test_whichever_address_of_a_server_was_pasted(caller: Caller, vendor: VendorDouble, pasted: str) -> None:
    form = SERVER | {"base_url": f"https://models.acme.example/tgi{pasted}", "bill_to": "acme"}
    await caller.kernel.invoke_llm(ask(), caller.context(form, "org/model"))
    assert vendor.last.url == "https://models.acme.example/tgi/v1/chat/completions"
    assert "x-hf-bill-to" not in vendor.last.headers


async def test_tgi_is_sent_what_it_takes(caller: Caller, vendor: VendorDouble) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    context = caller.context(SERVER, "org/model")
    output = OutputFormat("json_schema", schema, name="a", strict=True)
    await caller.kernel.invoke_llm(ask(sampling=Sampling(top_p=1.0, max_tokens=9), output=output), context)
    assert vendor.last.json == {
        "model": "tgi",
        "messages": [{"role": "user", "content": "hello"}],
        "response_format": {"type": "json_object", "value": schema},
        "max_tokens": 9,
    }
    await caller.kernel.invoke_llm(ask(output=OutputFormat("json_object"), sampling=Sampling(top_p=0.5)), context)
    assert vendor.last.json["response_format"] == {"type": "json_object", "value": {"type": "object"}}
    assert vendor.last.json["top_p"] == 0.5
    await caller.kernel.invoke_llm(ask(output=OutputFormat("text")), context)
    assert "response_format" not in vendor.last.json
    await caller.kernel.invoke_llm(ask(), caller.context(SERVER | {"endpoint_model": "my-adapter"}, "org/model"))
    assert vendor.last.json["model"] == "my-adapter"
    refused: dict[str, Any] = {"top_k": 5, "logit_bias": {"1": 1.0}, "reasoning_effort": "low"}
    for name, value in refused.items():
        with pytest.raises(UnsupportedParameter) as caught:
            await caller.kernel.invoke_llm(ask(sampling=Sampling(**{name: value})), context)
        assert caught.value.param == name
    with pytest.raises(BadRequest, match="`n`"):
        await caller.kernel.invoke_llm(ask(sampling=Sampling(n=2)), context)


async def test_another_server_is_sent_all_that_is_asked_for(caller: Caller, vendor: VendorDouble) -> None:
    context = caller.context(VLLM | {"endpoint_model": "theirs"}, "org/model")
    sampling = Sampling(top_k=5, top_p=1.0)
    await caller.kernel.invoke_llm(ask(sampling=sampling, output=OutputFormat("json_object")), context)
    messages = [{"role": "user", "content": "hello"}]
    format_ = {"type": "json_object"}
    assert vendor.last.json == {"model": "theirs", "messages": messages, "response_format": format_, "top_k": 5, "top_p": 1.0}


async def test_tgi_counts_tokens(caller: Caller, vendor: VendorDouble) -> None:
    vendor.answers(Answer.json({"tokenize_response": [{"id": 1}, {"id": 2}, {"id": 3}], "templated_text": "<s>hello"}))
    assert await caller.kernel.count_tokens(ask(), caller.context(SERVER, "org/model")) == 3
    assert vendor.last.url == "https://models.acme.example/chat_tokenize"
    assert vendor.last.json == {"model": "tgi", "messages": [{"role": "user", "content": "hello"}]}
    vendor.answers(Answer.json({"tokenize_response": 3}))
    with pytest.raises(ServerUnavailable):
        await caller.kernel.count_tokens(ask(), caller.context(SERVER, "org/model"))
    with pytest.raises(BadRequest, match="TGI"):
        await caller.kernel.count_tokens(ask(), caller.context(TOKEN, "org/model"))


async def test_tei_embeds_by_its_own_api(caller: Caller, vendor: VendorDouble) -> None:
    vendor.answers(Answer.json([[1.0, 2.0]], headers={"x-compute-tokens": "4"}))
    form = SERVER | {"query_prompt": "query"}
    context = caller.context(form, "org/model", ModelType.TEXT_EMBEDDING)
    request = embed("a", purpose="query", truncate=True, dimensions=2, user="someone")
    result = await caller.kernel.invoke_text_embedding(request, context)
    assert (result.embeddings, result.usage.input_tokens, result.model) == ([[1.0, 2.0]], 4, "org/model")
    assert vendor.last.url == "https://models.acme.example/embed"
    assert vendor.last.json == {"inputs": ["a"], "truncate": True, "prompt_name": "query", "dimensions": 2}
    await caller.kernel.invoke_text_embedding(embed("a", purpose="document"), context)
    assert vendor.last.json == {"inputs": ["a"]}
    parts: list[list[TextPart | ImagePart]] = [[ImagePart(Blob(url="https://acme.example/a.png"))]]
    with pytest.raises(UnsupportedParameter):
        await caller.kernel.invoke_text_embedding(EmbeddingRequest(model="org/model", inputs=parts), context)
    parts = [[TextPart("b")]]
    await caller.kernel.invoke_text_embedding(EmbeddingRequest(model="org/model", inputs=parts), context)
    assert vendor.last.json == {"inputs": ["b"]}


async def test_embeddings_behind_the_router(caller: Caller, vendor: VendorDouble) -> None:
    vendor.answers(Answer.json([[1.0]]))
    context = caller.context(TOKEN, "org/model", ModelType.TEXT_EMBEDDING)
    assert (await caller.kernel.invoke_text_embedding(embed("a"), context)).usage.input_tokens == 0
    assert vendor.last.url == "https://router.huggingface.co/hf-inference/models/org/model/pipeline/feature-extraction"
    with pytest.raises(UnsupportedParameter) as caught:
        await caller.kernel.invoke_text_embedding(embed("a", dimensions=2), context)
    assert caught.value.param == "dimensions"
    vendor.answers(Answer.json([[[1.0], [2.0]]]))
    with pytest.raises(ServerUnavailable, match="each token"):
        await caller.kernel.invoke_text_embedding(embed("a"), context)
    vendor.answers(Answer.json({"data": [{"index": 0, "embedding": [1.0]}], "usage": {"prompt_tokens": 2, "total_tokens": 2}}))
    for provider, url in (
        ("scaleway", "https://router.huggingface.co/scaleway/v1/embeddings"),
        ("deepinfra", "https://router.huggingface.co/deepinfra/v1/openai/embeddings"),
    ):
        form = TOKEN | {"provider": provider, "endpoint_model": "theirs"}
        context = caller.context(form, "org/model", ModelType.TEXT_EMBEDDING)
        assert (await caller.kernel.invoke_text_embedding(embed("a"), context)).usage.input_tokens == 2
        assert (vendor.last.url, vendor.last.json["model"]) == (url, "theirs")
        assert context.model is not None
        assert context.model.dialects == ("openai.embeddings",)


async def test_more_documents_than_tei_takes(caller: Caller, vendor: VendorDouble) -> None:
    def answer(request: Any) -> Answer:
        scores = [{"index": at, "score": float(text)} for at, text in enumerate(request.json["texts"])]
        return Answer.json(scores[::-1], headers={"x-compute-tokens": "10"})

    vendor.answers(answer)
    context = caller.context(SERVER | {"max_batch": 2}, "org/model", ModelType.RERANK)
    documents = ["0.1", "0.5", "0.9", "0.2", "0.7"]
    request = RerankRequest(model="org/model", query="q", documents=documents, top_n=3)
    result = await caller.kernel.invoke_rerank(request, context)
    assert [(one.index, one.score) for one in result.ranking] == [(2, 0.9), (4, 0.7), (1, 0.5)]
    assert result.usage.input_tokens == 30
    assert len(vendor.requests) == 3
    assert vendor.requests[0].url == "https://models.acme.example/rerank"
    assert vendor.requests[0].json == {"query": "q", "texts": ["0.1", "0.5"], "raw_scores": False, "return_text": False}
    vendor.answers(Answer.json([{"index": 0, "score": 0.5}]))
    with pytest.raises(ServerUnavailable, match="1 of 2"):
        await caller.kernel.invoke_rerank(request, context)


async def test_another_server_reranks_by_jinas_api(caller: Caller, vendor: VendorDouble) -> None:
    vendor.answers(Answer.json({"results": [{"index": 0, "relevance_score": 0.5}]}))
    context = caller.context(VLLM, "org/model", ModelType.RERANK)
    await caller.kernel.invoke_rerank(RerankRequest(model="org/model", query="q", documents=["a"]), context)
    assert vendor.last.url == "https://models.acme.example/v1/rerank"


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {"error": {"message": "The requested model 'a/b' is not supported by any provider you have enabled.",
                         "type": "invalid_request_error", "param": "model", "code": "model_not_supported"}}, ModelNotFound),
        (400, {"error": "Model not supported by provider together"}, ModelNotFound),
        (402, {"error": "You have exceeded your monthly included credits for Inference Providers."}, QuotaExceeded),
        (401, {"error": "Invalid username or password."}, CredentialsInvalid),
        (429, {"error": "Model is overloaded", "error_type": "overloaded"}, RateLimited),
        (424, {"error": "Request failed during generation: CUDA", "error_type": "generation"}, ServerUnavailable),
        (500, {"error": "Incomplete generation", "error_type": "incomplete_generation"}, ServerUnavailable),
        (422, {"error": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 2048. Given: 3000",
               "error_type": "validation"}, ContextLengthExceeded),
        (422, {"error": "Input validation error: `stop` supports up to 4 stop sequences. Given: 5", "error_type": "validation"},
         BadRequest),
        (422, {"error": "batch size 40 > maximum allowed batch size 32", "error_type": "Validation"}, RequestTooLarge),
        (422, {"message": "Input validation error: `inputs` must have less than 512 tokens. Given: 600", "code": 422,
               "type": "Validation"}, ContextLengthExceeded),
        (424, {"error": "Backend error: model is not a re-ranker model", "error_type": "Backend"}, ServerUnavailable),
        (400, {"error": "Bad Request: Invalid state"}, ServerUnavailable),
        (503, {"error": "503 Service Unavailable"}, ServerUnavailable),
    ],
)  # fmt: skip
async def test_the_table_of_errors(
    caller: Caller, vendor: VendorDouble, status: int, body: dict[str, Any], error: type[JackfieldError]
) -> None:
    vendor.answers(Answer.json(body, status))
    with pytest.raises(JackfieldError) as caught:
        await caller.kernel.invoke_llm(ask(), caller.context(SERVER, "org/model"))
    assert type(caught.value) is error
    assert caught.value.vendor_status == status


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"error": {"message": "Request failed during generation: CUDA", "http_status_code": 422}}, ServerUnavailable),
        ({"error": {"message": "Model is overloaded", "http_status_code": 422}}, RateLimited),
        ({"error": {"message": "Input validation error: `temperature` must be strictly positive", "http_status_code": 422}},
         BadRequest),
        ({"error": "Incomplete generation stream", "error_type": "incomplete_generation_stream"}, ServerUnavailable),
    ],
)  # fmt: skip
async def test_errors_within_a_stream_of_tgi(
    caller: Caller, vendor: VendorDouble, said: dict[str, Any], error: type[JackfieldError]
) -> None:
    chunk = {"choices": [{"index": 0, "delta": {"role": "assistant", "content": "h"}, "finish_reason": None}]}
    vendor.answers(Answer.sse([chunk, said], done="[DONE]"))
    with pytest.raises(JackfieldError) as caught:
        async for _ in await caller.kernel.stream_llm(ask(stream=True), caller.context(SERVER, "org/model")):
            pass
    assert type(caught.value) is error


async def test_what_a_together_model_answered(caller: Caller, vendor: VendorDouble) -> None:
    """The shape of an answer recorded by pydantic-ai behind the router: more members than OpenAI's, cached tokens elsewhere."""
    message = {"role": "assistant", "content": "<think>\nHm.\n</think>\nHello!", "tool_calls": []}
    choice = {"finish_reason": "stop", "index": 0, "logprobs": None, "message": message, "seed": 3859899181302555600}
    usage = {"cached_tokens": 3, "completion_tokens": 197, "prompt_tokens": 4, "total_tokens": 201}
    body = {"id": "o", "object": "chat.completion", "model": "org/model", "prompt": [], "choices": [choice], "usage": usage}
    vendor.answers(Answer.content(orjson.dumps(body), "application/json; charset=utf-8"))
    result = await caller.kernel.invoke_llm(ask(), caller.context(TOKEN, "org/model"))
    assert result.text == message["content"]
    thinking = await caller.kernel.invoke_llm(ask(), caller.context(TOKEN | {"reasoning": True}, "org/model"))
    assert thinking.message.parts == [ReasoningPart("Hm."), TextPart("Hello!")]
    assert (result.usage.input_tokens, result.usage.output_tokens, result.usage.cache_read_tokens) == (4, 197, 3)
