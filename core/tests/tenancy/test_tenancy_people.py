"""People: passwords, sessions, members; and the audit log, which says who changed what."""

from __future__ import annotations

import asyncio

import pytest
from jackfield.contract import BadRequest, Conflict, NotFound, PermissionDenied, RateLimited, Unauthenticated
from jackfield.tenancy import Preference, Principal, Role, Tenancy, operator

PASSWORD = "correct horse battery"


@pytest.fixture
async def ada(tenancy: Tenancy, owner: Principal) -> str:
    return (await tenancy.people.add_member(owner, "Ada@Example.org ", Role.OWNER, password=PASSWORD)).person_id


async def test_a_person_signs_in_and_out(tenancy: Tenancy, owner: Principal, ada: str) -> None:
    token = await tenancy.people.sign_in("ada@example.org", PASSWORD)
    who = await tenancy.people.session(token)
    assert (who.person_id, who.role, who.workspace_id) == (ada, Role.OWNER, owner.workspace_id)
    await tenancy.people.sign_out(token)
    with pytest.raises(Unauthenticated):
        await tenancy.people.session(token)


async def test_unknown_account_and_wrong_password_look_the_same(tenancy: Tenancy, ada: str) -> None:
    messages = set()
    for email, password in (("ada@example.org", "wrong password"), ("eve@example.org", PASSWORD)):
        with pytest.raises(Unauthenticated) as caught:
            await tenancy.people.sign_in(email, password)
        messages.add(caught.value.message)
    assert len(messages) == 1


async def test_guessing_is_stopped_even_for_the_right_password(tenancy: Tenancy, ada: str) -> None:
    for _ in range(10):
        with pytest.raises(Unauthenticated):
            await tenancy.people.sign_in("ada@example.org", "guess guess guess", address="192.0.2.1")
    with pytest.raises(RateLimited):
        await tenancy.people.sign_in("ada@example.org", PASSWORD)
    with pytest.raises(RateLimited):
        await tenancy.people.sign_in("other@example.org", PASSWORD, address="192.0.2.1")


async def test_guesses_that_are_sent_at_once_are_no_more_than_those_in_a_row(tenancy: Tenancy, ada: str) -> None:
    guesses = (tenancy.people.sign_in("ada@example.org", f"guess number {n}", address="192.0.2.1") for n in range(25))
    outcomes = [type(outcome) for outcome in await asyncio.gather(*guesses, return_exceptions=True)]
    assert outcomes.count(Unauthenticated) <= 10
    assert outcomes.count(Unauthenticated) + outcomes.count(RateLimited) == 25


async def test_who_signs_in_is_not_counted_among_the_failures(tenancy: Tenancy, ada: str) -> None:
    for _ in range(12):
        await tenancy.people.sign_in("ada@example.org", PASSWORD, address="192.0.2.1")


async def test_a_new_password_ends_every_session(tenancy: Tenancy, ada: str) -> None:
    token = await tenancy.people.sign_in("ada@example.org", PASSWORD)
    await tenancy.people.set_password(ada, "another long password")
    with pytest.raises(Unauthenticated):
        await tenancy.people.session(token)
    await tenancy.people.sign_in("ada@example.org", "another long password")


async def test_a_workspace_keeps_an_owner(tenancy: Tenancy, owner: Principal, ada: str) -> None:
    with pytest.raises(Conflict):
        await tenancy.people.change_member(owner, ada, Role.MEMBER)
    with pytest.raises(Conflict):
        await tenancy.people.change_member(owner, ada, None)
    bob = await tenancy.people.add_member(owner, "bob@example.org", Role.OWNER, password=PASSWORD)
    await tenancy.people.change_member(owner, ada, None)
    assert [one.person_id for one in await tenancy.people.members(owner)] == [bob.person_id]


