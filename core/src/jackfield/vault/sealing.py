"""Sealed secrets: AES-256-GCM under a fresh key, that key under the workspace's RSA key with PKCS1_OAEP (SHA-256, RFC 8017).

A sealed secret is one line of text, `jf1.<key id>.<wrapped key>.<nonce>.<tag>.<ciphertext>` in base64url. Version, key id and
owner are authenticated with it, so that a row that is changed, cut short, or copied to another owner does not open.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from secrets import token_bytes
from typing import TYPE_CHECKING

from .errors import SealBroken

if TYPE_CHECKING:
    from Crypto.PublicKey import RSA

VERSION = "jf1"
_KEY = 32


@dataclass(frozen=True, slots=True)
class Owner:
    """To whom a secret belongs: sealed with it, and asked for when it is opened."""

    workspace: str
    provider: str
    credential: str

    def encode(self) -> bytes:
        """Unambiguous bytes: every member with its length before it."""
        return b"".join(
            len(member).to_bytes(4, "big") + member
            for member in (part.encode() for part in (self.workspace, self.provider, self.credential))
        )


def seal(public_key: RSA.RsaKey, key_id: str, plaintext: bytes, owner: Owner) -> str:
    """`plaintext` sealed for `owner` under a workspace's public key."""
    from . import ciphers  # noqa: PLC0415 - not before there is a secret

    data_key = token_bytes(_KEY)
    parts = (ciphers.wrap(public_key, data_key), *ciphers.encrypt(data_key, plaintext, _associated(key_id, owner)))
    return ".".join((VERSION, key_id, *(_encode(part) for part in parts)))


def open_sealed(private_key: RSA.RsaKey, sealed: str, owner: Owner) -> bytes:
    """The plaintext. Takes about the time of one RSA decryption (milliseconds): callers keep what they opened.

    :raises SealBroken: whatever is wrong
    """
    from . import ciphers  # noqa: PLC0415 - not before there is a secret

    try:
        version, key_id, *rest = sealed.split(".")
        wrapped, nonce, tag, ciphertext = (_decode(part) for part in rest)
        if version != VERSION or len(nonce) != ciphers.NONCE or len(tag) != ciphers.TAG:
            raise SealBroken("A stored secret does not open.")
        data_key = ciphers.unwrap(private_key, wrapped)
        return ciphers.decrypt(data_key, nonce, tag, ciphertext, _associated(key_id, owner))
    except (ValueError, TypeError):
        raise SealBroken("A stored secret does not open.") from None


def key_id_of(sealed: str) -> str:
    """Under which key pair of its workspace a secret is sealed.

    :raises SealBroken: if it is no sealed secret
    """
    parts = sealed.split(".")
    if len(parts) != 6 or parts[0] != VERSION:
        raise SealBroken("A stored secret does not open.")
    return parts[1]


def _associated(key_id: str, owner: Owner) -> bytes:
    return f"{VERSION}.{key_id}.".encode() + owner.encode()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise ValueError(str(error)) from None
    if _encode(data) != text:  # one spelling for each value, so that no changed text opens
        raise ValueError("not canonical base64url")
    return data
