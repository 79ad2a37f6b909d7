"""A workspace's RSA key pair. The private key is at rest only under a master key: AES-256-GCM, bound to workspace and key."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from Crypto.Cipher import AES
from Crypto.PublicKey import RSA
from Crypto.Random import get_random_bytes
from Crypto.Util.asn1 import DerSequence

from .errors import SealBroken
from .master_key import MasterKey, MasterKeyring
from .sealing import Owner, open_sealed, seal

BITS = 3072
"""128 bits of strength, good past 2030; 2048 bits have 112 (NIST SP 800-57, part 1, table 2). What is sealed is opened once and
kept in memory, so that the larger key costs nothing that a caller feels. 2048 is for tests in a hurry."""

LEAST_BITS = 2048

_VERSION = "jk1"
_NONCE, _TAG = 12, 16


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
        private = RSA.generate(bits)
        return cls(get_random_bytes(6).hex(), workspace, private.public_key(), private)

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
        cipher = AES.new(master.material, AES.MODE_GCM, nonce=get_random_bytes(_NONCE), mac_len=_TAG)
        cipher.update(_associated(master.id, self.workspace, self.id))
        ciphertext, tag = cipher.encrypt_and_digest(self.private.export_key(format="DER", pkcs=1))
        return ".".join((_VERSION, master.id, base64.b64encode(cipher.nonce + tag + ciphertext).decode()))

    @classmethod
    def unlock(cls, locked: str, key_id: str, workspace: str, masters: MasterKeyring) -> KeyPair:
        """:raises MasterKeyRefused: if it is under a master key that the host does not have

        :raises SealBroken: if it was changed or belongs to another workspace
        """
        version, master_id, data = _parse(locked)
        master = masters.key(master_id)
        try:
            cipher = AES.new(master.material, AES.MODE_GCM, nonce=data[:_NONCE], mac_len=_TAG)
            cipher.update(_associated(master_id, workspace, key_id, version))
            private = _import(cipher.decrypt_and_verify(data[_NONCE + _TAG :], data[_NONCE : _NONCE + _TAG]))
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
    if version != _VERSION or len(data) <= _NONCE + _TAG or base64.b64encode(data).decode() != body:
        raise _broken()
    return version, master_id, data


def _import(der: bytes) -> RSA.RsaKey:
    """A key from its PKCS #1 form (RFC 8017, A.1.2): authentic by its tag, so the 30 ms of primality tests are saved."""
    members = DerSequence().decode(der)
    n, e, d, p, q = (members[at] for at in range(1, 6))
    return RSA.construct((n, e, d, p, q, pow(p, -1, q)), consistency_check=False)


def _associated(master_id: str, workspace: str, key_id: str, version: str = _VERSION) -> bytes:
    return "\0".join((version, master_id, workspace, key_id)).encode()


def _broken() -> SealBroken:
    return SealBroken(
        "A workspace's private key does not open.",
        advice="Restore the database from a backup: the row of the key pair was changed.",
    )
