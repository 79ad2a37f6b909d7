"""Server-sent events: bytes to events and back (WHATWG HTML, section 9.2, "Server-sent events").

https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

from jackfield.contract import ServerUnavailable

MAX_EVENT_BYTES = 32 * 1024 * 1024
"""No vendor sends an event larger than an image in base64; what is larger is not an event stream."""

_BOM = b"\xef\xbb\xbf"
_LINE_END = re.compile(rb"\r\n|\n|\r")


@dataclass(slots=True, frozen=True)
class ServerSentEvent:
    """One event. `data` holds the data lines joined by newlines; `id` is the last that the stream named, up to this event."""

    data: str
    event: str = "message"
    id: str | None = None


class ServerSentEventDecoder:
    """Takes bytes in pieces of any size, gives whole events.

    Lines end with CR LF, LF or CR, wherever the pieces are cut. Comments and unknown fields are ignored. Bytes that are not
    UTF-8 become U+FFFD, as the standard says. An event that is not ended by an empty line is dropped, as the standard says.
    """

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._rest = bytearray()
        self._at_start = True
        self._data: list[str] = []
        self._held = 0
        self._event = ""
        self._id: str | None = None
        self._max = max_event_bytes

    def feed(self, chunk: bytes) -> list[ServerSentEvent]:
        """The events that `chunk` completes.

        :raises ServerUnavailable: when an event grows over `max_event_bytes`
        """
        if not self._at_start and b"\n" not in chunk and b"\r" not in chunk and not self._rest.endswith(b"\r"):
            self._rest += chunk  # in place: a line of megabytes that comes in kilobytes is not copied for each
            self._check_size()
            return []
        buffer = bytes(self._rest + chunk) if self._rest else chunk
        if self._at_start:
            if len(buffer) < len(_BOM) and _BOM.startswith(buffer):
                self._rest = bytearray(buffer)
                return []
            buffer = buffer.removeprefix(_BOM)
            self._at_start = False
        events = []
        for line in self._lines(buffer):
            if line:
                self._take(line)
            elif self._data:
                events.append(self._dispatch())
            else:
                self._event = ""
        self._check_size()
        return events

    def _lines(self, buffer: bytes) -> list[bytes]:
        """The whole lines of the buffer; what comes behind them is held."""
        if b"\r" not in buffer:
            *lines, rest = buffer.split(b"\n")
        else:
            # A CR at the very end may be the first half of CR LF: it waits for the next piece.
            held_back = b"\r" if buffer.endswith(b"\r") else b""
            *lines, rest = _LINE_END.split(buffer[: len(buffer) - len(held_back)])
            rest += held_back
        self._rest = bytearray(rest)
        return lines

    def _check_size(self) -> None:
        if self._held + len(self._rest) > self._max:
            raise ServerUnavailable("The vendor's stream holds an event that is larger than any answer.")

    def close(self) -> list[ServerSentEvent]:
        """The event that a CR as the stream's very last byte ends, if there is one."""
        return self.feed(b"\n") if self._rest.endswith(b"\r") else []

    def _take(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" ").decode("utf-8", "replace"))
            self._held += len(line)
        elif name == b"event":
            self._event = value.removeprefix(b" ").decode("utf-8", "replace")
        elif name == b"id" and b"\0" not in value:
            self._id = value.removeprefix(b" ").decode("utf-8", "replace")

    def _dispatch(self) -> ServerSentEvent:
        data = self._data[0] if len(self._data) == 1 else "\n".join(self._data)
        event = ServerSentEvent(data, self._event or "message", self._id)
        self._data, self._held, self._event = [], 0, ""
        return event


async def decode(chunks: AsyncIterator[bytes], max_event_bytes: int = MAX_EVENT_BYTES) -> AsyncIterator[ServerSentEvent]:
    """The events of a stream of bytes; raises as the decoder does."""
    decoder = ServerSentEventDecoder(max_event_bytes)
    async for chunk in chunks:
        for event in decoder.feed(chunk):
            yield event
    for event in decoder.close():
        yield event


def encode(data: bytes, event: str | None = None) -> bytes:
    """One event, ready to be sent. `data` is JSON in one line, or any text; line ends in it become data lines."""
    head = b"event: " + event.encode() + b"\n" if event else b""
    if b"\n" in data or b"\r" in data:
        data = b"\ndata: ".join(_LINE_END.split(data))
    return head + b"data: " + data + b"\n\n"
