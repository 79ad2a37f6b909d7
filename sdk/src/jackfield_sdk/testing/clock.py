"""The clock of the event loop, moved by hand: whoever waits for a minute has waited, and no test has slept."""

from __future__ import annotations

import asyncio
from typing import Any, Final

_STEP: Final = 0.05


class Clock:
    """The running loop's clock, ahead of the real one by as much as it was moved, until the loop is closed."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._real = self._loop.time
        self._ahead = 0.0
        self._loop.time = self._time  # type: ignore[method-assign]

    def _time(self) -> float:
        return self._real() + self._ahead

    async def run_out(self, task: asyncio.Future[Any], seconds: float) -> None:
        """Move on by so many seconds, or until the task has ended.

        In small steps, and between them everybody may work: what waits for less wakes before what waits for more.

        :raises AssertionError: if the task still waits then; it is cancelled
        """
        end = self._ahead + seconds
        while self._ahead < end and not task.done():
            self._ahead += _STEP
            await asyncio.sleep(0)
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
            raise AssertionError(f"it still waits after {seconds:.0f} seconds")
