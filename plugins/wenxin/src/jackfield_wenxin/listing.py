"""What Qianfan's list tells of a model: https://cloud.baidu.com/doc/qianfan-api/s/Dmba8k71y"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from jackfield_sdk import Feature, ModelDescription, ModelType, Prices
from jackfield_sdk.listing import type_by_name, window_of

_TYPES = {
    "chat": ModelType.LLM,
    "multimodal": ModelType.LLM,
    "embedding": ModelType.TEXT_EMBEDDING,
    "embeddings": ModelType.TEXT_EMBEDDING,
    "rerank": ModelType.RERANK,
    "reranker": ModelType.RERANK,
}
_PICTURES = re.compile(r"irag|musesteamer|-[it]2[iv]\b")
"""Models that paint or film, by their names."""


def describe(entry: dict[str, Any]) -> ModelDescription | None:
    """A model that the catalog does not know; None for one of no type here."""
    said = entry.get("type")
    kind = _TYPES.get(said) if isinstance(said, str) and said else type_by_name(entry["id"])
    seen, made = _modalities(entry, "input_modalities"), _modalities(entry, "output_modalities")
    if kind is None or kind not in _TYPES.values() or _PICTURES.search(entry["id"].lower()):
        return None
    if kind is ModelType.LLM and "text" not in made:
        return None
    window, answer = window_of(entry), entry.get("max_tokens")
    features = {Feature.STREAMING, *([Feature.VISION] if "image" in seen else ())}
    return ModelDescription(
        id=entry["id"],
        type=kind,
        features=frozenset(features if kind is ModelType.LLM else ()),
        context_window=window,
        max_output_tokens=answer if kind is ModelType.LLM and isinstance(answer, int) and 0 < answer <= (window or 0) else None,
        prices=_prices(entry.get("pricing")),
    )


def _modalities(entry: dict[str, Any], name: str) -> list[str]:
    told = entry["architecture"].get(name) if isinstance(entry.get("architecture"), dict) else None
    return told if isinstance(told, list) else ["text"]


def _prices(pricing: Any) -> Prices | None:
    """They are told in yuan for a thousand tokens; such as grow with the input are lists, and left out."""
    given = pricing if isinstance(pricing, dict) else {}
    asked, answered = _price(given.get("prompt")), _price(given.get("completion"))
    return None if asked is None else Prices(currency="CNY", input=asked, output=answered)


def _price(price: Any) -> Decimal | None:
    if not isinstance(price, str | int | float) or isinstance(price, bool):
        return None
    try:
        found = Decimal(str(price)) * 1000
    except InvalidOperation:
        return None
    return found if found.is_finite() and found >= 0 else None
