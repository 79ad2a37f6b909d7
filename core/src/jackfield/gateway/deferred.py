"""An application that is imported and made with the first request for it: a host that only serves calls starts without."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from .requests import ASGIApp, Receive, Scope, Send


class Deferred:
    """:param make: imports what it needs; called once, in a thread, and again only where it raised"""

    def __init__(self, make: Callable[[], ASGIApp]) -> None:
        self._make = make
        self._app: ASGIApp | None = None
        self._making = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app or await self._made()
        await app(scope, receive, send)

    async def _made(self) -> ASGIApp:
        async with self._making:
            if self._app is None:
                self._app = await asyncio.to_thread(self._make)
            return self._app
