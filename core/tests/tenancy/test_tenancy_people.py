"""People: passwords, sessions, members; and the audit log, which says who changed what."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

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


async def test_a_new_password_ends_every_session(tenancy: Tenancy, owner: Principal, ada: str) -> None:
    token = await tenancy.people.sign_in("ada@example.org", PASSWORD)
    await tenancy.people.reset_password(owner, ada, "another long password")
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


async def test_where_trials_are_lent_nobody_makes_workspaces_to_have_more_of_them(
    open_tenancy: Any, tenancy: Tenancy, owner: Principal, ada: str
) -> None:
    by_ada = Principal(owner.workspace_id, "ada@example.org", Role.OWNER, person_id=ada)
    strict = await open_tenancy(workspaces_by_owners=False)
    with pytest.raises(PermissionDenied, match="operator makes the workspaces") as refused:
        await strict.workspaces.create_own(by_ada, "more")
    assert "owners_make_workspaces" in refused.value.advice
    assert [one.name for one in await strict.workspaces.list()] == ["default"]
    assert (await strict.workspaces.create("by the operator")).name == "by the operator"


async def test_the_audit_log_says_who_it_was(tenancy: Tenancy, owner: Principal, ada: str) -> None:
    by_ada = Principal(owner.workspace_id, "ada@example.org", Role.OWNER, person_id=ada)
    hers = operator((await tenancy.workspaces.create_own(by_ada, "hers")).id)
    (made,) = await tenancy.audit.list(hers)
    assert (made.action, made.actor) == ("workspace.create", "person:ada@example.org")
    await tenancy.workspaces.rename(by_ada, "ours")
    await tenancy.budgets.set(by_ada, None, "day", "USD", Decimal("2.50"))
    await tenancy.budgets.set(by_ada, None, "day", "USD", None)
    removed, given, renamed = (await tenancy.audit.list(owner, limit=3))[:3]
    assert {one.actor for one in (removed, given, renamed)} == {"person:ada@example.org"}
    assert (removed.action, given.action, given.details["amount"]) == ("budget.remove", "budget.set", "2.50")
    assert (renamed.subject, renamed.details) == ("ours", {"from": "default"})


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
    eve = await tenancy.people.add_member(other, "eve@example.org", Role.OWNER, password=PASSWORD)
    hers = Principal(other.workspace_id, "eve@example.org", Role.OWNER, person_id=eve.person_id)
    with pytest.raises(PermissionDenied, match="other workspaces"):
        await tenancy.people.reset_password(hers, ada, PASSWORD)
    await tenancy.people.reset_password(other, ada, "the operator may")
    await tenancy.people.sign_in("ada@example.org", "the operator may")


async def test_whose_password_was_changed_is_told_to_every_workspace_of_theirs(
    tenancy: Tenancy, owner: Principal, ada: str
) -> None:
    other = operator((await tenancy.workspaces.create("other")).id)
    await tenancy.people.add_member(other, "ada@example.org", Role.MEMBER)
    token = await tenancy.people.sign_in("ada@example.org", PASSWORD)
    await tenancy.people.change_password(token, PASSWORD, "a new good password")
    for workspace in (owner, other):
        newest = (await tenancy.audit.list(workspace))[0]
        assert (newest.action, newest.actor, newest.subject) == (
            "member.password",
            "person:ada@example.org",
            "ada@example.org",
        )


async def test_of_two_owners_who_remove_each_other_at_once_one_stays(
    tenancy: Tenancy, owner: Principal, ada: str, open_tenancy: Any
) -> None:
    bob = (await tenancy.people.add_member(owner, "bob@example.org", Role.OWNER, password=PASSWORD)).person_id
    replica: Tenancy = await open_tenancy()
    by_ada = Principal(owner.workspace_id, "ada@example.org", Role.OWNER, person_id=ada)
    by_bob = Principal(owner.workspace_id, "bob@example.org", Role.OWNER, person_id=bob)
    outcomes = await asyncio.gather(
        tenancy.people.change_member(by_ada, bob, None),
        replica.people.change_member(by_bob, ada, Role.MEMBER),
        return_exceptions=True,
    )
    assert [type(one) for one in outcomes if one is not None] == [PermissionDenied]
    owners = [one for one in await tenancy.people.members(owner) if one.role is Role.OWNER]
    assert len(owners) == 1
    newest = (await tenancy.audit.list(owner))[0]
    assert newest.subject in {"ada@example.org", "bob@example.org"} - {owners[0].email}


async def test_of_many_owners_who_all_leave_at_once_one_stays(
    tenancy: Tenancy, owner: Principal, ada: str, open_tenancy: Any
) -> None:
    replica: Tenancy = await open_tenancy()
    everybody = [ada]
    for number in range(3):
        added = await tenancy.people.add_member(owner, f"p{number}@example.org", Role.OWNER, password=PASSWORD)
        everybody.append(added.person_id)
    leaving = (
        where.people.change_member(Principal(owner.workspace_id, "p", Role.OWNER, person_id=one), one, None)
        for one, where in zip(everybody, [tenancy, replica] * 2, strict=True)
    )
    outcomes = await asyncio.gather(*leaving, return_exceptions=True)
    assert [type(one) for one in outcomes if one is not None] == [Conflict]
    assert [one.role for one in await tenancy.people.members(owner)] == [Role.OWNER]


async def test_no_session_outlives_a_password_that_is_set_while_it_begins(
    tenancy: Tenancy, owner: Principal, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = tenancy.people._verify

    def slowly(stored: str, password: str) -> bool:
        good = judge(stored, password)
        asyncio.run_coroutine_threadsafe(tenancy.people.reset_password(owner, ada, "a new good password"), loop).result(30)
        return good

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(tenancy.people, "_verify", slowly)
    with pytest.raises(Unauthenticated):
        await tenancy.people.sign_in("ada@example.org", PASSWORD)
