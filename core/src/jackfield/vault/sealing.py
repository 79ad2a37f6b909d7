"""Sealed secrets: AES-256-GCM under a fresh key, that key under the workspace's RSA key with PKCS1_OAEP (SHA-256, RFC 8017).

A sealed secret is one line of text, `jf1.<key id>.<wrapped key>.<nonce>.<tag>.<ciphertext>` in base64url. Version, key id and
owner are authenticated with it, so that a row that is changed, cut short, or copied to another owner does not open.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from Crypto.Cipher import AES, PKCS1_OAEP
from Crypto.Hash import SHA256
from Crypto.PublicKey import RSA
from Crypto.Random import get_random_bytes

from .errors import SealBroken

VERSION = "jf1"
_NONCE, _TAG, _KEY = 12, 16, 32


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
    data_key = get_random_bytes(_KEY)
    cipher = AES.new(data_key, AES.MODE_GCM, nonce=get_random_bytes(_NONCE), mac_len=_TAG)
    cipher.update(_associated(key_id, owner))
    ciphertext, tag = cipher.encrypt_and_digest(plaintext)
    wrapped = PKCS1_OAEP.new(public_key, hashAlgo=SHA256).encrypt(data_key)
    return ".".join((VERSION, key_id, *(_encode(part) for part in (wrapped, cipher.nonce, tag, ciphertext))))


def open_sealed(private_key: RSA.RsaKey, sealed: str, owner: Owner) -> bytes:
    """The plaintext. Takes about the time of one RSA decryption (milliseconds): callers keep what they opened.

    :raises SealBroken: whatever is wrong
    """
    try:
        version, key_id, *rest = sealed.split(".")
        wrapped, nonce, tag, ciphertext = (_decode(part) for part in rest)
        if version != VERSION or len(nonce) != _NONCE or len(tag) != _TAG:
            raise SealBroken("A stored secret does not open.")
        data_key = PKCS1_OAEP.new(private_key, hashAlgo=SHA256).decrypt(wrapped)
        cipher = AES.new(data_key, AES.MODE_GCM, nonce=nonce, mac_len=_TAG)
        cipher.update(_associated(key_id, owner))
        return cipher.decrypt_and_verify(ciphertext, tag)
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
