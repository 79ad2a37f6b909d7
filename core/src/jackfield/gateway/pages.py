"""What is not /v1: the same care for pages and the admin API, whatever framework they are written in."""

from __future__ import annotations

import time

from .access_log import AccessLog
from .requests import ASGIApp, Message, Receive, Scope, Send

_DEFAULTS = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), geolocation=(), microphone=(self)",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
}
_HSTS = (b"strict-transport-security", b"max-age=31536000")


class Pages:
    """Gives every answer the headers that make browsers careful (a page that needs another says so itself), and logs it.

    :param https: whether clients reach the host by https
    """

    def __init__(self, app: ASGIApp, log: AccessLog | None, *, https: bool) -> None:
        self._app = app
        self._log = log
        self._https = https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 0

        async def careful(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = list(message.get("headers", ()))
                present = {name.lower() for name, _ in headers}
                headers += [(name, value) for name, value in _DEFAULTS.items() if name not in present]
                if self._https and _HSTS[0] not in present:
                    headers.append(_HSTS)
                message = {**message, "headers": headers}
            await send(message)

        try:
            await self._app(scope, receive, careful)
        finally:
            if self._log is not None and scope["path"] not in ("/healthz", "/readyz", "/metrics"):
                client = scope["client"][0] if scope["client"] else None
                self._log.add_other(scope, client, status, time.perf_counter() - started)
