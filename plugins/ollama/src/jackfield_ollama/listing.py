"""What an Ollama server has: https://docs.ollama.com/api/tags, https://docs.ollama.com/api/show"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from jackfield_sdk import Feature, ModelDescription, ModelType, ServerUnavailable
from jackfield_sdk.listing import type_by_name

_FEATURES: Final = {
    "tools": (Feature.TOOLS, Feature.PARALLEL_TOOLS),
    "vision": (Feature.VISION,),
    "thinking": (Feature.REASONING,),
    "audio": (Feature.AUDIO_INPUT,),
}
ALWAYS: Final = frozenset({Feature.STREAMING, Feature.STRUCTURED_OUTPUT})
"""What every chat has: answers are held to a schema by the server, not by the model."""


def names_of(body: dict[str, Any]) -> list[str]:
    """:raises ServerUnavailable: if it is no list of models"""
    entries = body.get("models")
    if not isinstance(entries, list):
        raise ServerUnavailable("The vendor's answer is no list of models.", vendor_status=200)
    names = (entry.get("model") or entry.get("name") for entry in entries if isinstance(entry, dict))
    return [name for name in names if isinstance(name, str) and name]


def type_of(name: str, shown: Mapping[str, Any]) -> ModelType | None:
    """By what the server says that the model can; of an older server by its name. None for what has no type here."""
    capabilities = shown.get("capabilities")
    if not isinstance(capabilities, list) or not capabilities:
        kind = type_by_name(name)
        return kind if kind in (ModelType.LLM, ModelType.TEXT_EMBEDDING) else None
    if "embedding" in capabilities:
        return ModelType.TEXT_EMBEDDING
    return ModelType.LLM if "completion" in capabilities else None


def describe(name: str, shown: Mapping[str, Any]) -> ModelDescription | None:
    """A model by its `/api/show`."""
    kind = type_of(name, shown)
    if kind is None:
        return None
    window, dimensions = _number(shown, "context_length"), _number(shown, "embedding_length")
    if kind is ModelType.TEXT_EMBEDDING:
        return ModelDescription(id=name, type=kind, context_window=window, dimensions=dimensions)
    capabilities = shown.get("capabilities")
    features = {feature for one in capabilities or () for feature in _FEATURES.get(str(one), ())}
    return ModelDescription(id=name, type=kind, features=ALWAYS | features, context_window=window)


def _number(shown: Mapping[str, Any], name: str) -> int | None:
    """`model_info` has it under the name of the architecture: `llama.context_length`."""
    info = shown.get("model_info")
    if not isinstance(info, dict):
        return None
    value = info.get(f"{info.get('general.architecture')}.{name}")
    return value if type(value) is int and value > 0 else None
