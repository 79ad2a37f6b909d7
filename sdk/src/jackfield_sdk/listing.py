"""The model list of a server that speaks OpenAI's dialect, and what a model's name tells of it."""

from __future__ import annotations

import re
from typing import Any

from jackfield.contract import ModelType, ServerUnavailable

_TYPES: tuple[tuple[str, ModelType | None], ...] = (
    (r"rerank", ModelType.RERANK),
    (r"moderation", ModelType.MODERATION),
    (r"embed|bge-|gte-|\be5-", ModelType.TEXT_EMBEDDING),
    (r"whisper|transcribe|\basr\b|sensevoice|paraformer", ModelType.SPEECH_TO_TEXT),
    (r"\btts\b|cosyvoice|-speech\b", ModelType.TEXT_TO_SPEECH),
    (r"dall-e|\bimage|\bsora\b|stable-diffusion|\bflux\b|realtime|\bveo\b|\bimagen\b", None),
)
_WINDOWS = ("context_length", "context_window", "max_context_length", "max_model_len", "max_input_tokens")


def entries_of(body: Any) -> list[dict[str, Any]]:
    """The entries that have an id: in `data`, in `models`, or in a bare list.

    :raises ServerUnavailable: if there is no list
    """
    listed = body.get("data", body.get("models")) if isinstance(body, dict) else body
    if listed is None and isinstance(body, dict) and body.get("object") == "list":
        listed = []  # what a server written in Go says of an empty one
    if not isinstance(listed, list):
        raise ServerUnavailable("The vendor's answer is no list of models.", vendor_status=200)
    return [entry for entry in listed if isinstance(entry, dict) and isinstance(entry.get("id"), str) and entry["id"]]


def type_by_name(model: str) -> ModelType | None:
    """What vendors name their models like; a chat model if nothing speaks against it, None for what has no type here."""
    name = model.lower()
    return next((kind for pattern, kind in _TYPES if re.search(pattern, name)), ModelType.LLM)


def window_of(entry: dict[str, Any]) -> int | None:
    """The context window, by the names under which servers tell it (vLLM, OpenRouter, Groq, Mistral, llama.cpp)."""
    meta = entry.get("meta") if isinstance(entry.get("meta"), dict) else {}
    values = [entry.get(name) for name in _WINDOWS] + [meta.get("n_ctx_train") if meta else None]
    return next((value for value in values if isinstance(value, int) and not isinstance(value, bool) and value > 0), None)
