"""Embedding and rerank: by WordLlama, or, for a model that was added, by llama.cpp."""

from __future__ import annotations

from jackfield_sdk import (
    BadRequest,
    CallContext,
    EmbeddingRequest,
    EmbeddingResult,
    ModelNotFound,
    ModelType,
    RankedDocument,
    RerankRequest,
    RerankResult,
    TextPart,
    UnsupportedParameter,
    Usage,
)

from .chats import Chats
from .embedder import DIMENSIONS, Embedder
from .extras import further
from .workers import Workers

EMBEDDING_ID = "wordllama"
RERANK_ID = "wordllama-rerank"


class Vectors:
    """:param chats: where GGUF models are kept in memory"""

    def __init__(self, chats: Chats) -> None:
        self._chats = chats
        self._embedder = Embedder()
        self._workers = Workers("wordllama")

    async def embed(self, request: EmbeddingRequest, context: CallContext) -> EmbeddingResult:
        """:raises BadRequest: naming what is wrong; :raises MissingExtra: the engine is not installed"""
        further(request)
        texts = _texts(request)
        if "path" in context.credentials:
            return await self._embed_by_llama(request, texts, context)
        if request.model != EMBEDDING_ID:
            raise ModelNotFound(f"There is no embedded embedding model `{request.model}`.")
        dimensions = request.dimensions or DIMENSIONS[-1]
        if dimensions not in DIMENSIONS:
            raise BadRequest(f"`dimensions` must be one of {', '.join(map(str, DIMENSIONS))}.", param="dimensions")
        vectors, tokens = await self._workers.run(lambda stop: self._embedder.embed(texts, dimensions, stop))
        return EmbeddingResult(embeddings=vectors, usage=Usage(input_tokens=tokens), model=request.model)

    async def _embed_by_llama(self, request: EmbeddingRequest, texts: list[str], context: CallContext) -> EmbeddingResult:
        for name in ("dimensions", "truncate"):
            if getattr(request, name) and not request.drop_unsupported:
                raise UnsupportedParameter(f"A model added as a GGUF file does not take `{name}`.", param=name)
        with await self._chats.lease_custom(ModelType.TEXT_EMBEDDING, context) as held:
            vectors, tokens = await held.server.workers.run(lambda _: held.server.embed(texts))
        return EmbeddingResult(embeddings=vectors, usage=Usage(input_tokens=tokens), model=request.model)

    async def rerank(self, request: RerankRequest, context: CallContext) -> RerankResult:
        """By the cosine between query and document, -1 to 1."""
        further(request)
        if request.model != RERANK_ID or "path" in context.credentials:
            raise ModelNotFound(f"There is no embedded rerank model `{request.model}`.")
        if not request.query:
            raise BadRequest("`query` is empty.", param="query")
        if not request.documents:
            raise BadRequest("`documents` is empty.", param="documents")
        if request.top_n is not None and request.top_n < 1:
            raise BadRequest("`top_n` must be at least 1.", param="top_n")
        _refuse_broken_text([request.query], "query")
        _refuse_broken_text(request.documents, "documents")
        scores, tokens = await self._workers.run(lambda stop: self._embedder.rank(request.query, request.documents, stop))
        ranking = sorted((RankedDocument(index, score) for index, score in enumerate(scores)), key=lambda item: -item.score)
        return RerankResult(
            ranking=ranking[: request.top_n], usage=Usage(input_tokens=tokens, search_units=1), model=request.model
        )


def _texts(request: EmbeddingRequest) -> list[str]:
    texts: list[str] = []
    for entry in request.inputs:
        if isinstance(entry, str):
            texts.append(entry)
        elif all(isinstance(part, TextPart) for part in entry):
            texts.append("".join(part.text for part in entry if isinstance(part, TextPart)))
        elif all(isinstance(part, int) for part in entry):
            raise UnsupportedParameter(
                "The local models take text, not token ids: those are of another model's tokenizer.", param="input"
            )
        else:
            raise UnsupportedParameter("The local models embed text only, not images.", param="input")
    if not texts or not all(texts):
        raise BadRequest("`input` must hold at least one text, and none that is empty.", param="input")
    _refuse_broken_text(texts, "input")
    return texts


def _refuse_broken_text(texts: list[str], param: str) -> None:
    """Half of a surrogate pair, which JSON can hold, is no text."""
    try:
        for text in texts:
            text.encode()
    except UnicodeEncodeError as error:
        raise BadRequest(f"`{param}` holds what is not valid Unicode text.", param=param) from error
