"""Tables, in a terminal and in a pipe."""

from __future__ import annotations

import io

import pytest
from jackfield.cli.output import print_table
from rich.text import Text

COLUMNS = ("PLUGIN", "STATE", "AUTHOR", "HOMEPAGE")
ROWS: list[tuple[str, str | Text, str, str]] = [
    (
        "jackfield-huggingface-hub",
        Text("works", "green"),
        "The authors of this plugin, and of many more that could be named as well",
        "",
    ),
    ("jackfield-local", Text("off"), "", " "),
]


def printed(rows: list[tuple[str, str | Text, str, str]], monkeypatch: pytest.MonkeyPatch) -> str:
    """What stands in the plainest of terminals, which has lines of 80 letters."""
    screen = io.StringIO()
    monkeypatch.setattr(screen, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdout", screen)
    monkeypatch.setenv("TERM", "dumb")
    print_table(COLUMNS, rows)
    return screen.getvalue()


def test_in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    head, *lines = printed(ROWS, monkeypatch).splitlines()
    assert head.split() == ["PLUGIN", "STATE", "AUTHOR"], "a column that nobody fills is left out"
    assert "jackfield-huggingface-hub" in lines[0], "names are not cut"
    assert len(lines) > len(ROWS), "what has no room goes to the next line"


def test_nothing_in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    assert printed([], monkeypatch).split() == list(COLUMNS)


def test_in_a_pipe_every_field_has_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(COLUMNS, ROWS)
    assert [line.split("\t") for line in capsys.readouterr().out.splitlines()] == [
        list(COLUMNS),
        [*map(str, ROWS[0])],
        ["jackfield-local", "off", "", ""],
    ]
