"""Embeddings of texts and images: https://docs.cohere.com/v2/reference/embed"""

from __future__ import annotations

from typing import Any

from jackfield_sdk import (
    EmbeddingRequest,
    EmbeddingResult,
    ImagePart,
    ModelDescription,
    ServerUnavailable,
    TextPart,
    UnsupportedParameter,
    blobs,
)
from jackfield_sdk.dialects import extras, openai_embeddings

from .usage import parse_usage

DIALECT = "cohere.embed"
_PURPOSES = {
    "query": "search_query",
    "document": "search_document",
    "classification": "classification",
    "clustering": "clustering",
}
_OWN = frozenset({"input_type", "max_tokens", "priority", "truncate"})
"""Members of Cohere's that clients of OpenAI's add to a body, as no other word is there for them."""


def build_request(request: EmbeddingRequest, model: ModelDescription | None) -> dict[str, Any]:
    """The wire body. Cohere wants to know what a vector is for; what is not said to be a query is a document.

    :raises UnsupportedParameter: by name, for what Cohere or the model has no form for, unless `drop_unsupported`
    """
    body: dict[str, Any] = {"model": request.model, "input_type": _build_purpose(request), "embedding_types": ["float"]}
    body |= _build_inputs(request, apart=takes_apart(model))
    if request.dimensions is not None:
        body["output_dimension"] = request.dimensions
    if request.truncate is not None:
        body["truncate"] = "END" if request.truncate else "NONE"
    return body | extras.passed_on(request, DIALECT, shared=_OWN)


def _build_purpose(request: EmbeddingRequest) -> str:
    if request.purpose is not None and request.purpose not in _PURPOSES:
        extras.refuse(request, "purpose", f"This model makes no vectors for {request.purpose}.")
    return _PURPOSES.get(request.purpose or "", "search_document")


def takes_apart(model: ModelDescription | None) -> bool:
    """Whether the model takes one image in a request, and no text beside it."""
    return model is not None and model.properties.get("images") == "apart"


def size_of_batch(request: EmbeddingRequest, model: ModelDescription | None) -> int | None:
    """How many inputs go into one request."""
    if takes_apart(model) and not all(isinstance(one, str) for one in request.inputs):
        return 1
    return model.max_batch if model is not None else None


def _build_inputs(request: EmbeddingRequest, *, apart: bool) -> dict[str, Any]:
    """Texts alone as `texts`, which every model takes, and texts with images as `inputs`."""
    contents = [_build_content(one) for one in request.inputs]
    blocks = [content[0] for content in contents if len(content) == 1]
    if len(blocks) == len(contents) and all(block["type"] == "text" for block in blocks):
        return {"texts": [block["text"] for block in blocks]}
    if not apart:
        return {"inputs": [{"content": content} for content in contents]}
    if len(blocks) < len(contents):
        raise UnsupportedParameter("This model embeds a text or an image, and not both together.", param="input")
    return {"input_type": "image", "images": [block["image_url"]["url"] for block in blocks]}


def _build_content(one: str | list[int] | list[TextPart | ImagePart]) -> list[dict[str, Any]]:
    if isinstance(one, str):
        return [{"type": "text", "text": one}]
    return [_build_part(part) for part in one]


def _build_part(part: int | TextPart | ImagePart) -> dict[str, Any]:
    match part:
        case TextPart():
            return {"type": "text", "text": part.text}
        case ImagePart():
            # Only `data:` URLs are taken here, unlike in a chat.
            blobs.to_bytes(part.blob, "input")
            return {"type": "image_url", "image_url": {"url": blobs.to_url(part.blob, "input")}}
    raise UnsupportedParameter("This model embeds text, and no token ids.", param="input")


def parse_result(body: dict[str, Any], model: str) -> EmbeddingResult:
    """:raises ServerUnavailable: if the body holds no vectors of floats"""
    try:
        vectors = [openai_embeddings.decode_vector(vector) for vector in body["embeddings"]["float"]]
    except (KeyError, TypeError, ValueError) as error:
        raise ServerUnavailable(f"The vendor's answer is no list of embeddings: {error!r}.") from None
    return EmbeddingResult(embeddings=vectors, usage=parse_usage(body.get("meta")), model=model)
