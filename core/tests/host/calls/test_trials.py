"""The operator's trials: lent, counted, spent, and taken over by a key of one's own."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from jackfield.contract import CredentialsMissing, HostFault, LLMRequest, Message, QuotaExceeded, ServerUnavailable
from jackfield.host import CallInfo
from jackfield.tenancy import Preference

if TYPE_CHECKING:
    from ..conftest import Exchange, Vendor
    from .conftest import Desk, Helpers, OpenHost

TRIAL: dict[str, Any] = {"provider": "acme", "models": ["chat"], "quota": 3, "credentials": {"api_key": "lent"}}


def ask(model: str = "acme/chat", **rest: Any) -> LLMRequest:
    return LLMRequest(model=model, messages=[Message.user("Hi.")], **rest)


async def used(desk: Desk) -> int:
    await desk.host._settlement.close()
    (state,) = await desk.host.tenancy.trials.states(desk.caller.workspace_id)
    return state.used


async def lent(open_host: OpenHost, helpers: Helpers, **changes: Any) -> Desk:
    return await helpers.desk_at(await open_host(trials=[TRIAL | changes]))


async def test_exactly_the_quota_passes_and_the_error_says_how_to_go_on(
    open_host: OpenHost, vendor: Vendor, helpers: Helpers
) -> None:
    desk = await lent(open_host, helpers)
    vendor.reply = helpers.good_reply

    async def call() -> bool:
        try:
            await desk.host.calls.llm(desk.caller, ask())
        except QuotaExceeded as spent:
            assert "API key of your own" in spent.advice
            return False
        return True

    assert sorted(await asyncio.gather(*(call() for _ in range(10)))) == [False] * 7 + [True] * 3
    assert {exchange.headers["authorization"] for exchange in vendor.exchanges} == {"Bearer lent"}
    assert [(row.hosted, row.credential_id) for row in await desk.usage()] == [(True, "acme")] * 3
    with pytest.raises(CredentialsMissing):
        await desk.host.calls.llm(desk.caller, ask("acme/big"))


async def test_an_own_key_takes_over_when_the_trial_is_spent(open_host: OpenHost, vendor: Vendor, helpers: Helpers) -> None:
    desk = await lent(open_host, helpers)
    await desk.add_key("mine")
    vendor.reply = helpers.good_reply
    set_preference = desk.host.tenancy.choices.set_preference
    await desk.host.calls.llm(desk.caller, ask())
    assert vendor.exchanges[0].headers["authorization"] == "Bearer mine", "own keys go first unless said otherwise"
    await set_preference(desk.owner, "acme", Preference(hosted_first=True))
    infos = [CallInfo() for _ in range(5)]
    for info in infos:
        await desk.host.calls.llm(desk.caller, ask(), info=info)
    assert [info.hosted for info in infos] == [True, True, True, False, False]
    await set_preference(desk.owner, "acme", Preference(hosted_first=True, take_over=False))
    with pytest.raises(QuotaExceeded):
        await desk.host.calls.llm(desk.caller, ask())


async def test_the_next_trial_that_lends_a_model_is_used_when_the_one_before_it_is_spent(
    open_host: OpenHost, vendor: Vendor, helpers: Helpers, database_url: str
) -> None:
    more = {"id": "more", "models": ["*"], "quota": 2, "credentials": {"api_key": "lent-more"}}
    over = {"id": "over", "ends_on": "2020-01-01", "credentials": {"api_key": "lent-once"}}
    desk = await helpers.desk_at(
        await open_host(trials=[TRIAL | over, TRIAL | {"quota": 1}, TRIAL | more], database_url=database_url)
    )
    vendor.reply = helpers.good_reply
    for _ in range(3):
        await desk.host.calls.llm(desk.caller, ask())
    sent = [exchange.headers["authorization"] for exchange in vendor.exchanges]
    assert sent == ["Bearer lent", "Bearer lent-more", "Bearer lent-more"]
    assert [(row.hosted, row.credential_id) for row in await desk.usage()] == [(True, "acme"), (True, "more"), (True, "more")]
    with pytest.raises(QuotaExceeded, match="The 2 hosted trials that lend `acme/chat` are spent") as spent:
        await desk.host.calls.llm(desk.caller, ask())
    assert "API key of your own" in spent.value.advice
    with pytest.raises(QuotaExceeded, match="of 2 calls is spent"):  # the one that lends it
        await desk.host.calls.llm(desk.caller, ask("acme/big"))
    await desk.add_key("mine")
    await desk.host.calls.llm(desk.caller, ask())
    assert vendor.exchanges[-1].headers["authorization"] == "Bearer mine"


async def test_a_failed_call_is_given_back_and_a_begun_one_is_not(
    open_host: OpenHost, vendor: Vendor, helpers: Helpers
) -> None:
    desk = await lent(open_host, helpers, quota=10)

    async def down(exchange: Exchange) -> None:
        await exchange.answer(503, {})

    vendor.reply = down
    with pytest.raises(ServerUnavailable):
        await desk.host.calls.llm(desk.caller, ask())
    assert len(vendor.exchanges) == 3
    assert await used(desk) == 0

    async def cut(exchange: Exchange) -> None:
        await exchange.start_stream()
        await exchange.send(helpers.chunk("Hel"))
        exchange.cut()

    vendor.reply = cut
    answer = await desk.host.calls.stream_llm(desk.caller, ask(stream=True))
    with pytest.raises(Exception, match="broke"):
        [_ async for _ in answer]
    assert await used(desk) == 1

    async def silent(exchange: Exchange) -> None:
        await asyncio.Event().wait()

    vendor.reply = silent
    begun = len(vendor.exchanges)
    call = asyncio.create_task(desk.host.calls.llm(desk.caller, ask()))
    await helpers.until(lambda: len(vendor.exchanges) > begun)
    call.cancel()
    await asyncio.wait([call])
    assert await used(desk) == 2, "what the caller gave up the vendor has worked on all the same"


async def test_a_quota_in_tokens_is_charged_with_what_was_used(open_host: OpenHost, vendor: Vendor, helpers: Helpers) -> None:
    desk = await lent(open_host, helpers, quota=25, unit="tokens")
    vendor.reply = helpers.good_reply
    raw = b'{"model":"acme/chat"}'
    for _ in range(3):
        assert await desk.host.calls.relay(desk.caller, "openai.chat", {"model": "acme/chat"}, raw) is not None
        await desk.host._settlement.close()
    assert await used(desk) == 30
    with pytest.raises(QuotaExceeded):
        await desk.host.calls.llm(desk.caller, ask())


async def test_a_call_whose_tokens_are_not_told_is_not_for_nothing(
    open_host: OpenHost, vendor: Vendor, helpers: Helpers
) -> None:
    desk = await lent(open_host, helpers, quota=25, unit="tokens")

    async def reply(exchange: Exchange) -> None:
        await exchange.answer(200, {"id": "x", "choices": []})

    vendor.reply = reply
    raw = b'{"model":"acme/chat"}'
    assert await desk.host.calls.relay(desk.caller, "openai.chat", {"model": "acme/chat"}, raw) is not None
    assert await used(desk) == 1


async def test_counting_tokens_takes_nothing(open_host: OpenHost, vendor: Vendor, helpers: Helpers) -> None:
    desk = await lent(open_host, helpers)

    async def reply(exchange: Exchange) -> None:
        await exchange.answer(200, {"tokens": 4})

    vendor.reply = reply
    assert await desk.host.calls.count_tokens(desk.caller, ask()) == 4
    assert await used(desk) == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"provider": "nobody"}, "no provider `nobody`"),
        ({"credentials": {}}, "api_key is required"),
        ({"credentials": {"api_kee": "CANARY"}}, "api_kee"),
    ],
)
async def test_a_wrong_trial_stops_the_start(open_host: OpenHost, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(HostFault) as fault:
        await open_host(trials=[TRIAL | changes])
    assert words in fault.value.message
    assert "CANARY" not in fault.value.message
    with pytest.raises(HostFault, match="name `acme` of another"):
        await open_host(trials=[TRIAL, TRIAL])
