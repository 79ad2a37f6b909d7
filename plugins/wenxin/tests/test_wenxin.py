"""What Qianfan is sent by today's API, what its list tells, and what its errors mean in both."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from jackfield_sdk import (
    BadRequest,
    ContentRefused,
    ContextLengthExceeded,
    CredentialsInvalid,
    EmbeddingRequest,
    Feature,
    JackfieldError,
    LLMRequest,
    Message,
    ModelNotFound,
    ModelType,
    OutputFormat,
    PermissionDenied,
    QuotaExceeded,
    RateLimited,
    ReasoningPart,
    RelayRequest,
    RerankRequest,
    Sampling,
    ServerUnavailable,
    TextPart,
)
from jackfield_sdk.testing import Answer, Caller, OpenAIAnswers, Said, VendorDouble, open_caller
from jackfield_wenxin import plugin

KEY = {"api_key": "bce-v3/ALTAK-canary0123456789/secret"}
CHAT = OpenAIAnswers().llm_answer(Said())


@pytest.fixture
async def double() -> AsyncIterator[tuple[VendorDouble, Caller]]:
    async with VendorDouble() as vendor, open_caller(plugin, vendor) as caller:
        vendor.answers(CHAT)
        yield vendor, caller


def hello(model: str = "ernie-5.1", **members: Any) -> LLMRequest:
    members.setdefault("messages", [Message.user("hello")])
    return LLMRequest(model=model, **members)


async def test_a_chat(double: tuple[VendorDouble, Caller]) -> None:
    vendor, caller = double
    thought = Message("assistant", [ReasoningPart("hm"), TextPart("hi")])
    request = hello(
        messages=[Message.user("hello"), thought, Message.user("again")],
        sampling=Sampling(max_tokens=9, temperature=0.5, seed=3),
        output=OutputFormat("json_schema", {"type": "object"}),
        user="bob",
    )
    result = await caller.kernel.invoke_llm(request, caller.context(KEY, "ernie-5.1"))
    assert result.text == "Hello, world!"
    assert vendor.last.url == "https://qianfan.baidubce.com/v2/chat/completions"
    assert vendor.last.headers["authorization"] == "Bearer bce-v3/ALTAK-canary0123456789/secret"
    assert vendor.last.json == {
        "model": "ernie-5.1",
        "messages": [
            {"role": "user", "content": "hello"},
            {"role": "assistant", "content": "hi"},
            {"role": "user", "content": "again"},
        ],
        "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}}},
        "max_tokens": 9,
        "temperature": 0.5,
        "seed": 3,
        "user": "bob",
    }


@pytest.mark.parametrize(
    ("model", "sampling", "members"),
    [
        ("ernie-4.5-turbo-vl-32k-preview", Sampling(), {}),
        ("ernie-4.5-turbo-vl-32k-preview", Sampling(reasoning_effort="none"), {"enable_thinking": False}),
        ("ernie-4.5-turbo-vl-32k-preview", Sampling(reasoning_effort="high"), {"enable_thinking": True}),
        ("ernie-4.5-turbo-vl-32k-preview", Sampling(reasoning_budget=0), {"enable_thinking": False}),
        (
            "ernie-4.5-turbo-vl-32k-preview",
            Sampling(reasoning_budget=100, max_tokens=9),
            {"enable_thinking": True, "thinking_budget": 100, "max_completion_tokens": 9},
        ),
        ("ernie-x1.1", Sampling(max_tokens=9), {"max_completion_tokens": 9}),
    ],
)
async def test_thinking(double: tuple[VendorDouble, Caller], model: str, sampling: Sampling, members: dict[str, Any]) -> None:
    vendor, caller = double
    await caller.kernel.invoke_llm(hello(model, sampling=sampling), caller.context(KEY, model))
    assert vendor.last.json == {"model": model, "messages": [{"role": "user", "content": "hello"}], **members}


async def test_enable_thinking_of_the_callers_own_goes_before(double: tuple[VendorDouble, Caller]) -> None:
    vendor, caller = double
    model = "ernie-4.5-turbo-vl-32k-preview"
    request = hello(model, sampling=Sampling(reasoning_effort="high"), extra={"enable_thinking": False}, dialect="openai.chat")
    await caller.kernel.invoke_llm(request, caller.context(KEY, model))
    assert vendor.last.json["enable_thinking"] is False


async def test_embedding_and_rerank(double: tuple[VendorDouble, Caller]) -> None:
    vendor, caller = double
    vendor.answers(OpenAIAnswers().embedding_answer([[1.0]], Said().usage))
    request = EmbeddingRequest(model="tao-8k", inputs=["a", "b"], user="bob")
    await caller.kernel.invoke_text_embedding(request, caller.context(KEY, "tao-8k", ModelType.TEXT_EMBEDDING))
    assert [one.json for one in vendor.requests] == [
        {"model": "tao-8k", "input": [text], "encoding_format": "float", "user": "bob"} for text in ("a", "b")
    ]
    assert vendor.last.url == "https://qianfan.baidubce.com/v2/embeddings"
    vendor.answers(Answer.json({"results": [{"index": 0, "relevance_score": 0.5, "document": "a"}]}))
    model = "qwen3-reranker-8b"
    ranking = RerankRequest(model=model, query="q", documents=["a"], top_n=1, user="bob")
    await caller.kernel.invoke_rerank(ranking, caller.context(KEY, model, ModelType.RERANK))
    assert vendor.last.url == "https://qianfan.baidubce.com/v2/rerank"
    assert vendor.last.json == {"model": model, "query": "q", "documents": ["a"], "top_n": 1, "user": "bob"}


@pytest.mark.parametrize(
    ("dialect", "path"),
    [
        ("openai.chat", "/v2/chat/completions"),
        ("openai.embeddings", "/v2/embeddings"),
        ("jina.rerank", "/v2/rerank"),
        ("anthropic.messages", "/anthropic/v1/messages"),
    ],
)
async def test_where_bodies_are_passed_on(double: tuple[VendorDouble, Caller], dialect: str, path: str) -> None:
    vendor, caller = double
    request = RelayRequest(dialect=dialect, model="ernie-5.1", body=b"{}")
    await caller.kernel.relay(request, caller.context(KEY, "ernie-5.1"))
    assert (vendor.last.url, vendor.last.body) == (f"https://qianfan.baidubce.com{path}", b"{}")
    await caller.kernel.relay(request, caller.context(KEY | {"base_url": "https://proxy.test/baidu/v2/"}, "ernie-5.1"))
    assert vendor.last.url == f"https://proxy.test/baidu{path}"


async def test_the_list_of_models(double: tuple[VendorDouble, Caller]) -> None:
    vendor, caller = double
    yuan = {"prompt": "0.0008", "completion": "0.0032"}
    text = {"input_modalities": ["text", "image"], "output_modalities": ["text"]}
    painted = {"input_modalities": ["text"], "output_modalities": ["image"]}
    tiers = {"prompt": [{"max": 32000, "price": "0.004"}], "completion": "0.01"}
    entries: list[dict[str, Any]] = [
        {"id": "ernie-5.1", "type": "chat", "context_length": 1},
        {"id": "glm-5", "type": "chat", "context_length": 202752, "max_tokens": 131072, "pricing": yuan},
        {"id": "kimi-k2.5", "type": "multimodal", "architecture": text, "max_tokens": 65536, "pricing": tiers},
        {"id": "gme-qwen2-vl", "type": "embeddings", "pricing": {"prompt": 0.0005}},
        {"id": "some-reranker", "type": "rerank", "pricing": {"prompt": "free"}},
        {"id": "flux.1-schnell", "type": "image"},
        {"id": "ernie-paints", "type": "multimodal", "architecture": painted},
        {"id": "ernie-irag", "object": "model", "owned_by": ""},
        {"id": "ernie-speed-128k", "object": "model", "owned_by": "", "created": 0},
    ]
    vendor.answers(Answer.json({"object": "list", "data": entries}))
    models = {model.id: model for model in await caller.kernel.list_models(caller.context(KEY))}
    assert vendor.last.url == "https://qianfan.baidubce.com/v2/models"
    assert set(models) == {"ernie-5.1", "glm-5", "kimi-k2.5", "gme-qwen2-vl", "some-reranker", "ernie-speed-128k"}
    assert models["ernie-5.1"].context_window == 131072
    glm, prices = models["glm-5"], models["glm-5"].prices
    assert (glm.context_window, glm.max_output_tokens) == (202752, 131072)
    assert prices is not None
    assert (prices.currency, prices.input, prices.output) == ("CNY", Decimal("0.8"), Decimal("3.2"))
    kimi = models["kimi-k2.5"]
    assert (kimi.prices, kimi.max_output_tokens) == (None, None)
    assert Feature.VISION in kimi.features
    assert models["gme-qwen2-vl"].type is ModelType.TEXT_EMBEDDING
    assert (models["some-reranker"].type, models["some-reranker"].prices) == (ModelType.RERANK, None)


# -- errors -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        *((400, code, BadRequest) for code in ("malformed_json", "invalid_messages", "invalid_argument")),
        *((400, code, ContextLengthExceeded) for code in ("characters_too_long", "tokens_too_long")),
        *((400, code, ContentRefused) for code in ("system_unsafe", "user_setting_unsafe", "image_url_unsafe")),
        (400, "invalid_model", ModelNotFound),
        *((401, code, PermissionDenied) for code in ("invalid_model", "no_parameter_permission")),
        (401, "invalid_iam_token", CredentialsInvalid),
        *((429, code, RateLimited) for code in ("rpm_rate_limit_exceeded", "tpm_rate_limit_exceeded")),
        *((500, code, ServerUnavailable) for code in ("internal_error", "dispatch_internal_error")),
        (503, "server_high_load", ServerUnavailable),
    ],
)
async def test_errors_by_their_word(
    double: tuple[VendorDouble, Caller], status: int, code: str, kind: type[JackfieldError]
) -> None:
    vendor, caller = double
    error = {"code": code, "message": "no, not with canary0123456789/secret", "type": "invalid_request_error"}
    vendor.answers(Answer.json({"error": error, "id": "as-1"}, status))
    with pytest.raises(JackfieldError) as caught:
        await caller.kernel.invoke_llm(hello(), caller.context(KEY, "ernie-5.1"))
    assert (type(caught.value), caught.value.vendor_code, caught.value.vendor_status) == (kind, code, status)


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("the input tokens is too long: prompt tokens too long", ContextLengthExceeded),
        ("the max input characters is 11200", ContextLengthExceeded),
        ("the account is overdue", QuotaExceeded),
        ("账户已欠费", QuotaExceeded),
    ],
)
async def test_errors_by_their_message(double: tuple[VendorDouble, Caller], message: str, kind: type[JackfieldError]) -> None:
    vendor, caller = double
    error = {"code": "invalid_argument", "message": message, "type": "invalid_request_error"}
    vendor.answers(Answer.json({"error": error, "id": "as-1"}, 400))
    with pytest.raises(kind):
        await caller.kernel.invoke_llm(hello(), caller.context(KEY, "ernie-5.1"))
