"""Workspaces that are removed: what goes with them, what stays, and who may."""

from __future__ import annotations

import asyncio
import time
from decimal import Decimal
from typing import Any

import pytest
from jackfield.contract import (
    BadRequest,
    Conflict,
    CredentialForm,
    ModelDescription,
    ModelType,
    NotFound,
    PermissionDenied,
    Unauthenticated,
    Usage,
)
from jackfield.store.tables import Base
from jackfield.tenancy import Preference, Principal, Role, Tenancy, Trial, UsageFilter, UsageRecord, operator
from sqlalchemy import func, select

PASSWORD = "correct horse battery"
TRIAL = Trial(id="acme", provider="acme", models=("*",), quota=5)
KEPT = {"usage", "audit_log"}


async def _accept(_credentials: object) -> None: ...


async def furnish(tenancy: Tenancy, caller: Principal, form: CredentialForm) -> str:
    """One of everything; answers an API key."""
    token, key = await tenancy.keys.create(caller, "app")
    await tenancy.people.add_member(caller, "ada@example.org", Role.OWNER, password=PASSWORD)
    await tenancy.credentials.add(caller, "acme", form, {"api_key": "sk-one"}, _accept)
    await tenancy.choices.add_model(caller, "acme", ModelDescription(id="own", type=ModelType.LLM))
    await tenancy.choices.switch_model(caller, "acme", "chat", ModelType.LLM, on=False)
    await tenancy.choices.set_default(caller, ModelType.LLM, "acme/chat")
    await tenancy.choices.set_alias(caller, "fast", ["acme/chat"])
    await tenancy.choices.set_preference(caller, "acme", Preference(hosted_first=True))
    await tenancy.budgets.set(caller, key.id, "day", "USD", Decimal(1))
    await tenancy.trials.reserve(caller.workspace_id, TRIAL, "chat")
    tenancy.ledger.append(
        UsageRecord(
            workspace_id=caller.workspace_id,
            provider="acme",
            model="chat",
            model_type=ModelType.LLM,
            outcome="ok",
            usage=Usage(input_tokens=1),
            milliseconds=1,
        )
    )
    await tenancy.ledger.flush()
    return token


async def rows_of(tenancy: Tenancy, workspace_id: str) -> dict[str, int]:
    """Table -> how many of its rows belong to the workspace."""
    tables = {name: table for name, table in Base.metadata.tables.items() if "workspace_id" in table.columns}
    async with tenancy.store.read() as session:
        return {
            name: (
                await session.execute(select(func.count()).select_from(table).where(table.c.workspace_id == workspace_id))
            ).scalar_one()
            for name, table in tables.items()
        }


async def test_all_that_is_a_workspaces_goes_with_it_and_its_bill_stays(
    open_tenancy: Any, form: CredentialForm, tenancy: Tenancy, owner: Principal
) -> None:
    replica: Tenancy = await open_tenancy()
    doomed = operator((await tenancy.workspaces.create("doomed")).id)
    await furnish(tenancy, owner, form)
    before = await rows_of(tenancy, owner.workspace_id)
    token = await furnish(tenancy, doomed, form)
    assert all((await rows_of(tenancy, doomed.workspace_id)).values()), "the test leaves a table out"
    await replica.keys.authenticate(token)

    session = await tenancy.people.sign_in("ada@example.org", PASSWORD)
    ada = await tenancy.people.enter(await tenancy.people.who(session), doomed.workspace_id)
    await tenancy.workspaces.remove(ada, "doomed")

    left = {name for name, number in (await rows_of(tenancy, doomed.workspace_id)).items() if number}
    assert left == KEPT
    assert await rows_of(tenancy, owner.workspace_id) == before
    with pytest.raises(Unauthenticated):
        await tenancy.keys.authenticate(token)
    with pytest.raises(NotFound):
        await tenancy.views.get(doomed.workspace_id)
    began = time.monotonic()
    while replica.keys.cached(token) is not None:
        assert time.monotonic() - began < 30, "the replica still takes the key"
        await asyncio.sleep(0.02)
    with pytest.raises(Unauthenticated):
        await replica.keys.authenticate(token)

    assert [one.workspace_id for one in await tenancy.people.memberships(ada.person_id or "")] == [owner.workspace_id]
    with pytest.raises(NotFound):
        await tenancy.workspaces.find("doomed")
    gone = await tenancy.workspaces.find("doomed", removed=True)
    assert (gone.id, gone.name) == (doomed.workspace_id, "doomed")
    (told,) = await tenancy.workspaces.removed()
    assert (told.name, told.removed_by) == ("doomed", "person:ada@example.org")
    newest = (await tenancy.audit.list(doomed))[0]
    assert (newest.action, newest.actor, newest.subject) == ("workspace.remove", "person:ada@example.org", "doomed")
    (total,) = await tenancy.usage.totals(doomed, "model", UsageFilter())
    assert total.calls == 1


