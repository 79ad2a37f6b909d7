"""Several processes, each a whole host on the same socket: forked, watched, replaced when one dies."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import socket
import tempfile
from typing import Any

from jackfield.contract import HostFault, JackfieldError
from jackfield.host import Host, Settings

from .server import Routes, Started, run_loop, serve

_log = logging.getLogger("jackfield.gateway")
_FAILED = 3  # exit code of a worker that could not start or broke: another would fare the same


class Workers:
    """The parent. It serves nothing itself."""

    def __init__(self, settings: Settings, listener: socket.socket, routes: Routes | None, started: Started | None) -> None:
        self._settings = settings
        self._listener = listener
        self._routes = routes
        self._started = started
        self._numbers: dict[int, int] = {}
        self._stopping = False

    def run(self) -> None:
        """Until SIGTERM or SIGINT, which are passed on.

        :raises HostFault: if a worker cannot start
        """
        if not hasattr(os, "fork"):
            raise HostFault("This system cannot fork, which `server.workers` needs.", advice="Set `server.workers` to 1.")
        folder = tempfile.mkdtemp(prefix="jackfield-metrics-")
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        before = {number: signal.signal(number, self._stop) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            # The first worker brings the database up to date, and makes the first workspace where there is none.
            if self._first():
                for number in range(1, self._settings.server.workers):
                    self._spawn(number)
            self._supervise()
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)
            self._listener.close()
            shutil.rmtree(folder, ignore_errors=True)

    def _first(self) -> bool:
        """Start worker 0 and wait until it serves. Answers whether it does."""
        reader, writer = os.pipe()
        self._spawn(0, ready=writer)
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            return bool(pipe.read(1))

    def _spawn(self, number: int, ready: int | None = None) -> None:
        process = os.fork()
        if process == 0:
            os._exit(self._work(ready))
        self._numbers[process] = number

    def _work(self, ready: int | None) -> int:
        """A worker's whole life. Answers its exit code."""
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, signal.SIG_DFL)
        self._numbers.clear()

        def started(host: Host, address: str) -> None:
            if ready is not None:
                os.write(ready, b"1")
                os.close(ready)
                if self._started is not None:
                    self._started(host, address)

        try:
            run_loop(serve(self._settings, self._listener, routes=self._routes, started=started, alone=True))
        except JackfieldError as error:
            _log.error("a worker could not serve: %s %s", error.message, error.advice)
            return _FAILED
        except Exception:
            _log.exception("a worker failed")
            return _FAILED
        return 0

    def _supervise(self) -> None:
        failed = False
        while self._numbers:
            process, status = os.wait()
            number = self._numbers.pop(process, None)
            if number is None or self._stopping:
                continue
            code = os.waitstatus_to_exitcode(status)
            if code == _FAILED:
                failed = True
                self._stop()
            else:
                _log.error("worker %d ended with %d; another takes its place", number, code)
                self._spawn(number)
        if failed:
            raise HostFault("A worker could not serve, so the host has stopped.", advice="The log above says why.")

    def _stop(self, *_signal: Any) -> None:
        self._stopping = True
        for process in self._numbers:
            os.kill(process, signal.SIGTERM)
