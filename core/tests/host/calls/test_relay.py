"""Relay: bodies pass untouched but for the model, answers pass untouched, and both are metered all the same."""

from __future__ import annotations

import asyncio
import gzip
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from jackfield.contract import BadRequest, ConnectionFailed, ModelNotFound, ServerUnavailable, hookimpl
from jackfield.host import CallFinished, CallInfo, Event, Relayed

if TYPE_CHECKING:
    from ..conftest import Exchange, Vendor
    from .conftest import Desk, Helpers, OpenHost

RAW = b'{"model": "acme/chat", "messages": [{"role":"user","content":"Hi."}], "brand_new": {"x": 12345678901234567890123}}'


async def relay(desk: Desk, raw: bytes = RAW, dialect: str = "openai.chat", info: CallInfo | None = None) -> Relayed | None:
    return await desk.host.calls.relay(desk.caller, dialect, orjson.loads(raw), raw, {"x-beta": "1"}, info=info)


async def streamed(desk: Desk, raw: bytes) -> bytes:
    answer = await relay(desk, raw)
    assert answer is not None
    assert not isinstance(answer.body, bytes)
    return b"".join([piece async for piece in answer.body])


async def test_unknown_fields_pass_both_ways_and_usage_is_written_down(desk: Desk, vendor: Vendor, helpers: Helpers) -> None:
    await desk.add_key("key-one")
    body = orjson.dumps({**helpers.completion(), "also_new": [1]})

    async def reply(exchange: Exchange) -> None:
        await exchange.answer(200, body, x_request_id="req_7", set_cookie="a=b", x_ratelimit_remaining="9")

    vendor.reply = reply
    info = CallInfo()
    answer = await relay(desk, info=info)
    assert answer is not None
    assert (answer.status, answer.body) == (200, body)
    assert answer.headers == {"content-type": "application/json", "x-vendor-request-id": "req_7"}
    sent = vendor.exchanges[0]
    assert sent.body == RAW.replace(b"acme/chat", b"chat")
    assert (sent.headers["authorization"], sent.headers["x-beta"]) == ("Bearer key-one", "1")
    assert (info.relayed, info.provider, info.model, info.attempts) == (True, "acme", "chat", 1)
    (row,) = await desk.usage()
    assert (row.outcome, row.input_tokens, row.output_tokens, row.model) == ("ok", 7, 3, "chat")
    assert row.first_byte_milliseconds is not None


async def test_a_stream_is_metered_and_the_usage_nobody_asked_for_is_withheld(
    desk: Desk, vendor: Vendor, helpers: Helpers
) -> None:
    await desk.add_key()
    vendor.reply = helpers.stream_reply
    events: list[Event] = []
    desk.host.observers.add(events.append)
    body = await streamed(desk, RAW.replace(b"{", b'{"stream":true,', 1))
    whole = helpers.chunk("Hel") + helpers.chunk("lo.") + helpers.chunk(finish="stop") + helpers.done
    assert body == whole
    assert vendor.exchanges[0].json["stream_options"] == {"include_usage": True}
    asked = await streamed(desk, RAW.replace(b"{", b'{"stream":true,"stream_options":{"include_usage":true},', 1))
    assert asked == whole.replace(helpers.done, helpers.chunk(usage=helpers.used) + helpers.done)
    assert [(row.input_tokens, row.output_tokens, row.outcome) for row in await desk.usage()] == [(7, 3, "ok")] * 2
    assert all(isinstance(event, CallFinished) and event.streamed and event.dialect == "openai.chat" for event in events)


async def test_what_cannot_be_relayed_is_left_to_a_typed_call(open_host: OpenHost, vendor: Vendor, helpers: Helpers) -> None:
    class Guard:
        @hookimpl(wrapper=True)
        def invoke_llm(self, request: Any, context: Any) -> Any:
            return (yield)

    desk = await helpers.desk_at(await open_host((("guard", Guard()),)))
    await desk.add_key()
    assert await relay(desk) is None, "a guard stands around the typed call and not around relay"
    embeddings = b'{"model":"acme/embed","input":"a"}'
    vendor.reply = helpers.good_reply
    assert await relay(desk, embeddings, "openai.embeddings") is not None
    assert await relay(desk, embeddings, "openai.moderations.unknown") is None
    assert await relay(desk, RAW, "anthropic.messages") is None
    assert [row.model for row in await desk.usage()] == ["embed"]


async def test_more_texts_than_the_model_takes_at_once_are_left_to_a_typed_call(
    desk: Desk, vendor: Vendor, helpers: Helpers
) -> None:
    """A plugin embeds them in parts; passed on as they are, the vendor would refuse them."""
    await desk.add_key()
    vendor.reply = helpers.good_reply
    for texts, passes in ((["a"] * 3, True), (["a"] * 4, False), ([1, 2, 3, 4], True), ([[1], [2], [3], [4]], False)):
        raw = orjson.dumps({"model": "acme/embed", "input": texts})
        assert (await relay(desk, raw, "openai.embeddings") is not None) is passes, texts
    assert len(await desk.usage()) == 2, "what was not passed on is not counted"


