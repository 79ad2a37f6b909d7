"""Chromium for browser tests: Debian's package, installed by name where it is missing and may be."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

PATH = Path("/usr/bin/chromium")
PACKAGES = ("chromium", "fonts-noto-cjk")
HOW = f"Browser tests need Chromium: apt-get install {' '.join(PACKAGES)}"
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
)  # fmt: skip
"""As root in a closed network: without these, each start looks for a sandbox, a GPU and Google."""


class ChromiumMissing(Exception):
    """It is not there and cannot be installed; says what to do."""


def ensure_chromium() -> Path:
    """Where Chromium is. The test processes wait for the one that installs it.

    :raises ChromiumMissing: if it is not there, and this is no Debian, or not root
    """
    if PATH.exists():
        return PATH
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise ChromiumMissing(HOW)
    with (Path(tempfile.gettempdir()) / "jackfield-chromium.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not PATH.exists():
            _install()
    return PATH


def _install() -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (("apt-get", "update", "-qq"), ("apt-get", "install", "-y", "-qq", "--no-install-recommends", *PACKAGES)):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=False)
        if done.returncode:
            raise ChromiumMissing(f"{HOW} ({' '.join(command)} failed: {done.stderr.strip()[-500:]})")
