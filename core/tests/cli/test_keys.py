"""keys: made, listed, revoked; a key is shown once, alone on standard output."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

Jackfield = Callable[..., Any]


def test_the_life_of_a_key(jackfield: Jackfield) -> None:
    made = jackfield("keys", "create", "ci", "--type", "llm", "--model", "parrot/*", "--expires", "30d")
    assert made.code == 0
    assert made.out.startswith("jf-")
    assert made.out.count("\n") == 1
    first, note = made.err.splitlines()
    assert first.startswith("A database was made. Its first API key, shown this once: jf-")
    assert note == "The key `ci`, shown this once:"

    listed = jackfield("keys", "list", "--json")
    assert made.out.strip() not in listed.out
    keys = {key["name"]: key for key in listed.json}
    assert set(keys) == {"ci", "first key"}
    ci = keys["ci"]
    assert (ci["model_types"], ci["models"], ci["state"]) == (["llm"], ["parrot/*"], "active")
    left = datetime.fromisoformat(ci["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=29) < left < timedelta(days=30)

    changed = jackfield("keys", "change", "ci", "--model", "owl/*", "--json").json
    assert (changed["name"], changed["model_types"], changed["models"], changed["expires_at"]) == ("ci", None, ["owl/*"], None)
    assert jackfield("keys", "change", "ci", "--expires", "2001-01-01").code == 2
    assert jackfield("keys", "revoke", "ci").err == "The key `ci` is revoked.\n"
    assert [key["name"] for key in jackfield("keys", "list", "--json").json] == ["first key"]
    states = {key["name"]: key["state"] for key in jackfield("keys", "list", "--all", "--json").json}
    assert states == {"first key": "active", "ci": "revoked"}
    assert "jf-" in jackfield("keys", "list").out


@pytest.mark.usefixtures("database")
def test_a_key_as_json_and_by_id(jackfield: Jackfield) -> None:
    one = jackfield("keys", "create", "twin", "--json", "--expires", "2099-01-02", "--budget", "12.50").json
    assert one["key"].startswith("jf-")
    assert one["expires_at"] == "2099-01-02T00:00:00+00:00"
    jackfield("keys", "create", "twin")
    both = jackfield("keys", "revoke", "twin")
    assert both.code == 2
    assert "2 keys are named `twin`" in both.err
    assert jackfield("keys", "revoke", one["id"], "--json").json["state"] == "revoked"
    assert jackfield("keys", "revoke", "twin").code == 0
    assert jackfield("keys", "revoke", "twin").code == 2


@pytest.mark.usefixtures("database")
def test_what_makes_no_sense_is_refused(jackfield: Jackfield) -> None:
    for arguments, says in (
        (["x", "--expires", "soon"], "`soon` is no time"),
        (["x", "--expires", "2001-01-01"], "in the past"),
        (["x", "--budget", "much"], "`much` is no amount"),
        ([" "], "needs a name"),
        (["x", "--type", "video"], "video"),
    ):
        refused = jackfield("keys", "create", *arguments)
        assert refused.code == 2
        assert says in refused.err
        assert "jf-" not in refused.out


@pytest.mark.usefixtures("database")
def test_another_workspace(jackfield: Jackfield) -> None:
    jackfield("keys", "create", "here")
    nowhere = jackfield("--workspace", "elsewhere", "keys", "list")
    assert nowhere.code == 2
    assert "There is no workspace `elsewhere`" in nowhere.err
    assert jackfield("-w", "default", "keys", "list", "--json").json[0]["name"] == "here"


def test_a_master_key_that_others_may_read(jackfield: Jackfield, database: Path) -> None:
    (database / "master.key").chmod(0o644)
    refused = jackfield("keys", "list")
    assert refused.code == 1
    assert "chmod 600" in refused.err
    told = jackfield("doctor")
    assert told.code == 1
    assert "✗ master key: " in told.out
    (database / "master.key").unlink()
    assert "is missing" in jackfield("doctor").out


@pytest.mark.usefixtures("database")
def test_another_master_key_than_the_databases(jackfield: Jackfield, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JACKFIELD_MASTER_KEY", "Y2FuYXJ5LWNhbmFyeS1jYW5hcnktY2FuYXJ5LTEyMzQ=")
    refused = jackfield("keys", "list")
    assert refused.code == 1
    assert "master key" in refused.err
    assert "Y2FuYXJ5" not in refused.err
