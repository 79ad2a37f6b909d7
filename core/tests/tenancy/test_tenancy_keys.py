"""API keys: shown once, stored as hashes, scoped, and stopped within a second on every replica."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import Any

import pytest
from jackfield.contract import BadRequest, ModelType, NotFound, PermissionDenied, Unauthenticated
from jackfield.store import now
from jackfield.tenancy import Principal, Role, Scopes, Tenancy, operator
from sqlalchemy import text


async def test_the_first_key_is_made_once(tenancy: Tenancy, open_tenancy: Any) -> None:
    assert tenancy.first_run is not None
    who = await tenancy.keys.authenticate(tenancy.first_run.api_key)
    assert who.workspace_id == tenancy.first_run.workspace.id
    assert (await open_tenancy()).first_run is None


async def test_a_key_is_nowhere_in_the_database(tenancy: Tenancy, owner: Principal) -> None:
    token, info = await tenancy.keys.create(owner, "ci")
    assert info.shown.rstrip("…") in token
    async with tenancy.store.read() as session:
        rows = (await session.execute(text("SELECT * FROM api_keys"))).all()
    assert token not in repr(rows)


async def test_scopes_come_back_with_the_key(tenancy: Tenancy, owner: Principal) -> None:
    scopes = Scopes(frozenset({ModelType.LLM}), ("openai/*", "fast"))
    token, _ = await tenancy.keys.create(owner, "chat only", scopes=scopes, requests_per_minute=5)
    who = await tenancy.keys.authenticate(token)
    assert who.scopes == scopes
    assert who.requests_per_minute == 5
    assert who.scopes.permits_type(ModelType.LLM)
    assert not who.scopes.permits_type(ModelType.RERANK)
    assert who.scopes.permits_model("openai/gpt-4o")
    assert who.scopes.permits_model("anthropic/claude", "fast")
    assert not who.scopes.permits_model("anthropic/claude")


@pytest.mark.parametrize("token", ["", "jf-", "jf-nothing", "sk-other", "é" * 50])
async def test_an_unknown_key_is_refused(tenancy: Tenancy, token: str) -> None:
    with pytest.raises(Unauthenticated):
        await tenancy.keys.authenticate(token)


async def test_an_expired_key_is_refused_although_it_is_in_memory(
    tenancy: Tenancy, owner: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, _ = await tenancy.keys.create(owner, "short", expires_at=now() + timedelta(minutes=5))
    await tenancy.keys.authenticate(token)
    later = now() + timedelta(minutes=6)
    monkeypatch.setattr("jackfield.tenancy.keys.now", lambda: later)
    with pytest.raises(Unauthenticated):
        await tenancy.keys.authenticate(token)


async def test_a_revoked_key_stops_within_a_second_on_another_replica(
    tenancy: Tenancy, owner: Principal, open_tenancy: Any
) -> None:
    replica: Tenancy = await open_tenancy()
    token, info = await tenancy.keys.create(owner, "leaked")
    await replica.keys.authenticate(token)
    await tenancy.keys.revoke(owner, info.id)
    with pytest.raises(Unauthenticated):
        await tenancy.keys.authenticate(token)
    began = time.monotonic()
    while replica.keys.cached(token) is not None:
        assert time.monotonic() - began < 30, "the replica still takes the key"
        await asyncio.sleep(0.02)
    with pytest.raises(Unauthenticated):
        await replica.keys.authenticate(token)


async def test_bad_input_is_named(tenancy: Tenancy, owner: Principal) -> None:
    with pytest.raises(BadRequest) as caught:
        await tenancy.keys.create(owner, "  ")
    assert caught.value.param == "name"
    with pytest.raises(BadRequest) as caught:
        await tenancy.keys.create(owner, "x", expires_at=now() - timedelta(days=1))
    assert caught.value.param == "expires_at"


async def test_another_workspace_neither_sees_nor_revokes_a_key(tenancy: Tenancy, owner: Principal) -> None:
    _, info = await tenancy.keys.create(owner, "mine")
    other = operator((await tenancy.workspaces.create("other")).id)
    assert await tenancy.keys.list(other) == []
    with pytest.raises(NotFound):
        await tenancy.keys.revoke(other, info.id)


async def test_a_member_makes_no_keys(tenancy: Tenancy, owner: Principal) -> None:
    member = Principal(workspace_id=owner.workspace_id, name="m", role=Role.MEMBER)
    with pytest.raises(PermissionDenied):
        await tenancy.keys.create(member, "x")


async def test_when_a_key_was_used_is_noted(tenancy: Tenancy, owner: Principal) -> None:
    token, info = await tenancy.keys.create(owner, "used")
    assert info.last_used_at is None
    await tenancy.keys.authenticate(token)
    listed = {key.id: key for key in await tenancy.keys.list(owner)}
    assert listed[info.id].last_used_at is not None


async def test_a_key_does_what_its_role_allows_and_no_more_than_its_maker(tenancy: Tenancy, owner: Principal) -> None:
    plain = await tenancy.keys.authenticate((await tenancy.keys.create(owner, "plain"))[0])
    assert plain.role is None
    with pytest.raises(PermissionDenied, match="calls models only"):
        plain.require(Role.MEMBER)
    token, info = await tenancy.keys.create(owner, "admin", role=Role.ADMIN)
    assert info.role is Role.ADMIN
    admin = await tenancy.keys.authenticate(token)
    admin.require(Role.ADMIN)
    await tenancy.keys.create(admin, "another", role=Role.ADMIN)
    with pytest.raises(PermissionDenied):
        await tenancy.keys.create(admin, "above", role=Role.OWNER)
    member = await tenancy.keys.authenticate((await tenancy.keys.create(owner, "m", role=Role.MEMBER))[0])
    with pytest.raises(PermissionDenied):
        await tenancy.keys.create(member, "x")
    with pytest.raises(PermissionDenied):
        await tenancy.keys.create(member, "x", role=Role.MEMBER)
