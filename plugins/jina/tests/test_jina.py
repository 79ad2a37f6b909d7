"""The conformance kit on the Jina plugin, and what is particular to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, ClassVar

import pytest
import pytest_asyncio
from jackfield_jina import plugin
from jackfield_sdk import (
    BadRequest,
    Blob,
    ContextLengthExceeded,
    CredentialsInvalid,
    EmbeddingRequest,
    EmbeddingResult,
    Feature,
    ImagePart,
    JackfieldError,
    ModelNotFound,
    ModelType,
    PermissionDenied,
    QuotaExceeded,
    RateLimited,
    RelayRequest,
    RerankRequest,
    ServerUnavailable,
    TextPart,
    Timeout,
    Usage,
)
from jackfield_sdk.testing import (
    Answer,
    Caller,
    EmbeddingConformance,
    OpenAIAnswers,
    ProviderConformance,
    Recorded,
    RelayConformance,
    RerankConformance,
    VendorDouble,
    open_caller,
)

KEY = {"api_key": "jina_canary-0123456789"}
SMALL, VISUAL, CODE, PLAIN = (
    "jina-embeddings-v5-text-small",
    "jina-embeddings-v4",
    "jina-code-embeddings-1.5b",
    "jina-embeddings-v2-base-zh",
)


class Jina(OpenAIAnswers):
    plugin: ClassVar[object] = plugin

    def error(self, status: int, message: str = "something is wrong", headers: dict[str, str] | None = None) -> Answer:
        return Answer.json({"detail": message, "code": "SOME_CODE", "request_id": "03f58cd9da22fabf"}, status, headers)

    def models_answer(self, ids: list[str]) -> Answer:
        told = {"input_modalities": ["text"], "output_modalities": ["embeddings"], "pricing": {"prompt": "0.00000005"}}
        return Answer.json({"data": [{"id": f"jina-ai/{one}", "context_length": 8192, **told} for one in ids]})

    def validation_answer(self) -> Answer:
        return self.embedding_answer([[0.25, 0.5]], Usage(input_tokens=1))


class TestEmbedding(Jina, EmbeddingConformance):
    model = SMALL


class TestRerank(Jina, RerankConformance):
    model = "jina-reranker-v3"


class TestRelay(Jina, RelayConformance):
    dialect = "openai.embeddings"
    model_type = ModelType.TEXT_EMBEDDING
    model = SMALL


class TestProvider(Jina, ProviderConformance):
    pass


@pytest_asyncio.fixture
async def vendor() -> AsyncIterator[VendorDouble]:
    async with VendorDouble() as vendor:
        vendor.answers(vectors)
        yield vendor


@pytest_asyncio.fixture
async def caller(vendor: VendorDouble) -> AsyncIterator[Caller]:
    async with open_caller(plugin, vendor) as caller:
        yield caller


def vectors(request: Recorded) -> Answer:
    """https://api.jina.ai/openapi.json#/components/schemas/EmbeddingResponse"""
    data = [{"object": "embedding", "index": index, "embedding": [0.5]} for index, _ in enumerate(request.json["input"])]
    usage = {"total_tokens": 9, "prompt_tokens": 5, "image_tokens": 4}
    return Answer.json({"model": "jina-x", "object": "list", "usage": usage, "data": data})


async def embed(caller: Caller, inputs: list[Any], model: str = SMALL, **members: Any) -> EmbeddingResult:
    request = EmbeddingRequest(model=model, inputs=inputs, **members)
    return await caller.kernel.invoke_text_embedding(request, caller.context(KEY, model, ModelType.TEXT_EMBEDDING))


