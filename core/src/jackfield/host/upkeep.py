"""What is brought to the database now and then, as a write for each call would be too many: when keys were last used, and how
credentials fare."""

from __future__ import annotations

import logging

from jackfield.tenancy import Rounds, Tenancy

from .health import Health

SECONDS = 5.0
_log = logging.getLogger("jackfield.host")


class Upkeep:
    """A task of the host's. `stop` does it a last time."""

    def __init__(self, tenancy: Tenancy, health: Health) -> None:
        self._tenancy = tenancy
        self._health = health
        failed = "when keys and credentials were used could not be written down"
        self._rounds = Rounds(self.run, pause=SECONDS, failed=failed, log=_log)

    def start(self) -> None:
        """Begin."""
        self._rounds.start()

    async def stop(self) -> None:
        """End."""
        await self._rounds.stop()
        await self._rounds.once()

    async def run(self) -> None:
        """Bring over what there is. What the database does not take is tried again with the next round."""
        await self._tenancy.keys.flush_last_used()
        seen = self._health.take_seen()
        if not seen:
            return
        try:
            await self._tenancy.conditions.note(seen)
        except BaseException:
            self._health.put_back(seen)
            raise
