"""Vendor text without secrets: some vendors repeat the key that they refuse."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

MASK = "•••"
_SHORTEST = 6
_PLAIN_WORD = re.compile(r"[a-z]+(?:[-_][a-z]+)*")
KEY_LIKE = re.compile(r"\b(?:(?:sk|pk|rk|xai)-|(?:hf|r8|gsk|jina|sk|pk|rk)_|AIza|AKIA|[Bb]earer )[A-Za-z0-9_\-*.=+/]{8,}")


def redact(text: str, credentials: Mapping[str, Any]) -> str:
    """`text` with every credential value and everything that looks like a vendor's key masked.

    Addresses stay, as a base URL helps to find what is wrong (a password in one does not), and so do plain words, the choice of
    a region or a mode. What is shorter than six letters would garble every text; the kernel masks the form's secrets once more.
    """
    values = {value for value in credentials.values() if isinstance(value, str) and len(value) >= _SHORTEST}
    values = {value for value in values if len(value) > 20 or not _PLAIN_WORD.fullmatch(value)}
    secrets = {value for value in values if not value.startswith(("http://", "https://"))}
    secrets |= {part for value in values - secrets for part in _password_of(value)}
    forms = {form for secret in secrets for form in (secret, quote(secret, safe=""), _base64(secret))}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, MASK)
    return KEY_LIKE.sub(MASK, text)


def _password_of(url: str) -> list[str]:
    """What stands between `//` and `@` of an address, and the value of each query member."""
    found = re.findall(r"//[^/@]*?:([^/@]+)@", url) + re.findall(r"[?&][^=&#]+=([^&#]+)", url)
    return [part for part in found if len(part) >= 4]


def _base64(secret: str) -> str:
    return base64.b64encode(secret.encode()).decode()
