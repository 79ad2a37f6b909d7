"""Default models and aliases are chosen by one rule, whoever asks: what is new must be there, and what stood there may stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from jackfield.contract import BadRequest, ModelNotFound, ModelType, PermissionDenied

if TYPE_CHECKING:
    from .conftest import Desk

LLM, EMBEDDING, RERANK = ModelType.LLM, ModelType.TEXT_EMBEDDING, ModelType.RERANK


async def defaults(desk: Desk) -> dict[ModelType, str]:
    return dict((await desk.host.tenancy.views.get(desk.owner.workspace_id)).defaults)


async def test_several_defaults_are_set_together_or_not_at_all(desk: Desk) -> None:
    models = desk.host.models
    await models.set_defaults(desk.owner, {LLM: "free/chat", EMBEDDING: "acme/embed"})
    assert await defaults(desk) == {LLM: "free/chat", EMBEDDING: "acme/embed"}
    with pytest.raises(ModelNotFound, match="needs one of type rerank") as missing:
        await models.set_defaults(desk.owner, {LLM: None, RERANK: "free/chat"})
    assert missing.value.param == RERANK
    assert "Choose another model" in missing.value.advice
    with pytest.raises(BadRequest, match="cannot be `default`") as circle:
        await models.set_defaults(desk.owner, {LLM: "default"})
    assert circle.value.param == LLM
    with pytest.raises(PermissionDenied):
        await models.set_defaults(desk.caller, {LLM: "free/big"})
    assert await defaults(desk) == {LLM: "free/chat", EMBEDDING: "acme/embed"}
    await models.set_defaults(desk.owner, {LLM: None, EMBEDDING: "acme/embed"})
    assert await defaults(desk) == {EMBEDDING: "acme/embed"}
    entries = [one for one in await desk.host.tenancy.audit.list(desk.owner) if one.action == "default.set"]
    assert [one.subject for one in entries] == [LLM, EMBEDDING, LLM], "what did not change is not told"


async def test_what_is_gone_may_stay_and_is_told(desk: Desk) -> None:
    models, choices = desk.host.models, desk.host.tenancy.choices
    await models.set_defaults(desk.owner, {LLM: "free/chat"})
    await models.set_alias(desk.owner, "quick", ["free/big", "free/chat"])
    for model in ("chat", "big"):
        await choices.switch_model(desk.owner, "free", model, LLM, on=False)
    await models.set_defaults(desk.owner, {LLM: "free/chat", EMBEDDING: "acme/embed"})
    await models.set_alias(desk.owner, "quick", ["free/big", "free/strict"])
    with pytest.raises(ModelNotFound, match="switched off") as off:
        await models.set_alias(desk.owner, "other", ["free/big"])
    assert off.value.param == "targets"
    with pytest.raises(ModelNotFound, match="switched off") as single:
        await models.set_default(desk.owner, LLM, "free/big")
    assert single.value.param == "model"
    gone = await models.gone(desk.owner, ["free/chat", "free/big", "free/strict", "quick"])
    assert sorted(gone) == ["free/big", "free/chat"]
    assert "switched off" in gone["free/chat"].message
    assert sorted(await models.gone(desk.owner, ["free/strict"], EMBEDDING)) == ["free/strict"]


async def test_a_default_passes_over_what_is_gone_from_its_alias(desk: Desk) -> None:
    """As a call of the alias itself does."""
    await desk.host.models.set_alias(desk.owner, "quick", ["free/big", "free/chat"])
    await desk.host.models.set_default(desk.owner, LLM, "quick")
    await desk.host.tenancy.choices.switch_model(desk.owner, "free", "big", LLM, on=False)
    assert (await desk.host.calls.describe(desk.caller, "default", LLM)).id == "chat"