async def test_what_comes_too_late_is_told_that_there_is_no_workspace(tenancy: Tenancy, form: CredentialForm) -> None:
    late = operator((await tenancy.workspaces.create("doomed")).id)
    await tenancy.workspaces.remove(late, "doomed")
    for change in (
        tenancy.choices.set_alias(late, "fast", ["acme/chat"]),
        tenancy.people.add_member(late, "ada@example.org", Role.OWNER, password=PASSWORD),
        tenancy.budgets.set(late, None, "day", "USD", Decimal(1)),
        tenancy.workspaces.remove(late, "doomed"),
        tenancy.workspaces.rename(late, "risen"),
        tenancy.keys.create(late, "app"),
        tenancy.trials.reserve(late.workspace_id, TRIAL, "chat"),
    ):
        with pytest.raises(NotFound):
            await change


async def test_a_removal_must_be_meant(tenancy: Tenancy, owner: Principal) -> None:
    other = operator((await tenancy.workspaces.create("other")).id)
    with pytest.raises(BadRequest) as caught:
        await tenancy.workspaces.remove(other, "default")
    assert caught.value.param == "name"
    admin = Principal(other.workspace_id, "admin", Role.ADMIN)
    with pytest.raises(PermissionDenied):
        await tenancy.workspaces.remove(admin, "other")
    assert len(await tenancy.workspaces.list()) == 2


async def test_a_host_keeps_a_workspace_whatever_happens_at_once(tenancy: Tenancy, owner: Principal, open_tenancy: Any) -> None:
    replica: Tenancy = await open_tenancy()
    other = operator((await tenancy.workspaces.create("other")).id)
    outcomes = await asyncio.gather(
        tenancy.workspaces.remove(owner, "default"), replica.workspaces.remove(other, "other"), return_exceptions=True
    )
    assert [type(one) for one in outcomes if one is not None] == [Conflict]
    assert len(await tenancy.workspaces.list()) == 1


async def test_the_workspace_after_the_first_is_nobodys_to_claim(tenancy: Tenancy, owner: Principal, open_tenancy: Any) -> None:
    other = operator((await tenancy.workspaces.create("other")).id)
    token, _ = await tenancy.keys.create(other, "first key")
    await tenancy.workspaces.remove(owner, "default")
    replica: Tenancy = await open_tenancy()
    assert replica.setup_token is None
    with pytest.raises(Conflict):
        await replica.first_owner.claim(token, "eve@example.org", PASSWORD)


async def test_a_name_that_two_have_means_neither(tenancy: Tenancy) -> None:
    first, second = [(await tenancy.workspaces.create("twin")).id for _ in range(2)]
    with pytest.raises(Conflict) as caught:
        await tenancy.workspaces.find("twin")
    assert first in caught.value.advice
    assert (await tenancy.workspaces.find(second)).id == second
