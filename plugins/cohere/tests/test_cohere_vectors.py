"""Embedding, rerank, the proof of a key and the list of models: what is sent, and what is made of Cohere's answers."""

from __future__ import annotations

from typing import Any

import cohere
import httpx
import orjson
import pytest
from jackfield_sdk import (
    Blob,
    ConnectionFailed,
    CredentialsInvalid,
    EmbeddingRequest,
    Feature,
    ImagePart,
    JackfieldError,
    ModelType,
    RelayRequest,
    RerankRequest,
    ServerUnavailable,
    TextPart,
    UnsupportedParameter,
    Usage,
)
from jackfield_sdk.testing import Answer, Asker, Recorded, VendorDouble

EMBED, OLDER, RERANK = "embed-v5.0-fast", "embed-english-v3.0", "rerank-v5.0-pro"
PICTURE = ImagePart(Blob(media_type="image/png", data=b"\x89PNG"))
PICTURED = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw=="}}


def vectors(request: Recorded) -> Answer:
    """A vector for each input: https://docs.cohere.com/v2/reference/embed#response"""
    inputs = next(request.json[name] for name in ("texts", "inputs", "images") if name in request.json)
    billed = {"image_tokens": 0, "input_tokens": 2} if "images" not in request.json else {"images": 1}
    meta = {"api_version": {"version": "2"}, "billed_units": billed}
    found = [[0.016, -0.008] for _ in inputs]
    return Answer.json({"id": "199299d7", "embeddings": {"float": found}, "meta": meta, "response_type": "embeddings_by_type"})


async def embed(api: Asker, inputs: list[Any], model: str = EMBED, **members: Any) -> Any:
    request = EmbeddingRequest(model=model, inputs=inputs, **members)
    return await api.kernel.invoke_text_embedding(request, api.context(model, ModelType.TEXT_EMBEDDING))


@pytest.mark.parametrize(
    ("members", "sent"),
    [
        ({}, {"input_type": "search_document"}),
        ({"purpose": "query", "truncate": False}, {"input_type": "search_query", "truncate": "NONE"}),
        ({"purpose": "clustering", "dimensions": 256}, {"input_type": "clustering", "output_dimension": 256}),
        (
            {"extra": {"input_type": "classification", "truncate": "START"}, "dialect": "openai.embeddings", "user": "u"},
            {"input_type": "classification", "truncate": "START"},
        ),
    ],
)
async def test_texts(api: Asker, vendor: VendorDouble, members: dict[str, Any], sent: dict[str, Any]) -> None:
    vendor.answers(vectors)
    result = await embed(api, ["hello", "world"], **members)
    assert vendor.last.url == "https://api.cohere.com/v2/embed"
    assert vendor.last.json == {"model": EMBED, "texts": ["hello", "world"], "embedding_types": ["float"]} | sent
    assert (result.embeddings, result.usage, result.model) == ([[0.016, -0.008]] * 2, Usage(input_tokens=2), EMBED)


async def test_texts_and_images(api: Asker, vendor: VendorDouble) -> None:
    vendor.answers(vectors)
    await embed(api, [[TextPart("a penguin"), PICTURE], [PICTURE], [TextPart("alone")]])
    assert vendor.last.json["inputs"] == [
        {"content": [{"type": "text", "text": "a penguin"}, PICTURED]},
        {"content": [PICTURED]},
        {"content": [{"type": "text", "text": "alone"}]},
    ]
    await embed(api, [[TextPart("alone")]])
    assert vendor.last.json["texts"] == ["alone"]


async def test_an_older_model_takes_one_image_at_a_time(api: Asker, vendor: VendorDouble) -> None:
    vendor.answers(vectors)
    result = await embed(api, [[PICTURE], [TextPart("a penguin")], [PICTURE]], OLDER)
    assert len(result.embeddings) == len(vendor.requests) == 3
    pictures = [sent.json for sent in vendor.requests if "images" in sent.json]
    assert len(pictures) == 2
    assert pictures[0] == {
        "model": OLDER,
        "input_type": "image",
        "images": [PICTURED["image_url"]["url"]],  # type: ignore[index]
        "embedding_types": ["float"],
    }
    with pytest.raises(UnsupportedParameter):
        await embed(api, [[TextPart("a penguin"), PICTURE]], OLDER)


@pytest.mark.parametrize(
    ("inputs", "model", "members", "param"),
    [
        (["x"], EMBED, {"purpose": "similarity"}, "purpose"),
        (["x"], OLDER, {"dimensions": 256}, "dimensions"),
        (["x"], EMBED, {"extra": {"task": "retrieval"}, "dialect": "openai.embeddings"}, "task"),
        ([[1, 2, 3]], EMBED, {}, "input"),
        ([[ImagePart(Blob(url="https://a.example/penguin.png"))]], EMBED, {}, "input"),
    ],
)
async def test_what_an_embedding_cannot_take(
    api: Asker, vendor: VendorDouble, inputs: list[Any], model: str, members: dict[str, Any], param: str
) -> None:
    with pytest.raises(UnsupportedParameter) as caught:
        await embed(api, inputs, model, **members)
    assert caught.value.param == param
    assert not vendor.requests


@pytest.mark.parametrize("embeddings", [{"int8": [[1]]}, {"float": [[]]}, {"float": "x"}, [[1.0]], None])
async def test_vectors_that_are_none(api: Asker, vendor: VendorDouble, embeddings: Any) -> None:
    vendor.answers(Answer.json({"id": "1", "embeddings": embeddings}))
    with pytest.raises(ServerUnavailable):
        await embed(api, ["x"])


