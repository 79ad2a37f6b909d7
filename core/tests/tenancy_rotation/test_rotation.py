"""Rotation of keys: everything opens at every moment, and in the end under the new keys alone."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from jackfield.contract import NotFound
from jackfield.store import Store, now
from jackfield.store.tables import CredentialRow, KeyPairRow
from jackfield.tenancy import rotation as rotation_module
from jackfield.tenancy.rotation import KeyRotation, Outcome
from jackfield.tenancy.secrets import Secrets
from jackfield.tenancy.tenancy import Tenancy
from jackfield.tenancy.workspaces import operator
from jackfield.vault import MasterKey, MasterKeyRefused, MasterKeyring, key_id_of, read_key_file, write_key_file
from sqlalchemy import select, update

if TYPE_CHECKING:
    from .conftest import Replica, Start

SECRETS = [f"sk-{number:02}" for number in range(7)]


@pytest.fixture(autouse=True)
def small_and_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation_module, "BATCH", 3)
    monkeypatch.setattr(rotation_module, "STRAGGLERS", 0.0)


async def pairs_of(store: Store, workspace_id: str) -> dict[str, bool]:
    async with store.read() as session:
        rows = await session.scalars(select(KeyPairRow).where(KeyPairRow.workspace_id == workspace_id))
        return {row.id: row.current for row in rows}


async def pairs_in_use(store: Store, workspace_id: str) -> set[str]:
    async with store.read() as session:
        rows = await session.scalars(select(CredentialRow.sealed).where(CredentialRow.workspace_id == workspace_id))
        return {key_id_of(sealed) for sealed in rows if sealed}


async def rotate(replica: Replica, **options: Any) -> Outcome:
    outcome = Outcome()
    await replica.rotation().rotate_workspaces(outcome, **options)
    return outcome


async def test_a_workspace_gets_a_new_pair_and_its_secrets_move(start: Start) -> None:
    replica, other = await start(), await start()
    workspace_id = await replica.workspace(*SECRETS)
    untouched = await replica.workspace("sk-else")
    before = (await replica.tenancy.credentials.list(operator(workspace_id)))[0]
    assert await other.secrets_of(workspace_id) == SECRETS
    (former,) = await pairs_of(replica.tenancy.store, workspace_id)
    seen: list[tuple[str, int]] = []

    outcome = await rotate(replica, only=workspace_id, on_progress=lambda what, number: seen.append((what, number)))

    assert (outcome.workspaces, outcome.secrets, outcome.failures) == ([workspace_id], 7, {})
    assert seen == [("secret", 3), ("secret", 6), ("secret", 7)]
    pairs = await pairs_of(replica.tenancy.store, workspace_id)
    assert pairs.pop(former) is False
    ((current, is_current),) = pairs.items()
    assert is_current
    assert await pairs_in_use(replica.tenancy.store, workspace_id) == {current}
    for host in (replica, other, await start()):
        assert await host.secrets_of(workspace_id) == SECRETS
        assert await host.secrets_of(untouched) == ["sk-else"]
    assert len(await pairs_of(replica.tenancy.store, untouched)) == 1
    after = (await replica.tenancy.credentials.list(operator(workspace_id)))[0]
    assert after.updated_at == before.updated_at
    entries = await replica.tenancy.audit.list(operator(workspace_id), limit=1)
    assert [(entry.action, entry.subject) for entry in entries] == [("keys.rotate", current)]
    state = await replica.rotation().state()
    assert (state.former_pairs, state.secrets, state.behind) == (1, 8, 0)


async def test_another_replica_seals_under_the_new_pair_as_soon_as_it_hears_of_it(start: Start) -> None:
    replica, other = await start(), await start()
    workspace_id = await replica.workspace("sk-1")
    await other.add(workspace_id, "sk-2")
    await rotate(replica)
    await other.tenancy.watch.poll()
    await other.add(workspace_id, "sk-3")
    current = [pair for pair, is_current in (await pairs_of(replica.tenancy.store, workspace_id)).items() if is_current]
    assert await pairs_in_use(replica.tenancy.store, workspace_id) == set(current)
    assert await replica.secrets_of(workspace_id) == ["sk-1", "sk-2", "sk-3"]


async def test_a_straggler_under_the_former_pair_opens_and_is_moved_by_the_next_run(start: Start) -> None:
    replica, other = await start(), await start()
    workspace_id = await replica.workspace("sk-1")
    await other.add(workspace_id, "sk-2")
    await other.tenancy.secrets.seal(workspace_id, "openai", "any", {})  # it now knows the pair that is current
    await other.tenancy.watch.stop()  # and hears of nothing more
    await rotate(replica, only=workspace_id)
    await other.add(workspace_id, "sk-late")
    assert (await replica.rotation().state()).behind == 1
    assert await replica.secrets_of(workspace_id) == ["sk-1", "sk-2", "sk-late"]

    outcome = await rotate(replica, older_than=timedelta(hours=1))  # no pair is that old: only what is behind moves
    assert (outcome.workspaces, outcome.secrets) == ([], 1)
    assert (await replica.rotation().state()).behind == 0
    assert await replica.secrets_of(workspace_id) == ["sk-1", "sk-2", "sk-late"]


async def test_former_pairs_go_an_hour_later_unless_something_needs_them(start: Start) -> None:
    replica = await start()
    workspace_id = await replica.workspace("sk-1", "sk-2")
    store = replica.tenancy.store
    broken = await replica.spoil(workspace_id)
    outcome = await rotate(replica, only=workspace_id)
    assert list(outcome.failures) == [f"credential {broken}"]
    assert "sk-" not in str(outcome.failures)
    assert (outcome.secrets, outcome.removed) == (1, 0)

    async with store.write() as session:
        await session.execute(update(KeyPairRow).values(created_at=now() - timedelta(hours=2)))
    young = timedelta(days=1)
    assert (await rotate(replica, older_than=young)).removed == 0  # the broken row still is under it
    await replica.tenancy.credentials.remove(operator(workspace_id), broken)
    outcome = await rotate(replica, older_than=young)
    assert (outcome.workspaces, outcome.removed, outcome.failures) == ([], 1, {})
    assert list((await pairs_of(store, workspace_id)).values()) == [True]
    assert await (await start()).secrets_of(workspace_id) == ["sk-2"]


async def test_an_edit_made_meanwhile_wins(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    replica = await start()
    workspace_id = await replica.workspace("sk-1", "sk-2")
    edited = (await replica.tenancy.credentials.list(operator(workspace_id)))[0].id
    replace, edits = KeyRotation._replace, [edited]

    async def edit_first(self: KeyRotation, changes: list[tuple[str, str, str]]) -> int:
        if edits:
            await replica.edit(workspace_id, edits.pop(), "sk-edited")
        return await replace(self, changes)

    monkeypatch.setattr(KeyRotation, "_replace", edit_first)
    outcome = await rotate(replica, only=workspace_id)
    assert await replica.secrets_of(workspace_id) == ["sk-2", "sk-edited"]
    assert (await replica.rotation().state()).behind == 0
    assert outcome.failures == {}


async def test_two_runs_at_once_do_no_harm(start: Start) -> None:
    one, two = await start(), await start()
    workspaces = [await one.workspace(*SECRETS) for _ in range(2)]
    await asyncio.gather(rotate(one), rotate(two))
    for workspace_id in workspaces:
        assert list((await pairs_of(one.tenancy.store, workspace_id)).values()).count(True) == 1
        assert await one.secrets_of(workspace_id) == SECRETS
    assert (await one.rotation().state()).behind == 0


async def test_an_unknown_workspace_is_said(start: Start) -> None:
    with pytest.raises(NotFound):
        await rotate(await start(), only="nobody")


# -- the master key ----------------------------------------------------------------------------------------------------------


async def renew(replica: Replica) -> Outcome:
    outcome = Outcome()
    rotation = replica.rotation()
    assert await rotation.renew_master_key(replica.key_file)
    await rotation.relock_pairs(outcome)
    return outcome


async def test_the_master_key_is_renewed_under_running_replicas(start: Start) -> None:
    replica, other = await start(), await start()
    workspaces = [await replica.workspace(f"sk-{number}") for number in range(5)]
    former = replica.tenancy.secrets.masters.current

    outcome = await renew(replica)

    assert (outcome.pairs, outcome.failures) == (6, {})  # theirs, and that of the first run's workspace
    current, kept = read_key_file(replica.key_file)
    assert kept == former
    state = await replica.rotation().state()
    assert dict(state.master_keys) == {current.id: 6}
    assert other.tenancy.secrets.masters.ids == (former.id,)
    for number, workspace_id in enumerate(workspaces):  # opened by one that started with the former key alone
        assert await other.secrets_of(workspace_id) == [f"sk-{number}"]
    fresh = await replica.workspace("sk-new")
    assert dict((await replica.rotation().state()).master_keys) == {current.id: 7}

    assert await replica.rotation().forget_master_keys(replica.key_file) == (former.id,)
    assert read_key_file(replica.key_file) == (current,)
    assert await (await start()).secrets_of(fresh) == ["sk-new"]


async def test_an_interrupted_renewal_goes_on_with_the_same_key(start: Start) -> None:
    replica = await start()
    workspace_id = await replica.workspace("sk-1")
    rotation = replica.rotation()
    assert await rotation.renew_master_key(replica.key_file)
    keys = read_key_file(replica.key_file)
    assert not await rotation.renew_master_key(replica.key_file)
    assert read_key_file(replica.key_file) == keys
    assert await rotation.forget_master_keys(replica.key_file) == ()  # both are needed
    assert read_key_file(replica.key_file) == keys
    outcome = Outcome()
    await rotation.relock_pairs(outcome)
    assert outcome.pairs == 2
    assert await replica.secrets_of(workspace_id) == ["sk-1"]


async def test_a_key_that_turns_out_to_be_needed_is_put_back(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    replica = await start()
    await renew(replica)
    current, former = read_key_file(replica.key_file)
    late = Secrets(replica.tenancy.store, MasterKeyring(former))  # read the file before, stores its pair just after

    async def meanwhile() -> None:
        pair = await late.new_pair(replica.tenancy.first_run.workspace.id if replica.tenancy.first_run else "")
        async with replica.tenancy.store.write() as session:
            session.add(pair)

    with monkeypatch.context() as patched:
        patched.setattr(rotation_module, "_wait_for_replicas", meanwhile)
        assert await replica.rotation().forget_master_keys(replica.key_file) == ()
    assert read_key_file(replica.key_file) == (current, former)


async def test_a_replica_with_the_former_key_alone_is_refused_at_start(start: Start, tmp_path: Any) -> None:
    replica = await start()
    former = replica.tenancy.secrets.masters.current
    await renew(replica)
    current = read_key_file(replica.key_file)[0]

    async def begin(key: str) -> None:
        tenancy = await Tenancy.open(
            replica.tenancy.store, master_key_file=tmp_path / "none", master_key=key, journal=tmp_path / "another"
        )
        await tenancy.close()

    with pytest.raises(MasterKeyRefused, match=current.id):
        await begin(former.encode())
    await begin(current.encode())
    replica.key_file.unlink()
    with pytest.raises(MasterKeyRefused, match="missing"):
        await start()
    assert not replica.key_file.exists()


async def test_keys_from_the_environment_are_rotated_between_them(start: Start) -> None:
    replica = await start()
    workspace_id = await replica.workspace("sk-1")
    former, new = replica.tenancy.secrets.masters.current, MasterKey.generate()
    rotation = KeyRotation(replica.tenancy.store, MasterKeyring(new, [former]))
    outcome = Outcome()
    await rotation.relock_pairs(outcome)
    assert outcome.pairs == 2
    assert dict((await rotation.state()).master_keys) == {new.id: 2}
    write_key_file(replica.key_file, [new])
    assert await (await start()).secrets_of(workspace_id) == ["sk-1"]


async def test_a_pair_that_does_not_open_is_said_and_the_others_move(start: Start) -> None:
    replica = await start()
    workspace_id = await replica.workspace("sk-1")
    bad, lost = await replica.workspace(), await replica.workspace()
    async with replica.tenancy.store.write() as session:
        (row,) = (await session.scalars(select(KeyPairRow).where(KeyPairRow.workspace_id == bad))).all()
        row.locked = row.locked[:-8] + "AAAAAAAA"
        (row,) = (await session.scalars(select(KeyPairRow).where(KeyPairRow.workspace_id == lost))).all()
        row.locked = row.locked.replace(row.locked.split(".")[1], "0" * 12)
    outcome = Outcome()
    rotation = replica.rotation()
    assert not await rotation.renew_master_key(replica.key_file)  # one is under a key that nobody has
    write_key_file(replica.key_file, [MasterKey.generate(), *read_key_file(replica.key_file)])
    await rotation.relock_pairs(outcome)
    assert {failure.workspace_id for failure in outcome.failures.values()} == {bad, lost}
    assert await replica.secrets_of(workspace_id) == ["sk-1"]
