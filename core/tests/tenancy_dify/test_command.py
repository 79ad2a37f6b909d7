"""`jackfield import dify`, as an operator types it, with the plugins that are installed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jackfield.cli.app import run

if TYPE_CHECKING:
    from .conftest import Dify

Command = Callable[..., Awaitable[tuple[int, str, str]]]
OPENAI = "langgenius/openai/openai"


@pytest.fixture
def command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, restored_logs: None
) -> Command:
    """Runs `jackfield --data-dir … <arguments>`; gives its exit code, standard output and standard error."""
    monkeypatch.setenv("JACKFIELD_CONFIG", "")
    monkeypatch.delenv("DIFY_SECRET_KEY", raising=False)

    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            run(["--data-dir", str(tmp_path / "host"), *arguments])
        out = capsys.readouterr()
        return int(ended.value.code or 0), out.out, out.err

    async def in_a_thread(*arguments: str) -> tuple[int, str, str]:
        return await asyncio.to_thread(call, *arguments)

    return in_a_thread


@pytest.fixture
async def dify(make_dify: Callable[..., Awaitable[Dify]]) -> Dify:
    made = await make_dify()
    for name in ("Acme", "Beta"):
        tenant = await made.tenant(name)
        form = made.form(tenant, {"openai_api_key": f"sk-canary-{name}"}, openai_organization="org-1", colour="red")
        key = await made.add("provider_credentials", tenant, OPENAI, credential_name="main", encrypted_config=form)
        await made.add("providers", tenant, OPENAI, provider_type="custom", is_valid=True, credential_id=key)
        await made.add("tenant_default_models", tenant, "openai", model_name="gpt-4o", model_type="llm")
    return made


def arguments(dify: Dify, *rest: str) -> tuple[str, ...]:
    return ("import", "dify", "--database", dify.url, "--private-keys", str(dify.keys), *rest)


async def test_a_dry_run_then_the_import_then_nothing_more(command: Command, dify: Dify) -> None:
    code, out, err = await command(*arguments(dify, "--dry-run"))
    assert code == 0, err
    assert "  imported  credential openai “main”" in out.splitlines()
    assert "look: Dify's field `colour` has no counterpart here." in out
    assert "This was a dry run: nothing was written." in err
    code, listed, _ = await command("workspaces", "list", "--json")
    assert [one["name"] for one in json.loads(listed)] == ["default"]

    code, out, err = await command(*arguments(dify, "--json"))
    assert code == 0, err
    report = json.loads(out)
    assert report["counts"] == {"imported": 6, "updated": 0, "unchanged": 0, "skipped": 0, "attention": 2}
    assert [tenant["workspace"] for tenant in report["tenants"]] == ["Acme", "Beta"]
    _, credentials, _ = await command("--workspace", "Acme", "credentials", "list", "--json")
    (kept,) = json.loads(credentials)
    assert (kept["provider"], kept["values"]["organization"]) == ("openai", "org-1")
    _, defaults, _ = await command("--workspace", "Beta", "defaults", "list", "--json")
    assert json.loads(defaults)["defaults"] == {"llm": "openai/gpt-4o"}

    code, again, _ = await command(*arguments(dify, "--json"))
    assert json.loads(again)["counts"]["imported"] == 0
    for text in (out, err, credentials, again):
        assert "canary" not in text


async def test_one_tenant_into_a_workspace_that_is_there(command: Command, dify: Dify) -> None:
    code, out, err = await command(*arguments(dify, "--tenant", "Acme", "--into", "Acme=default", "--json"))
    assert code == 0, err
    (tenant,) = json.loads(out)["tenants"]
    assert (tenant["name"], tenant["workspace"]) == ("Acme", "default")
    _, listed, _ = await command("workspaces", "list", "--json")
    assert len(json.loads(listed)) == 1
    code, _, err = await command(*arguments(dify, "--tenant", "Nobody"))
    assert (code, "no tenant `Nobody`" in err) == (2, True)
    code, _, err = await command(*arguments(dify, "--into", "Acme"))
    assert (code, "TENANT=WORKSPACE" in err) == (2, True)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_cannot_be_read_is_said(command: Command, dify: Dify, tmp_path: Path) -> None:
    code, _, err = await command("import", "dify", "--database", dify.url, "--private-keys", str(tmp_path / "none"))
    assert (code, "There is no folder" in err) == (1, True)
    code, _, err = await command("import", "dify", "--database", "mysql://u:canary@h/d", "--private-keys", str(dify.keys))
    assert (code, "cannot be read" in err, "canary" in err) == (1, True, False)
    for folder in dify.keys.iterdir():
        (folder / "private.pem").unlink()
    code, out, _ = await command(*arguments(dify, "--json"))
    report: dict[str, Any] = json.loads(out)
    assert code == 0
    assert report["counts"]["skipped"] == 2
    assert "private key" in report["tenants"][0]["items"][1]["why"]
