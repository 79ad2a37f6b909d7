"""Runs that are killed half-way, by the signal that no process survives: nothing is lost, and the next run ends the work."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from jackfield.tenancy import rotation as rotation_module
from jackfield.tenancy.rotation import Outcome
from jackfield.vault import read_key_file

if TYPE_CHECKING:
    from .conftest import Start

SECRETS = [f"sk-{number:02}" for number in range(9)]
RUN = """
import asyncio, sys
from pathlib import Path
from jackfield.store import Store
from jackfield.tenancy import rotation
from jackfield.vault import KeyPair, load_keyring

what, url, key_file = sys.argv[1], sys.argv[2], Path(sys.argv[3])
rotation.BATCH = 2
generate = KeyPair.generate
KeyPair.generate = lambda workspace: generate(workspace, bits=2048)

def wait(kind, number):
    print(kind, number, flush=True)
    sys.stdin.readline()

async def main():
    store = await Store.open(url)
    work = rotation.KeyRotation(store, load_keyring(key_file, create=False))
    if what == "master":
        await work.renew_master_key(key_file)
        await work.relock_pairs(rotation.Outcome(), wait)
    else:
        await work.rotate_workspaces(rotation.Outcome(), on_progress=wait)

asyncio.run(main())
"""


def run_and_kill(what: str, url: str, key_file: object, *, after: int) -> list[str]:
    """Run until the process has reported `after` transactions, and kill it."""
    command = [sys.executable, "-c", RUN, what, url, str(key_file)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdin
    assert process.stdout
    lines = []
    try:
        for number in range(after):
            if number:
                process.stdin.write("\n")
                process.stdin.flush()
            lines.append(process.stdout.readline().strip())
    finally:
        process.kill()
        errors = process.communicate()[1]
    assert all(lines), errors
    return lines


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation_module, "STRAGGLERS", 0.0)


async def test_secrets_half_moved(start: Start, database_url: str) -> None:
    replica = await start()
    workspace_id = await replica.workspace(*SECRETS)
    assert run_and_kill("workspaces", database_url, replica.key_file, after=2) == ["secret 2", "secret 4"]

    state = await replica.rotation().state()
    assert 0 < state.behind < len(SECRETS)
    for host in (replica, await start()):  # one that ran all the time, and one started after
        assert await host.secrets_of(workspace_id) == SECRETS
    await replica.add(workspace_id, "sk-99")

    outcome = Outcome()
    await replica.rotation().rotate_workspaces(outcome, only=workspace_id, older_than=rotation_module.KEEP_PAIRS)
    assert outcome.workspaces == []  # its pair is new: only what was left is moved
    assert outcome.secrets == state.behind
    assert outcome.failures == {}
    assert (await replica.rotation().state()).behind == 0
    assert await (await start()).secrets_of(workspace_id) == [*SECRETS, "sk-99"]


async def test_private_keys_half_moved(start: Start, database_url: str) -> None:
    replica = await start()
    workspaces = {await replica.workspace(secret): secret for secret in SECRETS[:5]}
    (former,) = read_key_file(replica.key_file)
    assert run_and_kill("master", database_url, replica.key_file, after=2) == ["pair 2", "pair 4"]

    current, kept = read_key_file(replica.key_file)
    assert kept == former
    assert dict((await replica.rotation().state()).master_keys) == {former.id: 2, current.id: 4}
    for host in (replica, await start()):
        assert {workspace_id: (await host.secrets_of(workspace_id))[0] for workspace_id in workspaces} == workspaces

    outcome = Outcome()
    assert not await replica.rotation().renew_master_key(replica.key_file)  # goes on with the key it has
    await replica.rotation().relock_pairs(outcome)
    assert (outcome.pairs, outcome.failures) == (2, {})
    assert await replica.rotation().forget_master_keys(replica.key_file) == (former.id,)
    fresh = await start()
    assert {workspace_id: (await fresh.secrets_of(workspace_id))[0] for workspace_id in workspaces} == workspaces
