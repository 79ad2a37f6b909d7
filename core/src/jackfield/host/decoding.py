"""Answers that come compressed although they were asked for plain: metering reads bytes, so they are made plain."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator

from jackfield.contract import ConnectionFailed, ServerUnavailable

_WINDOWS = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


def decode_whole(body: bytes, encoding: str) -> bytes:
    """:raises ConnectionFailed: if the data breaks off or is none of that encoding"""
    decoder = _decoder(encoding)
    try:
        plain = decoder.decompress(body) + decoder.flush()
    except zlib.error as error:
        raise _broken() from error
    if not decoder.eof:
        raise _broken()
    return plain


async def decode_stream(chunks: AsyncIterator[bytes], encoding: str) -> AsyncIterator[bytes]:
    """The pieces made plain, each as soon as it can be. Raises as `decode_whole` does; closes `chunks`."""
    decoder = _decoder(encoding)
    try:
        async for chunk in chunks:
            plain = decoder.decompress(chunk)
            if plain:
                yield plain
    except zlib.error as error:
        raise _broken() from error
    finally:
        close = getattr(chunks, "aclose", None)
        if close is not None:
            await close()
    if not decoder.eof:
        raise _broken()


def _decoder(encoding: str) -> zlib._Decompress:
    window = _WINDOWS.get(encoding.strip().lower())
    if window is None:
        raise ServerUnavailable(f"The vendor answered in the encoding {encoding!r}, which it was not asked for.")
    return zlib.decompressobj(window)


def _broken() -> ConnectionFailed:
    return ConnectionFailed("The vendor's compressed answer is broken.")
