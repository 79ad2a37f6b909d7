"""MiniMax's embeddings, which are not OpenAI's: https://platform.minimaxi.com/document/Embeddings

`{"model", "texts": […], "type": "db" | "query"}` is answered by `{"vectors": [[…]], "total_tokens", "base_resp"}`.
"""

from __future__ import annotations

from typing import Any, Final

from jackfield_sdk import EmbeddingRequest, EmbeddingResult, ServerUnavailable, TextPart, UnsupportedParameter, Usage
from jackfield_sdk.dialects import openai_embeddings

LETTERS: Final = 4096
"""What one request takes is 4096 tokens, and a token is a letter at least."""


def build(request: EmbeddingRequest) -> dict[str, Any]:
    """The body. What is not a query is meant to be found by one.

    :raises UnsupportedParameter: for inputs that are no texts
    """
    kind = "query" if request.purpose == "query" else "db"
    return {"model": request.model, "texts": [_text(one) for one in request.inputs], "type": kind} | request.extra


def _text(one: object) -> str:
    if isinstance(one, list) and len(one) == 1 and isinstance(one[0], TextPart):
        return one[0].text
    if not isinstance(one, str):
        raise UnsupportedParameter("The model embeds text only.", param="input")
    return one


def parse(body: dict[str, Any]) -> EmbeddingResult:
    """:raises ServerUnavailable: if the body holds no vectors"""
    try:
        vectors = [openai_embeddings.decode_vector(vector) for vector in body["vectors"]]
    except (KeyError, TypeError, ValueError) as error:
        raise ServerUnavailable(f"The vendor's answer holds no embeddings: {error!r}.") from None
    tokens = body.get("total_tokens")
    return EmbeddingResult(embeddings=vectors, usage=Usage(input_tokens=tokens if isinstance(tokens, int) else 0))
