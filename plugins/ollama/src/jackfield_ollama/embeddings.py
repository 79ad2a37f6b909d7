"""Embeddings by /api/embed: https://docs.ollama.com/api/embed"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jackfield_sdk import EmbeddingRequest, EmbeddingResult, ServerUnavailable, UnsupportedParameter, Usage
from jackfield_sdk.dialects import openai_embeddings

from .answers import usage_of
from .requests import keep_alive

_OPENAI_ONLY = ("encoding_format", "user")


def build_embedding(request: EmbeddingRequest, settings: Mapping[str, Any]) -> dict[str, Any]:
    """:param settings: the form's values
    :raises UnsupportedParameter: for what is no text
    """
    wired = openai_embeddings.build_request(request)
    if any(not isinstance(one, str) for one in wired["input"]):
        raise UnsupportedParameter("Ollama embeds texts, not token ids.", param="input")
    body = {name: value for name, value in wired.items() if name not in _OPENAI_ONLY}
    if request.truncate is not None:
        body["truncate"] = request.truncate
    if settings.get("context_size"):
        body["options"] = {"num_ctx": int(settings["context_size"])} | body.get("options", {})
    if settings.get("keep_alive"):
        body.setdefault("keep_alive", keep_alive(str(settings["keep_alive"])))
    return body


def parse_embedding(body: dict[str, Any]) -> EmbeddingResult:
    """:raises ServerUnavailable: if it holds no vectors"""
    vectors = body.get("embeddings")
    if not isinstance(vectors, list):
        raise ServerUnavailable("The vendor's answer holds no embeddings.")
    try:
        decoded = [openai_embeddings.decode_vector(vector) for vector in vectors]
    except ValueError as error:
        raise ServerUnavailable(f"The vendor's answer holds no embeddings: {error}.") from None
    usage = Usage(input_tokens=usage_of(body).input_tokens)
    return EmbeddingResult(embeddings=decoded, usage=usage, model=str(body.get("model") or ""))
