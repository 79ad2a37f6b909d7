"""Where the console begins: made with the first request for it, as a host that only serves calls needs no template."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from jackfield.gateway.deferred import Deferred
from jackfield.gateway.requests import ASGIApp
from jackfield.host import Host

ROOT = "/console"


def routes(host: Host) -> Sequence[BaseRoute]:
    """`/console` and all below it, and the way there from `/`."""

    site: Any = Deferred(partial(_make, host))
    return [Route("/", _to_console), Route(ROOT, _to_console), Mount(ROOT, app=site)]


def _make(host: Host) -> ASGIApp:
    from .site import create  # noqa: PLC0415 - a tenth of a second

    return cast("ASGIApp", create(host))


async def _to_console(_request: Request) -> Response:
    return RedirectResponse(f"{ROOT}/", status_code=307)
