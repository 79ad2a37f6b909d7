"""Where there is a database, models are called as the workspace has them: credentials, defaults, aliases, ledger."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from jackfield.contract import ModelType
from jackfield.host import Host, NewCredential, Settings
from jackfield.tenancy import Principal, UsageFilter, operator

Jackfield = Callable[..., Any]
Work = Callable[[Host, Principal], Awaitable[Any]]


@pytest.fixture
def on_host(site: Any) -> Callable[[Work], Any]:
    """Do something to the host's database."""

    def do(work: Work) -> Any:
        async def run() -> Any:
            async with await Host.open(Settings.load()) as host:
                caller = operator((await host.tenancy.workspaces.list())[0].id)
                return await work(host, caller)

        return asyncio.run(run())

    return do


def rows(out: str) -> dict[str, dict[str, str]]:
    head, *lines = [line.split("\t") for line in out.splitlines()]
    return {line[0]: dict(zip(head, line, strict=True)) for line in lines}


def test_defaults_aliases_credentials_and_the_ledger(
    jackfield: Jackfield, on_host: Callable[[Work], Any], made_database: Path, tmp_path: Path
) -> None:
    # Before there is a database, nothing makes one, and the first model that asks for no key answers.
    assert jackfield("chat", "hello").out == "hello \n"
    assert rows(jackfield("models").out)["owl/talker"]["STATE"] == "needs credentials"
    assert not (tmp_path / "data").exists()
    shutil.copytree(made_database, tmp_path / "data")

    async def set_up(host: Host, caller: Principal) -> None:
        await host.vendors.add(caller, "owl", NewCredential(values={"seeds": "workspace seeds"}))
        await host.tenancy.choices.set_alias(caller, "wise", ["owl/talker", "parrot/talker"])
        await host.tenancy.choices.set_default(caller, ModelType.LLM, "owl/talker")
        await host.tenancy.choices.switch_model(caller, "parrot", "censor", ModelType.MODERATION, on=False)

    on_host(set_up)
    assert jackfield("chat", "hello").out == "wo: hello \n"
    assert jackfield("chat", "hello", "-m", "wise", "--no-stream").out == "wo: hello\n"
    assert jackfield("chat", "hello", "-m", "parrot/talker").out == "hello \n"

    models = rows(jackfield("models").out)
    assert models["owl/talker"]["STATE"] == models["wise → owl/talker, parrot/talker"]["STATE"] == "ready"
    assert models["parrot/censor"]["STATE"] == "off"
    usable = {model["name"] for model in jackfield("models", "--usable", "--json").json}
    assert usable >= {"wise", "owl/talker", "parrot/talker"}
    assert "parrot/censor" not in usable
    providers = {provider["id"]: provider for provider in jackfield("providers", "--json").json}
    assert (providers["owl"]["state"], providers["owl"]["credentials"]) == ("ready", 1)

    async def spent(host: Host, caller: Principal) -> Any:
        await host.tenancy.ledger.flush()
        return await host.tenancy.usage.totals(caller, "model", UsageFilter())

    assert sum(total.calls for total in on_host(spent)) == 3


@pytest.mark.usefixtures("database")
def test_all_types_through_the_host(jackfield: Jackfield, tmp_path: Path) -> None:
    assert '"embedding": [1.0, 0.0]' in jackfield("embed", stdin="a\n").out
    assert jackfield("rerank", "q", "-d", "a", "-d", "bb").out.splitlines()[1].endswith("bb")
    (tmp_path / "talk.wav").write_bytes(b"RIFF")
    assert jackfield("transcribe", "talk.wav").out == "transcribe talk.wav None\n"
    assert jackfield("speak", "hello", "-o", "-").out == "hello|None"
    assert jackfield("chat", "fail:vendor", "-m", "parrot/talker").code == 4
    assert jackfield("chat", "hello", "-m", "parrot/nothing").code == 2


@pytest.mark.usefixtures("database")
def test_the_environment_stands_in_for_a_credential_that_the_workspace_lacks(
    jackfield: Jackfield, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = jackfield("chat", "hello", "-m", "owl/talker")
    assert without.code == 3
    assert "JACKFIELD_OWL_SEEDS" in without.err
    assert "jackfield credentials add" in without.err
    monkeypatch.setenv("JACKFIELD_OWL_SEEDS", "environment")
    assert jackfield("chat", "hello", "-m", "owl/talker").out == "en: hello \n"


def test_a_file_that_cannot_be_written_is_told_at_once(
    jackfield: Jackfield, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JACKFIELD_SERVER__GRACE_PERIOD", "3600")  # which the open answer would be waited for
    done = jackfield("speak", "hello", "-m", "parrot/voice", "-o", "no/such/folder.wav")
    assert (done.code, "No such file or directory" in done.err) == (2, True)


@pytest.mark.parametrize("full", [False, True])
def test_output_that_nobody_reads_or_that_has_no_room_ends_the_command(
    database: Path, child_environment: dict[str, str], *, full: bool
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    output = os.open("/dev/full", os.O_WRONLY) if full else writer
    try:
        done = subprocess.run(
            [sys.executable, "-m", "jackfield.cli", "chat", "hang", "-m", "parrot/talker"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
            env=child_environment | {"JACKFIELD_SERVER__GRACE_PERIOD": "3600"},
            check=False,
        )
    finally:
        for end in {writer, output}:
            os.close(end)
    assert done.returncode == 1
    assert ("No space left on device" in done.stderr, "Traceback" in done.stderr) == (full, False)
