"""What a server says of a running model: https://inference.readthedocs.io/en/latest/models/model_abilities/index.html

`GET /v1/models/{uid}` answers `model_type` (LLM, embedding, rerank, audio, image, …), `model_ability` (chat, generate, tools,
vision, audio, omni, reasoning, hybrid; audio2text, text2audio, …), `context_length`, and `dimensions` and `max_tokens` of an
embedding.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from jackfield_sdk import Feature, ModelDescription, ModelType

_TYPES: Final = {"LLM": ModelType.LLM, "embedding": ModelType.TEXT_EMBEDDING, "rerank": ModelType.RERANK}
_FEATURES: Final[Mapping[str, frozenset[Feature]]] = {
    "tools": frozenset({Feature.TOOLS}),
    "vision": frozenset({Feature.VISION}),
    "audio": frozenset({Feature.AUDIO_INPUT}),
    "omni": frozenset({Feature.VISION, Feature.AUDIO_INPUT, Feature.VIDEO_INPUT}),
    "reasoning": frozenset({Feature.REASONING}),
    "hybrid": frozenset({Feature.REASONING}),
}
_SPEAKING_FAMILIES: Final = frozenset({"ChatTTS", "CosyVoice", "FishAudio", "F5-TTS", "MeloTTS", "Kokoro", "MegaTTS"})
"""Families that speak, of servers that are too old to say so among the abilities."""
_CHECKED: Final = frozenset(feature for features in _FEATURES.values() for feature in features) - {Feature.VIDEO_INPUT}
"""Features that a server tells of: one that is not told is not there. (A model that sees may take video, which is not told.)"""


def types_of(entry: Mapping[str, Any]) -> frozenset[ModelType]:
    """The types that a running model can be called as; none for a model of images or video."""
    kind = entry.get("model_type")
    if kind != "audio":
        known = _TYPES.get(str(kind))
        return frozenset({known} if known is not None else ())
    told = abilities_of(entry)
    speaks = any(ability.startswith(("text2audio", "text-to-audio")) for ability in told)
    hears = any(ability.startswith(("audio2text", "audio-to-text")) for ability in told)
    if not speaks and not hears:
        speaks = entry.get("model_family") in _SPEAKING_FAMILIES
        hears = not speaks
    return frozenset({ModelType.TEXT_TO_SPEECH} if speaks else ()) | frozenset({ModelType.SPEECH_TO_TEXT} if hears else ())


def abilities_of(entry: Mapping[str, Any]) -> list[str]:
    """The server's words."""
    told = entry.get("model_ability")
    return [str(ability) for ability in told] if isinstance(told, list) else []


def features_of(entry: Mapping[str, Any]) -> frozenset[Feature]:
    """What a language model can do."""
    told = abilities_of(entry)
    features = {feature for ability in told for feature in _FEATURES.get(ability, ())}
    if "generate" in told and "chat" not in told:
        features.add(Feature.COMPLETION)
    return frozenset(features | {Feature.STREAMING})


def lacking(entry: Mapping[str, Any], credentials: Mapping[str, Any]) -> Feature | None:
    """A feature that is switched on in the form, and that the server does not know of its model."""
    if not abilities_of(entry):
        return None
    has = features_of(entry)
    return next((one for one in sorted(_CHECKED) if credentials.get(one.value) is True and one not in has), None)


def describe(entry: Mapping[str, Any], kind: ModelType) -> ModelDescription:
    """One running model, called as `kind`."""
    window = entry.get("context_length") if kind is ModelType.LLM else entry.get("max_tokens")
    return ModelDescription(
        id=str(entry["id"]),
        type=kind,
        features=features_of(entry) if kind is ModelType.LLM else frozenset(),
        context_window=_whole(window),
        dimensions=_whole(entry.get("dimensions")) if kind is ModelType.TEXT_EMBEDDING else None,
    )


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
