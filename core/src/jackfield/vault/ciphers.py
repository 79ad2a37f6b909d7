"""The ciphers under the seals, pycryptodome's: AES-256-GCM, and RSA with PKCS1_OAEP (SHA-256, RFC 8017).

Imported when a secret is sealed or opened and not before: that takes a tenth of a second, and most commands open none.
"""

from __future__ import annotations

from secrets import token_bytes

from Crypto.Cipher import AES, PKCS1_OAEP
from Crypto.Hash import SHA256
from Crypto.PublicKey import RSA
from Crypto.Util.asn1 import DerSequence

NONCE, TAG = 12, 16


def encrypt(key: bytes, plaintext: bytes, associated: bytes) -> tuple[bytes, bytes, bytes]:
    """Nonce, tag and ciphertext; `associated` is authenticated with them."""
    cipher = AES.new(key, AES.MODE_GCM, nonce=token_bytes(NONCE), mac_len=TAG)
    cipher.update(associated)
    ciphertext, tag = cipher.encrypt_and_digest(plaintext)
    return cipher.nonce, tag, ciphertext


def decrypt(key: bytes, nonce: bytes, tag: bytes, ciphertext: bytes, associated: bytes) -> bytes:
    """The plaintext.

    :raises ValueError: if anything of it was changed
    """
    cipher = AES.new(key, AES.MODE_GCM, nonce=nonce, mac_len=TAG)
    cipher.update(associated)
    return cipher.decrypt_and_verify(ciphertext, tag)


def wrap(public: RSA.RsaKey, key: bytes) -> bytes:
    """A key under a public key."""
    return PKCS1_OAEP.new(public, hashAlgo=SHA256).encrypt(key)


def unwrap(private: RSA.RsaKey, wrapped: bytes) -> bytes:
    """The same, back.

    :raises ValueError: if it does not open
    """
    return PKCS1_OAEP.new(private, hashAlgo=SHA256).decrypt(wrapped)


def generate(bits: int) -> RSA.RsaKey:
    """A fresh private key."""
    return RSA.generate(bits)


def read_private(der: bytes) -> RSA.RsaKey:
    """A key from its PKCS #1 form (RFC 8017, A.1.2), which is known to be authentic: the 30 ms of primality tests are saved.

    :raises ValueError: if it is none
    """
    members = DerSequence().decode(der)
    n, e, d, p, q = (members[at] for at in range(1, 6))
    return RSA.construct((n, e, d, p, q, pow(p, -1, q)), consistency_check=False)
