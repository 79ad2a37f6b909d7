"""A local file to which every finished call is written before its answer ends, so that a killed process loses none of them.

A process appends to a file of its own, which it holds locked; the operating system keeps what was written when the process is
killed (a power cut may cost the last seconds, as nothing is synced to the disk for each call). Files without a living owner are
taken over at the next start of any process that shares the folder.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from jackfield.store import new_id

_SUFFIX, _REFUSED = ".jsonl", ".refused"


class Journal:
    """Lines written in order. `rotate` begins a new file and names the full one, which `discard` deletes once it is stored."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._path, self._file = self._begin()
        self._written = False

    def append(self, line: bytes) -> None:
        """Write one line, without its end."""
        os.write(self._file, line + b"\n")
        self._written = True

    def rotate(self) -> Path | None:
        """The file that is full now, or None if nothing was written since the last one."""
        if not self._written:
            return None
        full, former = self._path, self._file
        self._path, self._file = self._begin()
        self._written = False
        self._held.append((full, former))
        return full

    def discard(self, path: Path) -> None:
        """Delete a full file: everything in it is stored elsewhere."""
        path.unlink(missing_ok=True)
        for held, descriptor in [entry for entry in self._held if entry[0] == path]:
            os.close(descriptor)
            self._held.remove((held, descriptor))

    def set_aside(self, path: Path, line: bytes) -> None:
        """Keep a line that cannot be stored beside the file that it came from, for whoever looks into it."""
        with path.with_suffix(_REFUSED).open("ab") as file:
            file.write(line + b"\n")

    def close(self) -> None:
        """Let go of the file; an empty one is deleted."""
        os.close(self._file)
        if not self._written:
            self._path.unlink(missing_ok=True)
        for _, descriptor in self._held:
            os.close(descriptor)
        self._held.clear()

    def orphans(self) -> Iterator[Path]:
        """Files of processes that no longer run, each held for this process until it is discarded."""
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
            if path == self._path or any(path == held for held, _ in self._held):
                continue
            try:
                descriptor = os.open(path, os.O_RDONLY)
            except FileNotFoundError:
                continue  # another process was first
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                continue
            self._held.append((path, descriptor))
            yield path

    def _begin(self) -> tuple[Path, int]:
        if not hasattr(self, "_held"):
            self._held: list[tuple[Path, int]] = []
        path = self._folder / f"{new_id()}{_SUFFIX}"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return path, descriptor


def read_lines(path: Path) -> list[bytes]:
    """The whole lines of a file; one that was cut off while it was written is left out."""
    *lines, _cut = path.read_bytes().split(b"\n")
    return [line for line in lines if line]
