"""Rerank: documents put in the order in which they answer a query."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .usage import Usage


@dataclass(slots=True, kw_only=True)
class RerankRequest:
    """:param top_n: how many of the best to return; None: all"""

    model: str
    query: str
    documents: list[str]
    top_n: int | None = None
    user: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    dialect: str | None = None
    drop_unsupported: bool = False


@dataclass(slots=True)
class RankedDocument:
    """`index` into the request's documents, `score` the vendor's relevance (higher is better, scales differ)."""

    index: int
    score: float


@dataclass(slots=True, kw_only=True)
class RerankResult:
    """Best first."""

    ranking: list[RankedDocument]
    usage: Usage = field(default_factory=Usage)
    model: str = ""
    id: str | None = None
