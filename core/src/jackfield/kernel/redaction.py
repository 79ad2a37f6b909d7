"""The last line of defence for secrets: what the kernel raises holds no secret of the credentials that the call was given.

Plugins redact what vendors say; but an exception that escapes a plugin by mistake may hold anything.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from jackfield.contract import JackfieldError

MASK = "•••"
_SHORTEST = 4  # shorter than this is no secret, and taking it out would garble every text
_TEXTS = ("message", "advice", "vendor_message", "vendor_code", "request_id", "strerror", "filename", "reason")


def secrets_of(credentials: Mapping[str, Any], names: Collection[str]) -> list[str]:
    """The secret values, the longest first, so that one that is part of another leaves no rest."""
    values = (credentials.get(name) for name in names)
    return sorted((v for v in values if isinstance(v, str) and len(v) >= _SHORTEST), key=len, reverse=True)


def redact(text: str, secrets: list[str]) -> str:
    """`text` with every secret masked."""
    for secret in secrets:
        text = text.replace(secret, MASK)
    return text


def scrub(error: BaseException, secrets: list[str]) -> None:
    """Mask the secrets in an exception and in those behind it, in place: their texts end in logs and tracebacks."""
    if not secrets:
        return
    seen: set[int] = set()
    behind: list[BaseException | None] = [error]
    while behind:
        current = behind.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        _scrub_one(current, secrets)
        behind += [current.__cause__, current.__context__]
        if isinstance(current, BaseExceptionGroup):
            behind += current.exceptions


def _scrub_one(error: BaseException, secrets: list[str]) -> None:
    error.args = tuple(_redact_value(value, secrets) for value in error.args)
    for name in _TEXTS:
        value = getattr(error, name, None)
        if isinstance(value, str) and redact(value, secrets) != value:
            setattr(error, name, redact(value, secrets))
    notes = getattr(error, "__notes__", None)
    if notes:
        notes[:] = [redact(note, secrets) if isinstance(note, str) else note for note in notes]
    problems = getattr(error, "problems", None)
    if isinstance(error, JackfieldError) and isinstance(problems, dict):
        problems.update({name: redact(str(text), secrets) for name, text in problems.items()})


def _redact_value(value: object, secrets: list[str]) -> object:
    text = value if isinstance(value, str) else repr(value)
    clean = redact(text, secrets)
    return value if clean == text else clean
