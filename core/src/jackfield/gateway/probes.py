"""What machines ask of the host itself: does it live, can it serve, what has it done."""

from __future__ import annotations

import hmac
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from jackfield.contract import Unauthenticated
from jackfield.host import Host

from .errors import error_headers, openai_error
from .metrics import CONTENT_TYPE, Metrics


def routes(host: Host, metrics: Metrics) -> list[BaseRoute]:
    """`/healthz`, `/readyz`, `/metrics`."""
    token = host.settings.server.metrics_token

    async def healthz(_request: Request) -> Response:
        """The process answers."""
        return JSONResponse({"status": "ok"})

    async def readyz(_request: Request) -> Response:
        """503 while something is missing that calls need. What is wrong stands in the log and in `jackfield doctor`."""
        readiness = await host.readiness()
        body: dict[str, Any] = {
            "status": "ready" if readiness.ready else "not ready",
            "checks": {check.name: "ok" if check.ok else "failed" for check in readiness.checks},
        }
        return JSONResponse(body, status_code=200 if readiness.ready else 503)

    async def scrape(request: Request) -> Response:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token is not None and not hmac.compare_digest(given.encode(), token.get_secret_value().encode()):
            error = Unauthenticated("/metrics asks for a token.", advice="Send `server.metrics_token` as a bearer token.")
            headers = {name.decode(): value.decode() for name, value in error_headers(error)}
            return JSONResponse(openai_error(error), status_code=401, headers=headers)
        return Response(metrics.render(), headers={"content-type": CONTENT_TYPE})

    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", scrape)]
