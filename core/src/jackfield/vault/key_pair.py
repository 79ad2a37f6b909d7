"""A workspace's RSA key pair. The private key is at rest only under the master key: AES-256-GCM, bound to workspace and key."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from Crypto.Cipher import AES
from Crypto.PublicKey import RSA
from Crypto.Random import get_random_bytes

from .errors import SealBroken
from .master_key import MasterKey, MasterKeyring

BITS = 3072
"""128 bits of strength (NIST SP 800-57, part 1, table 2), enough past 2030; 2048 is only for tests in a hurry."""

_VERSION = "jk1"


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A key pair in use. `private` is in no repr."""

    id: str
    workspace: str
    public: RSA.RsaKey = field(repr=False)
    private: RSA.RsaKey = field(repr=False)

    @classmethod
    def generate(cls, workspace: str, bits: int = BITS) -> KeyPair:
        """A fresh one. Takes up to seconds of CPU: call it off the event loop."""
        private = RSA.generate(bits)
        return cls(get_random_bytes(6).hex(), workspace, private.public_key(), private)

    @property
    def public_pem(self) -> str:
        """The public key as PEM (RFC 7468), to be stored."""
        return self.public.export_key().decode()

    def lock(self, master: MasterKey) -> str:
        """The private key as it is stored: `jk1.<master key id>.<base64 of nonce, tag and ciphertext>`."""
        cipher = AES.new(master.material, AES.MODE_GCM, nonce=get_random_bytes(12), mac_len=16)
        cipher.update(_associated(master.id, self.workspace, self.id))
        ciphertext, tag = cipher.encrypt_and_digest(self.private.export_key(format="DER", pkcs=8))
        return ".".join((_VERSION, master.id, base64.b64encode(cipher.nonce + tag + ciphertext).decode()))

    @classmethod
    def unlock(cls, locked: str, key_id: str, workspace: str, masters: MasterKeyring) -> KeyPair:
        """:raises MasterKeyRefused: if it is under a master key that the host does not have

        :raises SealBroken: if it was changed or belongs to another workspace
        """
        try:
            version, master_id, body = locked.split(".")
            data = base64.b64decode(body, validate=True)
        except ValueError:
            raise SealBroken("A workspace's private key does not open.") from None
        master = masters.key(master_id)
        cipher = AES.new(master.material, AES.MODE_GCM, nonce=data[:12], mac_len=16)
        cipher.update(_associated(master_id, workspace, key_id))
        try:
            if version != _VERSION:
                raise SealBroken("A workspace's private key does not open.")
            private = RSA.import_key(cipher.decrypt_and_verify(data[28:], data[12:28]))
        except ValueError:
            raise SealBroken("A workspace's private key does not open.") from None
        return cls(key_id, workspace, private.public_key(), private)


def master_key_id_of(locked: str) -> str:
    """Under which master key a private key is locked."""
    return locked.split(".")[1] if locked.count(".") == 2 else ""


def _associated(master_id: str, workspace: str, key_id: str) -> bytes:
    return "\0".join((_VERSION, master_id, workspace, key_id)).encode()
