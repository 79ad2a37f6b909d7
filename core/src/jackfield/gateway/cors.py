"""Cross-origin calls from web pages, where the operator allows them: https://fetch.spec.whatwg.org/#http-cors-protocol

Keys travel in headers, never in cookies, so no credentials are allowed along.
"""

from __future__ import annotations

from .exchange import Exchange

_EXPOSED = b"x-request-id, request-id, retry-after, retry-after-ms, x-should-retry, x-jackfield-model, x-jackfield-credential"


class Cors:
    """:param origins: as browsers send them; `*` for all"""

    def __init__(self, origins: tuple[str, ...]) -> None:
        self._all = "*" in origins
        self._origins = frozenset(origin.rstrip("/").encode() for origin in origins)

    async def handle(self, exchange: Exchange) -> bool:
        """Mark the answer for the page's origin. Answers whether the request was a preflight, and is answered."""
        headers = exchange.headers
        origin = headers.get(b"origin")
        if origin is None:
            return False
        exchange.extra_headers.append((b"vary", b"Origin"))
        allowed = self._all or origin in self._origins
        if allowed:
            exchange.extra_headers.append((b"access-control-allow-origin", b"*" if self._all else origin))
            exchange.extra_headers.append((b"access-control-expose-headers", _EXPOSED))
        if exchange.scope["method"] != "OPTIONS" or b"access-control-request-method" not in headers:
            return False
        if allowed:
            exchange.extra_headers += [
                (b"access-control-allow-methods", b"GET, POST"),
                (
                    b"access-control-allow-headers",
                    headers.get(b"access-control-request-headers", b"authorization, content-type"),
                ),
                (b"access-control-max-age", b"600"),
            ]
        await exchange.respond(b"", status=204 if allowed else 403, headers=[])
        return True
