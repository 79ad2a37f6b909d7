"""Choices of a workspace: they reach the view, on this replica at once and on others by the revision."""

from __future__ import annotations

from typing import Any

import pytest
from jackfield.contract import BadRequest, ModelDescription, ModelType, NotFound
from jackfield.tenancy import Preference, Principal, Tenancy


async def test_every_choice_is_in_the_view(tenancy: Tenancy, owner: Principal) -> None:
    choices = tenancy.choices
    model = ModelDescription(id="my/model", type=ModelType.LLM, context_window=4096)
    await choices.add_model(owner, "acme", model)
    await choices.add_model(owner, "acme", model)
    await choices.switch_model(owner, "acme", "old", ModelType.LLM, on=False)
    await choices.set_default(owner, ModelType.LLM, "acme/my/model")
    await choices.set_default(owner, ModelType.LLM, "acme/other")
    await choices.set_alias(owner, "fast", ["acme/my/model"])
    await choices.set_preference(owner, "acme", Preference(hosted_first=True, take_over=False))
    view = await tenancy.views.get(owner.workspace_id)
    assert view.custom_models == {("acme", "my/model", ModelType.LLM): model}
    assert view.switched_off == {("acme", "old", ModelType.LLM)}
    assert view.defaults == {ModelType.LLM: "acme/other"}
    assert view.aliases == {"fast": ("acme/my/model",)}
    assert view.preference("acme") == Preference(hosted_first=True, take_over=False)
    assert view.preference("other") == Preference()

    await choices.switch_model(owner, "acme", "old", ModelType.LLM, on=True)
    await choices.set_default(owner, ModelType.LLM, None)
    await choices.set_alias(owner, "fast", None)
    await choices.remove_model(owner, "acme", "my/model", ModelType.LLM)
    view = await tenancy.views.get(owner.workspace_id)
    assert (view.custom_models, view.defaults, view.aliases) == ({}, {}, {})
    assert view.switched_off == frozenset()


async def test_another_replica_sees_a_change_at_its_next_poll(tenancy: Tenancy, owner: Principal, open_tenancy: Any) -> None:
    replica: Tenancy = await open_tenancy()
    assert (await replica.views.get(owner.workspace_id)).aliases == {}
    await tenancy.choices.set_alias(owner, "fast", ["acme/m"])
    await replica.watch.poll()
    assert (await replica.views.get(owner.workspace_id)).aliases == {"fast": ("acme/m",)}


@pytest.mark.parametrize("name", ["default", "", "a/b", "-x", "x" * 101])
async def test_an_alias_is_not_named_like_a_model(tenancy: Tenancy, owner: Principal, name: str) -> None:
    with pytest.raises(BadRequest):
        await tenancy.choices.set_alias(owner, name, ["acme/m"])


async def test_what_is_not_there_cannot_be_removed(tenancy: Tenancy, owner: Principal) -> None:
    with pytest.raises(NotFound):
        await tenancy.choices.set_alias(owner, "nothing", None)
    with pytest.raises(NotFound):
        await tenancy.choices.remove_model(owner, "acme", "m", ModelType.LLM)
    with pytest.raises(BadRequest):
        await tenancy.choices.set_alias(owner, "empty", [])
    with pytest.raises(NotFound):
        await tenancy.views.get("0" * 32)
