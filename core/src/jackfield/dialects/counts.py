"""Numbers, objects and lists read out of an answer that somebody else wrote: what is not one counts as nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_NOTHING: Mapping[str, Any] = {}
_MOST = 10**12
"""No call uses more of anything; a number above it is a mistake, and would not fit the database."""


def count(value: object) -> int:
    """A whole number from zero on, and of a size that can be. Some vendors write `12.0`, some null."""
    if type(value) is int:  # not bool
        return value if 0 <= value <= _MOST else 0
    if isinstance(value, float) and 0 < value <= _MOST:
        return int(value)
    return 0


def members(value: object) -> Mapping[str, Any]:
    """An object's members."""
    return value if isinstance(value, dict) else _NOTHING


def dicts(value: object) -> list[dict[str, Any]]:
    """A list's objects."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
