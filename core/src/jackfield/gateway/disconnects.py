"""Clients that go away: the call they wait for is cancelled, at the vendor as well."""

from __future__ import annotations

import asyncio
from types import TracebackType

from .requests import ClientGone, Receive

GRACE = 0.05
"""Seconds before we begin to listen. A call that is over by then, and most errors are, costs no task."""


class Watch:
    """A context: when the client closes its connection, the task that entered it is cancelled, and `ClientGone` comes out.

    To be entered when the request's body has been read to its end.
    """

    __slots__ = ("_listener", "_loop", "_receive", "_task", "_timer", "gone")

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[object] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._listener: asyncio.Task[None] | None = None
        self.gone = False

    def __enter__(self) -> Watch:
        self._task = asyncio.current_task()
        self._timer = self._loop.call_later(GRACE, self._begin)
        return self

    def _begin(self) -> None:
        self._listener = self._loop.create_task(self._listen())

    async def _listen(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if self._task is not None:
            self.gone = True
            self._task.cancel("the client closed the connection")

    def stop(self) -> None:
        """Listen no more: from here on the client may close as it likes."""
        self._task = None
        if self._timer is not None:
            self._timer.cancel()
        if self._listener is not None:
            self._listener.cancel()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        task = self._task
        self.stop()
        if self.gone and task is not None:
            task.uncancel()
            if isinstance(error, asyncio.CancelledError):
                raise ClientGone from None
