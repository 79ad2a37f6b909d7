"""The way out: egress rules at connect time, errors told apart, one pool under both faces."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from jackfield.contract import ConnectionFailed, JackfieldError, PermissionDenied, ServerUnavailable, Timeout
from jackfield.host.egress import EgressRules, ProxyChoice
from jackfield.host.http import Outbound
from jackfield.host.settings import CallSettings, EgressSettings
from pydantic import SecretStr

if TYPE_CHECKING:
    from .conftest import Exchange, Vendor


@pytest.fixture
async def outbound() -> AsyncIterator[Outbound]:
    out = Outbound(EgressSettings(environment_proxy=False), CallSettings(connect_timeout=5))
    yield out
    await out.close()


@pytest.mark.parametrize(
    ("address", "permitted", "permitted_when_private_is_denied"),
    [
        ("93.184.216.34", True, True),
        ("2606:4700::1111", True, True),
        ("127.0.0.1", True, False),
        ("10.1.2.3", True, False),
        ("0.0.0.0", True, False),
        ("::1", True, False),
        ("fd12::1", True, False),
        ("169.254.169.254", False, False),
        ("fe80::1%eth0", False, False),
        ("::ffff:169.254.169.254", False, False),
        ("64:ff9b::a9fe:a9fe", False, False),
        ("2002:a9fe:a9fe::1", False, False),
        ("::ffff:10.0.0.1", True, False),
        ("fd00:ec2::254", False, False),
    ],
)
def test_the_rules_see_through_every_form_of_an_address(
    address: str, permitted: bool, permitted_when_private_is_denied: bool
) -> None:
    assert EgressRules.of(EgressSettings()).permits(address) is permitted
    assert EgressRules.of(EgressSettings(deny_private=True)).permits(address) is permitted_when_private_is_denied


def test_allow_wins_over_deny() -> None:
    rules = EgressRules.of(EgressSettings(deny_private=True, deny=("8.8.8.0/24",), allow=("10.0.0.0/8", "8.8.8.8/32")))
    assert [rules.permits(a) for a in ("10.9.9.9", "192.168.0.1", "8.8.8.8", "8.8.8.9")] == [True, False, True, False]


@pytest.mark.parametrize("host", ["2852039166", "0xa9fea9fe", "169.254.43518", "169.254.169.254"])
def test_a_proxy_is_not_asked_for_a_refused_address_in_disguise(host: str) -> None:
    assert not EgressRules.of(EgressSettings()).permits_host(host)


def test_no_proxy_takes_names_networks_and_ports() -> None:
    choice = ProxyChoice(EgressSettings(proxy=SecretStr("http://p:1"), no_proxy=(".corp", "10.0.0.0/8", "one:8080")))
    hosts = [("a.corp", None), ("corp", None), ("acorp", None), ("10.1.1.1", 80), ("one", 8080), ("one", 80), ("x.org", None)]
    assert [choice.proxy_for("https", *host) is None for host in hosts] == [True, True, False, True, True, False, False]


async def test_both_faces_reach_the_vendor_and_keep_the_body_as_it_is(vendor: Vendor, outbound: Outbound) -> None:
    async def reply(exchange: Exchange) -> None:
        await exchange.answer(200, exchange.body, set_cookie="who=me; Path=/", x_number=str(len(vendor.exchanges)))

    vendor.reply = reply
    for _ in range(2):
        answer = await outbound.wire.send(vendor.url + "/a", headers={"x-key": "1"}, body=b'{"a": 1}', timeout=5)
        assert (answer.status, await answer.read(), answer.headers["X-Number".lower()] != "") == (200, b'{"a": 1}', True)
        response = await outbound.client.post(vendor.url + "/b", content=b"b", headers={"x-key": "1"})
        assert response.content == b"b"
    assert [e.headers.get("cookie") for e in vendor.exchanges] == [None] * 4
    assert vendor.exchanges[0].headers["accept-encoding"] == "identity"
    assert len({id(e.writer) for e in vendor.exchanges}) == 2, "each face keeps its connection"


async def test_a_redirect_is_an_answer_not_an_order(vendor: Vendor, outbound: Outbound) -> None:
    async def reply(exchange: Exchange) -> None:
        await exchange.answer(307, {}, location="http://169.254.169.254/latest/meta-data")

    vendor.reply = reply
    answer = await outbound.wire.send(vendor.url, headers={}, body=b"", timeout=5)
    assert answer.status == 307
    await answer.close()
    assert (await outbound.client.post(vendor.url)).status_code == 307
    with pytest.raises(PermissionDenied, match=r"169\.254\.169\.254"):
        await outbound.client.post(vendor.url, follow_redirects=True)
    assert len(vendor.exchanges) == 3


async def test_a_name_is_judged_by_what_it_resolves_to_at_each_connection(vendor: Vendor, monkeypatch: Any) -> None:
    """A rebinding name: the first look-up is harmless, the second is not."""
    answers = ["127.0.0.1", "169.254.169.254"]
    loop = asyncio.get_running_loop()

    async def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers.pop(0), port))]

    monkeypatch.setattr(loop, "getaddrinfo", getaddrinfo)
    out = Outbound(EgressSettings(environment_proxy=False, keepalive=0))
    out._direct.connector._cached_hosts._ttl = 0  # type: ignore[union-attr]

    async def reply(exchange: Exchange) -> None:
        await exchange.answer(200, {}, connection="close")

    vendor.reply = reply
    url = f"http://rebind.test:{vendor.port}/"
    assert (await out.client.get(url)).status_code == 200
    with pytest.raises(PermissionDenied, match=r"rebind\.test"):
        await out.wire.send(url, headers={}, body=b"", timeout=5)
    assert answers == []
    await out.close()


async def test_denied_networks_are_refused_on_both_faces_and_nothing_is_sent(vendor: Vendor) -> None:
    out = Outbound(EgressSettings(environment_proxy=False, deny_private=True))
    with pytest.raises(PermissionDenied) as refused:
        await out.wire.send(vendor.url + "/?key=SECRET", headers={}, body=b"", timeout=5)
    assert "egress" in refused.value.advice
    assert "SECRET" not in str(refused.value)
    for url in (vendor.url, f"http://localhost:{vendor.port}", f"http://[::ffff:127.0.0.1]:{vendor.port}"):
        with pytest.raises(PermissionDenied):
            await out.client.get(url)
    assert vendor.exchanges == []
    await out.close()


async def test_a_proxy_gets_the_request_and_is_exempt_from_the_rules_but_its_targets_are_not(vendor: Vendor) -> None:
    async def reply(exchange: Exchange) -> None:
        await exchange.answer(200, {"path": exchange.path})

    vendor.reply = reply
    proxy = f"http://user:pass@127.0.0.1:{vendor.port}"
    out = Outbound(EgressSettings(proxy=SecretStr(proxy), no_proxy=(), deny_private=True))
    answer = await out.wire.send("http://vendor.example/v1", headers={}, body=b"{}", timeout=5)
    assert b"http://vendor.example/v1" in await answer.read()
    assert (await out.client.get("http://vendor.example/v2")).json() == {"path": "http://vendor.example/v2"}
    assert {e.headers.get("proxy-authorization") for e in vendor.exchanges} == {"Basic dXNlcjpwYXNz"}
    with pytest.raises(PermissionDenied):
        await out.wire.send("http://2852039166/latest", headers={}, body=b"", timeout=5)
    with pytest.raises(PermissionDenied):
        await out.client.get("http://169.254.169.254/latest")
    assert len(vendor.exchanges) == 2
    await out.close()


async def _silent(exchange: Exchange) -> None:
    await asyncio.Event().wait()


async def _gone(exchange: Exchange) -> None:
    exchange.cut()


async def _half(exchange: Exchange) -> None:
    await exchange.raw(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")
    exchange.cut()


async def _garbage(exchange: Exchange) -> None:
    await exchange.raw(b"\x00\x01 nonsense\r\n\r\n")


@pytest.mark.parametrize(
    ("reply", "wire_error", "httpx_error"),
    [
        (_silent, Timeout, httpx.ReadTimeout),
        (_gone, ConnectionFailed, httpx.RemoteProtocolError),
        (_half, ConnectionFailed, httpx.ReadError),
        (_garbage, ServerUnavailable, httpx.RemoteProtocolError),
    ],
)
async def test_errors_are_told_apart(
    vendor: Vendor, outbound: Outbound, reply: Any, wire_error: type[JackfieldError], httpx_error: type[Exception]
) -> None:
    vendor.reply = reply
    with pytest.raises(wire_error, match=r"127\.0\.0\.1"):
        await (await outbound.wire.send(vendor.url, headers={}, body=b"", timeout=0.2)).read()
    with pytest.raises(httpx_error):
        await outbound.client.get(vendor.url, timeout=0.2)


async def test_what_cannot_be_reached_at_all(outbound: Outbound, unused_port: int) -> None:
    with pytest.raises(ConnectionFailed, match="could not be reached"):
        await outbound.wire.send(f"http://127.0.0.1:{unused_port}", headers={}, body=b"", timeout=5)
    with pytest.raises(httpx.ConnectError):
        await outbound.client.get(f"http://127.0.0.1:{unused_port}")
    with pytest.raises(ConnectionFailed, match=r"no-such-name\.invalid does not resolve"):
        await outbound.wire.send("http://no-such-name.invalid/", headers={}, body=b"", timeout=5)
    for bad in ("ftp://x/SECRET", "http://", "http://[::1", "/SECRET"):
        with pytest.raises(ConnectionFailed, match="base URL") as failed:
            await outbound.wire.send(bad, headers={}, body=b"", timeout=5)
        assert not failed.value.retryable
        assert "SECRET" not in str(failed.value)


async def test_closing_a_stream_early_closes_the_connection(vendor: Vendor, outbound: Outbound) -> None:
    async def reply(exchange: Exchange) -> None:
        await exchange.start_stream()
        await exchange.send(b"data: 1\n\n")

    vendor.reply = reply
    answer = await outbound.wire.send(vendor.url + "/watch", headers={}, body=b"", timeout=5)
    chunks = answer.chunks()
    assert await anext(chunks) == b"data: 1\n\n"
    await chunks.aclose()  # type: ignore[attr-defined]
    await asyncio.wait_for(vendor.exchanges[0].closed.wait(), 30)


async def test_a_reader_whose_pool_is_closed_lost_its_connection(vendor: Vendor, outbound: Outbound) -> None:
    async def reply(exchange: Exchange) -> None:
        await exchange.start_stream()
        await exchange.send(b"1")

    vendor.reply = reply
    async with outbound.client.stream("GET", vendor.url) as answer:
        pieces = answer.aiter_raw()
        assert await anext(pieces) == b"1"
        await outbound.close()
        with pytest.raises(httpx.ReadError):
            await anext(pieces)


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
