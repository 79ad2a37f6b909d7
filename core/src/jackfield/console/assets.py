"""The console's files: read once, compressed once, under an address that changes with them and can be cached for good."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class _Asset:
    body: bytes
    compressed: bytes
    media_type: str


@cache
def _assets() -> dict[str, _Asset]:
    return dict(sorted(_read(files(__package__) / "static", "")))


def _read(folder: Traversable, prefix: str) -> list[tuple[str, _Asset]]:
    found = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _read(entry, f"{prefix}{entry.name}/")
            continue
        body = entry.read_bytes()
        suffix = entry.name[entry.name.rfind(".") :]
        media_type = _TYPES.get(suffix) or mimetypes.guess_type(entry.name)[0] or "application/octet-stream"
        found.append((prefix + entry.name, _Asset(body, gzip.compress(body, 9, mtime=0), media_type)))
    return found


@cache
def version() -> str:
    """A hash of all files: one for all, so that a module finds its neighbour by a relative address."""
    digest = hashlib.sha256()
    for name, asset in _assets().items():
        digest.update(name.encode() + b"\0" + asset.body)
    return digest.hexdigest()[:16]


def address(name: str) -> str:
    """Where the file is.

    :raises KeyError: if there is none: a template names what is not there
    """
    _assets()[name]
    return f"/console/static/{version()}/{name}"


async def serve(request: Request) -> Response:
    """One file. An address of another version answers with the present file, and is not cached."""
    asset = _assets().get(request.path_params["name"])
    if asset is None:
        return PlainTextResponse("There is no such file.", status_code=404)
    present = request.path_params["version"] == version()
    headers = {"cache-control": "public, max-age=31536000, immutable" if present else "no-cache", "vary": "accept-encoding"}
    body = asset.body
    if "gzip" in request.headers.get("accept-encoding", "") and len(asset.compressed) < len(body):
        body, headers["content-encoding"] = asset.compressed, "gzip"
    return Response(body, media_type=asset.media_type, headers=headers)
