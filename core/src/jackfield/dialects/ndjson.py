"""Newline-delimited JSON, bytes to values and back: https://github.com/ndjson/ndjson-spec"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson

from jackfield.contract import ServerUnavailable

MAX_LINE_BYTES = 32 * 1024 * 1024


class NDJSONDecoder:
    """Takes bytes in pieces of any size, gives the value of each whole line. Empty lines are skipped."""

    def __init__(self, max_line_bytes: int = MAX_LINE_BYTES) -> None:
        self._rest = bytearray()
        self._max = max_line_bytes

    def feed(self, chunk: bytes) -> list[Any]:
        """The values that `chunk` completes.

        :raises ServerUnavailable: for a line that is not JSON, or longer than `max_line_bytes`
        """
        if b"\n" not in chunk:
            self._rest += chunk
            lines: list[bytes] = []
        else:
            *lines, rest = (bytes(self._rest) + chunk if self._rest else chunk).split(b"\n")
            self._rest = bytearray(rest)
        if len(self._rest) > self._max:
            raise ServerUnavailable("The vendor's stream holds a line that is longer than any answer.")
        return [_parse(line) for line in lines if line.strip()]

    def close(self) -> list[Any]:
        """The value of a last line that no line end follows."""
        rest, self._rest = bytes(self._rest), bytearray()
        return [_parse(rest)] if rest.strip() else []


def _parse(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        raise ServerUnavailable("The vendor's stream holds a line that is not JSON.") from None


async def decode(chunks: AsyncIterator[bytes]) -> AsyncIterator[Any]:
    """The values of a stream of bytes."""
    decoder = NDJSONDecoder()
    async for chunk in chunks:
        for value in decoder.feed(chunk):
            yield value
    for value in decoder.close():
        yield value


def encode(value: Any) -> bytes:
    """One line, ready to be sent."""
    return orjson.dumps(value) + b"\n"
