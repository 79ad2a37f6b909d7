"""The models that are in memory: loaded on first use, one at a time, the least recently used dropped for another."""

from __future__ import annotations

import atexit
import threading
from collections import OrderedDict
from collections.abc import Callable
from types import TracebackType
from typing import Self

from ..workers import Stop, Stopped, Workers
from .server import LlamaServer, ModelSettings


class Lease:
    """A loaded model that is not dropped before the lease ends. A context manager."""

    def __init__(self, server: LlamaServer, give_back: Callable[[LlamaServer], None]) -> None:
        self.server = server
        self._give_back: Callable[[LlamaServer], None] | None = give_back

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.end()

    def end(self) -> None:
        """Give the model back. Safe to call again."""
        give_back, self._give_back = self._give_back, None
        if give_back is not None:
            give_back(self.server)


class LoadedModels:
    """:param load: makes a server from settings; blocks, and runs in a thread of its own"""

    def __init__(self, load: Callable[[ModelSettings], LlamaServer] = LlamaServer) -> None:
        self._load = load
        self._loader = Workers("llama-load")
        self._changed = threading.Condition()
        self._servers: OrderedDict[ModelSettings, LlamaServer] = OrderedDict()  # least recently used first
        self._users: dict[int, int] = {}
        self._closes_at_exit = False

    async def lease(self, find: Callable[[Stop], ModelSettings], capacity: int, known: ModelSettings | None = None) -> Lease:
        """The model, loaded if it is not.

        :param find: the settings; may block (a file may have to be fetched first)
        :param capacity: models that may be in memory; waits until one that is in use is free
        :param known: the settings, where they are known without blocking
        """
        if known is not None and (lease := self._take(known)) is not None:
            return lease
        return await self._loader.run(lambda stop: self._bring(find(stop), capacity, stop), discard=Lease.end)

    def _take(self, settings: ModelSettings) -> Lease | None:
        with self._changed:
            server = self._servers.get(settings)
            if server is None:
                return None
            self._servers.move_to_end(settings)
            self._users[id(server)] = self._users.get(id(server), 0) + 1
            return Lease(server, self._give_back)

    def _give_back(self, server: LlamaServer) -> None:
        with self._changed:
            self._users[id(server)] -= 1
            self._changed.notify_all()

    def _bring(self, settings: ModelSettings, capacity: int, stop: Stop) -> Lease:
        lease = self._take(settings)
        if lease is not None:
            return lease
        while len(self._servers) >= capacity:
            self._drop_one(stop)
        server = self._load(settings)
        with self._changed:
            if not self._closes_at_exit:
                self._closes_at_exit = True
                atexit.register(self.close)
            self._servers[settings] = server
            self._users[id(server)] = 1
        return Lease(server, self._give_back)

    def _drop_one(self, stop: Stop) -> None:
        with self._changed:
            while True:
                idle = next((key for key, server in self._servers.items() if not self._users[id(server)]), None)
                if idle is not None:
                    break
                self._changed.wait(0.2)
                if stop.is_set():
                    raise Stopped
            server = self._servers.pop(idle)
            del self._users[id(server)]
        server.close()

    def close(self) -> None:
        """Stop and free all models; at the latest when the interpreter ends, as the engine's threads must end before it."""
        self._loader.close()
        with self._changed:
            servers = list(self._servers.values())
            self._servers.clear()
            self._users.clear()
        for server in servers:
            server.close()
