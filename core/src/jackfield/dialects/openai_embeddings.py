"""OpenAI's embeddings, both ways: https://platform.openai.com/docs/api-reference/embeddings"""

from __future__ import annotations

import base64
import struct
from typing import Any

from jackfield.contract import (
    BadRequest,
    Blob,
    EmbeddingRequest,
    EmbeddingResult,
    ImagePart,
    ServerUnavailable,
    TextPart,
    UnsupportedParameter,
)

from .counts import count
from .extras import given, passed_on
from .media import decode_base64, parse_data_url, sniff
from .openai_errors import render_error
from .openai_usage import parse_input_usage, render_input_usage

DIALECT = "openai.embeddings"
_HANDLED = frozenset({"model", "input", "dimensions", "user", "encoding_format"})

__all__ = ["DIALECT", "build_request", "parse_request", "parse_result", "render_error", "render_result"]


def parse_request(body: dict[str, Any]) -> EmbeddingRequest:
    """A text, texts, token ids, or objects with a `text` or an `image` as Jina's multi-modal models take them.

    :raises BadRequest: naming the member at fault
    """
    if body.get("encoding_format") not in (None, "float", "base64"):
        raise BadRequest("`encoding_format` must be float or base64.", param="encoding_format")
    dimensions = body.get("dimensions")
    if dimensions is not None and (not isinstance(dimensions, int) or isinstance(dimensions, bool) or dimensions < 1):
        raise BadRequest("`dimensions` must be a whole number above zero.", param="dimensions")
    user = body.get("user")
    if user is not None and not isinstance(user, str):
        raise BadRequest("`user` must be a string.", param="user")
    return EmbeddingRequest(
        model=str(body.get("model") or ""),
        inputs=_parse_inputs(body.get("input")),
        dimensions=dimensions,
        user=user,
        extra=given(body, _HANDLED),
        dialect=DIALECT,
    )


def _parse_inputs(wired: object) -> Any:
    if isinstance(wired, str):
        return [wired]
    if isinstance(wired, list) and wired:
        if all(isinstance(text, str) for text in wired):
            return wired
        if _are_tokens(wired):
            return [wired]
        if all(isinstance(tokens, list) and tokens and _are_tokens(tokens) for tokens in wired):
            return wired
        if any(isinstance(one, dict) for one in wired):
            return [[_parse_object(one, f"input.{index}")] for index, one in enumerate(wired)]
    raise BadRequest("`input` must be a string, or a list of strings or of token ids.", param="input")


def _are_tokens(tokens: list[Any]) -> bool:
    return all(type(token) is int for token in tokens)


def _parse_object(one: object, param: str) -> TextPart | ImagePart:
    if isinstance(one, str):
        return TextPart(one)
    if isinstance(one, dict) and len(one) == 1:
        if isinstance(text := one.get("text"), str):
            return TextPart(text)
        if isinstance(image := one.get("image"), str):
            if image.startswith(("http://", "https://", "data:")):
                return ImagePart(parse_data_url(image, f"{param}.image"))
            data = decode_base64(image, f"{param}.image")
            return ImagePart(Blob(media_type=sniff(data), data=data))
    raise BadRequest(f"`{param}` must be a string, or an object with a `text` or an `image`.", param=param)


def build_request(request: EmbeddingRequest) -> dict[str, Any]:
    """:raises UnsupportedParameter: for inputs that are not text or token ids, and as `passed_on`"""
    inputs: list[Any] = []
    for one in request.inputs:
        if isinstance(one, list) and one and not isinstance(one[0], int):
            parts: list[Any] = one
            if len(parts) > 1 or not isinstance(parts[0], TextPart):
                raise UnsupportedParameter("The model embeds text only.", param="input")
            inputs.append(parts[0].text)
        else:
            inputs.append(one)
    body: dict[str, Any] = {"model": request.model, "input": inputs, "encoding_format": "float"}
    if request.dimensions is not None:
        body["dimensions"] = request.dimensions
    if request.user is not None:
        body["user"] = request.user
    return body | passed_on(request, DIALECT)


def decode_vector(vector: object) -> list[float]:
    """A vector as floats: a JSON list, or base64 of little-endian 32-bit floats.

    :raises ValueError: if it is neither
    """
    if isinstance(vector, list) and vector and isinstance(vector[0], int | float):
        return vector
    if isinstance(vector, str):
        data = base64.b64decode(vector, validate=True)
        try:
            return list(struct.unpack(f"<{len(data) // 4}f", data))
        except struct.error as error:
            raise ValueError(str(error)) from None
    raise ValueError("a vector is neither numbers nor base64")


def parse_result(body: dict[str, Any]) -> EmbeddingResult:
    """:raises ServerUnavailable: if the body is no list of embeddings"""
    try:
        data = sorted(body["data"], key=lambda entry: count(entry.get("index")))
        vectors = [decode_vector(entry["embedding"]) for entry in data]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ServerUnavailable(f"The vendor's answer is no list of embeddings: {error!r}.") from None
    usage = parse_input_usage(body.get("usage"))
    return EmbeddingResult(embeddings=vectors, usage=usage, model=str(body.get("model") or ""))


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
        "usage": render_input_usage(result.usage),
    }
