"""Secrets as Dify stores them, opened for migration.

Dify's scheme (api/libs/rsa.py in github.com/langgenius/dify): a key pair for each tenant, the private key in
`privkeys/<tenant id>/private.pem`; a secret is base64 of `HYBRID:`, an AES-128 key wrapped with PKCS1_OAEP (SHA-1), a nonce and
a tag of 16 bytes each, and the AES-EAX ciphertext. Older rows hold the secret wrapped with PKCS1_OAEP alone.
"""

from __future__ import annotations

import base64
import binascii

from Crypto.Cipher import AES, PKCS1_OAEP
from Crypto.PublicKey import RSA

from .errors import SealBroken

PREFIX = b"HYBRID:"


def open_dify(private_pem: bytes | str, sealed: str) -> str:
    """The plaintext of a value in Dify's database.

    :raises SealBroken: if it does not open with this key
    """
    try:
        key = RSA.import_key(private_pem)
        data = base64.b64decode(sealed, validate=True)
        unwrap = PKCS1_OAEP.new(key)
        if not data.startswith(PREFIX):
            return unwrap.decrypt(data).decode()
        data = data[len(PREFIX) :]
        size = key.size_in_bytes()
        wrapped, nonce, tag, ciphertext = data[:size], data[size : size + 16], data[size + 16 : size + 32], data[size + 32 :]
        cipher = AES.new(unwrap.decrypt(wrapped), AES.MODE_EAX, nonce=nonce)
        return cipher.decrypt_and_verify(ciphertext, tag).decode()
    except (ValueError, IndexError, TypeError, binascii.Error):
        raise SealBroken("A secret from Dify does not open with this tenant's private key.") from None
