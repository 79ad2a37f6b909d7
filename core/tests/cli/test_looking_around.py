"""plugins, doctor, providers, models: for people, for pipes, as JSON."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

Jackfield = Callable[..., Any]


@pytest.fixture
def broken(site: Path) -> None:
    (site / "jackfield_lame.py").write_text("import not_installed_anywhere", encoding="utf-8")
    info = site / "jackfield_lame-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: jackfield-lame\nVersion: 0.1\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[jackfield.plugins]\nlame = jackfield_lame\n", encoding="utf-8")


def rows(out: str) -> list[dict[str, str]]:
    head, *lines = [line.split("\t") for line in out.splitlines()]
    return [dict(zip(head, line, strict=True)) for line in lines]


@pytest.mark.usefixtures("broken")
def test_plugins(jackfield: Jackfield) -> None:
    done = jackfield("plugins")
    assert done.code == 0
    by_name = {row["PLUGIN"]: row for row in rows(done.out)}
    parrot, lame = by_name["jackfield-parrot"], by_name["jackfield-lame"]
    assert parrot | {"CAUSE": "", "ADVICE": ""} == parrot
    assert (parrot["VERSION"], parrot["STATE"], parrot["OFFERS"]) == ("1.0", "works", "owl, parrot")
    assert (parrot["AUTHOR"], parrot["LICENCE"], parrot["HOMEPAGE"]) == ("A. Grey", "MIT", "https://x.test")
    assert lame["STATE"] == "quarantined"
    assert "No module named 'not_installed_anywhere'" in lame["CAUSE"]
    assert "Install what `not_installed_anywhere` belongs to" in lame["ADVICE"]
    assert {row["STATE"] for name, row in by_name.items() if name not in ("jackfield-parrot", "jackfield-lame")} <= {"off"}

    listed = {plugin["distribution"]: plugin for plugin in jackfield("plugins", "--json").json}
    assert listed["jackfield-parrot"]["quarantine"] is None
    assert listed["jackfield-parrot"]["providers"] == ["owl", "parrot"]
    quarantine = listed["jackfield-lame"]["quarantine"]
    assert (quarantine["kind"], quarantine["fault"]) == ("import", "host")
    assert "ModuleNotFoundError" in quarantine["traceback"]


@pytest.mark.usefixtures("broken")
def test_doctor_names_the_problem_and_ends_with_one(jackfield: Jackfield) -> None:
    done = jackfield("doctor")
    assert done.code == 1
    assert "✗ plugin jackfield-lame 0.1: It cannot be imported" in done.out
    assert "To be mended by whoever runs this host." in done.out
    assert "Traceback" not in done.out
    assert "Traceback" in jackfield("doctor", "--verbose").out
    report = jackfield("doctor", "--json").json
    assert not report["healthy"]
    subjects = {finding["subject"]: finding["level"] for finding in report["findings"]}
    assert subjects["plugin jackfield-lame 0.1"] == "problem"
    assert subjects["plugin jackfield-parrot 1.0"] == subjects["Python"] == subjects["data directory"] == "ok"


def test_doctor_finds_what_is_wrong_with_the_settings_and_the_place(
    jackfield: Jackfield, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "jackfield.toml"
    settings.write_text("[server]\nport = 'many'\n", encoding="utf-8")
    done = jackfield("doctor")
    assert done.code == 1
    assert "✗ settings: " in done.out
    assert "server.port" in done.out
    settings.unlink()
    (tmp_path / "file").touch()
    monkeypatch.setenv("JACKFIELD_DATA_DIR", str(tmp_path / "file" / "data"))
    assert "✗ data directory: " in jackfield("doctor").out


@pytest.mark.parametrize(("url", "says"), [("redis://127.0.0.1:1", "does not answer"), ("ftp://x", "is not a Redis URL")])
def test_doctor_asks_redis_where_there_is_one(
    jackfield: Jackfield, monkeypatch: pytest.MonkeyPatch, url: str, says: str
) -> None:
    monkeypatch.setenv("JACKFIELD_REDIS_URL", url)
    report = jackfield("doctor", "--json")
    found = {finding["subject"]: finding for finding in report.json["findings"]}
    assert (report.code, found["redis"]["level"], says in found["redis"]["says"]) == (1, "problem", True)


def test_providers(jackfield: Jackfield) -> None:
    by_name = {row["PROVIDER"]: row for row in rows(jackfield("providers").out)}
    assert by_name["owl"]["NEEDS"] == "seeds"
    assert (by_name["parrot"]["NEEDS"], by_name["parrot"]["MODELS"]) == ("nothing", "6")
    listed = {provider["id"]: provider for provider in jackfield("providers", "--json").json}
    assert listed["owl"]["plugin"] == "jackfield-parrot"
    assert listed["owl"]["provider_form"]["fields"][0]["kind"] == "secret"


def test_models(jackfield: Jackfield) -> None:
    assert [row["MODEL"] for row in rows(jackfield("models", "--type", "llm").out)] == ["owl/talker", "parrot/talker"]
    parrot = jackfield("models", "-p", "parrot", "--json").json
    assert {model["type"] for model in parrot} == {
        "llm", "text_embedding", "rerank", "speech_to_text", "text_to_speech", "moderation",
    }  # fmt: skip
    assert parrot[0] | {"name": "parrot/talker", "context_window": 4096} == parrot[0]
    nobody = jackfield("models", "-p", "nobody")
    assert nobody.code == 2
    assert "There is no provider `nobody`" in nobody.err
    assert jackfield("models", "-t", "video").code == 2


def test_no_colour_and_no_control_codes_without_a_terminal(jackfield: Jackfield) -> None:
    for command in ("plugins", "doctor", "providers", "models", "--help"):
        done = jackfield(command)
        assert "\x1b" not in done.out + done.err


def test_help_version_and_mistyped_commands(jackfield: Jackfield, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    helped = jackfield("--help")
    assert helped.code == 0
    for command in (
        "serve",
        "plugins",
        "doctor",
        "providers",
        "models",
        "chat",
        "embed",
        "rerank",
        "transcribe",
        "speak",
        "keys",
    ):
        assert f" {command} " in helped.out
    assert jackfield("--version").out.startswith("jackfield ")
    for command in ("--help", "chat --help", "workspaces remove --help"):  # wrapped by the width of the terminal alone
        lines = [line.strip() for line in jackfield(*command.split()).out.partition("╭")[0].splitlines()]
        assert not [line for line, following in pairwise(lines) if following and 0 < len(line) < 55]
    typo = jackfield("plugnis")
    assert typo.code == 2
    assert "Did you mean 'plugins'?" in typo.err
    assert jackfield().code == 2
    nowhere = jackfield("--config", "nowhere.toml", "models")
    assert nowhere.code == 2
    assert "nowhere.toml does not exist" in nowhere.err


def test_the_shell_completes_commands_and_options(jackfield: Jackfield, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_JACKFIELD_COMPLETE", "complete_bash")

    def complete(words: str) -> list[str]:
        monkeypatch.setenv("COMP_WORDS", words)
        monkeypatch.setenv("COMP_CWORD", str(len(words.split(" ")) - 1))
        out: str = jackfield().out
        return out.split()

    assert complete("jackfield p") == ["plugins", "providers"]
    assert complete("jackfield keys ") == ["create", "list", "change", "revoke"]
    assert "--temperature" in complete("jackfield chat --te")
    assert complete("jackfield models --type re") == ["rerank"]
