"""Websockets through the host's own way out: its rules hold for them, whichever wire it has."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from jackfield.host.http import Outbound
from jackfield.host.pool import Pool
from jackfield.host.settings import EgressSettings
from jackfield_sdk import CallContext, ConnectionFailed, Credentials, CredentialsInvalid, PermissionDenied, VendorHTTP
from jackfield_sdk.websocket import connect


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """Of a websocket that says back what it hears."""

    async def echo(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"heard": await socket.receive_json()})
        await socket.close()
        return socket

    app = web.Application()
    app.router.add_get("/", echo)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"ws://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()


async def ask(url: str, **egress: Any) -> list[dict[str, Any]]:
    out = Outbound(EgressSettings(environment_proxy=False, **egress))
    assert isinstance(out.wire, Pool)
    context = CallContext(provider="acme", credentials=Credentials({}), http=out.client, wire=out.wire, timeout=5)
    try:
        async with connect(context, url, http=VendorHTTP()) as socket:
            await socket.send({"said": 1})
            return [message async for message in socket.messages()]
    finally:
        await out.close()


async def test_a_websocket_through_the_host(url: str) -> None:
    assert await ask(url) == [{"heard": {"said": 1}}]


async def test_the_operators_rules_hold(url: str) -> None:
    with pytest.raises(PermissionDenied) as caught:
        await ask(url + "?authorization=canary", deny_private=True)
    assert caught.value.vendor_status is None
    assert "canary" not in repr(caught.value.describe())


@pytest.mark.parametrize("address", ["ws://[", "ws:///nowhere", "ftp://127.0.0.1/"])
async def test_what_is_no_address(address: str) -> None:
    with pytest.raises((CredentialsInvalid, ConnectionFailed)):
        await ask(address)
