"""What is read while it changes is not kept: a change counts from its end on, whoever was reading when it came."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest
from jackfield.contract import CredentialForm, QuotaExceeded, Unauthenticated, Usage
from jackfield.store import Store
from jackfield.tenancy import CredentialChange, Principal, Tenancy
from sqlalchemy.ext.asyncio import AsyncSession

Meanwhile = Callable[[Callable[[], Awaitable[Any]]], None]


@pytest.fixture
def meanwhile(tenancy: Tenancy, monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """What is to happen when the next question to the database has been answered, before whoever asked goes on."""

    def plan(change: Callable[[], Awaitable[Any]]) -> None:
        @asynccontextmanager
        async def read() -> AsyncIterator[AsyncSession]:
            monkeypatch.setattr(tenancy.store, "read", lambda: Store.read(tenancy.store))
            async with tenancy.store.read() as session:
                yield session
            await change()

        monkeypatch.setattr(tenancy.store, "read", read)

    return plan


async def _accept(_credentials: object) -> None: ...


async def test_a_key_that_is_revoked_while_it_is_looked_up(tenancy: Tenancy, owner: Principal, meanwhile: Meanwhile) -> None:
    await tenancy.watch.stop()  # which would ask questions of its own
    token, info = await tenancy.keys.create(owner, "leaked")
    meanwhile(lambda: tenancy.keys.revoke(owner, info.id))
    await tenancy.keys.authenticate(token)  # began before
    with pytest.raises(Unauthenticated):
        await tenancy.keys.authenticate(token)


async def test_a_workspace_that_changes_while_it_is_read(tenancy: Tenancy, owner: Principal, meanwhile: Meanwhile) -> None:
    await tenancy.watch.stop()
    meanwhile(lambda: tenancy.choices.set_alias(owner, "fast", ["acme/chat"]))
    await tenancy.views.get(owner.workspace_id)
    assert "fast" in (await tenancy.views.get(owner.workspace_id)).aliases


async def test_a_call_from_before_leaves_no_former_secret_to_those_after(
    tenancy: Tenancy, owner: Principal, form: CredentialForm
) -> None:
    info = await tenancy.credentials.add(owner, "acme", form, {"api_key": "sk-former"}, _accept)
    (former,) = (await tenancy.views.get(owner.workspace_id)).credentials["acme"]
    await tenancy.credentials.change(owner, info.id, form, CredentialChange(values={"api_key": "sk-new"}), _accept)
    assert (await tenancy.credentials.open(former))["api_key"] == "sk-former"  # a call that has been running
    (present,) = (await tenancy.views.get(owner.workspace_id)).credentials["acme"]
    assert tenancy.credentials.opened(present) is None
    assert (await tenancy.credentials.open(present))["api_key"] == "sk-new"


async def test_what_is_settled_while_others_ask_what_is_spent_counts(
    tenancy: Tenancy, owner: Principal, meanwhile: Meanwhile, monkeypatch: pytest.MonkeyPatch
) -> None:
    await tenancy.watch.stop()
    await tenancy.budgets.set(owner, None, "day", "USD", Decimal(1))
    view = await tenancy.views.get(owner.workspace_id)
    await tenancy.budgets.admit(view, None)
    monkeypatch.setattr("jackfield.tenancy.budgets.MAX_AGE", 0.0)  # all ask the ledger

    async def call() -> None:
        await tenancy.budgets.admit(view, None)
        tenancy.budgets.settle(view, None, Usage(), Decimal(1), "USD")

    meanwhile(call)
    for _ in range(2):  # the first of them asked before
        with pytest.raises(QuotaExceeded):
            await tenancy.budgets.admit(view, None)