async def test_an_embedding_is_asked_for_as_jina_has_it(caller: Caller, vendor: VendorDouble) -> None:
    extra = {"normalized": False, "embedding_type": "float"}
    members: dict[str, Any] = {"dimensions": 256, "truncate": True, "purpose": "query", "user": "u", "extra": extra}
    result = await embed(caller, ["hello", [TextPart("world")]], **members)
    assert vendor.last.url == "https://api.jina.ai/v1/embeddings"
    assert vendor.last.headers["authorization"] == "Bearer jina_canary-0123456789"
    assert vendor.last.json == {
        "model": SMALL,
        "input": ["hello", "world"],
        "dimensions": 256,
        "truncate": True,
        "task": "retrieval.query",
        "normalized": False,
        "embedding_type": "float",
    }
    assert result.usage == Usage(input_tokens=9)


@pytest.mark.parametrize(
    ("model", "purpose", "task"),
    [
        (SMALL, "document", "retrieval.passage"),
        (SMALL, "clustering", "clustering"),
        ("jina-embeddings-v3", "clustering", "separation"),
        (VISUAL, "similarity", "text-matching"),
        (CODE, "query", "nl2code.query"),
        ("jina-clip-v2", "query", "retrieval.query"),
        ("jina-clip-v2", "document", None),
        (PLAIN, "query", None),
        (SMALL, None, None),
    ],
)
async def test_tasks(caller: Caller, vendor: VendorDouble, model: str, purpose: Any, task: str | None) -> None:
    await embed(caller, ["x"], model, purpose=purpose)
    assert vendor.last.json.get("task") == task


async def test_a_task_of_the_callers_own(caller: Caller, vendor: VendorDouble) -> None:
    members: dict[str, Any] = {"extra": {"task": "code2nl.query"}, "dialect": "openai.embeddings"}
    await embed(caller, ["x"], CODE, purpose="query", **members)
    assert vendor.last.json["task"] == "code2nl.query"


async def test_images(caller: Caller, vendor: VendorDouble) -> None:
    seen = [[ImagePart(Blob(data=b"\x89PNG"))], [ImagePart(Blob(url="https://a.example/b.png"))], "a penguin"]
    result = await embed(caller, seen, VISUAL)
    assert vendor.last.json["input"] == [{"image": "iVBORw=="}, {"image": "https://a.example/b.png"}, "a penguin"]
    assert len(result.embeddings) == 3


async def test_pieces_of_one_text_stay_together(caller: Caller, vendor: VendorDouble) -> None:
    pieces = [f"piece {number}" for number in range(2100)]
    members: dict[str, Any] = {"extra": {"late_chunking": True}, "dialect": "openai.embeddings"}
    result = await embed(caller, pieces, "jina-embeddings-v3", **members)
    assert len(result.embeddings) == 2100
    assert len(vendor.requests) == 1
    assert vendor.last.json["late_chunking"] is True


@pytest.mark.parametrize(
    ("inputs", "model", "members", "param"),
    [
        (["x"], VISUAL, {"purpose": "classification"}, "purpose"),
        (["x"], PLAIN, {"dimensions": 64}, "dimensions"),
        (["x"], SMALL, {"dimensions": 2048}, "dimensions"),
        (["x"], VISUAL, {"extra": {"return_multivector": True}, "dialect": "openai.embeddings"}, "return_multivector"),
        (["x"], SMALL, {"extra": {"embedding_type": "binary"}, "dialect": "openai.embeddings"}, "embedding_type"),
        (["x"], SMALL, {"extra": {"input_type": "query"}, "dialect": "conformance.unknown"}, "input_type"),
        ([[1, 2]], SMALL, {}, "input"),
        ([[ImagePart(Blob(data=b"x"))]], SMALL, {}, "input"),
        ([[TextPart("x"), ImagePart(Blob(data=b"x"))]], VISUAL, {}, "input"),
    ],
)
async def test_what_an_embedding_cannot_take(
    caller: Caller, vendor: VendorDouble, inputs: list[Any], model: str, members: dict[str, Any], param: str
) -> None:
    with pytest.raises(BadRequest) as caught:
        await embed(caller, inputs, model, **members)
    assert caught.value.param == param
    assert not vendor.requests
    if param not in ("input", "dimensions"):
        await embed(caller, inputs, model, drop_unsupported=True, **members)
        assert param not in vendor.last.json


