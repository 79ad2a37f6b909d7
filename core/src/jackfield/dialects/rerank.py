"""Rerank as Jina and Cohere write it, both ways.

https://jina.ai/reranker/ and https://docs.cohere.com/reference/rerank: the requests are the same but for names; Jina's answer
may carry the documents, Cohere's carries the search units.
"""

from __future__ import annotations

import uuid
from math import isfinite
from typing import Any

from jackfield.contract import (
    BadRequest,
    RankedDocument,
    RerankRequest,
    RerankResult,
    ServerUnavailable,
    Usage,
)

from .counts import count, members
from .extras import given, passed_on
from .openai_errors import render_error
from .openai_usage import parse_input_usage, render_input_usage

JINA, COHERE = "jina.rerank", "cohere.rerank"
_HANDLED = frozenset({"model", "query", "documents", "top_n", "return_documents"})

__all__ = ["COHERE", "JINA", "build_request", "parse_request", "parse_result", "render_error", "render_result"]


def parse_request(body: dict[str, Any], dialect: str = JINA) -> RerankRequest:
    """:raises BadRequest: naming the member at fault"""
    query, documents, top_n = body.get("query"), body.get("documents"), body.get("top_n")
    if not isinstance(query, str) or not query:
        raise BadRequest("`query` must be a string.", param="query")
    if not isinstance(documents, list) or not documents:
        raise BadRequest("`documents` must be a list of strings.", param="documents")
    texts = [document.get("text") if isinstance(document, dict) else document for document in documents]
    strings = [text for text in texts if isinstance(text, str)]
    if len(strings) < len(texts):
        raise BadRequest("`documents` must hold strings, or objects with a `text`.", param="documents")
    if top_n is not None and (not isinstance(top_n, int) or isinstance(top_n, bool) or top_n < 1):
        raise BadRequest("`top_n` must be a whole number above zero.", param="top_n")
    return RerankRequest(
        model=str(body.get("model") or ""),
        query=query,
        documents=strings,
        top_n=top_n,
        extra=given(body, _HANDLED),
        dialect=dialect,
    )


def build_request(request: RerankRequest, dialect: str = JINA) -> dict[str, Any]:
    """The wire body. Documents are not asked to be sent back.

    :raises UnsupportedParameter: as `passed_on`
    """
    body: dict[str, Any] = {"model": request.model, "query": request.query, "documents": request.documents}
    if request.top_n is not None:
        body["top_n"] = request.top_n
    if dialect == JINA:
        body["return_documents"] = False
    return body | passed_on(request, dialect)


def parse_result(body: dict[str, Any]) -> RerankResult:
    """:raises ServerUnavailable: if the body is no ranking"""
    try:
        ranking = [RankedDocument(_index(entry["index"]), _score(entry)) for entry in body["results"]]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ServerUnavailable(f"The vendor's answer is no ranking: {error!r}.") from None
    meta = members(body.get("meta"))
    billed = members(meta.get("billed_units"))
    told = members(body.get("usage"))  # Jina's, or that of OpenRouter, which tells search units there
    usage = parse_input_usage(told)
    tokens = usage.input_tokens or count(billed.get("input_tokens")) or count(members(meta.get("tokens")).get("input_tokens"))
    ranking.sort(key=lambda document: -document.score)
    return RerankResult(
        ranking=ranking,
        usage=Usage(input_tokens=tokens, search_units=count(billed.get("search_units")) or count(told.get("search_units"))),
        model=str(body.get("model") or ""),
        id=body["id"] if isinstance(body.get("id"), str) else None,
    )


def _index(index: object) -> int:
    if type(index) is not int or index < 0:
        raise ValueError(f"{index!r} numbers no document")
    return index


def _score(entry: dict[str, Any]) -> float:
    """vLLM and others that follow Jina write `relevance_score`, some `score`."""
    score = float(entry["relevance_score"] if "relevance_score" in entry else entry["score"])
    if not isfinite(score):
        raise ValueError(f"{score} is no relevance")
    return score


def render_result(result: RerankResult, request: RerankRequest, *, return_documents: bool = False) -> dict[str, Any]:
    """One object that the clients of both understand."""
    results: list[dict[str, Any]] = []
    for ranked in result.ranking:
        entry: dict[str, Any] = {"index": ranked.index, "relevance_score": ranked.score}
        if return_documents and ranked.index < len(request.documents):
            entry["document"] = {"text": request.documents[ranked.index]}
        results.append(entry)
    usage = result.usage
    return {
        "id": result.id or str(uuid.uuid4()),
        "object": "list",
        "model": result.model or request.model,
        "results": results,
        "usage": render_input_usage(usage),
        "meta": {"api_version": {"version": "2"}, "billed_units": {"search_units": usage.search_units}},
    }