async def test_bodies_without_a_model_are_refused(desk: Desk) -> None:
    for raw in (b"{}", b'{"model":""}', b'{"model":7}'):
        with pytest.raises(BadRequest) as refused:
            await relay(desk, raw)
        assert refused.value.param == "model"
    with pytest.raises(ModelNotFound):
        await relay(desk, b'{"model":"acme/none"}')


async def test_compressed_answers_are_made_plain_and_metered(desk: Desk, vendor: Vendor, helpers: Helpers) -> None:
    await desk.add_key()
    plain = orjson.dumps(helpers.completion())

    async def reply(exchange: Exchange) -> None:
        if exchange.json.get("stream"):
            await exchange.start_stream(content_encoding="gzip")
            data = gzip.compress(helpers.chunk("Hi") + helpers.chunk(usage=helpers.used) + helpers.done)
            await exchange.send(data[:20])
            await exchange.send(data[20:])
            await exchange.end_stream()
        else:
            await exchange.answer(200, gzip.compress(plain), content_encoding="gzip")

    vendor.reply = reply
    answer = await relay(desk)
    assert answer is not None
    assert answer.body == plain
    assert "content-encoding" not in answer.headers
    assert await streamed(desk, RAW.replace(b"{", b'{"stream":true,', 1)) == helpers.chunk("Hi") + helpers.done
    assert [row.output_tokens for row in await desk.usage()] == [3, 3]


@pytest.mark.parametrize("way", ["cut", "early"])
async def test_a_stream_without_its_end_ends_in_an_error(desk: Desk, vendor: Vendor, helpers: Helpers, way: str) -> None:
    await desk.add_key()

    async def reply(exchange: Exchange) -> None:
        await exchange.start_stream()
        await exchange.send(helpers.chunk("Hel"))
        if way == "cut":
            exchange.cut()
        else:
            await exchange.end_stream()

    vendor.reply = reply
    answer = await relay(desk, RAW.replace(b"{", b'{"stream":true,', 1))
    assert answer is not None
    assert not isinstance(answer.body, bytes)
    assert await anext(answer.body) == helpers.chunk("Hel")
    with pytest.raises(ConnectionFailed):
        await anext(answer.body)
    with pytest.raises(StopAsyncIteration):
        await anext(answer.body)
    (row,) = await desk.usage()
    assert (row.outcome, row.error) == ("error", "connection_failed")
    assert desk.host.running_calls == 0


async def test_a_vendors_error_inside_a_stream(desk: Desk, vendor: Vendor, helpers: Helpers) -> None:
    """First of all, it is a failed attempt; later, the client reads it as it is, and the ledger knows."""
    await desk.add_key()
    overloaded = b'data: {"error":{"type":"server_error","message":"busy"}}\n\n'

    async def reply(exchange: Exchange) -> None:
        await exchange.start_stream()
        if len(vendor.exchanges) > 1:
            await exchange.send(helpers.chunk("Hel"))
        await exchange.send(overloaded)
        await exchange.end_stream()

    vendor.reply = reply
    assert await streamed(desk, RAW.replace(b"{", b'{"stream":true,', 1)) == helpers.chunk("Hel") + overloaded
    assert len(vendor.exchanges) == 2
    (row,) = await desk.usage()
    assert (row.outcome, row.error) == ("error", "server_unavailable")


async def test_closing_and_cancelling_reach_the_vendor(desk: Desk, vendor: Vendor, helpers: Helpers) -> None:
    await desk.add_key()

    async def endless(exchange: Exchange) -> None:
        await exchange.start_stream()
        while True:
            await exchange.send(helpers.chunk("x"))
            await asyncio.sleep(0.001)

    vendor.reply = endless
    raw = RAW.replace(b"{", b'{"stream":true,', 1)
    answer = await relay(desk, raw)
    assert answer is not None
    assert not isinstance(answer.body, bytes)
    await anext(answer.body)
    await answer.body.aclose()

    reading = asyncio.create_task(streamed(desk, raw))
    await helpers.until(lambda: len(vendor.exchanges) > 1)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    for exchange in vendor.exchanges:
        await asyncio.wait_for(exchange.closed.wait(), 30)
    assert [row.outcome for row in await desk.usage()] == ["cancelled", "cancelled"]


async def test_a_vendor_that_answers_whole_to_a_request_for_a_stream(desk: Desk, vendor: Vendor, helpers: Helpers) -> None:
    await desk.add_key()

    async def reply(exchange: Exchange) -> None:
        await exchange.answer(200, helpers.completion())

    vendor.reply = reply
    answer = await relay(desk, RAW.replace(b"{", b'{"stream":true,', 1))
    assert answer is not None
    assert orjson.loads(answer.body) == helpers.completion()  # type: ignore[arg-type]
    assert [(row.outcome, row.output_tokens) for row in await desk.usage()] == [("ok", 3)]


async def test_vendor_errors_are_raised_as_errors_of_the_tree(desk: Desk, vendor: Vendor) -> None:
    await desk.add_key("key-secret")

    async def reply(exchange: Exchange) -> None:
        await exchange.answer(500, {"error": "boom"})

    vendor.reply = reply
    with pytest.raises(ServerUnavailable) as failed:
        await relay(desk)
    assert failed.value.vendor_status == 500
    assert failed.value.provider == "acme"
    assert len(vendor.exchanges) == 3
    (row,) = await desk.usage()
    assert (row.outcome, row.error, row.cost) == ("error", "server_unavailable", None)
