"""The surfaces of /v1, by path."""

from __future__ import annotations

from jackfield.contract import NotFound

from . import assist, audio, chats, models, vectors
from .errors import anthropic_error, cohere_error
from .exchange import Exchange
from .surfaces import Surface


async def _nothing(_exchange: Exchange) -> None:
    raise NotFound("There is nothing here.")


_ALL = (
    Surface("/v1/chat/completions", chats.chat_completions),
    Surface("/v1/completions", chats.completions),
    Surface("/v1/responses", chats.responses),
    Surface("/v1/messages", chats.messages, anthropic=True, render_error=anthropic_error),
    Surface("/v1/messages/count_tokens", chats.count_tokens, anthropic=True, render_error=anthropic_error),
    Surface("/v1/embeddings", vectors.embeddings),
    Surface("/v1/rerank", vectors.rerank_jina, render_error=cohere_error),
    Surface("/v2/rerank", vectors.rerank_cohere, render_error=cohere_error),
    Surface("/v1/moderations", vectors.moderations),
    Surface("/v1/audio/transcriptions", audio.transcriptions),
    Surface("/v1/audio/translations", audio.translations),
    Surface("/v1/audio/speech", audio.speech),
    Surface("/v1/assist/title", assist.title),
    Surface("/v1/assist/questions", assist.questions),
    Surface("/v1/models", models.list_models, method="GET", anthropic=True),
)
SURFACES = {surface.path: surface for surface in _ALL}
GET_MODEL = Surface("/v1/models/{id}", models.get_model, method="GET", anthropic=True)
UNKNOWN = Surface("unknown", _nothing, anthropic=True)
