"""Tokens that are shown once and stored as hashes: API keys and sessions.

They have 256 bits of chance, so one SHA-256 keeps them: there is nothing to guess, and a slow hash would only slow the calls.
An API key ends in a checksum, so that a mistyped one is told from an unknown one without the database, and so that scanners
for leaked secrets can be sure of what they have found.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import zlib
from typing import Final

PREFIX: Final = "jf-"
_SHOWN: Final = 8
_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_DIGITS: Final = 43  # 62 ** 43 > 2 ** 256
_CHECK: Final = 6  # 62 ** 6 > 2 ** 32


def new_api_key() -> str:
    """`jf-`, 43 characters of chance and 6 of CRC-32, all letters and digits: a double click selects the whole."""
    body = PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(_DIGITS))
    return body + _checksum(body)


def well_formed(key: str) -> bool:
    """Whether `key` has the form and the checksum of an API key. That says nothing of whether it is known."""
    body, check = key[:-_CHECK], key[-_CHECK:]
    return len(key) == len(PREFIX) + _DIGITS + _CHECK and key.startswith(PREFIX) and check == _checksum(body)


def new_session_token() -> str:
    """43 characters of base64url."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """The hash under which a token is stored and found, in hexadecimal."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def matches(token: str, stored_hash: str) -> bool:
    """Whether a token is the one whose hash is stored, in a time that does not depend on where they differ."""
    return hmac.compare_digest(hash_token(token).encode(), stored_hash.encode())


def shown_part(token: str) -> str:
    """What may be shown of a key later on, to tell it from others."""
    return token[: len(PREFIX) + _SHOWN] + "…"


def _checksum(body: str) -> str:
    number, digits = zlib.crc32(body.encode("utf-8", "surrogatepass")), ""
    for _ in range(_CHECK):
        number, digit = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits
