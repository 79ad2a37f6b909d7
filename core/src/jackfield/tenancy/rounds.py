"""What the host does again and again beside its calls."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from jackfield.store import DATABASE_ERRORS


class Rounds:
    """A task that pauses and works, again and again until it is stopped. A round that fails is told in the log; the next comes.

    :param pause: seconds before each round
    :param failed: what the log says of a round that failed
    """

    def __init__(self, work: Callable[[], Awaitable[None]], *, pause: float, failed: str, log: logging.Logger) -> None:
        self._work = work
        self._pause = pause
        self._failed = failed
        self._log = log
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, with a pause."""
        self._task = asyncio.create_task(self._for_ever())

    async def stop(self) -> None:
        """End; a round that is under way is cancelled."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def once(self) -> None:
        """One round."""
        try:
            await self._work()
        except DATABASE_ERRORS as error:
            self._log.warning("%s: %s", self._failed, type(error).__name__)
        except Exception:  # whatever it is, the next round comes: without it this would never be done again
            self._log.exception(self._failed)

    async def _for_ever(self) -> None:
        while True:
            await asyncio.sleep(self._pause)
            await self.once()
