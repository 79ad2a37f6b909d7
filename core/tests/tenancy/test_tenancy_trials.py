"""Hosted trials: never one call too many, with any number of callers, processes and replicas."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from jackfield.contract import Credentials, QuotaExceeded, Usage
from jackfield.store import now
from jackfield.tenancy import Principal, Reservation, Tenancy, Trial, Trials

TRIAL = Trial("openai", "openai", ("gpt-3.5-turbo", "gpt-3.5-turbo-16k", "text-davinci-003"), 200)

CALLERS = """
import asyncio, sys
from jackfield.contract import QuotaExceeded
from jackfield.store import Store
from jackfield.tenancy import Trial, Trials

async def main(url, workspace):
    store = await Store.open(url)
    trials = Trials(store)
    trial = Trial("openai", "openai", ("*",), 200)
    passed = 0

    async def caller():
        nonlocal passed
        while True:
            try:
                await trials.reserve(workspace, trial, "gpt-3.5-turbo")
            except QuotaExceeded:
                return
            passed += 1

    await asyncio.gather(*(caller() for _ in range(16)))
    await store.close()
    print(passed)

asyncio.run(main(*sys.argv[1:]))
"""


async def test_64_callers_on_4_processes_pass_exactly_200_times(
    tenancy: Tenancy, owner: Principal, database_url: str, tmp_path: Path
) -> None:
    script = tmp_path / "callers.py"
    script.write_text(CALLERS)
    command = [sys.executable, str(script), database_url, owner.workspace_id]
    processes = [
        await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(4)
    ]
    outputs = await asyncio.gather(*(process.communicate() for process in processes))
    assert [err.decode() for _, err in outputs if err] == []
    assert sum(int(out) for out, _ in outputs) == 200
    (state,) = await Trials(tenancy.store, [TRIAL]).states(owner.workspace_id)
    assert (state.used, state.left) == (200, 0)


async def test_the_last_call_passes_and_the_next_says_what_to_do(tenancy: Tenancy, owner: Principal) -> None:
    trials = Trials(tenancy.store, [Trial("t", "openai", ("*",), 1)])
    (trial,) = trials.lending("openai", "gpt-3.5-turbo")
    await trials.reserve(owner.workspace_id, trial, "gpt-3.5-turbo")
    with pytest.raises(QuotaExceeded) as caught:
        await trials.reserve(owner.workspace_id, trial, "gpt-3.5-turbo")
    assert "API key of your own" in caught.value.advice


async def test_a_failed_call_is_given_back(tenancy: Tenancy, owner: Principal) -> None:
    trials = Trials(tenancy.store, [Trial("t", "openai", ("*",), 1)])
    reservation = await trials.reserve(owner.workspace_id, trials.offered[0], "m")
    await trials.give_back(reservation)
    assert isinstance(await trials.reserve(owner.workspace_id, trials.offered[0], "m"), Reservation)


async def test_each_workspace_has_its_own(tenancy: Tenancy, owner: Principal) -> None:
    trials = Trials(tenancy.store, [Trial("t", "openai", ("*",), 1)])
    other = await tenancy.workspaces.create("other")
    await trials.reserve(owner.workspace_id, trials.offered[0], "m")
    await trials.reserve(other.id, trials.offered[0], "m")


async def test_tokens_are_charged_when_the_call_is_settled(tenancy: Tenancy, owner: Principal) -> None:
    trials = Trials(tenancy.store, [Trial("t", "openai", ("*",), 100, unit="tokens")])
    reservation = await trials.reserve(owner.workspace_id, trials.offered[0], "m")
    await trials.settle(reservation, Usage(input_tokens=70, output_tokens=30))
    (state,) = await trials.states(owner.workspace_id)
    assert state.used == 100
    with pytest.raises(QuotaExceeded):
        await trials.reserve(owner.workspace_id, trials.offered[0], "m")


async def test_credits_go_by_the_model(tenancy: Tenancy, owner: Principal) -> None:
    trials = Trials(tenancy.store, [Trial("t", "openai", ("*",), 10, unit="credits", credits={"big": 9, "*": 2})])
    trial = trials.offered[0]
    await trials.reserve(owner.workspace_id, trial, "big")
    with pytest.raises(QuotaExceeded):
        await trials.reserve(owner.workspace_id, trial, "small")
    with pytest.raises(QuotaExceeded):
        await trials.reserve(
            (await tenancy.workspaces.create("o")).id, Trial("u", "openai", ("*",), 1, "credits", {"*": 2}), "m"
        )


def test_a_trial_lends_its_models_until_its_last_day() -> None:
    assert TRIAL.lends("gpt-3.5-turbo")
    assert not TRIAL.lends("gpt-4o")
    today = now().date()
    assert Trial("t", "p", ("*",), 1, ends_on=today).lends("m")
    assert not Trial("t", "p", ("*",), 1, ends_on=today - timedelta(days=1)).lends("m")
    secret = Trial("t", "p", ("*",), 1, credentials=Credentials({"api_key": "sk-canary"}))
    assert "sk-canary" not in repr(secret)
