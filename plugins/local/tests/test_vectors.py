"""Embedding and rerank by the embedded model."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, Any

import pytest
from jackfield_sdk import (
    BadRequest,
    Blob,
    EmbeddingRequest,
    ImagePart,
    ModelType,
    RerankRequest,
    TextPart,
)

if TYPE_CHECKING:
    from .conftest import Local

EMBEDDING, RERANK = "wordllama", "wordllama-rerank"


async def embed(local: Local, *inputs: Any, **members: Any) -> Any:
    request = EmbeddingRequest(model=EMBEDDING, inputs=list(inputs), **members)
    return await local.kernel.invoke_text_embedding(request, local.context(EMBEDDING, ModelType.TEXT_EMBEDDING))


async def rerank(local: Local, query: str, documents: list[str], **members: Any) -> Any:
    request = RerankRequest(model=RERANK, query=query, documents=documents, **members)
    return await local.kernel.invoke_rerank(request, local.context(RERANK, ModelType.RERANK))


async def test_texts_alike_lie_closer(local: Local) -> None:
    texts = ["The cat sat on the mat.", "A kitten lay on a rug.", "Share prices fell on Friday."]
    result = await embed(local, *texts)
    cat, kitten, shares = result.embeddings
    assert dot(cat, kitten) > dot(cat, shares) + 0.1
    assert result.usage.input_tokens == sum([(await embed(local, text)).usage.input_tokens for text in texts]) > 15


@pytest.mark.parametrize("dimensions", [64, 128, 256])
async def test_a_vector_may_be_shorter_and_has_length_one(local: Local, dimensions: int) -> None:
    result = await embed(local, "hello world", "x" * 5, dimensions=dimensions)
    assert [len(vector) for vector in result.embeddings] == [dimensions] * 2
    assert all(math.isclose(math.hypot(*vector), 1, abs_tol=1e-4) for vector in result.embeddings)


async def test_a_book_among_short_texts_changes_nothing_for_them(local: Local) -> None:
    alone = await embed(local, "hello world")
    together = await embed(local, "hello world", "book " * 60_000)
    assert together.embeddings[0] == alone.embeddings[0]
    assert together.usage.input_tokens > 60_000


async def test_the_root_logger_is_left_as_it_was(local: Local) -> None:
    before = logging.getLogger().level, list(logging.getLogger().handlers)
    await embed(local, "hello")
    assert (logging.getLogger().level, logging.getLogger().handlers) == before


@pytest.mark.parametrize(
    ("inputs", "members", "param"),
    [
        ([], {}, "input"),
        (["a", ""], {}, "input"),
        (["a"], {"dimensions": 100}, "dimensions"),
        ([[1, 2, 3]], {}, "input"),
        ([[TextPart("a"), ImagePart(Blob(url="https://example.com/a.png"))]], {}, "input"),
        (["\ud83d"], {}, "input"),
        (["a"], {"extra": {"late_chunking": True}}, "late_chunking"),
    ],
)
async def test_bad_inputs_are_refused_by_name(local: Local, inputs: list[Any], members: dict[str, Any], param: str) -> None:
    with pytest.raises(BadRequest) as caught:
        await embed(local, *inputs, **members)
    assert caught.value.param == param


async def test_the_best_documents_come_first(local: Local) -> None:
    documents = [
        "Bananas are yellow and grow in the tropics.",
        "Paris is the capital and largest city of France.",
        "The stock market fell sharply on Friday.",
        "Berlin is the capital of Germany.",
    ]
    result = await rerank(local, "What is the capital of France?", documents)
    assert [ranked.index for ranked in result.ranking][:2] == [1, 3]
    assert sorted(ranked.index for ranked in result.ranking) == [0, 1, 2, 3]
    assert result.ranking[0].score > result.ranking[-1].score
    assert result.usage.search_units == 1

    best = await rerank(local, "What is the capital of France?", documents, top_n=1)
    assert best.ranking == result.ranking[:1]


@pytest.mark.parametrize(
    ("query", "documents", "members", "param"),
    [
        ("", ["a"], {}, "query"),
        ("a", [], {}, "documents"),
        ("a", ["a"], {"top_n": 0}, "top_n"),
        ("a", ["\ud83d"], {}, "documents"),
        ("a", ["a"], {"extra": {"made_up": 1}}, "made_up"),
    ],
)
async def test_bad_reranks_are_refused_by_name(
    local: Local, query: str, documents: list[str], members: dict[str, Any], param: str
) -> None:
    with pytest.raises(BadRequest) as caught:
        await rerank(local, query, documents, **members)
    assert caught.value.param == param


def dot(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))
