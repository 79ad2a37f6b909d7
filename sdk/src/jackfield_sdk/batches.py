"""More inputs than a vendor takes at once, embedded batch by batch."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable

from jackfield.contract import EmbeddingRequest, EmbeddingResult, ServerUnavailable, Usage


async def embed_in_batches(
    request: EmbeddingRequest, size: int | None, embed: Callable[[EmbeddingRequest], Awaitable[EmbeddingResult]]
) -> EmbeddingResult:
    """The vectors of all inputs, in order, and the usage of all calls added up.

    :param size: how many the vendor takes in one request; None: all
    :raises ServerUnavailable: if a batch comes back with more or fewer vectors than inputs
    """
    count = len(request.inputs)
    step = min(size or count, count) or 1
    vectors: list[list[float]] = []
    usage, model = Usage(), request.model
    for start in range(0, count, step):
        part = dataclasses.replace(request, inputs=request.inputs[start : start + step])
        result = await embed(part)
        if len(result.embeddings) != len(part.inputs):
            raise ServerUnavailable(f"The vendor answered {len(part.inputs)} inputs with {len(result.embeddings)} embeddings.")
        vectors += result.embeddings
        usage += result.usage
        model = result.model or model
    return EmbeddingResult(embeddings=vectors, usage=usage, model=model)
