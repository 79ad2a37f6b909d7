"""The master key file: one key a line, the current one first, readable by its owner alone."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from .errors import MasterKeyRefused
from .master_key import ENVIRONMENT, MasterKey, MasterKeyring

_LARGEST = 16 * 1024
_PATIENCE = 2.0
"""Seconds that a file may stay empty: only where hard links are missing, while another process writes it."""


def load_keyring(path: Path, environment: str | None = None, *, create: bool) -> MasterKeyring:
    """The master keys of this host.

    :param path: the file to read where the environment holds none
    :param environment: the value of JACKFIELD_MASTER_KEY: one key, or several while they are rotated, the current one first
    :param create: whether the file may be made; not if the database holds keys already, which a new one would not open
    :raises MasterKeyRefused: saying which key and what to do
    """
    if environment and environment.strip():
        current, *former = MasterKey.parse_all(environment, f"the environment variable {ENVIRONMENT}")
        return MasterKeyring(current, former)
    try:
        keys = read_key_file(path)
    except FileNotFoundError:
        if not create:
            raise MasterKeyRefused(
                f"The master key file {path} is missing, and the database holds secrets that were sealed under it.",
                advice=f"Restore the file from your backup, or set {ENVIRONMENT}. Without it the stored credentials are lost.",
            ) from None
        keys = _create(path)
    return MasterKeyring(keys[0], keys[1:], reload=lambda: read_key_file(path))


def load_master_key(path: Path, environment: str | None, *, create: bool) -> MasterKey:
    """The current one of `load_keyring`."""
    return load_keyring(path, environment, create=create).current


def read_key_file(path: Path) -> tuple[MasterKey, ...]:
    """The keys in the file, the current one first.

    :raises FileNotFoundError: if there is no such file
    :raises MasterKeyRefused: if others may read it, or it is no key file
    """
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            content = _read(path)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise MasterKeyRefused(
                f"The master key file {path} cannot be read: {error.strerror}.",
                advice="Make it a file that the user who runs the host owns and can read.",
            ) from None
        if content.strip() or time.monotonic() > deadline:
            return MasterKey.parse_all(content.decode(errors="replace"), f"the file {path}")
        time.sleep(0.01)


def write_key_file(path: Path, keys: Iterable[MasterKey]) -> None:
    """Put `keys` in the place of those in the file, in one step: a reader sees the former or the new, never a part.

    :raises MasterKeyRefused: if it cannot be written
    """
    try:
        draft = _draft(path, keys)
        try:
            draft.replace(path)
        except OSError:
            draft.unlink()
            raise
        _sync_folder(path.parent)
    except OSError as error:
        raise _unwritable(path, error) from None


def _read(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise MasterKeyRefused(f"The master key file {path} is not a file.", advice="Name a file in `master_key_file`.")
        if os.name == "posix":
            _refuse_strangers(path, status)
        content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise MasterKeyRefused(f"The file {path} is too large for a master key file.", advice="Name the right file.")
    return content


def _refuse_strangers(path: Path, status: os.stat_result) -> None:
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o077:
        raise MasterKeyRefused(
            f"The master key file {path} can be read or changed by others (mode {mode:04o}).",
            advice=f"Run `chmod 600 {path}`; if others may have read it, rotate it with `jackfield rotate-keys --master`.",
        )
    if status.st_uid not in {0, os.geteuid()}:
        raise MasterKeyRefused(
            f"The master key file {path} belongs to another user (uid {status.st_uid}).",
            advice=f"Run the host as that user, or give the file to the user who runs it: `chown {os.geteuid()} {path}`.",
        )


def _create(path: Path) -> tuple[MasterKey, ...]:
    """Written beside and linked into place: of several processes that start at once one wins, and all read its whole key."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = _draft(path, [MasterKey.generate()])
        try:
            with suppress(FileExistsError):  # another process was first: its key counts
                _link(draft, path)
        finally:
            draft.unlink()
        _sync_folder(path.parent)
    except OSError as error:
        raise _unwritable(path, error) from None
    return read_key_file(path)


def _draft(path: Path, keys: Iterable[MasterKey]) -> Path:
    draft = path.with_name(f".{path.name}.{os.getpid()}.{token_hex(4)}")
    _write_new(draft, "".join(f"{key.encode()}\n" for key in keys).encode())
    return draft


def _link(draft: Path, path: Path) -> None:
    try:
        os.link(draft, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links: readers wait until the file is no longer empty
        _write_new(path, draft.read_bytes())


def _write_new(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """The name of the file must outlast a power cut as surely as what is sealed under it does."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unwritable(path: Path, error: OSError) -> MasterKeyRefused:
    return MasterKeyRefused(
        f"The master key file {path} cannot be written: {error.strerror}.",
        advice="Make its folder writable for the user who runs the host, name another file in `master_key_file`, or set"
        f" {ENVIRONMENT}.",
    )
