"""Vendor text without secrets: some vendors repeat the key that they refuse."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MASK = "•••"
_SHORTEST = 4
_KEY_LIKE = re.compile(r"\b(?:sk|pk|rk|hf|r8|gsk|xai|jina|AIza)[-_][A-Za-z0-9_\-*]{6,}")


def redact(text: str, credentials: Mapping[str, Any]) -> str:
    """`text` with every credential value and everything that looks like a vendor's key masked."""
    values = {value for value in credentials.values() if isinstance(value, str) and len(value) >= _SHORTEST}
    for value in sorted(values, key=len, reverse=True):
        text = text.replace(value, MASK)
    return _KEY_LIKE.sub(MASK, text)
