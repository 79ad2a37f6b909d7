"""A credential that was corrected elsewhere, by another replica or by the command line, rests no longer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from jackfield.contract import LLMRequest, Message
from jackfield.tenancy import CredentialChange

if TYPE_CHECKING:
    from ..conftest import Exchange, Vendor
    from .conftest import Desk, Helpers, OpenHost


def ask() -> LLMRequest:
    return LLMRequest(model="acme/chat", messages=[Message.user("Hi.")])


async def resting(desk: Desk, credential: str) -> bool:
    return (await desk.host.vendors.health(desk.owner, credential)).status == "resting"


@pytest.mark.parametrize("correct", ["change", "check", "disable"])
async def test_a_correction_ends_the_rest_at_every_replica(
    open_host: OpenHost, vendor: Vendor, helpers: Helpers, correct: str
) -> None:
    here, there = await helpers.desk_at(await open_host()), await helpers.desk_at(await open_host())
    wrong = await here.add_key("wrong", name="a", weight=1000)
    await here.add_key("right", name="b")
    paid = False

    async def reply(exchange: Exchange) -> None:
        if exchange.headers["authorization"] == "Bearer wrong" and not paid:
            await exchange.answer(401, {})
        elif exchange.path == "/validate":
            await exchange.answer(200, {})
        else:
            await helpers.good_reply(exchange)

    vendor.reply = reply
    await there.host.tenancy.watch.poll()
    while not await resting(there, wrong.id):  # the first to be asked in a thousand of a thousand and one calls
        await there.host.calls.llm(there.caller, ask())
    await here.host.tenancy.choices.set_alias(here.owner, "other", ["acme/chat"])
    await there.host.tenancy.watch.poll()
    assert await resting(there, wrong.id), "what else changes ends no rest"

    paid = True
    if correct == "change":
        await here.host.vendors.change(here.owner, wrong.id, CredentialChange(values={"api_key": "renewed"}))
    elif correct == "check":
        await here.host.vendors.check(here.owner, wrong.id)
    else:
        for enabled in (False, True):
            await here.host.vendors.change(here.owner, wrong.id, CredentialChange(enabled=enabled))
    await there.host.tenancy.watch.poll()
    assert not await resting(there, wrong.id)
    known = len(vendor.exchanges)
    for _ in range(5):
        await there.host.calls.llm(there.caller, ask())
    sent = "Bearer renewed" if correct == "change" else "Bearer wrong"
    assert sent in [exchange.headers["authorization"] for exchange in vendor.exchanges[known:]]
