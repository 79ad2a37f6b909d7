"""The admin API as an application, and its description."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from jackfield.contract import NotFound
from jackfield.host import Host

from ..errors import MethodNotAllowed
from ..requests import ASGIApp
from ..schemas import OpenAIErrorBody
from . import audit, budgets, credentials, defaults, keys, me, members, models, plugins, providers, trials, usage, workspaces
from .failures import WrongMembers, wrong_members

_ABOUT = """All that a workspace is made of: members, keys, credentials, models, defaults, budgets, usage.

Send `Authorization: Bearer …`: the token that `POST /api/sign-in` answers, or an API key that carries a role. What belongs to \
another workspace is answered as what does not exist. Lists that grow come in pages: send `next` of one as `before` for the \
following. Errors have one shape; `error.jackfield.problems` names every member of the request that is at fault."""
_ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"model": OpenAIErrorBody, "description": "The request is wrong."},
    401: {"model": OpenAIErrorBody, "description": "The token is missing or not valid."},
    403: {"model": OpenAIErrorBody, "description": "The role is not enough."},
    404: {"model": OpenAIErrorBody, "description": "There is no such thing in this workspace."},
    409: {"model": OpenAIErrorBody, "description": "It is there already, or is needed."},
    413: {"model": OpenAIErrorBody, "description": "The body is too large."},
    422: {"model": OpenAIErrorBody, "description": "The form or the vendor refuses the credential."},
    429: {"model": OpenAIErrorBody, "description": "Too many requests, or a quota is spent."},
    500: {"model": OpenAIErrorBody, "description": "The host or a plugin failed."},
    501: {"model": OpenAIErrorBody, "description": "A package is missing."},
    502: {"model": OpenAIErrorBody, "description": "The vendor was not reached."},
    503: {"model": OpenAIErrorBody, "description": "The vendor, or the host, cannot answer now."},
    504: {"model": OpenAIErrorBody, "description": "The vendor did not answer in time."},
}
_NOUNS = (me, workspaces, members, keys, providers, credentials, models, defaults, trials, budgets, usage, audit, plugins)


def create(host: Host) -> ASGIApp:
    """The application. Errors come out of it as they are: to answer them is the mount's business."""
    app = FastAPI(
        title="Jackfield: the admin API",
        version=version("jackfield"),
        description=_ABOUT,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        responses=_ERRORS,
        generate_unique_id_function=_operation_id,
        redirect_slashes=False,
    )
    app.state.host = host
    for noun in _NOUNS:
        app.include_router(noun.router, prefix="/api")

    @app.get("/api/openapi.json", include_in_schema=False)
    def description() -> JSONResponse:  # no coroutine, so in a thread: to write it takes half a second, the first time
        return JSONResponse(app.openapi())

    app.add_exception_handler(RequestValidationError, _wrong_request)
    app.add_exception_handler(HTTPException, _refused_by_framework)
    # Without its outermost layer, which would answer an unexpected error in its own words and raise it again.
    app.middleware_stack = app.build_middleware_stack().app  # type: ignore[attr-defined]
    return app


def _operation_id(route: APIRoute) -> str:
    return route.name


async def _wrong_request(_request: Request, error: Exception) -> Any:
    assert isinstance(error, RequestValidationError)
    raise wrong_members(error.errors()) from None


async def _refused_by_framework(request: Request, error: Exception) -> Any:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        raise NotFound(f"There is no {request.url.path}.", advice="See /api/openapi.json.") from None
    if error.status_code == 405:
        advice = "See /api/openapi.json."
        raise MethodNotAllowed(f"{request.url.path} does not take {request.method}.", advice=advice) from None
    raise WrongMembers({"body": "cannot be read"}) from None
