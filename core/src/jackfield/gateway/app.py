"""The host as an ASGI application.

The surfaces of /v1 are found by one look into a table, before any framework; everything else (probes, the admin API, the
console) is Starlette's to route.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.routing import BaseRoute
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from jackfield.contract import JackfieldError, NotFound
from jackfield.host import Host

from . import probes
from .access_log import AccessLog
from .cors import Cors
from .errors import MethodNotAllowed, anthropic_error, note_fault, unexpected
from .exchange import Exchange
from .metrics import Metrics
from .models import PREFIX
from .openapi import openapi_route
from .pages import Pages
from .requests import ClientGone, Message, Receive, Scope, Send
from .streaming import shutting_down
from .surfaces import Surface
from .table import GET_MODEL, SURFACES, UNKNOWN

GONE = 499
"""The status that the log and the metrics give to a request whose client went away, as nginx does."""


class Gateway:
    """The application.

    :ivar metrics: told of every request and every call
    """

    def __init__(self, host: Host, routes: Sequence[BaseRoute] = ()) -> None:
        self._host = host
        self._surfaces = dict(SURFACES)
        self.metrics = Metrics()
        host.observers.add(self.metrics.observe)
        settings = host.settings
        self._cors = Cors(settings.server.cors_origins) if settings.server.cors_origins else None
        self._log = AccessLog.of(settings.log)
        proxies = list(settings.server.trusted_proxies)
        app: Any = Starlette(routes=[*probes.routes(host, self.metrics), openapi_route(), *routes])
        self._pages = Pages(ProxyHeadersMiddleware(app, proxies), self._log, https=_is_https(settings.server.public_url))
        self._find_client = ProxyHeadersMiddleware(_nothing, proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._pages(scope, receive, send)
            return
        path = scope["path"]
        surface = self._surfaces.get(path) or self._look_further(path)
        if surface is None:
            await self._pages(scope, receive, send)
        else:
            await self._serve(surface, scope, receive, send)

    def _look_further(self, path: str) -> Surface | None:
        """Names in paths, stray slashes, and what is nothing at all but must be told so in the words of an API."""
        if path.startswith(PREFIX) and len(path) > len(PREFIX):
            return GET_MODEL
        if path.startswith(("/v1/", "/v2/")):
            return self._surfaces.get(path.rstrip("/")) or UNKNOWN
        return None

    async def _serve(self, surface: Surface, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange(self._host, surface, scope, receive, send)
        metrics = self.metrics
        metrics.began()
        try:
            if self._cors is not None and await self._cors.handle(exchange):
                return
            _check(surface, exchange)
            await surface.endpoint(exchange)
        except JackfieldError as error:
            await exchange.fail(error)
        except ClientGone:
            exchange.outcome = "disconnected"
        except asyncio.CancelledError:
            # Only the server's end cancels us: there is nobody to pass it on to, and the client is told.
            await exchange.fail(shutting_down())
            exchange.outcome = "cut"
        except Exception as error:
            await exchange.fail(unexpected(error, exchange.info.request_id))
        finally:
            note_fault(exchange.error, exchange.info.request_id)
            seconds = time.perf_counter() - exchange.started
            metrics.ended(surface.path, GONE if exchange.outcome == "disconnected" else exchange.status, seconds)
            if self._log is not None:
                if b"x-forwarded-for" in exchange.headers:
                    await self._find_client(scope, receive, send)  # type: ignore[arg-type]
                self._log.add(exchange, scope["client"][0] if scope["client"] else None, seconds)

    def close(self) -> None:
        """Write what has not been written."""
        self._host.observers.remove(self.metrics.observe)
        if self._log is not None:
            self._log.flush()


def _check(surface: Surface, exchange: Exchange) -> None:
    method = exchange.scope["method"]
    if b"anthropic-version" in exchange.headers and not surface.anthropic:
        exchange.speak(anthropic_error)
    if surface is UNKNOWN:
        raise NotFound(f"There is no {exchange.scope['path']}.", advice="See /openapi.json.")
    if method != surface.method and not (method == "HEAD" and surface.method == "GET"):
        exchange.extra_headers.append((b"allow", surface.method.encode()))
        raise MethodNotAllowed(f"{surface.path} takes {surface.method}, not {method}.")


async def _nothing(_scope: Any, _receive: Any, _send: Any) -> None:
    pass


def _is_https(url: str | None) -> bool:
    return url is not None and url.startswith("https://")


def create_app(host: Host, routes: Sequence[BaseRoute] = ()) -> Gateway:
    """The application of a host that is open.

    :param routes: what is served beside /v1 and the probes, in Starlette's words: `Mount("/api", …)`, `Mount("/", …)`
    """
    return Gateway(host, routes)


__all__ = ["Gateway", "Message", "create_app"]
