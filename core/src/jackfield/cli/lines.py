"""Reading what a person hands to a command: a file, or what is piped in."""

from __future__ import annotations

import sys
from pathlib import Path

from jackfield.contract import BadRequest


def read_text(source: str) -> str:
    """The text of a file; `-` is standard input.

    :raises BadRequest: if it cannot be read
    """
    if source == "-":
        return sys.stdin.read()
    try:
        return Path(source).read_text("utf-8-sig")
    except OSError as error:
        raise BadRequest(f"{source} cannot be read: {error.strerror}.", param="file") from error
    except UnicodeDecodeError as error:
        raise BadRequest(f"{source} is not text in UTF-8.", param="file") from error


def read_lines(source: str) -> list[str]:
    """Its lines, without what surrounds their text."""
    return [line.strip() for line in read_text(source).splitlines()]
