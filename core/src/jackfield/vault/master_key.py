"""The master key: 32 bytes that seal every workspace's private key, from the environment or a file only its owner reads."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from Crypto.Random import get_random_bytes

from .errors import MasterKeyRefused

SIZE = 32
ENVIRONMENT = "JACKFIELD_MASTER_KEY"


@dataclass(frozen=True, slots=True)
class MasterKey:
    """One master key. `id` is a fingerprint that may be stored and shown; the key itself is in no repr."""

    material: bytes = field(repr=False)

    @property
    def id(self) -> str:
        """The first 12 hexadecimal digits of a hash of the key."""
        return hashlib.sha256(b"jackfield master key\0" + self.material).hexdigest()[:12]

    @classmethod
    def generate(cls) -> MasterKey:
        """A fresh one."""
        return cls(get_random_bytes(SIZE))

    @classmethod
    def parse(cls, text: str, where: str) -> MasterKey:
        """:param text: 32 bytes in base64 (standard or URL-safe), padding optional

        :raises MasterKeyRefused: naming `where` it came from, never the text
        """
        clean = text.strip().replace("-", "+").replace("_", "/").rstrip("=")
        try:
            material = base64.b64decode(clean + "=" * (-len(clean) % 4), validate=True)
        except binascii.Error:
            material = b""
        if len(material) != SIZE:
            raise MasterKeyRefused(
                f"The master key in {where} is not {SIZE} bytes in base64.",
                advice="Restore the right key, or make one with: head -c 32 /dev/urandom | base64",
            )
        return cls(material)

    def encode(self) -> str:
        """The key as `parse` reads it."""
        return base64.b64encode(self.material).decode()


class MasterKeyring:
    """The current master key, and former ones that still open while keys are rotated."""

    def __init__(self, current: MasterKey, former: Iterable[MasterKey] = ()) -> None:
        self.current = current
        self._by_id = {key.id: key for key in (*former, current)}

    def key(self, key_id: str) -> MasterKey:
        """:raises MasterKeyRefused: if the host was not given this key"""
        found = self._by_id.get(key_id)
        if found is None:
            raise MasterKeyRefused(
                f"The keys in the database are sealed with the master key {key_id}, and the host was given"
                f" {self.current.id}: it was changed or belongs to another database.",
                advice=f"Start with the former key in {ENVIRONMENT} or its file; to change it on purpose, keep the former key"
                " in JACKFIELD_FORMER_MASTER_KEYS and run `jackfield rotate-keys`.",
            )
        return found


def load_master_key(path: Path, environment: str | None, *, create: bool) -> MasterKey:
    """The master key of this host.

    :param path: the file to read where the environment holds none
    :param environment: the value of JACKFIELD_MASTER_KEY
    :param create: whether a file may be made; not if the database holds keys already, which a new one would not open
    :raises MasterKeyRefused: saying which key and what to do
    """
    if environment:
        return MasterKey.parse(environment, f"the environment variable {ENVIRONMENT}")
    try:
        return _read(path)
    except FileNotFoundError:
        if not create:
            raise MasterKeyRefused(
                f"The master key file {path} is missing, and the database holds secrets that were sealed under it.",
                advice=f"Restore the file from your backup, or set {ENVIRONMENT}. Without it the stored credentials are lost.",
            ) from None
    return _create(path)


def _read(path: Path) -> MasterKey:
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    with os.fdopen(descriptor) as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if os.name == "posix" and mode & 0o077:
            raise MasterKeyRefused(
                f"The master key file {path} can be read by others (mode {mode:04o}).",
                advice=f"Run `chmod 600 {path}`; if others may have read it, rotate it with `jackfield rotate-keys --master`.",
            )
        return MasterKey.parse(file.read(1024), str(path))


def _create(path: Path) -> MasterKey:
    """Written beside and linked into place: of several processes that start at once one wins, and all read its whole key."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{get_random_bytes(4).hex()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(MasterKey.generate().encode() + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # another process was first: its key counts
            os.link(draft, path)
    finally:
        draft.unlink()
    return _read(path)
