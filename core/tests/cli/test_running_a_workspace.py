"""The commands for what a workspace is made of: people, budgets, the audit log, models and credentials that change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Jackfield = Callable[..., Any]
PASSWORD = "correct horse battery"

pytestmark = pytest.mark.usefixtures("database")


def rows(out: str) -> list[dict[str, str]]:
    head, *lines = [line.split("\t") for line in out.splitlines()]
    return [dict(zip(head, line, strict=True)) for line in lines]


def test_people_come_change_and_go(jackfield: Jackfield) -> None:
    added = jackfield("members", "add", "Ada@example.org", "--role", "owner", "--json", stdin=f"{PASSWORD}\n")
    assert (added.json["email"], added.json["role"]) == ("ada@example.org", "owner")
    assert PASSWORD not in added.out + added.err
    assert jackfield("members", "add", "bob@example.org", stdin="short\n").code == 2
    assert jackfield("members", "add", "bob@example.org", "--existing").code == 2
    assert jackfield("members", "add", "bob@example.org").code == 2
    assert jackfield("members", "add", "bob@example.org", stdin=f"{PASSWORD}\n").code == 0
    assert [(one["E-MAIL"], one["ROLE"]) for one in rows(jackfield("members", "list").out)] == [
        ("ada@example.org", "owner"),
        ("bob@example.org", "member"),
    ]
    last = jackfield("members", "role", "ada@example.org", "admin")
    assert (last.code, "needs an owner" in last.err) == (2, True)
    assert jackfield("members", "role", "bob@example.org", "admin").err == "bob@example.org is admin now.\n"
    assert jackfield("members", "set-password", "bob@example.org", stdin="another good one\n").code == 0
    assert jackfield("members", "remove", "bob@example.org").code == 0
    assert jackfield("members", "remove", "bob@example.org").code == 2

    jackfield("workspaces", "create", "second")
    assert jackfield("-w", "second", "members", "add", "ada@example.org", "--existing").code == 0
    assert jackfield("-w", "second", "workspaces", "rename", "labs").code == 0
    assert [one["E-MAIL"] for one in rows(jackfield("-w", "labs", "members", "list").out)] == ["ada@example.org"]

    unasked = jackfield("workspaces", "remove", "labs")
    assert (unasked.code, "--yes" in unasked.err) == (2, True)
    assert jackfield("workspaces", "remove", "labs", "--yes").code == 0
    assert jackfield("-w", "labs", "members", "list").code == 2
    assert [one["NAME"] for one in rows(jackfield("workspaces", "list").out)] == ["default"]
    (gone,) = jackfield("workspaces", "list", "--removed", "--json").json
    assert (gone["name"], gone["removed_by"]) == ("labs", "host:operator")
    assert jackfield("-w", gone["id"], "audit", "--json").json[0]["action"] == "workspace.remove"
    assert jackfield("-w", "labs", "usage").code == 0
    last = jackfield("workspaces", "remove", "default", "--yes")
    assert (last.code, "only workspace" in last.err) == (2, True)


def test_budgets_and_keys_with_a_role(jackfield: Jackfield) -> None:
    key = jackfield("keys", "create", "ci", "--role", "admin", "--json").json
    assert key["role"] == "admin"
    assert jackfield("budgets", "set", "20").code == 0
    assert jackfield("budgets", "set", "2000000000", "--unit", "tokens", "--per", "day", "--key", "ci").code == 0
    assert jackfield("budgets", "list", "--json").json == [
        {"key": None, "period": "month", "unit": "USD", "amount": "20", "spent": "0"},
        {"key": key["id"], "period": "day", "unit": "tokens", "amount": "2000000000", "spent": "0"},
    ]
    assert [one["OF"] for one in rows(jackfield("budgets", "list").out)] == ["workspace", "ci"]
    assert jackfield("budgets", "remove").code == 0
    for wrong in (("remove",), ("set", "much"), ("set", "1", "--unit", "gold"), ("set", "1", "--key", "none")):
        assert jackfield("budgets", *wrong).code == 2


def test_the_audit_log_says_who_did_what(jackfield: Jackfield) -> None:
    jackfield("keys", "create", "ci")
    jackfield("defaults", "alias", "fast", "parrot/talker")
    entries = jackfield("audit", "--json", "--limit", "2").json
    assert [(one["actor"], one["action"], one["subject"]) for one in entries] == [
        ("host:operator", "alias.set", "fast"),
        ("host:operator", "key.create", "ci"),
    ]
    assert rows(jackfield("audit").out)[0]["DETAILS"] == '{"targets": ["parrot/talker"]}'


def test_models_are_switched_and_tried(jackfield: Jackfield) -> None:
    tried = jackfield("models", "try", "parrot/talker", "--text", "hello")
    assert (tried.out, tried.code) == ("hello\n", 0)
    assert "tokens in" in tried.err
    for name, kind, says in (
        ("parrot/vectors", "text_embedding", "2 dimensions"),
        ("parrot/judge", "rerank", "0.2700 The price"),
        ("parrot/ear", "speech_to_text", "transcribe silence.wav"),
        ("parrot/voice", "text_to_speech", "bytes of audio/wav"),
        ("parrot/censor", "moderation", "not flagged"),
    ):
        assert says in jackfield("models", "try", name, "--type", kind).out
    assert jackfield("models", "switch-off", "parrot/talker").err == "parrot/talker is off.\n"
    off = jackfield("models", "try", "parrot/talker")
    assert (off.code, "switched off" in off.err) == (2, True)
    assert jackfield("models", "switch-on", "parrot/talker").code == 0
    assert jackfield("models", "try", "parrot/talker").code == 0
    assert rows(jackfield("models", "live", "parrot").out)[0]["MODEL"] == "parrot/talker"
    for wrong in (("switch-off", "parrot/none"), ("switch-off", "talker"), ("remove", "parrot/talker")):
        assert jackfield("models", *wrong).code == 2
    assert jackfield("defaults", "alias", "slow", "parrot/none").code == 2
    assert jackfield("defaults", "set", "llm", "parrot/none").code == 2


def test_a_credential_is_changed_and_a_provider_preferred(jackfield: Jackfield, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEDS", "sunflower-canary")
    made = jackfield("credentials", "add", "owl", "--env", "seeds=SEEDS", "--name", "main", "--json").json
    changed = jackfield("credentials", "change", "main", "--weight", "5", "--name", "other", "--disable", "--json").json
    assert (changed["id"], changed["name"], changed["weight"], changed["enabled"]) == (made["id"], "other", 5, False)
    assert jackfield("credentials", "change", "other", "--enable").code == 0
    assert jackfield("chat", "hello", "-m", "owl/talker", "--no-stream").out == "su: hello\n"
    monkeypatch.setenv("SEEDS", "pumpkin-canary")
    (used,) = rows(jackfield("credentials", "list").out)
    assert used["IN CALLS"].startswith("good, 2")
    assert used["CHECKED"].startswith("2")
    retyped = jackfield("credentials", "change", "other", "--env", "seeds=SEEDS")
    assert "canary" not in retyped.out + retyped.err
    assert jackfield("chat", "hello", "-m", "owl/talker", "--no-stream").out == "pu: hello\n"
    (described,) = jackfield("credentials", "list", "--json").json
    assert (described["health"]["status"], described["health"]["last_failure"]) == ("good", None)
    wrong = jackfield("credentials", "change", "other", "--set", "colour=red")
    assert (wrong.code, "colour is not a field" in wrong.err) == (3, True)
    assert jackfield("providers", "prefer", "owl", "--hosted-first", "--no-take-over").code == 0
    assert jackfield("providers", "prefer", "none", "--own-first").code == 2


def test_every_single_call_as_csv(jackfield: Jackfield, tmp_path: Path) -> None:
    jackfield("models", "try", "parrot/talker")
    text = jackfield("usage", "--csv").out
    head, line = text.splitlines()
    assert head.startswith("id,at,key_id")
    assert ",parrot,talker,llm,ok," in line
    assert jackfield("usage", "--by", "type", "--json").json[0]["group"] == "llm"
