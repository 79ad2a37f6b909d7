"""OpenRouter's list of models, which tells all that there is to know of one: https://openrouter.ai/docs/api/api-reference/models"""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from jackfield_sdk import Feature, LocalizedText, ModelDescription, ModelType, ParameterRule, Prices

_TYPES: Final[dict[str, ModelType]] = {
    "text": ModelType.LLM,
    "embeddings": ModelType.TEXT_EMBEDDING,
    "rerank": ModelType.RERANK,
    "transcription": ModelType.SPEECH_TO_TEXT,
    "speech": ModelType.TEXT_TO_SPEECH,
}
_INPUTS: Final = {
    "image": Feature.VISION,
    "audio": Feature.AUDIO_INPUT,
    "video": Feature.VIDEO_INPUT,
    "file": Feature.FILE_INPUT,
}
_ABILITIES: Final = {
    "tools": Feature.TOOLS,
    "parallel_tool_calls": Feature.PARALLEL_TOOLS,
    "structured_outputs": Feature.STRUCTURED_OUTPUT,
    "reasoning": Feature.REASONING,
}
_RULES: Final = {
    "temperature": ParameterRule(name="temperature", minimum=0, maximum=2),
    "top_p": ParameterRule(name="top_p", minimum=0, maximum=1),
    "top_k": ParameterRule(name="top_k", kind="integer", minimum=0),
    "min_p": ParameterRule(name="min_p", minimum=0, maximum=1),
    "frequency_penalty": ParameterRule(name="frequency_penalty", minimum=-2, maximum=2),
    "presence_penalty": ParameterRule(name="presence_penalty", minimum=-2, maximum=2),
    "repetition_penalty": ParameterRule(name="repetition_penalty", minimum=0, maximum=2),
    "seed": ParameterRule(name="seed", kind="integer"),
    "stop": ParameterRule(name="stop", kind="json"),
    "logprobs": ParameterRule(name="logprobs", kind="boolean"),
    "top_logprobs": ParameterRule(name="top_logprobs", kind="integer", minimum=0, maximum=20),
    "logit_bias": ParameterRule(name="logit_bias", kind="json"),
}
_ALWAYS: Final = (ParameterRule(name="max_tokens", kind="integer", minimum=1),)
_MILLION: Final = Decimal(1_000_000)


def describe_entry(entry: dict[str, Any]) -> ModelDescription | None:
    """An entry of the list; None for a model that makes pictures or videos, or for an entry without its architecture."""
    architecture = _dict(entry.get("architecture"))
    kind = next((_TYPES[one] for one in _texts(architecture.get("output_modalities")) if one in _TYPES), None)
    if kind is None:
        return None
    common: dict[str, Any] = {
        "id": entry["id"],
        "type": kind,
        "label": LocalizedText.of(entry["name"]) if isinstance(entry.get("name"), str) and entry["name"] else None,
        "deprecated_on": _day(entry.get("expiration_date")),
    }
    window = _whole(entry.get("context_length"))
    if kind is ModelType.TEXT_TO_SPEECH:
        return ModelDescription(**common, voices=tuple(dict.fromkeys(_texts(entry.get("supported_voices")))))
    if kind is ModelType.SPEECH_TO_TEXT:
        return ModelDescription(**common)
    prices = _prices(_dict(entry.get("pricing")))
    if kind is not ModelType.LLM:
        return ModelDescription(**common, context_window=window, prices=prices if kind is ModelType.TEXT_EMBEDDING else None)
    most = _whole(_dict(entry.get("top_provider")).get("max_completion_tokens"))
    return ModelDescription(
        **common,
        context_window=window,
        max_output_tokens=min(most, window) if most and window else most,
        features=_features(entry, _texts(architecture.get("input_modalities")), prices),
        parameters=_parameters(entry),
        prices=prices,
    )


def _features(entry: dict[str, Any], inputs: list[str], prices: Prices | None) -> frozenset[Feature]:
    supported = _texts(entry.get("supported_parameters"))
    found = {Feature.STREAMING}
    found |= {_ABILITIES[name] for name in supported if name in _ABILITIES}
    found |= {_INPUTS[name] for name in inputs if name in _INPUTS}
    return frozenset(found | ({Feature.PROMPT_CACHING} if prices is not None and prices.cache_read is not None else set()))


def _parameters(entry: dict[str, Any]) -> tuple[ParameterRule, ...] | None:
    supported = _texts(entry.get("supported_parameters"))
    if not supported:
        return None
    rules = [*_ALWAYS, *(_RULES[name] for name in supported if name in _RULES)]
    if "reasoning" in supported:
        efforts = tuple(_texts(_dict(entry.get("reasoning")).get("supported_efforts")))
        rules.append(ParameterRule(name="reasoning_effort", kind="text", options=efforts))
        rules.append(ParameterRule(name="reasoning_budget", kind="integer", minimum=0))
    return tuple(rules)


def _prices(pricing: dict[str, Any]) -> Prices | None:
    """Dollars for a token, as text; less than zero where it depends on what a router chooses."""
    names = {"prompt": "input", "completion": "output", "input_cache_read": "cache_read", "input_cache_write": "cache_write"}
    found: dict[str, Any] = {}
    for name, ours in names.items():
        price = _decimal(pricing.get(name))
        if price is not None and price < 0:
            return None
        if price is not None:
            found[ours] = (price * _MILLION).normalize()
    each = _decimal(pricing.get("request"))
    return Prices(**found, request=each if each else None) if found else None


def _decimal(value: object) -> Decimal | None:
    try:
        return Decimal(value) if isinstance(value, str) else None
    except InvalidOperation:
        return None


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None


def _whole(value: object) -> int | None:
    return value if type(value) is int and value > 0 else None


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _texts(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
