"""Tool calls in a stream, one after the other, for wires and clients that cannot take them mixed."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from jackfield.contract import ToolCallDelta


class CallOrder:
    """Lets the fragments of one call through and holds those of others, until the arguments of the first are whole JSON.

    Vendors hardly ever mix fragments; then nothing waits, but behind a call whose arguments are nothing at all.
    """

    def __init__(self) -> None:
        self._open: int | None = None
        self._arguments = ""
        self._held: dict[int, ToolCallDelta] = {}
        self._closed: set[int] = set()

    def add(self, event: ToolCallDelta) -> Iterator[ToolCallDelta]:
        """What may go out now."""
        if event.index in self._closed:
            return
        if self._open is None:
            self._open = event.index
        if event.index == self._open:
            self._arguments += event.arguments
            yield event
        else:
            self._hold(event)
        while self._held and _is_whole(self._arguments):
            yield self._next()

    def flush(self) -> Iterator[ToolCallDelta]:
        """What is held, as no more calls follow."""
        while self._held:
            yield self._next()
        if self._open is not None:
            self._closed.add(self._open)
            self._open, self._arguments = None, ""

    def _hold(self, event: ToolCallDelta) -> None:
        held = self._held.setdefault(event.index, ToolCallDelta(event.index, choice=event.choice))
        held.id, held.name = event.id or held.id, event.name or held.name
        held.arguments += event.arguments
        if event.extra:
            held.extra = (held.extra or {}) | event.extra

    def _next(self) -> ToolCallDelta:
        if self._open is not None:
            self._closed.add(self._open)
        held = self._held.pop(next(iter(self._held)))
        self._open, self._arguments = held.index, held.arguments
        return held


def _is_whole(arguments: str) -> bool:
    try:
        orjson.loads(arguments)
    except orjson.JSONDecodeError:
        return False
    return True
