"""Bodies of other dialects for the older API, which speaks none of them: translated where others are passed on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson
from jackfield_sdk import (
    ANTHROPIC_MESSAGES,
    JINA_RERANK,
    OPENAI_EMBEDDINGS,
    BadRequest,
    CallContext,
    LLMEvent,
    LLMResult,
    OpenAICompatible,
    RelayRequest,
    RelayResponse,
)
from jackfield_sdk.dialects import anthropic_messages, openai_chat, openai_embeddings, rerank


class _Rendered:
    """A stream in the form of a dialect. Closing it closes the stream, if nothing was asked of it yet as well."""

    __slots__ = ("_chunks", "_events")

    def __init__(self, events: AsyncIterator[LLMEvent], chunks: AsyncIterator[bytes]) -> None:
        self._events = events
        self._chunks = chunks

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        return await anext(self._chunks)

    async def aclose(self) -> None:
        for stream in (self._chunks, self._events):
            close = getattr(stream, "aclose", None)
            if close is not None:
                await close()


async def translated(request: RelayRequest, context: CallContext, provider: OpenAICompatible) -> RelayResponse:
    """What the provider answers to the body, in the body's dialect.

    :raises BadRequest: for what is no body of the dialect
    """
    try:
        body = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise BadRequest("The body is no JSON object.")
    if request.dialect == OPENAI_EMBEDDINGS:
        embedding = openai_embeddings.parse_request(body)
        vectors = await provider.invoke_text_embedding(embedding, context)
        return _answer(openai_embeddings.render_result(vectors, embedding, body.get("encoding_format")))
    if request.dialect == JINA_RERANK:
        ranking = rerank.parse_request(body)
        ranked = await provider.invoke_rerank(ranking, context)
        return _answer(rerank.render_result(ranked, ranking, return_documents=body.get("return_documents") is True))
    codec = anthropic_messages if request.dialect == ANTHROPIC_MESSAGES else openai_chat
    asked = codec.parse_request(body)
    said = await provider.invoke_llm(asked, context)
    if isinstance(said, LLMResult):
        return _answer(codec.render_result(said, asked))
    chunks = codec.render_stream(said, asked)
    return RelayResponse(status=200, headers={"content-type": "text/event-stream"}, body=_Rendered(said, chunks))


def _answer(body: dict[str, Any]) -> RelayResponse:
    return RelayResponse(status=200, headers={"content-type": "application/json"}, body=orjson.dumps(body))
