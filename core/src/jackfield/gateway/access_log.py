"""One line for each request: who, what, how long; never a key, a prompt or an answer.

Lines are collected and written four times a second, so that a log costs a call microseconds instead of a system call.
"""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import UTC, datetime
from typing import Any

import orjson

from jackfield.host.logs import clean
from jackfield.host.settings import LogSettings

from .exchange import Exchange

PERIOD = 0.25
_MOST = 2000


class AccessLog:
    """:param as_json: whether lines are JSON objects, as the rest of the log, or for people"""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._lines: list[dict[str, Any]] = []
        self._timer: asyncio.TimerHandle | None = None

    @classmethod
    def of(cls, settings: LogSettings) -> AccessLog | None:
        """The log that the settings ask for; None where they ask for none."""
        if not settings.requests or settings.level not in ("debug", "info"):
            return None
        return cls(as_json=settings.format == "json" or (settings.format == "auto" and not sys.stderr.isatty()))

    def add(self, exchange: Exchange, client: str | None, seconds: float) -> None:
        """Note a finished request."""
        info, caller = exchange.info, exchange.caller
        line: dict[str, Any] = {
            "event": "request",
            "level": "info",
            "logger": "jackfield.access",
            "timestamp": time.time(),
            "request_id": info.request_id,
            "method": exchange.scope["method"],
            "path": exchange.surface.path if exchange.surface.path[0] == "/" else clean(exchange.scope["path"]),
            "status": exchange.status,
            "outcome": exchange.outcome,
            "seconds": round(seconds, 6),
            "bytes_in": exchange.bytes_in,
            "bytes_out": exchange.bytes_out,
            "client": client,
        }
        if caller is not None:
            line["workspace"] = caller.workspace_id
            line["key"] = caller.key_id
        if info.provider:
            line["provider"] = info.provider
            line["model"] = info.model
            line["hosted"] = info.hosted
            line["relayed"] = info.relayed
            line["attempts"] = info.attempts
        if exchange.error is not None:
            line["error"] = exchange.error.code
            line["fault"] = exchange.error.fault
        self._put(line)

    def add_other(self, scope: dict[str, Any], client: str | None, status: int, seconds: float) -> None:
        """Note a finished request to a page, the admin API, or nothing."""
        self._put(
            {
                "event": "request",
                "level": "info",
                "logger": "jackfield.access",
                "timestamp": time.time(),
                "method": scope["method"],
                "path": clean(scope["path"]),
                "status": status,
                "seconds": round(seconds, 6),
                "client": client,
            }
        )

    def _put(self, line: dict[str, Any]) -> None:
        self._lines.append(line)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(PERIOD, self.flush)
        elif len(self._lines) >= _MOST:
            self.flush()

    def flush(self) -> None:
        """Write what has been collected."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        lines, self._lines = self._lines, []
        if lines:
            sys.stderr.write("".join(map(_json_line if self._as_json else _text_line, lines)))
            sys.stderr.flush()


def _json_line(line: dict[str, Any]) -> str:
    line["timestamp"] = datetime.fromtimestamp(line["timestamp"], UTC).isoformat()
    return orjson.dumps(line).decode() + "\n"


def _text_line(line: dict[str, Any]) -> str:
    at = datetime.fromtimestamp(line["timestamp"], UTC).strftime("%H:%M:%S")
    model = f" {line['provider']}/{line['model']}" if "provider" in line else ""
    error = f" {line['error']}" if "error" in line else ""
    cut = f" ({line['outcome']})" if line.get("outcome") in ("disconnected", "cut") else ""
    milliseconds = line["seconds"] * 1000
    number = f" {line['request_id']}" if "request_id" in line else ""
    return f"{at} {line['status']} {line['method']} {line['path']}{model}{error}{cut} {milliseconds:.1f} ms{number}\n"
