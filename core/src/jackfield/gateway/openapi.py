"""/openapi.json. What it says is put together when somebody asks for it: see `reference`."""

from __future__ import annotations

import asyncio

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


def openapi_route() -> Route:
    """The surfaces of /v1, described."""

    async def openapi(_request: Request) -> Response:
        return Response(await asyncio.to_thread(_document), media_type="application/json")

    return Route("/openapi.json", openapi)


def _document() -> bytes:
    from .reference import document  # noqa: PLC0415 - fifty schemas, which no call needs

    return orjson.dumps(document())
