"""Embedding models on Replicate, which agree neither on how texts go in nor on how vectors come out.

`texts` as a list, or as a JSON text (nateraw/bge-large-en-v1.5, beautyyuyanli/multilingual-e5-large); `text_batch` beside
`text` (replicate/all-mpnet-base-v2); `inputs`, a text in a line (andreasjansson/clip-features); or one text in a prediction.
https://replicate.com/collections/embedding-models
"""

from __future__ import annotations

from typing import Any, Final

import orjson
from jackfield_sdk import EmbeddingRequest, ServerUnavailable, TextPart, UnsupportedParameter, passed_on
from jackfield_sdk.dialects import openai_embeddings

from .inputs import DIALECT
from .schemas import Schema

_MANY: Final = ("texts", "text_batch", "sentences")
_LINES: Final = ("inputs",)
_ONE: Final = ("text", "input", "prompt", "sentence", "query")
_FIXED: Final[dict[str, Any]] = {"convert_to_numpy": False, "normalize_embeddings": True}
"""Where a model has these: vectors in the answer instead of a file, of length 1 as other vendors' are."""


def takes_texts(schema: Schema) -> bool:
    """Whether there is an input for what is to be embedded."""
    return schema.first(*_MANY, *_LINES, *_ONE) is not None


def takes_many(schema: Schema, texts: list[str]) -> bool:
    """Whether all of these go into one prediction."""
    if schema.first(*_MANY) is not None:
        return True
    lines = schema.first(*_LINES)
    return lines is not None and (schema.is_list(lines) or not any("\n" in text or not text.strip() for text in texts))


def texts_of(request: EmbeddingRequest) -> list[str]:
    """:raises UnsupportedParameter: for what is no text"""
    texts: list[str] = []
    for one in request.inputs:
        part = one[0] if isinstance(one, list) and len(one) == 1 else one
        if not isinstance(part, str | TextPart):
            raise UnsupportedParameter("The model embeds text only.", param="input")
        texts.append(part if isinstance(part, str) else part.text)
    return texts


def build_input(request: EmbeddingRequest, texts: list[str], schema: Schema) -> dict[str, Any]:
    """:raises UnsupportedParameter: as `passed_on`"""
    body: dict[str, Any] = {name: value for name, value in _FIXED.items() if name in schema.inputs}
    many, lines, one = schema.first(*_MANY), schema.first(*_LINES), schema.first(*_ONE)
    if many is not None:
        body[many] = texts if schema.is_list(many) else orjson.dumps(texts).decode()
    elif lines is not None:
        body[lines] = texts if schema.is_list(lines) else "\n".join(texts)
    elif one is not None:
        body[one] = texts[0]
    return body | passed_on(request, DIALECT, shared=frozenset(schema.inputs))


def parse_output(output: Any, count: int) -> list[list[float]]:
    """:raises ServerUnavailable: if the output holds no vectors"""
    if isinstance(output, dict):
        output = next((output[name] for name in ("embeddings", "embedding", "vectors") if name in output), None)
    if count == 1 and isinstance(output, list) and output and isinstance(output[0], int | float):
        output = [output]
    try:
        return [openai_embeddings.decode_vector(one["embedding"] if isinstance(one, dict) else one) for one in output]
    except (TypeError, KeyError, ValueError):
        raise ServerUnavailable("The model's output holds no vectors.") from None
