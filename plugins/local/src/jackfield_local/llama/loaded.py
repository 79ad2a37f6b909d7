"""The models that are in memory: loaded on first use, one at a time, the least recently used dropped for another."""

from __future__ import annotations

import atexit
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from ..workers import Stop, Stopped, Workers
from .server import LlamaServer, ModelSettings


@dataclass(slots=True)
class _Loaded:
    server: LlamaServer
    users: int = 0


class Lease:
    """A loaded model that is not dropped before the lease ends. A context manager."""

    def __init__(self, loaded: _Loaded, give_back: Callable[[_Loaded], None]) -> None:
        self.server = loaded.server
        self._loaded = loaded
        self._give_back: Callable[[_Loaded], None] | None = give_back

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.end()

    def end(self) -> None:
        """Give the model back. Safe to call again."""
        give_back, self._give_back = self._give_back, None
        if give_back is not None:
            give_back(self._loaded)


class LoadedModels:
    """:param load: makes a server from settings; blocks, and runs in a thread of its own"""

    def __init__(self, load: Callable[[ModelSettings], LlamaServer] = LlamaServer) -> None:
        self._load = load
        self._loader = Workers("llama-load")
        self._changed = threading.Condition()
        self._models: OrderedDict[ModelSettings, _Loaded] = OrderedDict()  # least recently used first
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
            loaded = self._models.get(settings)
            if loaded is None:
                return None
            self._models.move_to_end(settings)
            return self._lend(loaded)

    def _lend(self, loaded: _Loaded) -> Lease:
        loaded.users += 1
        return Lease(loaded, self._give_back)

    def _give_back(self, loaded: _Loaded) -> None:
        with self._changed:
            loaded.users -= 1
            self._changed.notify_all()

    def _bring(self, settings: ModelSettings, capacity: int, stop: Stop) -> Lease:
        lease = self._take(settings)
        if lease is not None:
            return lease
        while len(self._models) >= capacity:
            self._drop_one(stop)
        loaded = _Loaded(self._load(settings))
        with self._changed:
            if not self._closes_at_exit:
                self._closes_at_exit = True
                atexit.register(self.close)
            self._models[settings] = loaded
            return self._lend(loaded)

    def _drop_one(self, stop: Stop) -> None:
        with self._changed:
            while (idle := next((key for key, loaded in self._models.items() if not loaded.users), None)) is None:
                self._changed.wait(0.2)
                if stop.is_set():
                    raise Stopped
            loaded = self._models.pop(idle)
        loaded.server.close()

    def close(self) -> None:
        """Stop and free all models; at the latest when the interpreter ends, as the engine's threads must end before it."""
        self._loader.close()
        with self._changed:
            models = list(self._models.values())
            self._models.clear()
        for loaded in models:
            loaded.server.close()
