"""Rerank by DashScope's own API: https://www.alibabacloud.com/help/en/model-studio/text-rerank-api"""

from __future__ import annotations

from typing import Any

from jackfield_sdk import RankedDocument, RerankRequest, RerankResult, ServerUnavailable

from .embedding import usage


def build(request: RerankRequest) -> dict[str, Any]:
    """The body; documents are not asked to be sent back."""
    parameters: dict[str, Any] = {"return_documents": False}
    if request.top_n is not None:
        parameters["top_n"] = request.top_n
    return {
        "model": request.model,
        "input": {"query": request.query, "documents": request.documents},
        "parameters": parameters,
    }


def parse(body: dict[str, Any]) -> RerankResult:
    """:raises ServerUnavailable: if the answer holds no ranking"""
    try:
        ranking = [RankedDocument(int(entry["index"]), float(entry["relevance_score"])) for entry in body["output"]["results"]]
    except (KeyError, TypeError, ValueError) as error:
        raise ServerUnavailable(f"The vendor's answer holds no ranking: {error!r}.") from None
    identity = body.get("request_id")
    return RerankResult(ranking=ranking, usage=usage(body), id=identity if isinstance(identity, str) else None)
