"""More inputs than a vendor takes at once, asked for batch by batch."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeVar

from jackfield.contract import (
    EmbeddingRequest,
    EmbeddingResult,
    RankedDocument,
    RerankRequest,
    RerankResult,
    ServerUnavailable,
    Usage,
)

from .checks import checked_ranking

AT_ONCE = 4
"""Batches on their way at the same time: quick enough for a document, too few to trip a vendor's rate limit."""

Part = TypeVar("Part")
Result = TypeVar("Result")


async def in_batches(parts: Iterable[Part], ask: Callable[[Part], Awaitable[Result]]) -> list[Result]:
    """What `ask` answers to each part, in order; a few are asked at the same time. The first failure ends the others."""
    free = asyncio.Semaphore(AT_ONCE)

    async def one(part: Part) -> Result:
        async with free:
            return await ask(part)

    tasks = [asyncio.ensure_future(one(part)) for part in parts]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


async def embed_in_batches(
    request: EmbeddingRequest,
    size: int | None,
    embed: Callable[[EmbeddingRequest], Awaitable[EmbeddingResult]],
    *,
    letters: int | None = None,
) -> EmbeddingResult:
    """The vectors of all inputs, in order, and the usage of all calls added up. The first failure ends the others.

    :param size: how many the vendor takes in one request; None: all
    :param letters: how long all texts of one request may be together, for a vendor that bounds that or their tokens, of which a
        text has hardly ever more than letters; a text that is longer goes alone
    :raises ServerUnavailable: if a batch comes back with more or fewer vectors than inputs
    """
    bounds = _bounds([_length(one) for one in request.inputs], size, letters)
    if len(bounds) == 1:
        return await _embed(request, embed)
    parts = [dataclasses.replace(request, inputs=request.inputs[start:end]) for start, end in bounds]
    results = await in_batches(parts, lambda part: _embed(part, embed))
    return EmbeddingResult(
        embeddings=[vector for result in results for vector in result.embeddings],
        usage=sum((result.usage for result in results), Usage()),
        model=results[-1].model,
    )


def _bounds(lengths: Sequence[int], size: int | None, letters: int | None) -> list[tuple[int, int]]:
    """Where each batch begins and ends."""
    bounds: list[tuple[int, int]] = []
    start = length = 0
    for index, more in enumerate(lengths):
        if index > start and (index - start == size or (letters is not None and length + more > letters)):
            bounds.append((start, index))
            start, length = index, 0
        length += more
    return [*bounds, (start, len(lengths))]


def _length(one: object) -> int:
    """Of a text its letters, and of token ids as many as there are."""
    ids = isinstance(one, list) and all(isinstance(token, int) for token in one)
    return len(one) if isinstance(one, str) or ids else 0  # type: ignore[arg-type]


async def _embed(part: EmbeddingRequest, embed: Callable[[EmbeddingRequest], Awaitable[EmbeddingResult]]) -> EmbeddingResult:
    result = await embed(part)
    if len(result.embeddings) != len(part.inputs):
        raise ServerUnavailable(f"The vendor answered {len(part.inputs)} inputs with {len(result.embeddings)} embeddings.")
    result.model = result.model or part.model
    return result


async def rank_in_batches(
    request: RerankRequest,
    size: int | None,
    rank: Callable[[RerankRequest], Awaitable[RerankResult]],
    *,
    letters: int | None = None,
) -> RerankResult:
    """The ranking of all documents, best first, and the usage of all calls added up. The first failure ends the others.

    Rankings of parts can be joined, as a reranker scores each document by itself against the query.

    :param size: how many the vendor takes in one request; None: all
    :param letters: as of `embed_in_batches`; the query counts with each document
    :raises ServerUnavailable: as `checked_ranking`
    """
    bounds = _bounds([len(request.query) + len(document) for document in request.documents], size, letters)
    if len(bounds) == 1:
        return checked_ranking(await rank(request), request)

    async def one(bound: tuple[int, int]) -> RerankResult:
        start, end = bound
        documents = request.documents[start:end]
        best = None if request.top_n is None else min(request.top_n, len(documents))
        part = dataclasses.replace(request, documents=documents, top_n=best)
        result = checked_ranking(await rank(part), part)
        result.ranking = [RankedDocument(start + ranked.index, ranked.score) for ranked in result.ranking]
        return result

    results = await in_batches(bounds, one)
    joined = RerankResult(
        ranking=[ranked for result in results for ranked in result.ranking],
        usage=sum((result.usage for result in results), Usage()),
        model=results[-1].model,
        id=results[0].id,
    )
    return checked_ranking(joined, request)
