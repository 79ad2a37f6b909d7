"""Repeats, other credentials, fallbacks: what is tried after a failure, and what is not."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from jackfield.contract import (
    BadRequest,
    CredentialsInvalid,
    JackfieldError,
    LLMRequest,
    Message,
    RateLimited,
    ServerUnavailable,
)
from jackfield.host import AttemptFailed, CallInfo, Event
from jackfield.host.selection import Selection

if TYPE_CHECKING:
    from ..conftest import Exchange, Vendor
    from .conftest import Desk, Helpers, OpenHost


def ask(model: str = "acme/chat", **rest: Any) -> LLMRequest:
    return LLMRequest(model=model, messages=[Message.user("Hi.")], **rest)


def by_key(vendor: Vendor) -> list[str]:
    """Which key each request came with, in order."""
    return [exchange.headers["authorization"].removeprefix("Bearer ") for exchange in vendor.exchanges]


def answers(helpers: Helpers, statuses: dict[str, Any]) -> Callable[[Exchange], Any]:
    """A vendor that answers a key with a status, or with the next of several; others with a good answer."""

    async def reply(exchange: Exchange) -> None:
        key = exchange.headers["authorization"].removeprefix("Bearer ")
        planned = statuses.get(key, statuses.get(exchange.json["model"], 200))
        status = planned.pop(0) if isinstance(planned, list) else planned
        if status == 200:
            await helpers.good_reply(exchange)
        elif status == 0:
            exchange.cut()
        else:
            await exchange.answer(status, {"error": "no"}, **({"retry_after": "30"} if status == 429 else {}))

    return reply


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("failures", [[503, 200], [0, 0, 200]])
async def test_a_passing_failure_is_not_seen_by_the_caller(
    desk: Desk, vendor: Vendor, helpers: Helpers, failures: list[int], streamed: bool
) -> None:
    await desk.add_key("k")
    vendor.reply = answers(helpers, {"k": [*failures]})
    info = CallInfo()
    if streamed:
        answer = await desk.host.calls.stream_llm(desk.caller, ask(stream=True), info=info)
        assert [event async for event in answer]
    else:
        assert (await desk.host.calls.llm(desk.caller, ask(), info=info)).text == "Hello."
    assert info.attempts == len(vendor.exchanges) == len(failures)
    assert [row.outcome for row in await desk.usage()] == ["ok"]


async def test_another_credential_takes_over_at_once_and_the_failed_one_rests(
    desk: Desk, vendor: Vendor, helpers: Helpers
) -> None:
    for key in ("bad", "good"):
        await desk.add_key(key)
    events: list[Event] = []
    desk.host.observers.add(events.append)
    vendor.reply = answers(helpers, {"bad": 401})
    for _ in range(12):
        assert (await desk.host.calls.llm(desk.caller, ask())).text == "Hello."
    assert Counter(by_key(vendor)) in (Counter(bad=1, good=12), Counter(good=12)), "refused once, it is not asked again"
    failed = [event for event in events if isinstance(event, AttemptFailed)]
    assert [(event.error, event.next) for event in failed] in ([("credentials_invalid", "credential")], [])


async def test_credentials_share_the_calls_by_weight(desk: Desk, vendor: Vendor, helpers: Helpers) -> None:
    await desk.add_key("light", weight=1)
    await desk.add_key("heavy", weight=3)
    vendor.reply = helpers.good_reply
    points = iter([n / 40 for n in range(40)])
    desk.host.calls._attempts._selection = Selection(desk.host.calls._attempts._health, lambda: next(points))
    for _ in range(40):
        await desk.host.calls.llm(desk.caller, ask())
    assert Counter(by_key(vendor)) == Counter(light=10, heavy=30)


async def test_a_rate_limited_credential_rests_as_long_as_the_vendor_says(desk: Desk, vendor: Vendor, helpers: Helpers) -> None:
    slow = await desk.add_key("slow")
    await desk.add_key("quick")
    vendor.reply = answers(helpers, {"slow": 429})
    for _ in range(10):
        await desk.host.calls.llm(desk.caller, ask())
    assert by_key(vendor).count("slow") <= 1
    rests = (await desk.host.vendors.health(desk.owner, slow.id)).rests
    if rests:
        assert (rests[0].model, rests[0].code) == ("chat", "rate_limited")
    # another model is another limit
    before = len(vendor.exchanges)
    vendor.reply = helpers.good_reply
    for _ in range(20):
        await desk.host.calls.llm(desk.caller, ask("acme/big"))
    assert "slow" in by_key(vendor)[before:]


async def test_a_vendor_that_asks_for_more_patience_than_is_had_is_not_waited_for(
    desk: Desk, vendor: Vendor, helpers: Helpers
) -> None:
    await desk.add_key("k")
    vendor.reply = answers(helpers, {"k": 429})
    with pytest.raises(RateLimited) as limited:
        await asyncio.wait_for(desk.host.calls.llm(desk.caller, ask()), 20)
    assert limited.value.retry_after == 30
    assert len(vendor.exchanges) == 1
    vendor.reply = helpers.good_reply
    assert (await desk.host.calls.llm(desk.caller, ask())).text == "Hello.", "the only credential is used although it rests"


async def test_the_callers_mistake_is_sent_once(desk: Desk, vendor: Vendor, helpers: Helpers) -> None:
    for key in ("a", "b"):
        await desk.add_key(key)
    await desk.host.tenancy.choices.set_alias(desk.owner, "mine", ["acme/chat", "acme/big"])

    async def refuse(exchange: Exchange) -> None:
        await exchange.answer(200, {"choices": "nonsense"})

    vendor.reply = refuse
    with pytest.raises(JackfieldError):
        await desk.host.calls.llm(desk.caller, ask("acme/strict", sampling=_with(top_k=1)))
    assert vendor.exchanges == []


def _with(**given: Any) -> Any:
    from jackfield.contract import Sampling

    return Sampling(**given)


async def test_an_aliass_fallbacks_take_over_in_order(desk: Desk, vendor: Vendor, helpers: Helpers) -> None:
    await desk.add_key("k")
    await desk.add_key("k", "echo")
    await desk.host.tenancy.choices.set_alias(desk.owner, "mine", ["acme/chat", "acme/big", "echo/chat"])
    events: list[Event] = []
    desk.host.observers.add(events.append)

    async def reply(exchange: Exchange) -> None:
        if len(vendor.exchanges) <= 3:
            await exchange.answer(503, {})
        elif exchange.json["model"] == "big":
            await exchange.answer(404, {})
        else:
            await helpers.good_reply(exchange)

    vendor.reply = reply
    info = CallInfo()
    assert (await desk.host.calls.llm(desk.caller, ask("mine"), info=info)).text == "Hello."
    assert [sent.json["model"] for sent in vendor.exchanges] == ["chat", "chat", "chat", "big", "chat"]
    assert (info.provider, info.model, info.attempts) == ("echo", "chat", 5)
    steps = [event.next for event in events if isinstance(event, AttemptFailed)]
    assert steps == ["retry", "retry", "fallback", "fallback"]
    (row,) = await desk.usage()
    assert (row.provider, row.outcome) == ("echo", "ok")
    # the first model's only credential rests now: it goes behind the others
    await desk.host.calls.llm(desk.caller, ask("mine"))
    assert vendor.exchanges[5].json["model"] == "big"


async def test_when_all_fail_the_error_is_that_of_the_model_asked_for(desk: Desk, vendor: Vendor, helpers: Helpers) -> None:
    await desk.add_key("k")
    await desk.host.tenancy.choices.set_alias(desk.owner, "mine", ["acme/chat", "echo/chat"])
    vendor.reply = answers(helpers, {"k": 503})
    with pytest.raises(ServerUnavailable) as failed:
        await desk.host.calls.llm(desk.caller, ask("mine"))
    assert failed.value.provider == "acme"
    assert [row.error for row in await desk.usage()] == ["server_unavailable"]


async def test_a_credential_that_is_refused_says_so_and_wakes_when_it_is_checked(
    desk: Desk, vendor: Vendor, helpers: Helpers
) -> None:
    info = await desk.add_key("k")
    vendor.reply = answers(helpers, {"k": 401})
    with pytest.raises(CredentialsInvalid):
        await desk.host.calls.llm(desk.caller, ask())
    assert (await desk.host.vendors.health(desk.owner, info.id)).status == "resting"

    async def good(exchange: Exchange) -> None:
        await exchange.answer(200, {})

    vendor.reply = good
    assert (await desk.host.vendors.check(desk.owner, info.id)).status == "valid"
    assert (await desk.host.vendors.health(desk.owner, info.id)).status == "unused"


async def test_a_relayed_call_falls_back_to_what_can_be_relayed(desk: Desk, vendor: Vendor, helpers: Helpers) -> None:
    await desk.add_key("k")
    await desk.add_key("k", "echo")
    await desk.host.tenancy.choices.set_alias(desk.owner, "mine", ["acme/chat", "echo/chat", "acme/big"])
    vendor.reply = answers(helpers, {"chat": 503})
    answer = await desk.host.calls.relay(desk.caller, "openai.chat", {"model": "mine"}, b'{"model":"mine"}')
    assert answer is not None
    assert [sent.json["model"] for sent in vendor.exchanges] == ["chat"] * 3 + ["big"]


async def test_two_hosts_share_rests_through_redis(
    open_host: OpenHost, vendor: Vendor, helpers: Helpers, redis_url: str
) -> None:
    one = await helpers.desk_at(await open_host(redis_url=redis_url))
    other = await open_host(redis_url=redis_url)
    info = await one.add_key("slow")
    await one.add_key("quick")
    vendor.reply = answers(helpers, {"slow": 429})
    while "slow" not in by_key(vendor):
        await one.host.calls.llm(one.caller, ask())
    rests = other.vendors._health
    await helpers.until(lambda: rests.seconds_left(info.id, "chat") > 0)
    before = len(vendor.exchanges)
    for _ in range(10):
        await other.calls.llm(one.caller, ask())
    assert set(by_key(vendor)[before:]) == {"quick"}
    # a replica that starts later hears of it too
    late = await open_host(redis_url=redis_url)
    assert late.vendors._health.seconds_left(info.id, "chat") > 0
    assert (await late.readiness()).ready


async def test_bad_requests_of_a_vendor_are_not_repeated(desk: Desk, vendor: Vendor, helpers: Helpers) -> None:
    await desk.add_key("k")
    request = ask(sampling=_with(temperature=7))
    with pytest.raises(BadRequest):
        await desk.host.calls.llm(desk.caller, LLMRequest(**{**_fields(request), "model": "acme/strict"}))
    assert vendor.exchanges == []


def _fields(request: LLMRequest) -> dict[str, Any]:
    return {name: getattr(request, name) for name in ("messages", "sampling")}
