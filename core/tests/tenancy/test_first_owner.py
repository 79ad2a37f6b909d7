"""The first owner: by the set-up address, known to every replica, or by the first key; once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from jackfield.contract import BadRequest, Conflict, Unauthenticated
from jackfield.tenancy import Principal, Role, Tenancy

PASSWORD = "correct horse battery"


async def test_every_replica_knows_the_address_until_there_is_an_owner(
    tenancy: Tenancy, open_tenancy: Callable[..., Awaitable[Tenancy]], owner: Principal
) -> None:
    other = await open_tenancy()
    token = tenancy.setup_token
    assert token
    assert token == other.setup_token
    assert await other.first_owner.holds(token)
    await other.first_owner.claim(token, "Ada@Example.org", PASSWORD)
    who = await tenancy.people.session(await tenancy.people.sign_in("ada@example.org", PASSWORD))
    assert (who.role, who.workspace_id) == (Role.OWNER, owner.workspace_id)
    assert await tenancy.first_owner.token() is None
    assert not await tenancy.first_owner.holds(token)
    with pytest.raises(Conflict):
        await tenancy.first_owner.claim(token, "eve@example.org", PASSWORD)
    assert (await open_tenancy()).setup_token is None


async def test_the_first_key_proves_it_and_no_other_does(tenancy: Tenancy, owner: Principal) -> None:
    assert tenancy.first_run is not None
    later, _ = await tenancy.keys.create(owner, "an app", role=Role.ADMIN)
    for proof in ("", "guessed", "ключ", later, tenancy.first_run.workspace.id):
        with pytest.raises(Unauthenticated):
            await tenancy.first_owner.claim(proof, "ada@example.org", PASSWORD)
    with pytest.raises(BadRequest):
        await tenancy.first_owner.claim(tenancy.first_run.api_key, "ada@example.org", "short")
    await tenancy.first_owner.claim(f" {tenancy.first_run.api_key} ", "ada@example.org", PASSWORD)
    assert await tenancy.people.has_owner(owner.workspace_id)


async def test_a_first_key_that_was_revoked_proves_nothing(tenancy: Tenancy, owner: Principal) -> None:
    assert tenancy.first_run is not None
    (first,) = await tenancy.keys.list(owner)
    await tenancy.keys.revoke(owner, first.id)
    assert not await tenancy.first_owner.holds(tenancy.first_run.api_key)


async def test_of_many_who_claim_a_fresh_host_at_once_one_becomes_its_owner(
    tenancy: Tenancy, open_tenancy: Callable[..., Awaitable[Tenancy]], owner: Principal
) -> None:
    other = await open_tenancy()
    assert tenancy.setup_token is not None
    outcomes = await asyncio.gather(
        *(
            where.first_owner.claim(tenancy.setup_token, f"claimant{number}@example.org", PASSWORD)
            for number, where in enumerate([tenancy, other] * 2)
        ),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict", "Conflict", "Conflict", "NoneType"]
    winner = f"claimant{outcomes.index(None)}@example.org"
    assert [(one.email, one.role) for one in await tenancy.people.members(owner)] == [(winner, Role.OWNER)]
    with pytest.raises(Unauthenticated):  # who came too late has no account either
        await tenancy.people.sign_in("claimant0@example.org" if outcomes[0] else "claimant1@example.org", PASSWORD)
