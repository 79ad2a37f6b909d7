"""Secrets as Dify stores them, opened for migration.

Dify's scheme (`api/libs/rsa.py`, `gmpy2_pkcs10aep_cipher.py` and `api/core/helper/encrypter.py` in github.com/langgenius/dify):

- Each tenant has an RSA key pair; the private key is a PEM in `privkeys/<tenant id>/private.pem` of Dify's storage.
- A secret is base64 of `HYBRID:`, an AES-128 key wrapped with PKCS1_OAEP (SHA-1, no label; as long as the RSA modulus), a nonce
  and a tag of 16 bytes each, and the AES-EAX ciphertext of the text in UTF-8.
- Older rows hold base64 of the text itself, wrapped with PKCS1_OAEP, without a prefix.
- A tree of Dify keeps the PEM itself sealed: `ENCPK1:`, nonce and tag of 16 bytes, AES-256-GCM under HKDF-SHA256 of Dify's
  `SECRET_KEY` with the context `dify-tenant-privkey-at-rest-v1`.
- With a `KEY_PROVIDER_TYPE` other than `local` (2026), `HYBRID:` is followed by a version, JSON metadata and a key that a
  cloud's key service wrapped. Such rows open only there.
"""

from __future__ import annotations

import base64

from Crypto.Cipher import AES, PKCS1_OAEP
from Crypto.Hash import SHA256
from Crypto.Protocol.KDF import HKDF
from Crypto.PublicKey import RSA

from .errors import SealBroken

PREFIX = b"HYBRID:"
_PEM_PREFIX = b"ENCPK1:"
_PEM_CONTEXT = b"dify-tenant-privkey-at-rest-v1"
_NONCE = _TAG = 16


class DifyKey:
    """A tenant's private key.

    :param content: of the file `private.pem`
    :param secret_key: Dify's `SECRET_KEY`, needed where the file itself is sealed
    :raises SealBroken: if the file is no private key, or is sealed under another `SECRET_KEY`
    """

    def __init__(self, content: bytes, secret_key: str | None = None) -> None:
        if content.startswith(_PEM_PREFIX):
            content = _open_pem(content[len(_PEM_PREFIX) :], secret_key)
        try:
            key = RSA.import_key(content)
        except (ValueError, IndexError, TypeError):
            key = None
        if key is None or not key.has_private():
            raise SealBroken("The tenant's key file holds no RSA private key.", advice="Name Dify's folder `privkeys`.")
        self._size = key.size_in_bytes()
        self._cipher = PKCS1_OAEP.new(key)

    def open(self, sealed: str) -> str:
        """The plaintext of a value in Dify's database.

        :raises SealBroken: if it does not open with this key
        """
        data = _decode(sealed)
        if data is not None:
            try:
                return self._open(data).decode()
            except ValueError:
                if _of_a_key_service(data):
                    raise SealBroken(
                        "This secret of Dify's was sealed through a cloud's key service, whose keys do not leave it.",
                        advice="Enter the secret by hand, or set KEY_PROVIDER_TYPE=local in Dify and save it there anew.",
                    ) from None
        raise SealBroken("A secret of Dify's does not open with this tenant's private key.")

    def _open(self, data: bytes) -> bytes:
        if not data.startswith(PREFIX):
            return self._cipher.decrypt(data)
        data = data[len(PREFIX) :]
        wrapped, rest = data[: self._size], data[self._size :]
        nonce, tag, ciphertext = rest[:_NONCE], rest[_NONCE : _NONCE + _TAG], rest[_NONCE + _TAG :]
        if len(tag) != _TAG:
            raise ValueError("cut short")
        return AES.new(self._cipher.decrypt(wrapped), AES.MODE_EAX, nonce=nonce).decrypt_and_verify(ciphertext, tag)


def looks_sealed(value: str) -> bool:
    """Whether a value has the form of a secret that Dify sealed; others stand in the database as they are.

    Without the prefix it is base64 of as many bytes as an RSA key has (Dify's have 2048 bits).
    """
    data = _decode(value)
    return data is not None and (data.startswith(PREFIX) or len(data) in (256, 384, 512))


def _open_pem(data: bytes, secret_key: str | None) -> bytes:
    if not secret_key:
        raise SealBroken("The tenant's key file is sealed under Dify's SECRET_KEY.", advice="Give it in DIFY_SECRET_KEY.")
    key = HKDF(secret_key.encode(), 32, b"", SHA256, context=_PEM_CONTEXT)
    nonce, tag, ciphertext = data[:_NONCE], data[_NONCE : _NONCE + _TAG], data[_NONCE + _TAG :]
    try:
        return AES.new(key, AES.MODE_GCM, nonce=nonce).decrypt_and_verify(ciphertext, tag)
    except ValueError:
        raise SealBroken(
            "The tenant's key file does not open with this SECRET_KEY.", advice="Give the one of this Dify in DIFY_SECRET_KEY."
        ) from None


def _of_a_key_service(data: bytes) -> bool:
    """One byte of version, two of length, then a JSON object."""
    head = data[len(PREFIX) :]
    return data.startswith(PREFIX) and head[3:4] == b"{"


def _decode(value: str) -> bytes | None:
    try:
        return base64.b64decode(value, validate=True)
    except ValueError:
        return None
