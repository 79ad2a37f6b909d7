"""Tokens that are shown once and stored as hashes: API keys and sessions.

They have 256 bits of chance, so one SHA-256 keeps them: there is nothing to guess, and a slow hash would only slow the calls.
"""

from __future__ import annotations

import hashlib
import secrets

PREFIX = "jf-"
_SHOWN = 8


def new_api_key() -> str:
    """`jf-` and 43 characters of base64url."""
    return PREFIX + secrets.token_urlsafe(32)


def new_session_token() -> str:
    """43 characters of base64url."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """The hash under which a token is stored and found, in hexadecimal."""
    return hashlib.sha256(token.encode()).hexdigest()


def shown_part(token: str) -> str:
    """What may be shown of a key later on, to tell it from others."""
    return token[: len(PREFIX) + _SHOWN] + "…"
