"""The console as an application: the pages that registered themselves, their files, and the answers to what is no page."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from jackfield.contract import HostFault, JackfieldError, NotFound
from jackfield.host import Host

from . import assets, icons
from .pages import all_pages
from .registry import Endpoint
from .visit import Visit

_log = logging.getLogger("jackfield.console")


def create(host: Host) -> Starlette:
    """All below `/console`."""
    pages = [
        Route(endpoint.path, _serve(host, endpoint), methods=[endpoint.method])
        for page_set in all_pages()
        for endpoint in page_set.endpoints
    ]
    return Starlette(
        routes=[
            Route("/static/{version}/{name:path}", assets.serve, methods=["GET"]),
            Route("/icons/{provider}", icons.serve(host), methods=["GET"]),
            *pages,
        ],
        exception_handlers={HTTPException: _no_page(host)},  # type: ignore[dict-item]  # Starlette's type asks for Exception
    )


def _serve(host: Host, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        try:
            visit = await Visit.begin(host, request)
        except JackfieldError as error:  # not even who asks can be found out: there is no page to say it on
            return PlainTextResponse(f"{error.message} {error.advice}", status_code=error.status)
        try:
            if not endpoint.public and not visit.signed_in:
                return visit.finish(visit.ask_to_sign_in())
            if endpoint.method != "GET":
                await visit.check_csrf()
            return visit.finish(await endpoint.handler(visit))
        except JackfieldError as error:
            return visit.finish(visit.refuse(error))
        except Exception:
            _log.exception("the console failed at %s %s", endpoint.method, endpoint.path)
            return visit.finish(visit.refuse(HostFault("The console failed at this.")))

    return serve


def _no_page(host: Host) -> Callable[[Request, HTTPException], Awaitable[Response]]:
    async def answer(request: Request, error: HTTPException) -> Response:
        visit = await Visit.begin(host, request)
        refusal = NotFound("There is no such page.", advice="Choose one from the menu.", status=error.status_code)
        return visit.finish(visit.refuse(refusal))

    return answer
