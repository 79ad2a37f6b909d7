"""Streams whose first piece is awaited, and embeddings in as many requests as the vendor's bounds make."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from jackfield_sdk import (
    EmbeddingRequest,
    EmbeddingResult,
    RerankRequest,
    ServerUnavailable,
    Timeout,
    UnsupportedParameter,
    Usage,
    begin,
    embed_in_batches,
    event_object,
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
