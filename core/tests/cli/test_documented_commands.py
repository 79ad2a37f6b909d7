"""What the manual tells people to type is there: commands, subcommands and options."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from jackfield.cli.app import app
from typer.core import TyperGroup

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "plugins").glob("*/README.md"))]
COMMAND = re.compile(r"`(jackfield [a-z-][^`\n]*)`|^(?:\$ )?((?:uv run )?jackfield [a-z-].*)$", re.MULTILINE)


def _commands() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        for inline, line in COMMAND.findall(page.read_text("utf-8")):
            yield page.relative_to(ROOT).as_posix(), (inline or line).removeprefix("uv run ").removeprefix("jackfield ")


def _wrong(line: str) -> str | None:
    """What of the line is not there."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|>;&")
    lexer.whitespace_split = True
    words = iter(lexer)
    command: Any = typer.main.get_command(app)
    for word in words:
        if word[0] in "|>;&":
            break
        if word.startswith("-") and word != "-":
            name, _, value = word.partition("=")
            options = {opt: option for option in command.params for opt in (*option.opts, *option.secondary_opts)}
            if name not in options and name not in ("-h", "--help"):
                return word
            if not value and name in options and not options[name].is_flag:
                next(words, None)
        elif isinstance(command, TyperGroup):
            context = typer.Context(command)
            if word not in command.list_commands(context):
                return word
            command = command.resolve_command(context, [word])[1]
    return None


FOUND = sorted(set(_commands()))


def test_commands_are_found() -> None:
    assert len(FOUND) > 60


@pytest.mark.parametrize("page", sorted({page for page, _ in FOUND}))
def test_they_are_there(page: str) -> None:
    assert {line: wrong for where, line in FOUND if where == page and (wrong := _wrong(line))} == {}


def test_what_is_not_there_is_noticed() -> None:
    assert _wrong("keys creat my-app") == "creat"
    assert _wrong("frobnicate") == "frobnicate"
    assert _wrong("chat --temprature 1 hi") == "--temprature"
