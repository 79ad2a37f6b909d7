"""The model that a server serves, and those that the router routes, as descriptions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from jackfield_sdk import Feature, ModelDescription, ModelType, Prices, ServerUnavailable

_TEI_TYPES = {"embedding": ModelType.TEXT_EMBEDDING, "reranker": ModelType.RERANK}


def describe_served(info: dict[str, Any]) -> list[ModelDescription]:
    """TGI's or TEI's `GET /info`; a TEI server that only classifies serves nothing that has a type here.

    https://github.com/huggingface/text-embeddings-inference/blob/main/router/src/lib.rs (`Info`), and the same file of TGI's

    :raises ServerUnavailable: if it is neither's
    """
    name, kinds = info.get("model_id"), info.get("model_type")
    if not isinstance(name, str) or not name:
        raise ServerUnavailable("The server's answer does not say which model it serves.")
    if not isinstance(kinds, dict):
        features = frozenset({Feature.STREAMING})
        window = _whole(info.get("max_total_tokens"))
        return [ModelDescription(id=name, type=ModelType.LLM, features=features, context_window=window)]
    kind = next((_TEI_TYPES[word] for word in kinds if word in _TEI_TYPES), None)
    window, batch = _whole(info.get("max_input_length")), _whole(info.get("max_client_batch_size"))
    return [ModelDescription(id=name, type=kind, context_window=window, max_batch=batch)] if kind else []


def describe_routed(entry: dict[str, Any], provider: str | None) -> ModelDescription:
    """One entry of the router's list: https://huggingface.co/docs/inference-providers/hub-api#list-openai-compatible-models

    :param provider: of whom the entry shall speak; None: of all, their longest window, what any of them can do
    """
    listed = entry.get("providers")
    live = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    live = [one for one in live if one.get("status") == "live" and provider in (None, one.get("provider"))]
    features = {Feature.STREAMING}
    if any(one.get("supports_tools") is True for one in live):
        features.add(Feature.TOOLS)
    if any(one.get("supports_structured_output") is True for one in live):
        features.add(Feature.STRUCTURED_OUTPUT)
    architecture = entry.get("architecture")
    if isinstance(architecture, dict) and "image" in (architecture.get("input_modalities") or ()):
        features.add(Feature.VISION)
    return ModelDescription(
        id=entry["id"],
        type=ModelType.LLM,
        features=frozenset(features),
        context_window=max((window for one in live if (window := _whole(one.get("context_length")))), default=None),
        prices=_prices(live[0].get("pricing")) if len(live) == 1 else None,
    )


def _prices(pricing: Any) -> Prices | None:
    """US dollars per million tokens; who answers decides the price, so that there is one only where one provider answers."""
    if not isinstance(pricing, dict):
        return None
    asked, answered = (_amount(pricing.get(name)) for name in ("input", "output"))
    return None if asked is None and answered is None else Prices(input=asked, output=answered)


def _amount(value: Any) -> Decimal | None:
    return Decimal(str(value)) if type(value) in (int, float) and value >= 0 else None


def _whole(value: Any) -> int | None:
    return value if type(value) is int and value > 0 else None
