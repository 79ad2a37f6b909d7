"""How long a call waits."""

from __future__ import annotations

import asyncio
from typing import Any


class Patience:
    """Cancels the task that waits when its deadline passes.

    One timer serves a call and all of its stream: an `asyncio.timeout` for each piece would cost more than the piece.
    """

    __slots__ = ("_cancelling", "_deadline", "_loop", "_ran_out", "_task", "_timer")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[Any] | None = None
        self._deadline = 0.0
        self._cancelling = 0
        self._ran_out = False

    def begin(self, deadline: float | None, seconds: float) -> float:
        """From now on the running task waits: until `deadline` (of the loop's clock), or for so many seconds.

        Answers the deadline.
        """
        self._task = asyncio.current_task()
        if deadline is None:
            deadline = self._loop.time() + seconds
        self._deadline = deadline
        timer = self._timer
        if timer is None:
            self._timer = self._loop.call_at(deadline, self._ring)
        elif timer.when() > deadline:
            timer.cancel()
            self._timer = self._loop.call_at(deadline, self._ring)
        return deadline

    def end(self) -> None:
        """It waits no longer."""
        if self._ran_out and self._task is not None:  # and something other than the cancellation came of it
            self._ran_out = False
            self._task.uncancel()
        self._task = None

    def stop(self) -> None:
        """Put the timer away."""
        self.end()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def ran_out(self) -> bool:
        """Whether the cancellation that has just come is our own, and nobody else's beside it."""
        task = asyncio.current_task()
        if not self._ran_out or task is None:
            return False
        self._ran_out = False
        return task.uncancel() <= self._cancelling

    def _ring(self) -> None:
        self._timer = None
        task = self._task
        if task is None:
            return  # the consumer holds the last piece: its time is not the vendor's
        if self._deadline > self._loop.time():
            self._timer = self._loop.call_at(self._deadline, self._ring)
            return
        self._ran_out = True
        self._cancelling = task.cancelling()
        task.cancel()
