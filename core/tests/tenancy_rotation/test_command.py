"""`jackfield rotate-keys`, as an operator types it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jackfield.cli.app import run
from jackfield.store import Store
from jackfield.tenancy import rotation as rotation_module
from jackfield.tenancy.tenancy import Tenancy
from jackfield.vault import MasterKey, read_key_file

if TYPE_CHECKING:
    from .conftest import Replica

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, restored_logs: None
) -> Command:
    """Runs `jackfield --data-dir … <arguments>`; gives its exit code, standard output and standard error."""
    monkeypatch.setattr(rotation_module, "STRAGGLERS", 0.0)
    monkeypatch.setenv("JACKFIELD_CONFIG", "")

    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            run(["--data-dir", str(tmp_path), *arguments])
        out = capsys.readouterr()
        return int(ended.value.code or 0), out.out, out.err

    return call


@pytest.fixture
def on_host(tmp_path: Path, make_replica: Callable[[Tenancy, Path], Replica]) -> Callable[[Callable[[Replica], Any]], Any]:
    """Runs a coroutine function on the host's database."""

    def do(what: Callable[[Replica], Any]) -> Any:
        async def main() -> Any:
            store = await Store.open(f"sqlite:///{tmp_path / 'jackfield.db'}")
            key_file = tmp_path / "master.key"
            tenancy = await Tenancy.open(store, master_key_file=key_file, journal=tmp_path / "journal")
            try:
                return await what(make_replica(tenancy, key_file))
            finally:
                await tenancy.close()
                await store.close()

        return asyncio.run(main())

    return do


def test_without_a_database_there_is_nothing_to_rotate(command: Command, tmp_path: Path) -> None:
    code, out, err = command("rotate-keys")
    assert (code, out) == (1, "")
    assert "no database" in err
    assert not (tmp_path / "jackfield.db").exists()


def test_everything_is_renewed_and_still_opens(command: Command, on_host: Callable[..., Any], tmp_path: Path) -> None:
    workspace_id = on_host(lambda replica: replica.workspace("sk-canary-1", "sk-canary-2"))
    (former,) = read_key_file(tmp_path / "master.key")

    code, out, err = command("rotate-keys", "--older-than", "0", "--json")
    assert code == 0, err
    told = json.loads(out)
    assert told["done"]["pairs"] == 2
    assert len(told["done"]["workspaces"]) == 2
    assert told["done"]["secrets"] == 2
    assert told["state"]["behind"] == 0
    assert list(told["state"]["master_keys"]) == [told["state"]["current_master_key"]] != [former.id]
    assert on_host(lambda replica: replica.secrets_of(workspace_id)) == ["sk-canary-1", "sk-canary-2"]

    code, again, _ = command("rotate-keys", "--workspaces", "--json")  # as after an interruption: all pairs are young
    assert json.loads(again)["done"]["workspaces"] == []
    code, forgot, _ = command("rotate-keys", "--forget")
    assert code == 0
    assert former.id in forgot
    assert len(read_key_file(tmp_path / "master.key")) == 1
    assert on_host(lambda replica: replica.secrets_of(workspace_id)) == ["sk-canary-1", "sk-canary-2"]
    for text in (out, err, again, forgot):
        assert "canary" not in text
        assert former.encode() not in text


def test_one_workspace_alone(command: Command, on_host: Callable[..., Any], tmp_path: Path) -> None:
    workspace_id = on_host(lambda replica: replica.workspace("sk-1"))
    keys = read_key_file(tmp_path / "master.key")
    code, out, err = command("--workspace", workspace_id, "rotate-keys", "--older-than", "0", "--json")
    assert code == 0, err
    assert json.loads(out)["done"]["workspaces"] == [workspace_id]
    assert read_key_file(tmp_path / "master.key") == keys
    code, _, err = command("--workspace", "nobody", "rotate-keys")
    assert code == 2
    assert "nobody" in err


def test_status_changes_nothing(command: Command, on_host: Callable[..., Any], tmp_path: Path) -> None:
    on_host(lambda replica: replica.workspace("sk-1"))
    before = on_host(lambda replica: replica.rotation().state())
    code, out, _ = command("rotate-keys", "--status")
    assert code == 0
    assert before.current_master_key in out
    assert on_host(lambda replica: replica.rotation().state()) == before


def test_a_master_key_of_the_environment_is_the_operators_to_change(
    command: Command, on_host: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace_id = on_host(lambda replica: replica.workspace("sk-1"))
    present, new = read_key_file(tmp_path / "master.key")[0], MasterKey.generate()
    monkeypatch.setenv("JACKFIELD_MASTER_KEY", present.encode())
    code, _, err = command("rotate-keys", "--master")
    assert code == 1
    assert "JACKFIELD_MASTER_KEY=" in err
    monkeypatch.setenv("JACKFIELD_MASTER_KEY", f"{new.encode()},{present.encode()}")
    code, out, err = command("rotate-keys", "--master", "--json")
    assert code == 0, err
    assert json.loads(out)["state"]["master_keys"] == {new.id: 2}
    (tmp_path / "master.key").write_text(new.encode())
    monkeypatch.delenv("JACKFIELD_MASTER_KEY")
    assert on_host(lambda replica: replica.secrets_of(workspace_id)) == ["sk-1"]


def test_what_cannot_be_moved_ends_in_failure(command: Command, on_host: Callable[..., Any]) -> None:
    async def spoil(replica: Replica) -> str:
        workspace_id = await replica.workspace("sk-1", "sk-2")
        await replica.spoil(workspace_id)
        return workspace_id

    workspace_id = on_host(spoil)
    code, out, _ = command("rotate-keys", "--workspaces", "--older-than", "0")
    assert code == 1
    assert f"of workspace {workspace_id}" in out
    assert "Secrets sealed anew: 1" in out