async def test_members_are_refused_what_is_not_theirs(tenancy: Tenancy, owner: Principal, ada: str) -> None:
    admin = Principal(workspace_id=owner.workspace_id, name="admin", role=Role.ADMIN)
    with pytest.raises(PermissionDenied):
        await tenancy.people.add_member(admin, "x@example.org", Role.OWNER, password=PASSWORD)
    with pytest.raises(PermissionDenied):
        await tenancy.audit.list(Principal(workspace_id=owner.workspace_id, name="m"))
    with pytest.raises(NotFound):
        await tenancy.people.change_member(operator((await tenancy.workspaces.create("o")).id), ada, Role.MEMBER)


@pytest.mark.parametrize(
    ("email", "password", "param"),
    [("nobody", PASSWORD, "email"), ("a@b", "short", "password"), ("a@b", "x" * 2000, "password"), ("a@b", None, "password")],
)
async def test_bad_input_is_named(tenancy: Tenancy, owner: Principal, email: str, password: str | None, param: str) -> None:
    with pytest.raises(BadRequest) as caught:
        await tenancy.people.add_member(owner, email, Role.MEMBER, password=password)
    assert caught.value.param == param


async def test_one_person_in_two_workspaces(tenancy: Tenancy, owner: Principal, ada: str) -> None:
    other = operator((await tenancy.workspaces.create("other")).id)
    await tenancy.people.add_member(other, "ada@example.org", Role.MEMBER)
    token = await tenancy.people.sign_in("ada@example.org", PASSWORD)
    assert (await tenancy.people.session(token, other.workspace_id)).role is Role.MEMBER
    assert [one.name for one in await tenancy.people.memberships(ada)] == ["default", "other"]
    with pytest.raises(Unauthenticated):
        await tenancy.people.session(token, "0" * 32)


async def test_changes_are_in_the_audit_log_of_their_workspace_only(tenancy: Tenancy, owner: Principal, ada: str) -> None:
    await tenancy.choices.set_alias(owner, "fast", ["openai/gpt-4o-mini", "local/smollm2"])
    await tenancy.choices.set_preference(owner, "openai", Preference(hosted_first=True))
    entries = await tenancy.audit.list(owner)
    assert [entry.action for entry in entries[:3]] == ["preference.set", "alias.set", "member.add"]
    assert entries[1].details == {"targets": ["openai/gpt-4o-mini", "local/smollm2"]}
    assert entries[1].actor == "host:operator"
    other = operator((await tenancy.workspaces.create("other")).id)
    assert [entry.action for entry in await tenancy.audit.list(other)] == ["workspace.create"]


async def test_a_person_enters_only_their_own_workspaces(tenancy: Tenancy, owner: Principal, ada: str) -> None:
    other = await tenancy.workspaces.create("other")
    token = await tenancy.people.sign_in("ada@example.org", PASSWORD)
    who = await tenancy.people.who(token)
    assert who.id == ada
    assert (await tenancy.people.enter(who, owner.workspace_id)).role is Role.OWNER
    for elsewhere in (other.id, "0" * 32):
        with pytest.raises(NotFound):
            await tenancy.people.enter(who, elsewhere)


async def test_an_owner_sets_the_password_of_a_member_who_is_theirs_alone(tenancy: Tenancy, owner: Principal, ada: str) -> None:
    token = await tenancy.people.sign_in("ada@example.org", PASSWORD)
    await tenancy.people.reset_password(owner, ada, "a new good password")
    with pytest.raises(Unauthenticated):
        await tenancy.people.who(token)
    await tenancy.people.sign_in("ada@example.org", "a new good password")
    assert (await tenancy.audit.list(owner))[0].action == "member.password"
    with pytest.raises(PermissionDenied):
        await tenancy.people.reset_password(Principal(owner.workspace_id, "a", Role.ADMIN), ada, PASSWORD)

    other = operator((await tenancy.workspaces.create("other")).id)
    with pytest.raises(NotFound):
        await tenancy.people.reset_password(other, ada, PASSWORD)
    await tenancy.people.add_member(other, "ada@example.org", Role.MEMBER)
    with pytest.raises(PermissionDenied, match="other workspaces"):
        await tenancy.people.reset_password(other, ada, PASSWORD)
