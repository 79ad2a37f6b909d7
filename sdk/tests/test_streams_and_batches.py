"""Streams whose first piece is awaited; embeddings and rankings in as many requests as the vendor's bounds make."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from jackfield_sdk import (
    EmbeddingRequest,
    EmbeddingResult,
    RankedDocument,
    RerankRequest,
    RerankResult,
    ServerUnavailable,
    Timeout,
    UnsupportedParameter,
    Usage,
    begin,
    embed_in_batches,
    event_object,
    rank_in_batches,
    refuse_extra,
)
from jackfield_sdk.dialects import ServerSentEvent


class Pieces:
    """A stream that knows whether it was closed."""

    def __init__(self, *pieces: bytes | Exception) -> None:
        self.left = list(pieces)
        self.closed = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if not self.left:
            raise StopAsyncIteration
        piece = self.left.pop(0)
        if isinstance(piece, Exception):
            raise piece
        return piece

    async def aclose(self) -> None:
        self.closed = True


async def test_a_begun_stream_is_whole() -> None:
    assert [piece async for piece in await begin(Pieces(b"a", b"b", b"c"))] == [b"a", b"b", b"c"]


async def test_a_stream_that_fails_before_its_first_piece_fails_when_it_is_begun() -> None:
    late = Pieces(Timeout("late"))
    with pytest.raises(Timeout):
        await begin(late)
    assert late.closed
    with pytest.raises(ServerUnavailable):
        await begin(Pieces())


async def test_a_begun_stream_that_nobody_reads_is_closed() -> None:
    pieces = Pieces(b"a", b"b")
    begun = await begin(pieces)
    await begun.aclose()
    assert pieces.closed
    assert [piece async for piece in begun] == [b"b"]  # the first was let go


@pytest.mark.parametrize(
    ("size", "letters", "expected"),
    [
        (None, None, [["aaaa", "bb", "cccccc", "d"]]),
        (3, None, [["aaaa", "bb", "cccccc"], ["d"]]),
        (None, 6, [["aaaa", "bb"], ["cccccc"], ["d"]]),
        (1, 6, [["aaaa"], ["bb"], ["cccccc"], ["d"]]),
        (None, 3, [["aaaa"], ["bb"], ["cccccc"], ["d"]]),
    ],
)
async def test_batches_keep_within_the_bounds(size: int | None, letters: int | None, expected: list[list[str]]) -> None:
    sent: list[list[str]] = []

    async def embed(part: EmbeddingRequest) -> EmbeddingResult:
        texts = [str(text) for text in part.inputs]
        sent.append(texts)
        return EmbeddingResult(embeddings=[[float(len(text))] for text in texts], usage=Usage(input_tokens=len(texts)))

    request = EmbeddingRequest(model="m", inputs=["aaaa", "bb", "cccccc", "d"])
    result = await embed_in_batches(request, size, embed, letters=letters)
    assert sorted(sent) == expected
    assert result.embeddings == [[4.0], [2.0], [6.0], [1.0]]
    assert result.usage.input_tokens == 4


async def test_token_ids_are_counted_as_such() -> None:
    sent: list[int] = []

    async def embed(part: EmbeddingRequest) -> EmbeddingResult:
        sent.append(len(part.inputs))
        return EmbeddingResult(embeddings=[[1.0] for _ in part.inputs])

    await embed_in_batches(EmbeddingRequest(model="m", inputs=[[1] * 4, [2] * 4, [3] * 4]), None, embed, letters=8)
    assert sorted(sent) == [1, 2]


@pytest.mark.parametrize(
    ("top_n", "sent", "ranking"),
    [
        (None, [(3, None), (3, None), (1, None)], [3, 6, 1, 0, 5, 2, 4]),
        (2, [(3, 2), (3, 2), (1, 1)], [3, 6]),
        (7, [(3, 3), (3, 3), (1, 1)], [3, 6, 1, 0, 5, 2, 4]),
    ],
)
async def test_rankings_of_parts_are_one(top_n: int | None, sent: list[tuple[int, int | None]], ranking: list[int]) -> None:
    asked: list[tuple[int, int | None]] = []

    async def rank(part: RerankRequest) -> RerankResult:
        asked.append((len(part.documents), part.top_n))
        ranked = [RankedDocument(index, float(document)) for index, document in enumerate(part.documents)]
        return RerankResult(ranking=ranked, usage=Usage(input_tokens=len(ranked), search_units=1), model="m-1", id="r")

    documents = ["0.4", "0.5", "0.2", "0.9", "0.1", "0.3", "0.6"]
    result = await rank_in_batches(RerankRequest(model="m", query="q", documents=documents, top_n=top_n), 3, rank)
    assert asked == sent
    assert [one.index for one in result.ranking] == ranking
    assert [one.score for one in result.ranking] == [float(documents[index]) for index in ranking]
    assert (result.usage, result.model, result.id) == (Usage(input_tokens=7, search_units=3), "m-1", "r")


async def test_rankings_in_parts_of_so_many_letters() -> None:
    sent: list[list[str]] = []

    async def rank(part: RerankRequest) -> RerankResult:
        sent.append(part.documents)
        return RerankResult(ranking=[RankedDocument(index, len(text)) for index, text in enumerate(part.documents)])

    request = RerankRequest(model="m", query="q", documents=["a", "bbbb", "cc", "dddddddddddd", "e"])
    result = await rank_in_batches(request, 10, rank, letters=8)
    assert sent == [["a", "bbbb"], ["cc"], ["dddddddddddd"], ["e"]], "the query counts with each, and what is longer goes alone"
    assert [one.index for one in result.ranking] == [3, 1, 2, 0, 4]


async def test_a_part_that_ranks_what_it_was_not_sent_is_an_error() -> None:
    async def rank(part: RerankRequest) -> RerankResult:
        return RerankResult(ranking=[RankedDocument(2, 0.5)])

    with pytest.raises(ServerUnavailable):
        await rank_in_batches(RerankRequest(model="m", query="q", documents=["a", "b", "c", "d"]), 2, rank)


def test_members_of_another_dialect_are_refused_for_every_type() -> None:
    request = RerankRequest(model="m", query="q", documents=["d"], extra={"rank_fields": ["a"]}, dialect="cohere.rerank")
    assert refuse_extra(request, "cohere.rerank") is request
    with pytest.raises(UnsupportedParameter) as caught:
        refuse_extra(request, "jina.rerank")
    assert caught.value.param == "rank_fields"
    request.drop_unsupported = True
    assert refuse_extra(request, "jina.rerank").extra == {}


def test_events_are_objects() -> None:
    assert event_object(ServerSentEvent(data='{"a": 1}')) == {"a": 1}
    for data in ("", "{", "[1]", "null", "[DONE]"):
        with pytest.raises(ServerUnavailable):
            event_object(ServerSentEvent(data=data))
