"""A workspace's RSA key pair. The private key is at rest only under a master key: AES-256-GCM, bound to workspace and key."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from secrets import token_hex
from typing import TYPE_CHECKING

from .errors import SealBroken
from .master_key import MasterKey, MasterKeyring
from .sealing import Owner, open_sealed, seal

if TYPE_CHECKING:
    from Crypto.PublicKey import RSA

BITS = 3072
"""128 bits of strength, good past 2030; 2048 bits have 112 (NIST SP 800-57, part 1, table 2). What is sealed is opened once and
kept in memory, so that the larger key costs nothing that a caller feels. 2048 is for tests in a hurry."""

LEAST_BITS = 2048

_VERSION = "jk1"
_NONCE, _HEAD = 12, 28  # where the nonce ends, and where the tag does


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A key pair in use. The keys are in no repr.

    :param id: names it among the key pairs of its workspace
    """

    id: str
    workspace: str
    public: RSA.RsaKey = field(repr=False)
    private: RSA.RsaKey = field(repr=False)

    @classmethod
    def generate(cls, workspace: str, bits: int = BITS) -> KeyPair:
        """A fresh one. Takes 0.5 to 3 s of CPU, most of it outside of the interpreter's lock: call it in a thread.

        :raises ValueError: if `bits` is fewer than 2048
        """
        if bits < LEAST_BITS:
            raise ValueError(f"an RSA key has at least {LEAST_BITS} bits, not {bits}")
        from . import ciphers  # noqa: PLC0415 - not before there is a secret

        private = ciphers.generate(bits)
        return cls(token_hex(6), workspace, private.public_key(), private)

    @property
    def public_pem(self) -> str:
        """The public key as PEM (RFC 7468), to be stored."""
        return self.public.export_key().decode()

    def seal(self, plaintext: bytes, owner: Owner) -> str:
        """`plaintext` sealed for `owner` under this pair."""
        return seal(self.public, self.id, plaintext, owner)

    def open(self, sealed: str, owner: Owner) -> bytes:
        """The plaintext of what `seal` made. Milliseconds of CPU: keep what was opened.

        :raises SealBroken: whatever is wrong
        """
        return open_sealed(self.private, sealed, owner)

    def lock(self, master: MasterKey) -> str:
        """The private key as it is stored: `jk1.<master key id>.<base64 of nonce, tag and ciphertext>`."""
        from . import ciphers  # noqa: PLC0415 - not before there is a secret

        der = self.private.export_key(format="DER", pkcs=1)
        parts = ciphers.encrypt(master.material, der, _associated(master.id, self.workspace, self.id))
        return ".".join((_VERSION, master.id, base64.b64encode(b"".join(parts)).decode()))

    @classmethod
    def unlock(cls, locked: str, key_id: str, workspace: str, masters: MasterKeyring) -> KeyPair:
        """:raises MasterKeyRefused: if it is under a master key that the host does not have

        :raises SealBroken: if it was changed or belongs to another workspace
        """
        from . import ciphers  # noqa: PLC0415 - not before there is a secret

        version, master_id, data = _parse(locked)
        master = masters.key(master_id)
        nonce, tag, ciphertext = data[:_NONCE], data[_NONCE:_HEAD], data[_HEAD:]
        try:
            der = ciphers.decrypt(master.material, nonce, tag, ciphertext, _associated(master_id, workspace, key_id, version))
            private = ciphers.read_private(der)
        except ValueError:
            raise _broken() from None
        return cls(key_id, workspace, private.public_key(), private)


def relock(locked: str, key_id: str, workspace: str, masters: MasterKeyring) -> str:
    """A private key under the current master key, whichever it is under now.

    :raises MasterKeyRefused: if it is under a master key that the host does not have
    :raises SealBroken: if it was changed or belongs to another workspace
    """
    return KeyPair.unlock(locked, key_id, workspace, masters).lock(masters.current)


def master_key_id_of(locked: str) -> str:
    """Under which master key a private key is locked.

    :raises SealBroken: if it is no locked private key
    """
    return _parse(locked)[1]


def _parse(locked: str) -> tuple[str, str, bytes]:
    try:
        version, master_id, body = locked.split(".")
        data = base64.b64decode(body, validate=True)
    except ValueError:
        raise _broken() from None
    if version != _VERSION or len(data) <= _HEAD or base64.b64encode(data).decode() != body:
        raise _broken()
    return version, master_id, data


def _associated(master_id: str, workspace: str, key_id: str, version: str = _VERSION) -> bytes:
    return "\0".join((version, master_id, workspace, key_id)).encode()


def _broken() -> SealBroken:
    return SealBroken(
        "A workspace's private key does not open.",
        advice="Restore the database from a backup: the row of the key pair was changed.",
    )
