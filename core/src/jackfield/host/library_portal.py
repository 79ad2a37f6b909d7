"""A private event loop in a thread, for programs that have none: calls block, streams are plain iterators."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import queue
import threading
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Generic, Self, TypeVar

Answer = TypeVar("Answer")
Piece = TypeVar("Piece")
_ROOM: Final = 64  # pieces that may wait for the reader, before the sender does
_CLOSED: Final = "this Jackfield is closed"


class Portal:
    """The loop's thread. It is a daemon, so that a program that forgets to close it can end."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._closing = False
        self._door = threading.RLock()  # nobody comes in once it closes; reentrant, as the garbage collector may close it
        self._thread = threading.Thread(target=self._run, name="jackfield", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.run_until_complete(_cancel(asyncio.all_tasks(self._loop)))
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()

    @property
    def is_open(self) -> bool:
        return not self._closing and self._thread.is_alive()

    def call(self, coroutine: Coroutine[Any, Any, Answer]) -> Answer:
        """Run it to its end; what interrupts the wait (Ctrl-C) cancels it."""
        future = self.submit(coroutine)
        try:
            return future.result()
        except concurrent.futures.CancelledError:
            raise RuntimeError(_CLOSED) from None
        except BaseException:
            future.cancel()
            raise

    def submit(self, coroutine: Coroutine[Any, Any, Answer]) -> concurrent.futures.Future[Answer]:
        """Start it."""
        with self._door:
            if self.is_open:
                return asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        coroutine.close()
        raise RuntimeError(_CLOSED)

    def wake(self, event: asyncio.Event) -> None:
        """Set an event of the loop."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
            self._loop.call_soon_threadsafe(event.set)

    def close(self, last: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Cancel what still runs, then run `last`, and end the thread."""
        with self._door:
            if not self.is_open:
                return
            done = self.submit(self._end(last))
            self._closing = True
        if threading.current_thread() is not self._thread:  # the garbage collector may run in any thread
            self._thread.join()
            done.result()

    async def _end(self, last: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """First the calls, then what they use: a call whose connection is taken away would blame the vendor for it."""
        try:
            await _cancel(task for task in asyncio.all_tasks() if task is not asyncio.current_task())
            await last()
        finally:
            self._loop.stop()


async def _cancel(tasks: Iterable[asyncio.Task[Any]]) -> None:
    running = list(tasks)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


class _Reader(Generic[Piece]):
    """The loop's side of a stream: one task reads it from beginning to end, a little ahead of the program and no more.

    One task, as in the host: what a plugin opens in a task it must be able to close in the same.
    """

    def __init__(self, portal: Portal, start: Callable[[], Awaitable[AsyncIterator[Piece]]]) -> None:
        self._portal = portal
        self._start = start
        self._pieces: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._room = asyncio.Event()
        self._full = False

    async def run(self) -> None:
        try:
            stream = await self._start()
            try:
                async for piece in stream:
                    self._pieces.put(piece)
                    if self._pieces.qsize() >= _ROOM:
                        await self._wait()
            finally:
                close = getattr(stream, "aclose", None)
                if close is not None:
                    await close()
        except BaseException as error:
            self._pieces.put(_Failure(error))
            raise
        self._pieces.put(_Failure(None))

    async def _wait(self) -> None:
        self._room.clear()
        self._full = True
        if self._pieces.qsize() > _ROOM // 2:  # else the program was quicker, and will not look again
            await self._room.wait()

    def take(self) -> Any:
        """The next piece, or the end; called by the program's thread."""
        piece = self._pieces.get()
        if self._full and self._pieces.qsize() <= _ROOM // 2:
            self._full = False
            self._portal.wake(self._room)
        return piece


@dataclass(slots=True)
class _Failure:
    """The end of a stream, and what ended it."""

    error: BaseException | None


class BlockingIterator(Generic[Piece]):
    """A stream as a plain iterator. Closing it, or forgetting it, cancels the call at the vendor."""

    def __init__(self, portal: Portal, start: Callable[[], Awaitable[AsyncIterator[Piece]]]) -> None:
        """:param start: answers the stream; must not hold on to this iterator, or forgetting it frees nothing"""
        self._portal = portal
        self._reader = _Reader(portal, start)
        self._future: concurrent.futures.Future[None] | None = None
        self._done = False

    def __iter__(self) -> Iterator[Piece]:
        return self

    def __next__(self) -> Piece:
        if self._done:
            raise StopIteration
        if self._future is None:
            self._future = self._portal.submit(self._reader.run())
            weakref.finalize(self, self._future.cancel)
        piece = self._reader.take()
        if not isinstance(piece, _Failure):
            return piece  # type: ignore[no-any-return]
        self._done = True
        if isinstance(piece.error, asyncio.CancelledError):
            raise RuntimeError(_CLOSED)
        if piece.error is not None:
            raise piece.error
        raise StopIteration

    def close(self) -> None:
        """Stop reading."""
        self._done = True
        if self._future is not None:
            self._future.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
