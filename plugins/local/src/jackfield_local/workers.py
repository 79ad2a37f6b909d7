"""Threads that run the engines, so that the event loop never waits for a model."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from jackfield_sdk import ServerUnavailable

T = TypeVar("T")
Stop = threading.Event  # set when nobody waits for a job any more: the job is to end soon


class Stopped(Exception):
    """Not an error: what a job raises when it ends early because its `Stop` was set."""


@dataclass(slots=True)
class _Job(Generic[T]):
    work: Callable[[Stop], T]
    stop: Stop = field(default_factory=Stop)
    future: Future[T] = field(default_factory=Future)

    def run(self) -> None:
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            result = self.work(self.stop)
        except BaseException as error:
            self.future.set_exception(error)
        else:
            self.future.set_result(result)


class Workers:
    """`count` daemon threads and one line of jobs before them.

    Not `ThreadPoolExecutor`: its threads are joined before `atexit` runs, so that a process would not end before a
    running chat does. `close` tells running jobs to stop, and waits for them.

    :param waiting: so many jobs may stand in line; one more is refused
    """

    def __init__(self, name: str, count: int = 1, *, waiting: int = 256) -> None:
        self._name = name
        self._count = count
        self._waiting = waiting
        self._line: queue.SimpleQueue[_Job[Any] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._jobs: dict[int, _Job[Any]] = {}
        self._closed = False

    async def run(self, work: Callable[[Stop], T], *, discard: Callable[[T], object] | None = None) -> T:
        """What `work` answers. Cancelling it takes the job out of the line, or sets its `Stop`.

        :param discard: gets a result that came when nobody waited for it any more
        :raises ServerUnavailable: too many jobs are waiting
        """
        job = self._submit(work)
        try:
            return await asyncio.wrap_future(job.future)
        except Stopped:
            raise _closing() from None
        except asyncio.CancelledError:
            job.stop.set()
            if discard is not None:
                job.future.add_done_callback(lambda future: _discard(future, discard))
            if self._closed and not _is_cancelled():
                raise _closing() from None
            raise

    async def stream(self, work: Callable[[Callable[[T], None], Stop], object]) -> AsyncIterator[T]:
        """The items that `work` hands to its first argument, as they come; then the error with which it ended, if any.

        Closing the iterator sets the job's `Stop`.

        :raises ServerUnavailable: too many jobs are waiting
        """
        loop = asyncio.get_running_loop()
        items: asyncio.Queue[tuple[T] | None] = asyncio.Queue()
        box: list[_Job[object]] = []

        def hand_over(item: tuple[T] | None) -> None:
            try:
                loop.call_soon_threadsafe(items.put_nowait, item)
            except RuntimeError:  # the loop was closed while the job ran
                box[0].stop.set()

        job = self._submit(lambda stop: work(lambda item: hand_over((item,)), stop), box)
        job.future.add_done_callback(lambda _: hand_over(None))
        try:
            while (item := await items.get()) is not None:
                yield item[0]
            if job.future.cancelled():
                raise _closing()
            job.future.result()
        except Stopped:
            raise _closing() from None
        finally:
            job.stop.set()
            job.future.cancel()

    def _submit(self, work: Callable[[Stop], T], box: list[_Job[T]] | None = None) -> _Job[T]:
        job = _Job(work)
        if box is not None:
            box.append(job)
        with self._lock:
            if self._closed:
                raise _closing()
            if len(self._jobs) >= self._waiting + self._count:
                raise ServerUnavailable(
                    "Too many requests are waiting for the local models.",
                    advice="Send the request again later, or choose a model of another provider.",
                    retry_after=5.0,
                )
            self._jobs[id(job)] = job
            if len(self._threads) < min(self._count, len(self._jobs)):
                self._start_thread()
        job.future.add_done_callback(lambda _: self._forget(job))
        self._line.put(job)
        return job

    def _start_thread(self) -> None:
        thread = threading.Thread(target=self._work, name=f"jackfield-local-{self._name}-{len(self._threads)}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self) -> None:
        while (job := self._line.get()) is not None:
            job.run()
            del job  # or the thread would keep the last job's result until the next one comes

    def _forget(self, job: _Job[Any]) -> None:
        with self._lock:
            self._jobs.pop(id(job), None)

    def close(self, patience: float = 30.0) -> bool:
        """Stop what runs, refuse what comes.

        :param patience: seconds to wait for each thread
        :return: whether all threads have ended
        """
        with self._lock:
            self._closed = True
            jobs, threads = list(self._jobs.values()), list(self._threads)
        for job in jobs:
            job.stop.set()
            job.future.cancel()
        for _ in threads:
            self._line.put(None)
        for thread in threads:
            thread.join(patience)
        return not any(thread.is_alive() for thread in threads)


def _discard(future: Future[T], discard: Callable[[T], object]) -> None:
    if not future.cancelled() and future.exception() is None:
        discard(future.result())


def _closing() -> ServerUnavailable:
    return ServerUnavailable("The local models are shutting down.")


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