async def test_a_ranking_is_asked_for(caller: Caller, vendor: VendorDouble) -> None:
    vendor.answers(Answer.json({"model": "m", "usage": {"total_tokens": 7}, "results": [{"index": 0, "relevance_score": 0.5}]}))
    members: dict[str, Any] = {"extra": {"max_doc_length": 100}, "dialect": "jina.rerank"}
    request = RerankRequest(model="jina-reranker-v3", query="q", documents=["a", "b"], top_n=1, **members)
    result = await caller.kernel.invoke_rerank(request, caller.context(KEY, "jina-reranker-v3", ModelType.RERANK))
    assert vendor.last.url == "https://api.jina.ai/v1/rerank"
    body = {"model": "jina-reranker-v3", "query": "q", "documents": ["a", "b"], "top_n": 1}
    assert vendor.last.json == body | {"return_documents": False, "max_doc_length": 100}
    assert result.usage == Usage(input_tokens=7)


async def test_a_body_of_jinas_rerank_is_passed_on(caller: Caller, vendor: VendorDouble) -> None:
    vendor.answers(Answer.json({"results": []}))
    body = b'{"model":"jina-reranker-m0","query":"q","documents":[{"image":"https://a.example/b.png"}]}'
    request = RelayRequest(dialect="jina.rerank", model="jina-reranker-m0", body=body)
    await caller.kernel.relay(request, caller.context(KEY, "jina-reranker-m0", ModelType.RERANK))
    assert (vendor.last.url, vendor.last.body) == ("https://api.jina.ai/v1/rerank", body)


async def test_a_key_is_proved_by_one_word(caller: Caller, vendor: VendorDouble) -> None:
    await caller.kernel.validate_provider_credentials(caller.context(KEY))
    assert vendor.last.url == "https://api.jina.ai/v1/embeddings"
    assert vendor.last.json == {"model": SMALL, "input": ["ping"]}


@pytest.mark.parametrize(
    ("status", "code", "detail", "error"),
    [
        (400, "INPUT_MODEL_NOT_FOUND", "Model 'x' not found", ModelNotFound),
        (400, None, "Input exceeds the model's maximum token limit", ContextLengthExceeded),
        (401, "AUTH_INVALID_API_KEY", "Invalid API key.", CredentialsInvalid),
        (403, "AUTHZ_INSUFFICIENT_BALANCE", "Insufficient account balance.", QuotaExceeded),
        (403, "AUTHZ_RESOURCE_LIMIT_EXCEEDED", "Resource limit exceeded for your plan.", PermissionDenied),
        (409, "CONFLICT_RESOURCE_BUSY", "is currently being modified", ServerUnavailable),
        (429, "RATE_TOKEN_LIMIT_EXCEEDED", "Token rate limit exceeded", RateLimited),
        (503, "SERVICE_UNAVAILABLE", "Service temporarily unavailable", ServerUnavailable),
        (504, "SERVICE_TIMEOUT", "Request timed out after 60 seconds", Timeout),
    ],
)
async def test_the_error_table(
    caller: Caller, vendor: VendorDouble, status: int, code: str | None, detail: str, error: type[JackfieldError]
) -> None:
    vendor.answers(Answer.json({"detail": detail, "code": code, "request_id": "03f58cd9da22fabf"}, status))
    with pytest.raises(JackfieldError) as caught:
        await embed(caller, ["x"])
    assert type(caught.value) is error
    assert (caught.value.vendor_code, caught.value.request_id) == (code, "03f58cd9da22fabf")


async def test_a_request_that_is_not_well_formed(caller: Caller, vendor: VendorDouble) -> None:
    faults = [{"field": "body.input", "message": "Input should not be empty", "type": "value_error"}, {"field": "body.task"}]
    vendor.answers(Answer.json({"detail": "Validation error", "errors": faults}, 422))
    with pytest.raises(BadRequest) as caught:
        await embed(caller, ["x"])
    assert caught.value.param == "input"
    assert "Input should not be empty" in str(caught.value.vendor_message)


