"""The models that a key can call, as OpenAI's and Anthropic's clients list them."""

from __future__ import annotations

from typing import Any

from jackfield.contract import BadRequest, ModelType
from jackfield.host.models import UsableModel

from .exchange import Exchange
from .requests import query

PREFIX = "/v1/models/"
_EPOCH = "1970-01-01T00:00:00Z"  # Anthropic's own sign for "not known"


def is_anthropic(exchange: Exchange) -> bool:
    """Both vendors' clients ask on the same path; Anthropic's always say which version they speak."""
    return b"anthropic-version" in exchange.headers


async def list_models(exchange: Exchange) -> None:
    """All of them: `{object: list, data: […]}`, or Anthropic's page."""
    await exchange.authenticate()
    found = await exchange.host.models.usable(exchange.principal)
    if is_anthropic(exchange):
        chats = [model for model in found if model.description.type == ModelType.LLM]
        await exchange.respond_json(_page(chats, query(exchange.scope)))
        return
    await exchange.respond_json({"object": "list", "data": _merged(found)})


async def get_model(exchange: Exchange) -> None:
    """One of them. :raises ModelNotFound: if the key cannot call it"""
    await exchange.authenticate()
    name = exchange.scope["path"].removeprefix(PREFIX)
    model = await exchange.host.models.get(exchange.principal, name)
    if is_anthropic(exchange):
        await exchange.respond_json(_anthropic(model))
        return
    found = await exchange.host.models.usable(exchange.principal)
    await exchange.respond_json(_merged([each for each in found if each.name == name])[0])


def _merged(models: list[UsableModel]) -> list[dict[str, Any]]:
    """One entry for a name: an alias, or a vendor's name, may stand for models of several types."""
    entries: dict[str, dict[str, Any]] = {}
    for model in models:
        entry = entries.get(model.name)
        if entry is None:
            entries[model.name] = _openai(model)
        elif model.description.type not in entry["types"]:
            entry["types"].append(model.description.type)
    return list(entries.values())


def _openai(model: UsableModel) -> dict[str, Any]:
    """https://platform.openai.com/docs/api-reference/models/object, and beside it what is known of the model."""
    description = model.description
    more = {
        "label": str(description.label) if description.label else None,
        "context_window": description.context_window,
        "max_output_tokens": description.max_output_tokens,
        "dimensions": description.dimensions,
        "deprecated_on": description.deprecated_on,
        "replacement": description.replacement,
        "targets": list(model.targets) or None,
    }
    return {
        "id": model.name,
        "object": "model",
        "created": 0,
        "owned_by": model.provider,
        "types": [description.type],
        "features": sorted(description.features),
        "hosted": model.hosted,
        **{name: value for name, value in more.items() if value is not None},
    }


def _anthropic(model: UsableModel) -> dict[str, Any]:
    """https://docs.anthropic.com/en/api/models"""
    description = model.description
    entry = {"type": "model", "id": model.name, "display_name": description.display_name, "created_at": _EPOCH}
    limits = {"max_input_tokens": description.context_window, "max_tokens": description.max_output_tokens}
    return entry | {name: value for name, value in limits.items() if value is not None}


def _page(models: list[UsableModel], asked: dict[str, str]) -> dict[str, Any]:
    """https://docs.anthropic.com/en/api/models-list"""
    limit = asked.get("limit", "20")
    if not limit.isdigit() or not 1 <= int(limit) <= 1000:
        raise BadRequest("`limit` must be a whole number from 1 to 1000.", param="limit")
    names = [model.name for model in models]
    start, end = 0, len(models)
    after, before = asked.get("after_id"), asked.get("before_id")
    if after is not None:
        start = names.index(after) + 1 if after in names else end
    if before is not None:
        end = names.index(before) if before in names else start
        start = max(start, end - int(limit))
        more = start > 0
    else:
        more = end > start + int(limit)
    chosen = [_anthropic(model) for model in models[start : min(end, start + int(limit))]]
    return {
        "data": chosen,
        "has_more": more,
        "first_id": chosen[0]["id"] if chosen else None,
        "last_id": chosen[-1]["id"] if chosen else None,
    }
