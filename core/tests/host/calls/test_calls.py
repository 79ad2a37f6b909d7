"""The life of a call, typed: what is resolved, who is let in, what is written down."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from jackfield.contract import (
    Blob,
    ConnectionFailed,
    CredentialsMissing,
    EmbeddingRequest,
    JackfieldError,
    LLMRequest,
    Message,
    ModelDescription,
    ModelNotFound,
    ModelType,
    PermissionDenied,
    QuotaExceeded,
    RateLimited,
    Sampling,
    SpeechRequest,
    StreamCollector,
    StreamStart,
    TextDelta,
    TranscriptionRequest,
    UnsupportedParameter,
)
from jackfield.host import CallFinished, CallInfo, CallRefused, Event
from jackfield.tenancy import Principal, Scopes

if TYPE_CHECKING:
    from ..conftest import Exchange, Vendor
    from .conftest import Desk, Helpers, OpenHost


def ask(model: str = "acme/chat", **rest: Any) -> LLMRequest:
    return LLMRequest(model=model, messages=[Message.user("Hi.")], **rest)


async def test_a_whole_call_is_answered_and_written_down_exactly(desk: Desk, vendor: Vendor, helpers: Helpers) -> None:
    credential = await desk.add_key("key-one")
    vendor.reply = helpers.good_reply
    events: list[Event] = []
    desk.host.observers.add(events.append)
    info = CallInfo()
    result = await desk.host.calls.llm(desk.caller, ask(sampling=Sampling(temperature=0.5)), info=info)
    assert result.text == "Hello."
    sent = vendor.exchanges[0]
    assert sent.headers["authorization"] == "Bearer key-one"
    assert (sent.json["model"], sent.json["temperature"]) == ("chat", 0.5)
    assert (info.provider, info.model, info.attempts, info.hosted, info.relayed) == ("acme", "chat", 1, False, False)
    (row,) = await desk.usage()
    assert (row.provider, row.model, row.model_type, row.outcome, row.error) == ("acme", "chat", "llm", "ok", None)
    assert (row.input_tokens, row.output_tokens) == (7, 3)
    assert row.cost == Decimal(7 * 2 + 3 * 10) / 1_000_000
    assert (row.key_id, row.credential_id, row.hosted) == (desk.caller.key_id, credential.id, False)
    (finished,) = events
    assert isinstance(finished, CallFinished)
    assert (finished.outcome, finished.attempts, finished.usage.total_tokens, finished.key) == ("ok", 1, 10, desk.caller.key_id)
    assert finished.request_id == info.request_id
    assert desk.host.running_calls == 0


async def test_a_stream_is_settled_at_its_end(desk: Desk, vendor: Vendor, helpers: Helpers) -> None:
    await desk.add_key()
    vendor.reply = helpers.good_reply
    answer = await desk.host.calls.stream_llm(desk.caller, ask(stream=True))
    assert desk.host.running_calls == 1
    collector = StreamCollector()
    async for event in answer:
        collector.add(event)
    assert collector.result().text == "Hello."
    assert desk.host.running_calls == 0
    (row,) = await desk.usage()
    assert (row.outcome, row.input_tokens, row.output_tokens) == ("ok", 7, 3)
    assert 0 <= row.first_byte_milliseconds <= row.milliseconds


async def test_a_stream_that_breaks_ends_in_an_error_and_is_written_down_as_one(
    desk: Desk, vendor: Vendor, helpers: Helpers
) -> None:
    await desk.add_key()

    async def broken(exchange: Exchange) -> None:
        await exchange.start_stream()
        await exchange.send(helpers.chunk("Hel"))
        exchange.cut()

    vendor.reply = broken
    answer = await desk.host.calls.stream_llm(desk.caller, ask(stream=True))
    assert isinstance(await anext(answer), StreamStart)
    assert await anext(answer) == TextDelta("Hel")
    with pytest.raises(ConnectionFailed):
        await anext(answer)
    assert len(vendor.exchanges) == 1, "nothing is tried again after the first piece"
    (row,) = await desk.usage()
    assert (row.outcome, row.error) == ("error", "connection_failed")


async def test_closing_a_stream_cancels_it_at_the_vendor(desk: Desk, vendor: Vendor, helpers: Helpers) -> None:
    await desk.add_key()

    async def endless(exchange: Exchange) -> None:
        await exchange.start_stream()
        while True:
            await exchange.send(helpers.chunk("x"))
            await asyncio.sleep(0.001)

    vendor.reply = endless
    answer = await desk.host.calls.stream_llm(desk.caller, ask(stream=True))
    await anext(answer)
    await answer.aclose()
    await asyncio.wait_for(vendor.exchanges[0].closed.wait(), 30)
    (row,) = await desk.usage()
    assert row.outcome == "cancelled"
    with pytest.raises(StopAsyncIteration):
        await anext(answer)


@pytest.mark.parametrize("streamed", [False, True])
async def test_cancelling_a_call_cancels_it_at_the_vendor(desk: Desk, vendor: Vendor, helpers: Helpers, streamed: bool) -> None:
    await desk.add_key()
    asked = asyncio.Event()

    async def hangs(exchange: Exchange) -> None:
        if streamed:
            await exchange.start_stream()
            await exchange.send(helpers.chunk("x"))
        asked.set()
        await asyncio.Event().wait()

    vendor.reply = hangs

    async def call() -> None:
        if not streamed:
            await desk.host.calls.llm(desk.caller, ask())
        async for _ in await desk.host.calls.stream_llm(desk.caller, ask(stream=True)):
            pass

    task = asyncio.create_task(call())
    await asyncio.wait_for(asked.wait(), 30)
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(vendor.exchanges[0].closed.wait(), 30)
    (row,) = await desk.usage()
    assert row.outcome == "cancelled"
    assert desk.host.running_calls == 0


async def test_every_type_of_model_is_metered(desk: Desk, vendor: Vendor, helpers: Helpers) -> None:
    await desk.add_key()

    async def reply(exchange: Exchange) -> None:
        if exchange.path == "/speech":
            await exchange.answer(200, b"RIFFsound")
        elif exchange.path == "/count":
            await exchange.answer(200, {"tokens": 12})
        else:
            await exchange.answer(200, {"vectors": [[0.5, 1.0]], "tokens": 4})

    vendor.reply = reply
    calls = desk.host.calls
    embedded = await calls.embedding(desk.caller, EmbeddingRequest(model="acme/embed", inputs=["a"]))
    assert embedded.embeddings == [[0.5, 1.0]]
    heard = await calls.transcription(desk.caller, TranscriptionRequest(model="acme/ears", audio=Blob(data=b"RIFF")))
    assert heard.text == "heard"
    speech = await calls.speech(desk.caller, SpeechRequest(model="acme/voice", text="Hello"))
    assert b"".join([piece async for piece in speech.audio]) == b"RIFFsound"
    assert await calls.count_tokens(desk.caller, ask()) == 12
    rows = await desk.usage()
    assert [(row.model, row.input_tokens, row.audio_seconds, row.characters) for row in rows] == [
        ("embed", 4, 0, 0),
        ("ears", 0, 2.5, 0),
        ("voice", 0, 0, 5),
    ], "counting tokens costs nothing, so it is not written down"


async def test_names_that_mean_nothing_say_what_is_missing(desk: Desk) -> None:
    await desk.add_key()
    choices = desk.host.tenancy.choices
    await choices.switch_model(desk.owner, "acme", "big", ModelType.LLM, on=False)
    await choices.set_alias(desk.owner, "gone", ["acme/nothing", "nobody/x"])
    await choices.set_default(desk.owner, ModelType.TEXT_EMBEDDING, "acme/removed")
    expected = {
        "chat": "Name the provider as well: `acme/chat`",
        "acme/chet": "Did you mean `acme/chat`",
        "acme/embed": "type text_embedding",
        "acme/big": "switched off",
        "nobody/chat": "no provider `nobody`",
        "gone": "alias `gone`",
        "default": "no default model of type llm",
        "fast": "neither",
        "": "neither",
        "acme/": "neither",
    }
    for name, words in expected.items():
        with pytest.raises(ModelNotFound) as missing:
            await desk.host.calls.llm(desk.caller, ask(name))
        assert words in f"{missing.value.message} {missing.value.advice}", name
    with pytest.raises(ModelNotFound, match="`acme/removed`, which cannot be used"):
        await desk.host.calls.embedding(desk.caller, EmbeddingRequest(model="default", inputs=["a"]))
    with pytest.raises(CredentialsMissing, match="echo/chat"):
        await desk.host.calls.llm(desk.caller, ask("echo/chat"))
    assert await desk.usage() == []


async def test_aliases_defaults_added_models_and_free_providers_are_called(
    desk: Desk, vendor: Vendor, helpers: Helpers
) -> None:
    await desk.add_key()
    vendor.reply = helpers.good_reply
    choices = desk.host.tenancy.choices
    await choices.add_model(desk.owner, "acme", ModelDescription(id="org/tuned", type=ModelType.LLM))
    await choices.set_alias(desk.owner, "mine", ["acme/org/tuned"])
    await choices.set_default(desk.owner, ModelType.LLM, "acme/big")
    for name in ("acme/org/tuned", "mine", "default", "free/chat"):
        await desk.host.calls.llm(desk.caller, ask(name))
    assert [sent.json["model"] for sent in vendor.exchanges] == ["org/tuned", "org/tuned", "big", "chat"]
    assert vendor.exchanges[-1].headers["authorization"] == "Bearer none"
    rows = await desk.usage()
    assert [row.credential_id is None for row in rows] == [False, False, False, True]


async def test_keys_are_held_to_their_scopes(desk: Desk, vendor: Vendor, helpers: Helpers) -> None:
    await desk.add_key()
    await desk.add_key("other", "echo")
    vendor.reply = helpers.good_reply
    tenancy = desk.host.tenancy
    await tenancy.choices.set_alias(desk.owner, "mine", ["acme/chat", "echo/chat"])
    scopes = Scopes(model_types=frozenset({ModelType.LLM}), models=("acme/ch*", "acme/embed"))
    token, _ = await tenancy.keys.create(desk.owner, "narrow", scopes=scopes)
    narrow = await tenancy.keys.authenticate(token)
    assert (await desk.host.calls.llm(narrow, ask())).text == "Hello."
    assert (await desk.host.calls.llm(narrow, ask("mine"))).text == "Hello."
    events: list[Event] = []
    desk.host.observers.add(events.append)
    for name in ("acme/big", "echo/chat"):
        with pytest.raises(PermissionDenied, match=name):
            await desk.host.calls.llm(narrow, ask(name))
    with pytest.raises(PermissionDenied, match="text_embedding"):
        await desk.host.calls.embedding(narrow, EmbeddingRequest(model="acme/embed", inputs=["a"]))
    assert [event.error for event in events if isinstance(event, CallRefused)] == ["permission_denied"] * 3
    vendor.reply = _down
    with pytest.raises(JackfieldError):
        await desk.host.calls.llm(narrow, ask("mine"))
    assert {sent.headers["authorization"] for sent in vendor.exchanges} == {"Bearer key-one"}, "no fallback out of scope"


async def test_a_key_for_a_name_of_the_workspaces_own_may_use_what_stands_behind_it(
    desk: Desk, vendor: Vendor, helpers: Helpers
) -> None:
    await desk.add_key()
    vendor.reply = helpers.good_reply
    tenancy, calls = desk.host.tenancy, desk.host.calls
    await tenancy.choices.set_alias(desk.owner, "mine", ["acme/chat"])

    async def key(pattern: str) -> Principal:
        token, _ = await tenancy.keys.create(desk.owner, pattern, scopes=Scopes(models=(pattern,)))
        return await tenancy.keys.authenticate(token)

    by_default, by_alias, by_other = await key("default"), await key("mine"), await key("acme/big")
    for default in ("acme/chat", "mine"):
        await tenancy.choices.set_default(desk.owner, ModelType.LLM, default)
        await calls.llm(by_default, ask("default"))
        with pytest.raises(PermissionDenied):
            await calls.llm(by_other, ask("default"))
        with pytest.raises(PermissionDenied):
            await calls.llm(by_default, ask("acme/chat"))
    await calls.llm(by_alias, ask("default"))  # which is `mine`
    await tenancy.choices.set_default(desk.owner, ModelType.LLM, "acme/chat")
    with pytest.raises(PermissionDenied):
        await calls.llm(by_alias, ask("default"))


async def _down(exchange: Exchange) -> None:
    await exchange.answer(503, {"error": "down"})


async def test_parameters_are_checked_against_the_models_rules(desk: Desk, vendor: Vendor, helpers: Helpers) -> None:
    await desk.add_key()
    vendor.reply = helpers.good_reply
    calls = desk.host.calls
    both = Sampling(temperature=0.5, top_k=3)
    with pytest.raises(UnsupportedParameter) as refused:
        await calls.llm(desk.caller, ask("acme/strict", sampling=both))
    assert refused.value.param == "top_k"
    with pytest.raises(JackfieldError, match="at most 1"):
        await calls.llm(desk.caller, ask("acme/strict", sampling=Sampling(temperature=3), drop_unsupported=True))
    assert vendor.exchanges == []
    await calls.llm(desk.caller, ask("acme/strict", sampling=both, drop_unsupported=True))
    assert vendor.exchanges[0].json["temperature"] == 0.5
    assert "top_k" not in vendor.exchanges[0].json
    assert both.top_k == 3, "the caller's request is not changed"


async def test_rates_and_budgets_refuse_before_the_vendor_is_called(
    open_host: OpenHost, vendor: Vendor, helpers: Helpers
) -> None:
    desk = await helpers.desk_at(await open_host(limits={"workspace_requests_per_minute": 4}))
    await desk.add_key()
    vendor.reply = helpers.good_reply
    tenancy, calls = desk.host.tenancy, desk.host.calls
    token, _ = await tenancy.keys.create(desk.owner, "slow", requests_per_minute=2)
    slow = await tenancy.keys.authenticate(token)
    for _ in range(2):
        await calls.llm(slow, ask())
    with pytest.raises(RateLimited, match="This key") as limited:
        await calls.llm(slow, ask())
    assert limited.value.fault == "caller"
    assert 59 < (limited.value.retry_after or 0) <= 60
    for _ in range(2):
        await calls.llm(desk.caller, ask())
    with pytest.raises(RateLimited, match="This workspace"):
        await calls.llm(desk.caller, ask())
    assert len(vendor.exchanges) == 4


async def test_a_spent_budget_refuses(desk: Desk, vendor: Vendor, helpers: Helpers) -> None:
    await desk.add_key()
    vendor.reply = helpers.good_reply
    await desk.host.tenancy.budgets.set(desk.owner, None, "month", "tokens", Decimal(20))
    for _ in range(2):
        await desk.host.calls.llm(desk.caller, ask())
    with pytest.raises(QuotaExceeded, match="budget"):
        await desk.host.calls.llm(desk.caller, ask())
    assert len(vendor.exchanges) == 2


async def test_the_deadline_covers_all_attempts(open_host: OpenHost, vendor: Vendor, helpers: Helpers) -> None:
    desk = await helpers.desk_at(await open_host(calls={"timeout": 1, "attempts": 20}))
    await desk.add_key()

    async def silent(exchange: Exchange) -> None:
        await asyncio.Event().wait()

    vendor.reply = silent
    with pytest.raises(JackfieldError) as late:
        await desk.host.calls.llm(desk.caller, ask())
    assert late.value.code == "timeout"
    assert len(vendor.exchanges) == 1
