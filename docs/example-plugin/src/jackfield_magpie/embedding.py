"""Embeddings, from the contract to Magpie AI's words and back: https://docs.magpie.example/api/embed"""

from __future__ import annotations

from typing import Any

from jackfield_sdk import EmbeddingRequest, EmbeddingResult, ServerUnavailable, UnsupportedParameter, Usage, refuse


def build_request(request: EmbeddingRequest) -> dict[str, Any]:
    """The body to send: texts only, and vectors of the model's own length."""
    if request.dimensions is not None:
        refuse(request, "dimensions")
    if not all(isinstance(text, str) for text in request.inputs):
        raise UnsupportedParameter("This vendor embeds text only.", param="input")
    return {"model": request.model, "texts": request.inputs}


def parse_result(body: dict[str, Any]) -> EmbeddingResult:
    """Vectors in the order of the texts; that there are as many is checked by `embed_in_batches`."""
    vectors = body.get("vectors")
    if not isinstance(vectors, list) or not all(_is_vector(vector) for vector in vectors):
        raise ServerUnavailable("The vendor's answer holds no vectors.")
    tokens = body.get("tokens")
    usage = Usage(input_tokens=tokens if isinstance(tokens, int) and tokens > 0 else 0)
    return EmbeddingResult(embeddings=[[float(number) for number in vector] for vector in vectors], usage=usage)


def _is_vector(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(number, int | float) for number in value)
