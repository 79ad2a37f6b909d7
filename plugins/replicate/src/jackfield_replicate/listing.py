"""The models of a collection: https://replicate.com/docs/reference/http#collections.get"""

from __future__ import annotations

from typing import Any, Final

from jackfield_sdk import Feature, LocalizedText, ModelDescription, ModelType, ServerUnavailable

COLLECTIONS: Final[dict[str, ModelType]] = {
    "language-models": ModelType.LLM,
    "embedding-models": ModelType.TEXT_EMBEDDING,
}


def describe_listed(body: dict[str, Any], kind: ModelType) -> list[ModelDescription]:
    """:raises ServerUnavailable: if it is no collection"""
    entries = body.get("models")
    if not isinstance(entries, list):
        raise ServerUnavailable("The vendor's answer is no collection of models.")
    found: dict[str, ModelDescription] = {}
    features = frozenset({Feature.STREAMING} if kind is ModelType.LLM else ())
    for entry in entries:
        owner, name = (entry.get(part) if isinstance(entry, dict) else None for part in ("owner", "name"))
        if isinstance(owner, str) and isinstance(name, str) and owner and name:
            model = f"{owner}/{name}"
            found[model] = ModelDescription(id=model, type=kind, label=LocalizedText.of(name), features=features)
    return list(found.values())
