"""The providers' icons, as their plugins draw them: documents of others, so they can do nothing but be looked at."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from jackfield.host import Host

_HEADERS = {
    "cache-control": "public, max-age=86400",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'",
}


def address(host: Host, provider: str) -> str | None:
    """Where the icon is; None where the provider has none."""
    found = host.kernel.providers.get(provider)
    if found is None or not found.icon:
        return None
    return f"/console/icons/{provider}?v={hashlib.sha256(found.icon.encode()).hexdigest()[:12]}"


def serve(host: Host) -> Callable[[Request], Awaitable[Response]]:
    """What answers `/console/icons/{provider}`."""

    async def answer(request: Request) -> Response:
        found = host.kernel.providers.get(request.path_params["provider"])
        if found is None or not found.icon:
            return PlainTextResponse("There is no such icon.", status_code=404)
        return Response(found.icon, media_type="image/svg+xml", headers=_HEADERS)

    return answer
