"""A server under measurement: started, waited for, its CPU time and memory read from the kernel, ended."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from upstream import spawn

_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(slots=True)
class Server:
    """:param startup: seconds from the process's start to its first answer
    :param headers: what a caller sends with a call
    """

    name: str
    url: str
    process: subprocess.Popen[bytes]
    startup: float
    headers: dict[str, str]

    def cpu(self) -> float:
        """Seconds of CPU, of user and kernel, that the process and its ended children have used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return sum(int(value) for value in fields[11:15]) / _TICK

    def memory(self) -> int:
        """Resident bytes."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * _PAGE


def listen() -> socket.socket:
    """A listening socket on a free port of the loopback."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    listener.set_inheritable(True)
    return listener


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def wait_for(url: str, process: subprocess.Popen[bytes], patience: float = 30.0) -> None:
    """Until the server answers anything.

    :raises RuntimeError: if it ended, or does not answer in time
    """
    until = time.monotonic() + patience
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"{url}: the server ended with exit code {process.returncode}")
        try:
            urllib.request.urlopen(url, timeout=patience).close()
        except urllib.error.HTTPError:
            return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.005)
        else:
            return
    raise RuntimeError(f"{url}: no answer in {patience:g} s")


@contextmanager
def running(name: str, command: list[str], *, path: str = "/", headers: dict[str, str] | None = None) -> Iterator[Server]:
    """A server that listens on the socket it inherits by the number in LISTEN_FD."""
    with listen() as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        started = time.perf_counter()
        process = subprocess.Popen(
            command, pass_fds=(listener.fileno(),), env=os.environ | {"LISTEN_FD": str(listener.fileno())}
        )
        listener.close()
        try:
            wait_for(url + path, process)
            yield Server(name, url, process, time.perf_counter() - started, headers or {})
        finally:
            end(process)


@contextmanager
def started(command: list[str], url: str, fds: tuple[int, ...] = ()) -> Iterator[None]:
    """A server that nobody measures."""
    process = spawn(command, fds)
    try:
        wait_for(url, process)
        yield
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Tell it to stop, and see that it has."""
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
