"""Embeddings: https://ai.google.dev/gemini-api/docs/embeddings"""

from __future__ import annotations

from typing import Any, Final

from jackfield_sdk import (
    EmbeddingRequest,
    EmbeddingResult,
    Feature,
    ImagePart,
    ModelDescription,
    ServerUnavailable,
    TextPart,
    UnsupportedParameter,
    Usage,
)
from jackfield_sdk.blobs import media_type, to_base64

_TASKS: Final = {
    "query": "RETRIEVAL_QUERY",
    "document": "RETRIEVAL_DOCUMENT",
    "classification": "CLASSIFICATION",
    "clustering": "CLUSTERING",
    "similarity": "SEMANTIC_SIMILARITY",
}
_PREFIXES: Final = {
    "query": "task: search result | query: ",
    "document": "title: none | text: ",
    "classification": "task: classification | query: ",
    "clustering": "task: clustering | query: ",
    "similarity": "task: sentence similarity | query: ",
}
"""How gemini-embedding-2 is told the purpose: in the text, not beside it."""


def build_request(request: EmbeddingRequest, model: ModelDescription | None) -> dict[str, Any]:
    """The body of batchEmbedContents.

    :raises UnsupportedParameter: for token ids; for images, which only some models see; for a text that must not be cut
    """
    if request.truncate is False and not request.drop_unsupported:
        raise UnsupportedParameter("Gemini cuts texts that are too long.", param="truncate")
    by_prefix = model is not None and bool(model.properties.get("purpose_as_prefix"))
    sees = model is None or Feature.MULTIMODAL_INPUT in model.features
    prefix = _PREFIXES[request.purpose] if by_prefix and request.purpose else ""
    beside: dict[str, Any] = {}
    if request.purpose and not by_prefix:
        beside["taskType"] = _TASKS[request.purpose]
    if request.dimensions is not None:
        beside["outputDimensionality"] = request.dimensions
    name = request.model if "/" in request.model else f"models/{request.model}"
    contents = [{"parts": _build_parts(one, prefix, sees=sees)} for one in request.inputs]
    return {"requests": [{"model": name, "content": content, **beside, **request.extra} for content in contents]}


def _build_parts(one: str | list[int] | list[TextPart | ImagePart], prefix: str, *, sees: bool) -> list[dict[str, Any]]:
    if isinstance(one, str):
        return [{"text": prefix + one}]
    parts: list[dict[str, Any]] = []
    for part in one:
        if isinstance(part, TextPart):
            parts.append({"text": prefix + part.text})
        elif isinstance(part, ImagePart) and sees:
            parts.append({"inlineData": {"mimeType": media_type(part.blob, "input"), "data": to_base64(part.blob, "input")}})
        else:
            raise UnsupportedParameter("The model embeds texts only.", param="input")
    return parts


def parse_result(body: dict[str, Any], model: str) -> EmbeddingResult:
    """The vectors; what they used, where Gemini tells it.

    :raises ServerUnavailable: if the body holds none
    """
    try:
        vectors = [_vector(one["values"]) for one in body["embeddings"]]
    except (KeyError, TypeError) as error:
        raise ServerUnavailable(f"The vendor's answer is no list of embeddings: {error!r}.") from None
    usage = body.get("usageMetadata")
    tokens = usage.get("promptTokenCount") if isinstance(usage, dict) else None
    return EmbeddingResult(embeddings=vectors, usage=Usage(input_tokens=tokens if isinstance(tokens, int) else 0), model=model)


def _vector(values: object) -> list[float]:
    if not isinstance(values, list) or not all(isinstance(value, int | float) for value in values):
        raise TypeError("a vector is no list of numbers")
    return values
