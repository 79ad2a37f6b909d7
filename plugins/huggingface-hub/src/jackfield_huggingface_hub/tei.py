"""TEI's own API, which hf-inference speaks too: /embed and /rerank.

https://huggingface.github.io/text-embeddings-inference/; https://huggingface.co/docs/inference-providers/tasks/feature-extraction
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jackfield_sdk import (
    EmbeddingRequest,
    EmbeddingResult,
    RerankRequest,
    RerankResult,
    ServerUnavailable,
    Usage,
)
from jackfield_sdk.dialects import openai_embeddings, rerank

_TOKENS = "x-compute-tokens"
_OPENAI_ONLY = ("model", "input", "encoding_format", "user")
_JINA_ONLY = ("model", "query", "documents", "top_n", "return_documents")


def build_embedding(request: EmbeddingRequest, prompts: Mapping[str, str]) -> dict[str, Any]:
    """:param prompts: by purpose, the names of the prompts that the model has"""
    wired = openai_embeddings.build_request(request)
    body = {"inputs": wired["input"]} | {name: value for name, value in wired.items() if name not in _OPENAI_ONLY}
    if request.truncate is not None:
        body["truncate"] = request.truncate
    if request.purpose is not None and request.purpose in prompts:
        body["prompt_name"] = prompts[request.purpose]
    return body


def parse_embedding(body: Any, headers: Mapping[str, str]) -> EmbeddingResult:
    """:raises ServerUnavailable: if the body is no list of vectors"""
    if _is_by_token(body):
        message = "The model answers a vector for each token of a text, not one for the text."
        raise ServerUnavailable(message, advice="Choose a model that was made for sentences, or serve it with a pooling.")
    if not isinstance(body, list):
        raise ServerUnavailable("The vendor's answer is no list of vectors.")
    try:
        vectors = [openai_embeddings.decode_vector(vector) for vector in body]
    except ValueError as error:
        raise ServerUnavailable(f"The vendor's answer is no list of vectors: {error}.") from None
    return EmbeddingResult(embeddings=vectors, usage=_usage(headers))


def _is_by_token(body: Any) -> bool:
    for _ in range(2):
        body = body[0] if isinstance(body, list) and body else None
    return isinstance(body, list)


def build_ranking(request: RerankRequest) -> dict[str, Any]:
    """Scores between 0 and 1; the documents are not asked to be sent back."""
    wired = rerank.build_request(request)
    extra = {name: value for name, value in wired.items() if name not in _JINA_ONLY}
    return {"query": request.query, "texts": request.documents, "raw_scores": False, "return_text": False} | extra


def parse_ranking(body: Any, headers: Mapping[str, str], request: RerankRequest) -> RerankResult:
    """:raises ServerUnavailable: if the body does not rank each of the documents"""
    result, count = rerank.parse_result({"results": body}), len(request.documents)
    if len(result.ranking) != count:
        raise ServerUnavailable(f"The vendor ranked {len(result.ranking)} of {count} documents.")
    result.usage, result.model = _usage(headers), request.model
    return result


def _usage(headers: Mapping[str, str]) -> Usage:
    tokens = headers.get(_TOKENS, "")
    return Usage(input_tokens=int(tokens) if tokens.isdecimal() else 0)
