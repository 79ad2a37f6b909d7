"""The relay's own connections: what a vendor may send, and what it must not get away with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import httptools
import pytest
from jackfield.contract import ConnectionFailed, CredentialsInvalid, ServerUnavailable, Timeout
from jackfield.host.http import Outbound
from jackfield.host.pool import Pool
from jackfield.host.settings import CallSettings, EgressSettings

if TYPE_CHECKING:
    from .conftest import Exchange, PassTime, Until, Vendor


@pytest.fixture
async def pool() -> AsyncIterator[Pool]:
    out = Outbound(EgressSettings(environment_proxy=False), CallSettings(connect_timeout=5))
    assert isinstance(out.wire, Pool)
    yield out.wire
    await out.close()


async def post(pool: Pool, url: str, body: bytes = b"{}", **rest: Any) -> tuple[int, bytes]:
    answer = await pool.send(url, headers=rest.pop("headers", {"x-a": "1"}), body=body, timeout=rest.pop("timeout", 5))
    return answer.status, await answer.read()


def connections(vendor: Vendor) -> int:
    return len({id(exchange.writer) for exchange in vendor.exchanges})


GOOD_ANSWERS = {
    "length": (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", b"hello", True),
    "chunked": (
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\ntrailer: 1\r\n\r\n",
        b"hello",
        True,
    ),
    "empty": (b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", b"", True),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
    "informed first": (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
        b"hello",
        True,
    ),
    "closing": (b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello", b"hello", False),
    "old": (b"HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\nhello", b"hello", False),
}


@pytest.mark.parametrize("name", GOOD_ANSWERS)
@pytest.mark.parametrize("pieces", [1, 1000])
async def test_every_form_of_an_answer_is_read(pool: Pool, vendor: Vendor, name: str, pieces: int) -> None:
    raw, body, kept = GOOD_ANSWERS[name]

    async def reply(exchange: Exchange) -> None:
        step = max(len(raw) // pieces, 1)
        for start in range(0, len(raw), step):
            await exchange.raw(raw[start : start + step])
            await asyncio.sleep(0)

    vendor.reply = reply
    for _ in range(2):
        status, read = await post(pool, vendor.url + "/x?y=z")
        assert (status // 100, read) == (2, body)
        if not kept:
            vendor.exchanges[-1].cut()
    assert connections(vendor) == (1 if kept else 2)
    assert vendor.exchanges[0].path == "/x?y=z"
    assert vendor.exchanges[0].headers["accept-encoding"] == "identity"
    assert vendor.exchanges[0].headers["host"] == f"127.0.0.1:{vendor.port}"


async def test_a_body_without_a_length_ends_with_its_connection(pool: Pool, vendor: Vendor) -> None:
    async def reply(exchange: Exchange) -> None:
        await exchange.raw(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\nhello")
        exchange.writer.close()

    vendor.reply = reply
    assert await post(pool, vendor.url) == (200, b"hello")


async def test_a_kept_connection_that_the_vendor_closed_is_replaced_unseen(pool: Pool, vendor: Vendor) -> None:
    async def reply(exchange: Exchange) -> None:
        first_on_its_connection = sum(e.writer is exchange.writer for e in vendor.exchanges) == 1
        if first_on_its_connection:
            await exchange.answer(200, {"n": len(vendor.exchanges)})
        else:
            exchange.cut()

    vendor.reply = reply
    assert await post(pool, vendor.url) == (200, b'{"n":1}')
    assert await post(pool, vendor.url) == (200, b'{"n":3}')


BAD_ANSWERS = {
    "garbage": (b"\x00\x01\x02 what\r\n\r\n", ServerUnavailable),
    "upgrade": (b"HTTP/1.1 101 Switching\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\nxx", ServerUnavailable),
    "huge head": (b"HTTP/1.1 200 OK\r\n" + b"x-y: " + b"z" * 200_000 + b"\r\n\r\n", ServerUnavailable),
    "two lengths": (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!", ServerUnavailable),
    "smuggled": (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\nhello", ServerUnavailable),
    "bad chunk": (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhello", ServerUnavailable),
}


@pytest.mark.parametrize("name", BAD_ANSWERS)
async def test_what_is_not_http_is_refused_and_its_connection_not_used_again(pool: Pool, vendor: Vendor, name: str) -> None:
    raw, error = BAD_ANSWERS[name]

    async def reply(exchange: Exchange) -> None:
        await exchange.raw(raw)

    vendor.reply = reply
    for _ in range(2):
        with pytest.raises(error, match=r"127\.0\.0\.1"):
            await post(pool, vendor.url)
    assert connections(vendor) == 2


async def test_a_second_answer_to_one_request_is_never_taken_for_the_next_ones(
    pool: Pool, vendor: Vendor, until: Until
) -> None:
    async def reply(exchange: Exchange) -> None:
        number = len(vendor.exchanges)
        for text in (b"right%d" % number, b"forged"):
            await exchange.raw(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(text), text))

    vendor.reply = reply
    for number in range(1, 6):
        assert await post(pool, vendor.url) == (200, b"right%d" % number)


async def test_a_header_cannot_be_broken_out_of(pool: Pool, vendor: Vendor) -> None:
    for value in ("a\r\nx-evil: 1", "a\nb", "a\0", "a\rb"):
        with pytest.raises(CredentialsInvalid) as refused:
            await post(pool, vendor.url, headers={"authorization": value})
        assert "evil" not in str(refused.value)
    assert vendor.exchanges == []


async def test_the_head_and_each_piece_have_their_time(pool: Pool, vendor: Vendor, pass_time: PassTime) -> None:
    more = asyncio.Event()

    async def reply(exchange: Exchange) -> None:
        await exchange.start_stream()
        while True:
            await more.wait()
            more.clear()
            await exchange.send(b"x")

    vendor.reply = reply
    answer = await pool.send(vendor.url, headers={}, body=b"", timeout=60)
    chunks = answer.chunks()
    for _ in range(4):  # the whole may take longer than a pause
        piece = asyncio.ensure_future(anext(chunks))
        await pass_time(40)
        more.set()
        assert await piece == b"x"
    last = asyncio.ensure_future(anext(chunks))
    await pass_time(59)
    assert not last.done()
    await pass_time(2)
    with pytest.raises(Timeout):
        await last
    await asyncio.wait_for(vendor.exchanges[0].closed.wait(), 30)


async def test_a_slow_reader_holds_the_vendor_back(pool: Pool, vendor: Vendor) -> None:
    sent = 0

    async def reply(exchange: Exchange) -> None:
        nonlocal sent
        await exchange.start_stream()
        for _ in range(200):
            await exchange.send(b"x" * 65536)
            sent += 65536
        await exchange.end_stream()

    vendor.reply = reply
    answer = await pool.send(vendor.url, headers={}, body=b"", timeout=5)
    await asyncio.sleep(0.3)
    assert sent < 200 * 65536, "not all of it is taken in while nobody reads"
    read = 0
    async for piece in answer.chunks():
        read += len(piece)
    assert read == 200 * 65536
    assert await post(pool, vendor.url) == (200, b"x" * 200 * 65536)
    assert connections(vendor) == 1


async def test_no_more_connections_than_allowed_and_everybody_gets_through(vendor: Vendor) -> None:
    out = Outbound(EgressSettings(environment_proxy=False, max_connections=3), CallSettings(connect_timeout=5))
    running = most = 0

    async def reply(exchange: Exchange) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.005)
        running -= 1
        await exchange.answer(200, b"ok")

    vendor.reply = reply
    pool = out.wire
    assert isinstance(pool, Pool)
    answers = await asyncio.gather(*(post(pool, vendor.url) for _ in range(30)))
    # another vendor: an idle connection makes room
    other = f"http://localhost:{vendor.port}/"
    answers += await asyncio.gather(*(post(pool, other) for _ in range(10)))
    assert [answer for _, answer in answers] == [b"ok"] * 40
    assert most <= 3
    await out.close()
    with pytest.raises(ConnectionFailed, match="stopping"):
        await post(pool, vendor.url)


async def test_giving_up_while_waiting_for_a_connection_costs_nobody_else_theirs(vendor: Vendor, until: Until) -> None:
    out = Outbound(EgressSettings(environment_proxy=False, max_connections=1), CallSettings(connect_timeout=20))
    pool = out.wire
    assert isinstance(pool, Pool)
    go_on = asyncio.Event()

    async def reply(exchange: Exchange) -> None:
        await go_on.wait()
        await exchange.answer(200, b"ok")

    vendor.reply = reply
    first = asyncio.create_task(post(pool, vendor.url))
    await until(lambda: len(vendor.exchanges) == 1)
    with pytest.raises(Timeout, match="could not be reached in time"):
        await post(pool, vendor.url, timeout=0.1)
    third = asyncio.create_task(post(pool, vendor.url))
    await asyncio.sleep(0)
    go_on.set()
    assert [await first, await third] == [(200, b"ok")] * 2
    await out.close()


async def test_idle_connections_are_closed_in_time(vendor: Vendor, until: Until) -> None:
    out = Outbound(EgressSettings(environment_proxy=False, keepalive=0.1))

    async def reply(exchange: Exchange) -> None:
        await exchange.answer(200, b"ok")

    vendor.reply = reply
    assert isinstance(out.wire, Pool)
    await post(out.wire, vendor.url)
    await asyncio.wait_for(vendor.exchanges[0].closed.wait(), 30)
    await out.close()


def test_the_parser_is_strict() -> None:
    """What this module leaves to llhttp, llhttp does: a header line folded or parted by a bare LF is no header."""
    for head in (b"HTTP/1.1 200 OK\r\nx : y\r\n\r\n", b"HTTP/1.1 200 OK\nx: y\n\n"):
        with pytest.raises(httptools.HttpParserError):
            httptools.HttpResponseParser(object()).feed_data(head)