async def test_an_empty_balance_is_no_wrong_key(caller: Caller, vendor: VendorDouble) -> None:
    vendor.answers(Answer.json({"detail": "Insufficient account balance.", "code": "AUTHZ_INSUFFICIENT_BALANCE"}, 403))
    with pytest.raises(QuotaExceeded):
        await caller.kernel.validate_provider_credentials(caller.context(KEY))


async def test_models_that_are_added(caller: Caller, vendor: VendorDouble) -> None:
    describe = caller.kernel.describe_model
    assert describe("jina", SMALL, ModelType.TEXT_EMBEDDING, KEY) == next(one for one in plugin.models if one.id == SMALL)
    own = KEY | {"base_url": "https://jina.acme.example/v1", "images": True, "dimensions": 512, "max_batch": 8}
    assert describe("jina", SMALL, ModelType.TEXT_EMBEDDING, own).prices is None
    described = describe("jina", "our-model", ModelType.TEXT_EMBEDDING, own)
    assert (described.dimensions, described.max_batch, set(described.features)) == (512, 8, {Feature.MULTIMODAL_INPUT})
    await caller.kernel.validate_model_credentials("our-model", ModelType.TEXT_EMBEDDING, caller.context(own))
    assert vendor.last.url == "https://jina.acme.example/v1/embeddings"
    request = EmbeddingRequest(model="our-model", inputs=["x"], purpose="query")
    await caller.kernel.invoke_text_embedding(request, caller.context(own, "our-model", ModelType.TEXT_EMBEDDING))
    assert vendor.last.json["task"] == "retrieval.query"
    own["tasks"] = False
    await caller.kernel.invoke_text_embedding(request, caller.context(own, "our-model", ModelType.TEXT_EMBEDDING))
    assert "task" not in vendor.last.json
    vendor.answers(Answer.json({"results": []}))
    await caller.kernel.validate_model_credentials("our-ranker", ModelType.RERANK, caller.context(own))
    assert vendor.last.url == "https://jina.acme.example/v1/rerank"


async def test_the_models_that_jina_lists(caller: Caller, vendor: VendorDouble) -> None:
    told = {"input_modalities": ["text", "image"], "output_modalities": ["embeddings"], "context_length": 32768}
    entries: list[dict[str, Any]] = [
        {"id": "jina-ai/jina-embeddings-v3", "pricing": {"prompt": "0.00000005"}},
        {"id": "jina-ai/jina-embeddings-v6", "pricing": {"prompt": "0.0000001"}, **told},
        {"id": "jina-ai/jina-embeddings-v7", "pricing": {"prompt": "free"}, **told},
        {"id": "jina-ai/jina-reranker-v4", "output_modalities": ["text"]},
        {"id": "jina-ai/jina-colbert-v2", **told},
        {"id": "jina-ai/jina-vlm", "output_modalities": ["text"]},
        {"id": "elser-v2", **told},
    ]
    entries[0] |= {"output_modalities": ["embeddings"]}
    vendor.answers(Answer.json({"data": entries}))
    models = await caller.kernel.list_models(caller.context(KEY))
    assert [(model.id, model.type.value) for model in models] == [
        ("jina-embeddings-v3", "text_embedding"),
        ("jina-embeddings-v6", "text_embedding"),
        ("jina-embeddings-v7", "text_embedding"),
        ("jina-reranker-v4", "rerank"),
        ("jina-colbert-v2", "rerank"),
    ]
    assert models[0].dimensions == 1024
    assert models[1].prices is not None
    assert (str(models[1].prices.input), set(models[1].features)) == ("0.1000000", {Feature.MULTIMODAL_INPUT})
    assert models[2].prices is None
