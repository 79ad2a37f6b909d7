"""Cohere's list of models: https://docs.cohere.com/reference/list-models"""

from __future__ import annotations

from typing import Any

from jackfield_sdk import Feature, ModelDescription, ModelType
from jackfield_sdk.dialects import counts

_TYPES = {"chat": ModelType.LLM, "embed": ModelType.TEXT_EMBEDDING, "rerank": ModelType.RERANK}
_FEATURES = {
    "tools": (Feature.TOOLS, Feature.PARALLEL_TOOLS),
    "json_schema": (Feature.STRUCTURED_OUTPUT,),
    "vision": (Feature.VISION,),
    "reasoning": (Feature.REASONING,),
}


def describe(entry: dict[str, Any], known: dict[tuple[str, ModelType], ModelDescription]) -> list[ModelDescription]:
    """One entry of the list: for each type that the model is of, the catalog's description, or what the entry tells."""
    name, endpoints = entry.get("name"), entry.get("endpoints")
    if not isinstance(name, str) or not name or not isinstance(endpoints, list):
        return []
    kinds = [kind for endpoint, kind in _TYPES.items() if endpoint in endpoints]
    return [known.get((name, kind)) or _unknown(name, kind, entry) for kind in kinds]


def _unknown(name: str, kind: ModelType, entry: dict[str, Any]) -> ModelDescription:
    told = entry.get("features")
    features = [feature for word in (told if isinstance(told, list) else ()) for feature in _FEATURES.get(str(word), ())]
    return ModelDescription(
        id=name,
        type=kind,
        features=frozenset({Feature.STREAMING, *features}) if kind is ModelType.LLM else frozenset(),
        context_window=counts.count(entry.get("context_length")) or None,
        max_batch=96 if kind is ModelType.TEXT_EMBEDDING else None,
    )
