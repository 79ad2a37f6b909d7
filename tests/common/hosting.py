"""A host that serves in a thread of the tests, as far from their clients as another machine would be."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from jackfield.gateway.server import Routes, address, listen, serve
from jackfield.host import Host, Settings

Result = TypeVar("Result")


class Running:
    """A loop in a thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def start(self, work: Coroutine[Any, Any, Result]) -> Future[Result]:
        """Begin something there."""
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Do something there, and wait for it."""
        return self.start(work).result(60)

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(30)
        self.loop.close()


@dataclass(slots=True)
class Serving:
    """A host that was started by `open_site`."""

    url: str
    host: Host
    ended: Future[None]
    stop: Callable[[], object]

    def close(self) -> None:
        """Stop it as SIGTERM does, and wait until it has; nothing where it has stopped already."""
        self.stop()
        self.ended.result(30)


def open_host(running: Running, made: Settings, routes: Routes | None = None) -> Serving:
    """Serve with these settings; `ended` is done when the host has stopped.

    :param routes: what is served beside /v1
    """
    listener = listen(made.server)
    ready: Future[Host] = Future()
    until = asyncio.Event()

    def started(host: Host, _address: str) -> None:
        ready.set_result(host)

    ended = running.start(serve(made, listener, routes=routes, started=started, until=until))
    ended.add_done_callback(lambda done: None if ready.done() else ready.set_exception(done.exception() or AssertionError()))
    stop = partial(running.loop.call_soon_threadsafe, until.set)
    return Serving(address(listener, made.server), ready.result(60), ended, stop)
