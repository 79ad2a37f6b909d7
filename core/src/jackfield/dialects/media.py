"""Bytes on the wire: base64, `data:` URLs (RFC 2397), and what kind of file bytes are."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import unquote_to_bytes

from jackfield.contract import BadRequest, Blob, UnsupportedParameter

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
)


def decode_base64(text: str, param: str) -> bytes:
    """:raises BadRequest: naming `param`"""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest(f"`{param}` holds base64 that cannot be read.", param=param) from None


def encode_base64(data: bytes | None) -> str:
    """As text."""
    return base64.b64encode(data or b"").decode()


def parse_data_url(url: str, param: str) -> Blob:
    """A `data:` URL as raw bytes, any other URL as it is.

    :raises BadRequest: if the base64 is broken
    """
    if not url.startswith("data:"):
        return Blob(url=url)
    head, _, body = url[5:].partition(",")
    if not head.endswith(";base64"):
        return Blob(media_type=head or "text/plain", data=unquote_to_bytes(body))
    return Blob(media_type=head.removesuffix(";base64") or "text/plain", data=decode_base64(body, param))


def parse_file_data(data: str, param: str) -> Blob:
    """OpenAI's `file_data`: a `data:` URL, an http(s) URL where a server takes one, or plain base64."""
    if data.startswith(("data:", "http://", "https://")):
        return parse_data_url(data, param)
    content = decode_base64(data, param)
    return Blob(media_type=sniff(content), data=content)


def encode_data_url(blob: Blob, param: str = "messages") -> str:
    """The blob as a URL.

    :raises UnsupportedParameter: if it is a file kept by another vendor
    """
    if blob.url is not None:
        return blob.url
    if blob.data is None:
        raise UnsupportedParameter("The file is kept by another vendor: send its bytes or its URL.", param=param)
    kind = blob.media_type or sniff(blob.data) or "application/octet-stream"
    return f"data:{kind};base64,{encode_base64(blob.data)}"


def sniff(data: bytes) -> str | None:
    """The media type that a file's first bytes tell; None if they tell none."""
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for start, kind in _SIGNATURES if data.startswith(start)), None)
