"""OpenAI's embeddings, both ways: https://platform.openai.com/docs/api-reference/embeddings"""

from __future__ import annotations

import base64
import struct
from typing import Any

from jackfield.contract import (
    BadRequest,
    EmbeddingRequest,
    EmbeddingResult,
    ServerUnavailable,
    UnsupportedParameter,
    Usage,
)

from .openai_errors import render_error

DIALECT = "openai.embeddings"
_HANDLED = {"model", "input", "dimensions", "user", "encoding_format"}

__all__ = ["DIALECT", "build_request", "parse_request", "parse_result", "render_error", "render_result"]


def parse_request(body: dict[str, Any]) -> EmbeddingRequest:
    """:raises BadRequest: naming the member at fault"""
    inputs = body.get("input")
    if isinstance(inputs, str) or (isinstance(inputs, list) and inputs and all(isinstance(token, int) for token in inputs)):
        inputs = [inputs]
    texts = isinstance(inputs, list) and all(isinstance(text, str) for text in inputs)
    tokens = isinstance(inputs, list) and all(
        isinstance(text, list) and all(isinstance(token, int) for token in text) for text in inputs
    )
    if not inputs or not (texts or tokens):
        raise BadRequest("`input` must be a string, or a list of strings or of token ids.", param="input")
    if body.get("encoding_format") not in (None, "float", "base64"):
        raise BadRequest("`encoding_format` must be float or base64.", param="encoding_format")
    dimensions = body.get("dimensions")
    if dimensions is not None and (not isinstance(dimensions, int) or isinstance(dimensions, bool) or dimensions < 1):
        raise BadRequest("`dimensions` must be a whole number above zero.", param="dimensions")
    return EmbeddingRequest(
        model=str(body.get("model") or ""),
        inputs=inputs,
        dimensions=dimensions,
        user=body.get("user"),
        extra={name: value for name, value in body.items() if name not in _HANDLED},
        dialect=DIALECT,
    )


def build_request(request: EmbeddingRequest) -> dict[str, Any]:
    """:raises UnsupportedParameter: for inputs that are not text or token ids"""
    if (
        request.inputs
        and isinstance(request.inputs[0], list)
        and request.inputs[0]
        and not isinstance(request.inputs[0][0], int)
    ):
        raise UnsupportedParameter("The model embeds text only.", param="input")
    body: dict[str, Any] = {"model": request.model, "input": request.inputs, "encoding_format": "float"}
    if request.dimensions is not None:
        body["dimensions"] = request.dimensions
    if request.user is not None:
        body["user"] = request.user
    return body | (request.extra if request.dialect in (None, DIALECT) else {})


def decode_vector(vector: object) -> list[float]:
    """A vector as floats: a JSON list, or base64 of little-endian 32-bit floats.

    :raises ValueError: if it is neither
    """
    if isinstance(vector, list):
        return vector
    if isinstance(vector, str):
        data = base64.b64decode(vector, validate=True)
        try:
            return list(struct.unpack(f"<{len(data) // 4}f", data))
        except struct.error as error:
            raise ValueError(str(error)) from None
    raise ValueError("a vector is neither a list nor base64")


def parse_result(body: dict[str, Any]) -> EmbeddingResult:
    """:raises ServerUnavailable: if the body is no list of embeddings"""
    try:
        data = sorted(body["data"], key=lambda entry: entry.get("index", 0))
        vectors = [decode_vector(entry["embedding"]) for entry in data]
        usage = body.get("usage") or {}
        tokens = usage.get("prompt_tokens") or usage.get("total_tokens") or 0
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ServerUnavailable(f"The vendor's answer is no list of embeddings: {error!r}.") from None
    return EmbeddingResult(embeddings=vectors, usage=Usage(input_tokens=tokens), model=str(body.get("model") or ""))


def render_result(result: EmbeddingResult, request: EmbeddingRequest, encoding_format: str | None = None) -> dict[str, Any]:
    """OpenAI's list of embeddings; `encoding_format` as the caller asked for it."""
    return {
        "object": "list",
        "data": [
            {
                "object": "embedding",
                "index": index,
                "embedding": base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
                if encoding_format == "base64"
                else vector,
            }
            for index, vector in enumerate(result.embeddings)
        ],
        "model": result.model or request.model,
        "usage": {"prompt_tokens": result.usage.input_tokens, "total_tokens": result.usage.input_tokens},
    }
