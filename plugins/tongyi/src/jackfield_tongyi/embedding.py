"""Embeddings by DashScope's own API, which tells queries from documents.

https://www.alibabacloud.com/help/en/model-studio/text-embedding-synchronous-api and …/multimodal-embedding-api-reference
"""

from __future__ import annotations

from typing import Any

from jackfield_sdk import (
    EmbeddingRequest,
    EmbeddingResult,
    ImagePart,
    ServerUnavailable,
    TextPart,
    UnsupportedParameter,
    Usage,
    blobs,
    refuse,
)

_PURPOSES = {"query": "query", "document": "document"}


def build(request: EmbeddingRequest, *, multimodal: bool) -> dict[str, Any]:
    """:raises UnsupportedParameter: for token ids, images that the model does not see, and several parts in one input"""
    parameters: dict[str, Any] = {}
    if request.dimensions is not None:
        parameters["dimension"] = request.dimensions
    if multimodal:
        return {
            "model": request.model,
            "input": {"contents": [_content(one) for one in request.inputs]},
            "parameters": parameters,
        }
    if request.purpose in _PURPOSES:
        parameters["text_type"] = _PURPOSES[request.purpose]
    if request.truncate is False:  # what is too long is refused anyway
        refuse(request, "truncate")
    return {"model": request.model, "input": {"texts": [_text(one) for one in request.inputs]}, "parameters": parameters}


def _part(one: Any) -> TextPart | ImagePart:
    if isinstance(one, str):
        return TextPart(one)
    if isinstance(one, list) and len(one) == 1 and isinstance(one[0], TextPart | ImagePart):
        return one[0]
    raise UnsupportedParameter("Each input is one text or one image.", param="input")


def _text(one: Any) -> str:
    part = _part(one)
    if isinstance(part, ImagePart):
        raise UnsupportedParameter("The model embeds text only.", param="input")
    return part.text


def _content(one: Any) -> dict[str, str]:
    part = _part(one)
    return {"text": part.text} if isinstance(part, TextPart) else {"image": blobs.to_url(part.blob, "input")}


def parse(body: dict[str, Any]) -> EmbeddingResult:
    """:raises ServerUnavailable: if the answer holds no embeddings"""
    try:
        entries = body["output"]["embeddings"]
        ordered = sorted(entries, key=lambda entry: int(entry.get("text_index", entry.get("index", 0))))
        vectors = [[float(number) for number in entry["embedding"]] for entry in ordered]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ServerUnavailable(f"The vendor's answer holds no embeddings: {error!r}.") from None
    return EmbeddingResult(embeddings=vectors, usage=usage(body))


def usage(body: dict[str, Any]) -> Usage:
    """The input tokens of an embedding or a rerank; those of images are told apart."""
    told = body.get("usage")
    told = told if isinstance(told, dict) else {}
    total = told.get("total_tokens")
    if not isinstance(total, int):
        total = sum(value for name in ("input_tokens", "image_tokens") if isinstance(value := told.get(name), int))
    return Usage(input_tokens=total)
