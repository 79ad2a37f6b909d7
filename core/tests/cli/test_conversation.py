"""The command line in a terminal: a real one, the other end of which this test holds."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Start = Callable[..., "Terminal"]


class Terminal:
    """A command with a terminal for its standard streams."""

    def __init__(self, arguments: tuple[str, ...], environment: dict[str, str], folder: Path) -> None:
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jackfield.cli", *arguments],
            stdin=slave, stdout=slave, stderr=slave, env=environment, cwd=folder, start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        self.seen = ""

    def until(self, wanted: str, *, seconds: float = 30) -> str:
        """What came up to and with `wanted`."""
        end = time.monotonic() + seconds
        while wanted not in self.seen:
            ready, _, _ = select.select([self._master], [], [], max(end - time.monotonic(), 0))
            piece = self._read() if ready else b""
            if not piece:
                raise AssertionError(f"{wanted!r} did not come; there was {self.seen!r}")
            self.seen += piece.decode(errors="replace")
        before, _, self.seen = self.seen.partition(wanted)
        return before + wanted

    def _read(self) -> bytes:
        try:
            return os.read(self._master, 65536)
        except OSError:  # the other end is closed
            return b""

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(30)
        os.close(self._master)


@pytest.fixture
def start(child_environment: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    running: list[Terminal] = []

    def begin(*arguments: str) -> Terminal:
        terminal = {"XDG_STATE_HOME": str(tmp_path / "state"), "TERM": "xterm-256color", "COLUMNS": "200"}
        environment = child_environment | terminal
        running.append(Terminal(arguments, environment, tmp_path))
        return running[-1]

    # A shell has what it runs in the background ignore interrupts, and so would what is started here.
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield begin
    signal.signal(signal.SIGINT, former)
    for terminal in running:
        terminal.close()


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text).replace("\r\n", "\n")


def test_a_conversation_remembers_what_was_said(start: Start, tmp_path: Path) -> None:
    terminal = start("chat", "-m", "parrot/talker")
    assert "parrot/talker" in plain(terminal.until("> "))
    terminal.type("one\n")
    assert plain(terminal.until("> ")).endswith("one \n> ")
    terminal.type("two\\\n")
    terminal.until(". ")
    terminal.type("lines\n")
    assert plain(terminal.until("> ")).endswith("one one  two\nlines \n> ")
    terminal.type("/save said.txt\n")
    terminal.until("> ")
    assert (tmp_path / "said.txt").read_text("utf-8").startswith("user:\none\n\nassistant:\none \n\nuser:\ntwo\nlines\n")
    terminal.type("/new\n")
    terminal.until("> ")
    terminal.type("three\n")
    assert plain(terminal.until("> ")).endswith("three \n> ")
    terminal.type("\x04")
    assert terminal.process.wait(30) == 0
    history = tmp_path / "state" / "jackfield" / "chat_history"
    assert "three" in history.read_text("utf-8")
    assert history.stat().st_mode & 0o077 == 0


def test_an_error_or_a_stop_ends_the_turn_and_not_the_conversation(start: Start) -> None:
    terminal = start("chat", "-m", "parrot/talker", "--system", "S")
    terminal.until("> ")
    terminal.type("fail:vendor\n")
    assert "Error: The parrot sleeps." in plain(terminal.until("> "))
    terminal.type("hang\n")
    terminal.until("waiting")
    terminal.interrupt()
    assert "(stopped)" in plain(terminal.until("> "))
    terminal.type("/wrong\n")
    assert "/wrong is not understood here" in plain(terminal.until("> "))
    terminal.type("/attach nowhere.png\n")
    terminal.until("> ")
    terminal.type("look\n")
    assert "nowhere.png cannot be read" in plain(terminal.until("> "))
    terminal.type("well\n")
    assert plain(terminal.until("> ")).endswith("S well \n> ")
    terminal.type("/model parrot/nothing\n/exit\n")
    assert terminal.process.wait(30) == 0


def test_a_single_answer_is_stopped_by_an_interrupt(start: Start) -> None:
    terminal = start("chat", "hang", "-m", "parrot/talker", "--usage")
    terminal.type("\x04")  # nothing is piped in
    terminal.until("waiting")
    terminal.interrupt()
    assert terminal.process.wait(30) == 130


def test_lists_are_tables_with_colour_in_a_terminal(start: Start) -> None:
    terminal = start("plugins")
    assert terminal.process.wait(30) == 0
    shown = terminal.until("works")
    assert "\x1b[" in shown
    assert "jackfield-parrot" in shown
