"""Images, sound and files on their way to a vendor. Nothing here fetches an address: that is left to the vendor."""

from __future__ import annotations

import base64
import struct

from jackfield.contract import BadRequest, Blob, UnsupportedParameter


def to_base64(blob: Blob, param: str = "messages") -> str:
    """The bytes of a blob in base64.

    :raises UnsupportedParameter: if only an address or a file id is there, which this vendor does not take
    """
    return base64.b64encode(to_bytes(blob, param)).decode()


def to_bytes(blob: Blob, param: str = "messages") -> bytes:
    """:raises UnsupportedParameter: if only an address or a file id is there, which this vendor does not take"""
    if blob.data is None:
        given = "address" if blob.url is not None else "file id"
        raise UnsupportedParameter(
            f"This model takes the data itself, not its {given}.",
            param=param,
            advice="Send the content in the request, as a data URL or in base64.",
        )
    return blob.data


def to_url(blob: Blob, param: str = "messages") -> str:
    """The blob as a URL: its own, or a `data:` URL (RFC 2397) with its bytes.

    :raises UnsupportedParameter: if only a file id is there
    """
    if blob.url is not None:
        return blob.url
    return f"data:{blob.media_type or 'application/octet-stream'};base64,{to_base64(blob, param)}"


def media_type(blob: Blob, param: str = "messages", *, allowed: tuple[str, ...] = ()) -> str:
    """:raises BadRequest: if the media type is not known, or not among those that the vendor takes (`image/png`, `image/*`)"""
    kind = blob.media_type or ""
    family = kind.partition("/")[0] + "/*"
    if not kind or (allowed and kind not in allowed and family not in allowed):
        takes = f" This model takes {', '.join(allowed)}." if allowed else ""
        what = f"The media type {kind} is not taken." if kind else "The media type is missing."
        raise BadRequest(what + takes, param=param)
    return kind


def silence(seconds: float = 0.5) -> bytes:
    """A WAV file in which nothing is said: the shortest question for a model that transcribes. 16 kHz, 16 bits, one channel."""
    samples = bytes(2 * int(16_000 * seconds))
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 16_000, 32_000, 2, 16)
    return b"RIFF" + struct.pack("<I", 36 + len(samples)) + b"WAVE" + form + b"data" + struct.pack("<I", len(samples)) + samples
