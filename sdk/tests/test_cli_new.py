"""`jackfield-sdk new`: what it writes passes the check and the conformance kit as it is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from jackfield_sdk.cli.app import app
from typer.testing import CliRunner

ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}


@pytest.mark.parametrize(("vendor", "options"), [("acme_two", []), ("globex", ["--openai", "--label", "Globex AI"])])
def test_a_new_plugin_passes_at_once(tmp_path: Path, vendor: str, options: list[str]) -> None:
    folder = tmp_path / "plugin"
    result = CliRunner().invoke(app, ["new", vendor, "--folder", str(folder), *options])
    assert result.exit_code == 0, result.output
    environment = ENVIRONMENT | {"PYTHONPATH": str(folder / "src")}

    command = [sys.executable, "-m", "jackfield_sdk.cli", "check", str(folder)]
    checked = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert (checked.returncode, checked.stdout) == (0, "Nothing is wrong.\n"), checked.stderr

    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "pytest_asyncio.plugin"]
    environment |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    tested = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment, check=False)
    assert tested.returncode == 0, tested.stdout
    assert "warning" not in tested.stdout.lower(), tested.stdout
    label = options[-1] if options else "Acme Two"
    assert label in (folder / "README.md").read_text("utf-8")


@pytest.mark.parametrize("vendor", ["Acme", "9lives", "a__b", "ключ", "class", "x" * 65, "a b"])
def test_a_name_that_cannot_be_one(tmp_path: Path, vendor: str) -> None:
    result = CliRunner().invoke(app, ["new", vendor, "--folder", str(tmp_path / "plugin")])
    assert result.exit_code == 2
    assert "Usage: " in result.output
    assert not (tmp_path / "plugin").exists()


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    result = CliRunner().invoke(app, ["new", "acme", "--folder", str(tmp_path)])
    assert result.exit_code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_the_folder_is_named_by_the_vendor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(app, ["new", "acme_two"]).exit_code == 0
    assert (tmp_path / "jackfield-acme-two" / "src" / "jackfield_acme_two" / "provider.py").is_file()
