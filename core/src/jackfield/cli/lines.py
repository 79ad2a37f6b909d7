"""The files that a person names to a command: what is read from them, or from a pipe, and what is written to them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, AnyStr, Literal, cast

from jackfield.contract import BadRequest


def read_text(source: str) -> str:
    """The text of a file; `-` is standard input.

    :raises BadRequest: if it cannot be read
    """
    if source == "-":
        return _standard_input()
    try:
        return Path(source).read_text("utf-8-sig")
    except OSError as error:
        raise BadRequest(f"{source} cannot be read: {error.strerror}.", param="file", advice="Name another file.") from error
    except UnicodeDecodeError as error:
        raise BadRequest(f"{source} is not text in UTF-8.", param="file", advice="Save it as UTF-8.") from error


def read_lines(source: str) -> list[tuple[int, str]]:
    """Its lines with their numbers, without what surrounds their text, and without the empty ones."""
    numbered = enumerate(read_text(source).splitlines(), 1)
    return [(number, text) for number, line in numbered if (text := line.strip())]


def read_piped() -> str:
    """What is piped in; nothing where somebody sits at a terminal. :raises BadRequest: if it is no text"""
    return "" if in_terminal() else _standard_input()


def in_terminal() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin is not None and sys.stdin.isatty()


def _standard_input() -> str:
    if sys.stdin is None:  # closed by who started us: `<&-`
        return ""
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise BadRequest("What is piped in is not text in UTF-8.", param="file", advice="Pipe text in UTF-8.") from error


@contextmanager
def writing(path: Path | None, otherwise: IO[AnyStr], mode: Literal["w", "wb"]) -> Iterator[IO[AnyStr]]:
    """The file that is named, text in UTF-8 or bytes; `otherwise`, which is standard output, where none is.

    :raises BadRequest: if it cannot be written
    """
    if path is None:
        yield otherwise
        return
    try:
        with path.open(mode, encoding="utf-8" if mode == "w" else None) as file:
            yield cast("IO[AnyStr]", file)
    except OSError as error:
        raise BadRequest(
            f"{path} cannot be written: {error.strerror}.", param="output", advice="Name another file with --output."
        ) from error
