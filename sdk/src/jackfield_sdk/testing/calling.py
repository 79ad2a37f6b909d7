"""Calling a plugin in a test as the host calls it: through the kernel, with real HTTP, all of which leads to the double."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx
from jackfield.contract import Wire, WireResponse
from jackfield.host.http import NoCookies, Outbound, SessionTransport, open_session
from jackfield.host.settings import EgressSettings
from jackfield.host.wire import AiohttpWire
from jackfield.kernel import Kernel
from yarl import URL

from ..calling import Caller
from .double import URL_HEADER, VendorDouble

_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # the double speaks plain HTTP: no authority has to be read


class _ToDouble(httpx.AsyncBaseTransport):
    """Sends every request to the double, whatever address it is for; the double records that address."""

    def __init__(self, inner: httpx.AsyncBaseTransport, vendor: VendorDouble) -> None:
        self._inner = inner
        self._vendor = vendor

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        asked = request.url
        double = httpx.URL(self._vendor.url)
        if asked.scheme in ("http", "https"):
            request.headers[URL_HEADER] = str(asked)
            request.url = asked.copy_with(scheme=double.scheme, host=double.host, port=double.port)
        return await self._inner.handle_async_request(request)


class _WireToDouble:
    """The same for relay: a `contract.Wire`."""

    def __init__(self, inner: Wire, vendor: VendorDouble) -> None:
        self._inner = inner
        self._vendor = vendor

    async def send(self, url: str, *, headers: Mapping[str, str], body: bytes, timeout: float) -> WireResponse:
        """:raises ConnectionFailed: and Timeout, as every wire"""
        asked = URL(url)
        double = URL(self._vendor.url)
        address = asked.with_scheme(double.scheme).with_host(double.host or "").with_port(double.port)
        headers = {**headers, URL_HEADER: url}
        return await self._inner.send(str(address), headers=headers, body=body, timeout=timeout)


def kernel_of(plugin: object) -> Kernel:
    """The kernel with one plugin.

    :raises AssertionError: if it does not load
    """
    kernel = Kernel.of([("plugin", plugin)])
    for record in kernel.plugins:
        if record.quarantined:
            raise AssertionError(f"The plugin does not load: {record.quarantined.cause} {record.quarantined.advice}")
    return kernel


@asynccontextmanager
async def open_caller(
    plugin: object, vendor: VendorDouble | None = None, provider: str | None = None, kernel: Kernel | None = None
) -> AsyncIterator[Caller]:
    """:param vendor: where all requests go; None: where the plugin sends them
    :param provider: which one, of a plugin that offers several
    :param kernel: one that has the plugin already
    """
    kernel = kernel or kernel_of(plugin)
    async with _way_out(vendor) as (http, wire):
        yield Caller(kernel, provider or next(iter(kernel.providers)), http, wire)


@asynccontextmanager
async def _way_out(vendor: VendorDouble | None) -> AsyncIterator[tuple[httpx.AsyncClient, Wire]]:
    """The host's own, so that what holds in a test holds there; what it needs for the world outside is left out."""
    if vendor is None:
        outbound = Outbound()
        try:
            yield outbound.client, outbound.wire
        finally:
            await outbound.close()
        return
    async with open_session(EgressSettings(), _TLS) as session:
        transport = _ToDouble(SessionTransport(lambda _: session, _TLS), vendor)
        wire = _WireToDouble(AiohttpWire(lambda _: session, connect_timeout=10.0), vendor)
        async with httpx.AsyncClient(transport=transport, cookies=NoCookies(), trust_env=False) as http:
            yield http, wire


__all__ = ["Caller", "kernel_of", "open_caller"]