async def test_a_ranking_is_asked_for_and_billed(api: Asker, vendor: VendorDouble) -> None:
    ranking = [{"index": 1, "relevance_score": 0.99}, {"index": 0, "relevance_score": 0.3}]
    meta = {"billed_units": {"input_tokens": 40}, "tokens": {"input_tokens": 52}}
    vendor.answers(Answer.json({"id": "07734bd2", "results": ranking, "meta": meta}))
    request = RerankRequest(
        model=RERANK, query="q", documents=["a", "b"], top_n=2, extra={"max_tokens_per_doc": 9}, dialect="cohere.rerank"
    )
    result = await api.kernel.invoke_rerank(request, api.context(RERANK, ModelType.RERANK))
    ours = vendor.last
    assert ours.json == {"model": RERANK, "query": "q", "documents": ["a", "b"], "top_n": 2, "max_tokens_per_doc": 9}
    assert (result.id, result.usage) == ("07734bd2", Usage(input_tokens=40))
    async with httpx.AsyncClient() as http:
        client = cohere.AsyncClientV2(api_key="cohere-canary-key", base_url=vendor.url, httpx_client=http)
        theirs = await client.rerank(model=RERANK, query="q", documents=["a", "b"], top_n=2, max_tokens_per_doc=9)
    assert (vendor.last.path, vendor.last.json) == (ours.path, ours.json)
    assert [one.index for one in theirs.results] == [one.index for one in result.ranking]


async def test_a_body_of_coheres_client_is_passed_on(api: Asker, vendor: VendorDouble) -> None:
    vendor.answers(Answer.json({"results": [], "brand_new": 1}))
    body = b'{"model":"rerank-v5.0-pro","query":"q","documents":["a"],"relevant_spans":{"mode":"enabled"}}'
    request = RelayRequest(dialect="cohere.rerank", model=RERANK, body=body)
    response = await api.kernel.relay(request, api.context(RERANK, ModelType.RERANK))
    assert isinstance(response.body, bytes)
    assert orjson.loads(response.body)["brand_new"] == 1
    assert (vendor.last.url, vendor.last.body) == ("https://api.cohere.com/v2/rerank", body)


async def test_a_key_is_proved_by_coheres_own_check(api: Asker, vendor: VendorDouble) -> None:
    vendor.answers(Answer.json({"valid": True}))
    await api.kernel.validate_provider_credentials(api.context())
    assert (vendor.last.method, vendor.last.url) == ("POST", "https://api.cohere.com/v1/check-api-key")
    for base in ("https://cohere.acme.example/", "https://cohere.acme.example/v2"):
        await api.kernel.validate_provider_credentials(api.context(base_url=base))
        assert vendor.last.url == "https://cohere.acme.example/v1/check-api-key"


async def test_more_documents_than_cohere_takes_at_once_are_one_ranking(api: Asker, vendor: VendorDouble) -> None:
    def ranked(asked: Recorded) -> Answer:
        scores = [{"index": index, "relevance_score": index / 10_000} for index in range(len(asked.json["documents"]))]
        return Answer.json({"results": scores[::-1][: asked.json["top_n"]], "meta": {"billed_units": {"search_units": 1}}})

    vendor.answers(ranked)
    request = RerankRequest(model=RERANK, query="q", documents=["d"] * 10_001, top_n=2)
    result = await api.kernel.invoke_rerank(request, api.context(RERANK, ModelType.RERANK))
    assert sorted(len(asked.json["documents"]) for asked in vendor.requests) == [1, 10_000]
    assert [one.index for one in result.ranking] == [9_999, 9_998]
    assert result.usage.search_units == 2


@pytest.mark.parametrize(
    ("answer", "values", "error", "param"),
    [
        (Answer.json({"valid": False}), {}, CredentialsInvalid, "api_key"),
        (Answer.json({"message": "invalid api token"}, 401), {}, CredentialsInvalid, "api_key"),
        (
            Answer.json({"message": "page not found"}, 404),
            {"base_url": "https://a.example"},
            CredentialsInvalid,
            "base_url",
        ),
        (Answer(raw=b"nonsense\r\n\r\n"), {"base_url": "https://a.example"}, CredentialsInvalid, "base_url"),
        (Answer(raw=b"nonsense\r\n\r\n"), {}, ConnectionFailed, None),
    ],
)
async def test_what_speaks_against_a_key(
    api: Asker, vendor: VendorDouble, answer: Answer, values: dict[str, Any], error: type[JackfieldError], param: str | None
) -> None:
    vendor.answers(answer)
    with pytest.raises(error) as caught:
        await api.kernel.validate_provider_credentials(api.context(**values))
    assert caught.value.param == param


async def test_the_models_that_a_key_reaches(api: Asker, vendor: VendorDouble) -> None:
    fine: dict[str, Any] = {
        "name": "command-next",
        "endpoints": ["chat", "embed", "summarize"],
        "features": ["tools", "vision", "later"],
    }
    pages: list[dict[str, Any]] = [
        {"models": [{"name": EMBED, "endpoints": ["embed"]}, {"name": "classifier", "endpoints": ["classify"]}, "x", {}]},
        {"models": [fine | {"context_length": 288000.0, "features": ["tools", "vision", "later"]}]},
    ]
    vendor.answers([Answer.json(pages[0] | {"next_page_token": "second"}), Answer.json(pages[1])])
    models = await api.kernel.list_models(api.context())
    assert [(model.id, model.type.value) for model in models] == [
        (EMBED, "text_embedding"),
        ("command-next", "llm"),
        ("command-next", "text_embedding"),
    ]
    assert models[0].prices is not None
    assert models[1].features == {Feature.STREAMING, Feature.TOOLS, Feature.PARALLEL_TOOLS, Feature.VISION}
    assert models[1].context_window == 288000
    assert [sent.query for sent in vendor.requests] == [
        {"page_size": "1000"},
        {"page_size": "1000", "page_token": "second"},
    ]
