"""The master keys: 32 bytes each, under which every workspace's private key is locked."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from secrets import token_bytes

from .errors import MasterKeyRefused

SIZE = 32
ENVIRONMENT = "JACKFIELD_MASTER_KEY"


@dataclass(frozen=True, slots=True)
class MasterKey:
    """One master key. `id` is a fingerprint that may be stored and shown; the key itself is in no repr."""

    material: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.material) != SIZE:
            raise MasterKeyRefused(f"A master key has {SIZE} bytes, this one has {len(self.material)}.")

    def __repr__(self) -> str:
        return f"MasterKey({self.id})"

    @property
    def id(self) -> str:
        """The first 12 hexadecimal digits of a hash of the key."""
        return hashlib.sha256(b"jackfield master key\0" + self.material).hexdigest()[:12]

    @classmethod
    def generate(cls) -> MasterKey:
        """A fresh one."""
        return cls(token_bytes(SIZE))

    @classmethod
    def parse(cls, text: str, where: str) -> MasterKey:
        """:param text: 32 bytes in base64 (standard or URL-safe), padding optional

        :raises MasterKeyRefused: naming `where` it came from, never the text
        """
        clean = text.strip().replace("-", "+").replace("_", "/").rstrip("=")
        try:
            material = base64.b64decode(clean + "=" * (-len(clean) % 4), validate=True)
        except (binascii.Error, ValueError):
            material = b""
        if len(material) != SIZE:
            raise MasterKeyRefused(
                f"The master key in {where} is not {SIZE} bytes in base64.",
                advice="Restore the right key. Only where no secret is stored yet, make one: head -c 32 /dev/urandom | base64",
            )
        return cls(material)

    @classmethod
    def parse_all(cls, text: str, where: str) -> tuple[MasterKey, ...]:
        """Several keys, parted by white space or commas; in a text of several lines, those that begin with `#` are remarks.

        :raises MasterKeyRefused: if one is malformed, or there is none
        """
        lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
        words = [word for line in lines for word in line.replace(",", " ").split()]
        return tuple(cls.parse(word, where) for word in words or [""])

    def encode(self) -> str:
        """The key as `parse` reads it."""
        return base64.b64encode(self.material).decode()


class MasterKeyring:
    """The master keys of this host: the current one locks and opens, former ones only open, while keys are rotated.

    :param reload: reads the keys anew, current first; asked when a key is met that is not on the ring, so that a running
        host learns of a key that `jackfield rotate-keys` has just put into its file
    """

    def __init__(
        self, current: MasterKey, former: Iterable[MasterKey] = (), reload: Callable[[], tuple[MasterKey, ...]] | None = None
    ) -> None:
        self._reload = reload
        self._put((current, *former))

    def __repr__(self) -> str:
        return f"MasterKeyring({', '.join(self.ids)})"

    def _put(self, keys: tuple[MasterKey, ...]) -> None:
        self.current = keys[0]
        self._by_id = {key.id: key for key in keys}

    @property
    def ids(self) -> tuple[str, ...]:
        """The fingerprints of all keys, the current one's first."""
        return tuple(self._by_id)

    def refresh(self) -> None:
        """Read the keys anew, where they stand in a file. Do so before a key pair is locked.

        :raises MasterKeyRefused: if they can no longer be read
        """
        if self._reload is not None:
            self._put(self._reload())

    def key(self, key_id: str) -> MasterKey:
        """:raises MasterKeyRefused: if the host was not given this key"""
        if key_id not in self._by_id:
            self.refresh()
        found = self._by_id.get(key_id)
        if found is None:
            raise MasterKeyRefused(
                f"The database holds keys that are locked under the master key {key_id}, and the host was given"
                f" {', '.join(self.ids)}: it was changed, or belongs to another database.",
                advice=f"Give the host the former key again, in {ENVIRONMENT} or in its key file. To change it on purpose, name"
                " both, the new one first, and run `jackfield rotate-keys --master`.",
            )
        return found

    def require(self, key_ids: Iterable[str]) -> None:
        """Check at start that every key that the database needs is here.

        :param key_ids: the fingerprints under which private keys are locked in the database
        :raises MasterKeyRefused: naming the first that is missing
        """
        for key_id in key_ids:
            self.key(key_id)
