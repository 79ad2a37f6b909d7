"""A conversation in the terminal: what was said goes along with every turn, and can be saved, forgotten and gone on with."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from jackfield.contract import JackfieldError, Message

from . import exits
from .attachments import attach
from .output import console, errors

if TYPE_CHECKING:
    from .chat import Asking
    from .session import Session

_HELP = """\
/model NAME    go on with another model
/system TEXT   how the model is to behave
/attach FILE   send a file along with what you say next
/retry         have the last answer given again
/new           forget what was said
/save FILE     write the conversation down
/exit          end (Ctrl-D does, too); Ctrl-C stops an answer
A line that ends in \\ goes on in the next."""
_LINES_KEPT = 1000


class Conversation:
    """:param runner: of the event loop in which the session lives"""

    def __init__(self, runner: asyncio.Runner, session: Session, asking: Asking, model: str, system: str | None) -> None:
        self._runner = runner
        self._session = session
        self._asking = asking
        self._model = model
        self._system = system
        self._messages: list[Message] = []
        self._files: list[Path] = []

    def run(self) -> None:
        """Until the person ends it."""
        console().print(f"[bold]{self._model}[/bold]  [dim]/help for help, Ctrl-D to end[/dim]")
        with _line_history():
            while True:
                try:
                    line = self._read()
                except EOFError:
                    print()
                    return
                except KeyboardInterrupt:
                    print()
                    continue
                if line.startswith("/"):
                    if self._command(line):
                        return
                elif line:
                    self._say(line)

    def _read(self) -> str:
        line = input("> ")
        while line.endswith("\\"):
            line = line[:-1] + "\n" + input(". ")
        return line.strip()

    def _say(self, text: str) -> None:
        try:
            message = attach(Message.user(text), self._files)
        except JackfieldError as error:
            exits.show(error, as_json=False)
            return
        finally:
            self._files = []
        self._messages.append(message)
        self._answer()

    def _answer(self) -> None:
        """A turn that fails or is stopped leaves the conversation as it was before it."""
        opening = [Message.system(self._system)] if self._system else []
        try:
            result = self._runner.run(self._asking.ask(self._session, self._model, opening + self._messages))
        except KeyboardInterrupt:
            self._messages.pop()
            errors().print("(stopped)", style="dim")
        except JackfieldError as error:
            self._messages.pop()
            exits.show(error, as_json=False)
        else:
            self._messages.append(result.message)

    def _command(self, line: str) -> bool:
        """Do what the line says; answers whether the conversation is over."""
        name, _, rest = line.partition(" ")
        rest = rest.strip()
        if name in ("/exit", "/quit"):
            return True
        if name == "/help":
            print(_HELP)
        elif name == "/new":
            self._messages.clear()
        elif name == "/model" and rest:
            self._model = rest
        elif name == "/system":
            self._system = rest or None
        elif name == "/attach" and rest:
            self._files += [Path(part).expanduser() for part in shlex.split(rest)]
        elif name == "/save" and rest:
            self._save(Path(rest).expanduser())
        elif name == "/retry" and len(self._messages) > 1:
            self._messages.pop()
            self._answer()
        else:
            errors().print(f"{name} is not understood here; /help lists what is.", markup=False)
        return False

    def _save(self, path: Path) -> None:
        said = [f"{message.role}:\n{message.text}\n" for message in self._messages]
        try:
            path.write_text("\n".join(said), encoding="utf-8")
        except OSError as error:
            errors().print(f"{path} cannot be written: {error.strerror}.", markup=False)


@contextlib.contextmanager
def _line_history() -> Iterator[None]:
    """Arrow keys bring back lines, those of earlier conversations too; kept in a file that only its owner can read."""
    try:
        import readline  # noqa: PLC0415 - Windows has none
    except ImportError:
        yield
        return
    path = platformdirs.user_state_path("jackfield") / "chat_history"
    with contextlib.suppress(OSError):
        readline.read_history_file(path)
    readline.set_history_length(_LINES_KEPT)
    try:
        yield
    finally:
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.touch(mode=0o600)
            readline.write_history_file(path)
        except OSError as error:
            print(f"The history cannot be kept in {path}: {error.strerror}.", file=sys.stderr)
