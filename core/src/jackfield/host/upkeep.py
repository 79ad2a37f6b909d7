"""What is brought to the database now and then, as a write for each call would be too many: when keys were last used, and how
credentials fare."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from jackfield.store import DATABASE_ERRORS
from jackfield.tenancy import Tenancy

from .health import Health

SECONDS = 5.0
_log = logging.getLogger("jackfield.host")


class Upkeep:
    """A task of the host's. `stop` does it a last time."""

    def __init__(self, tenancy: Tenancy, health: Health) -> None:
        self._tenancy = tenancy
        self._health = health
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._for_ever(), name="upkeep")

    async def stop(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self.run()

    async def run(self) -> None:
        """Bring over what there is. What the database does not take is tried again with the next round."""
        try:
            await self._tenancy.keys.flush_last_used()
            seen = self._health.take_seen()
            if seen:
                try:
                    await self._tenancy.conditions.note(seen)
                except BaseException:
                    self._health.put_back(seen)
                    raise
        except DATABASE_ERRORS as error:
            _log.warning("the database did not take when keys and credentials were used: %s", type(error).__name__)

    async def _for_ever(self) -> None:
        while True:
            await asyncio.sleep(SECONDS)
            try:
                await self.run()
            except Exception:  # whatever it is, the next round comes
                _log.exception("when keys and credentials were used could not be written down")
