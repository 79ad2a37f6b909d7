"""The host's way out, made when the first call takes it: two HTTP clients are a quarter of a second, and many commands call
nobody."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from jackfield.contract import ConnectionFailed, Wire

from .settings import CallSettings, EgressSettings

if TYPE_CHECKING:
    import httpx

    from .http import Outbound


class WayOut:
    """`Outbound`, opened at its first use. To be used in one event loop.

    :raises HostFault: if `egress.ca_file` cannot be read
    """

    def __init__(self, egress: EgressSettings, calls: CallSettings) -> None:
        self._egress = egress
        self._calls = calls
        self._outbound: Outbound | None = None
        self._closed = False
        if egress.ca_file is not None:
            self._open()  # what is wrong with it is told at the start, not to the first caller

    @property
    def client(self) -> httpx.AsyncClient:
        """For hooks that go through httpx."""
        return self._open().client

    @property
    def wire(self) -> Wire:
        """For relay."""
        return self._open().wire

    async def prepare(self) -> None:
        """Open it before anybody calls, and import what that takes without holding up the event loop."""
        await asyncio.to_thread(self._load)
        if not self._closed:
            self._open()

    async def close(self) -> None:
        """Close every connection; calls that still run end with ConnectionFailed."""
        self._closed = True
        if self._outbound is not None:
            await self._outbound.close()

    def _load(self) -> None:
        from .http import tls_context  # noqa: PLC0415 - see above

        tls_context(self._egress)  # which the process keeps

    def _open(self) -> Outbound:
        if self._closed:
            raise ConnectionFailed("The host is stopping.", fault="host")
        if self._outbound is None:
            from .http import Outbound  # noqa: PLC0415 - see above

            self._outbound = Outbound(self._egress, self._calls)
        return self._outbound
