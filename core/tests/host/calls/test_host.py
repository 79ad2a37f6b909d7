"""A host opened, asked whether it is ready, and closed while calls run."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jackfield.contract import HostFault, JackfieldError, LLMRequest, Message, hookimpl
from jackfield.host import CallFinished, Event, Host, Settings
from jackfield.kernel import Kernel

if TYPE_CHECKING:
    from ..conftest import Exchange, Vendor
    from .conftest import Desk, Helpers, OpenHost


def ask(**rest: Any) -> LLMRequest:
    return LLMRequest(model="acme/chat", messages=[Message.user("Hi.")], **rest)


async def test_the_first_start_makes_everything_and_the_second_keeps_it(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "new" / "data")
    async with await Host.open(settings, kernel=Kernel.of([])) as host:
        assert host.first_run is not None
        caller = await host.tenancy.keys.authenticate(host.first_run.api_key)
        assert caller.workspace_id == host.first_run.workspace.id
        assert (await host.readiness()).ready
    key_file = settings.data_dir / "master.key"
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(settings.data_dir.stat().st_mode) == 0o700
    before = key_file.read_bytes()
    async with await Host.open(settings, kernel=Kernel.of([])) as host:
        assert host.first_run is None
    assert key_file.read_bytes() == before
    key_file.unlink()
    with pytest.raises(JackfieldError, match="master key"):
        await Host.open(settings, kernel=Kernel.of([]))


async def test_readiness_names_what_is_wrong(open_host: OpenHost) -> None:
    class Broken:
        @hookimpl
        def jackfield_providers(self) -> list[Any]:
            raise ValueError("no")

    host = await open_host((("broken", Broken()),))
    readiness = await host.readiness()
    assert readiness.ready, "a broken plugin is no reason not to serve the others"
    states = {check.name: check.ok for check in readiness.checks}
    assert states == {"database": True, "vault": True, "plugins": False}
    await host.tenancy.store.close()

    async def fail() -> None:
        raise HostFault("The database does not answer.", status=503)

    object.__setattr__(host.tenancy.store, "ping", fail)
    assert not (await host.readiness()).ready


async def test_closing_waits_for_running_streams_and_lets_nobody_in(
    open_host: OpenHost, vendor: Vendor, helpers: Helpers
) -> None:
    desk = await helpers.desk_at(await open_host(server={"grace_period": 10}))
    await desk.add_key()
    go_on = asyncio.Event()

    async def slow(exchange: Exchange) -> None:
        await exchange.start_stream()
        await exchange.send(helpers.chunk("Hel"))
        await go_on.wait()
        await exchange.send(
            helpers.chunk("lo.") + helpers.chunk(finish="stop") + helpers.chunk(usage=helpers.used) + helpers.done
        )
        await exchange.end_stream()

    vendor.reply = slow
    events: list[Event] = []
    desk.host.observers.add(events.append)
    answer = await desk.host.calls.stream_llm(desk.caller, ask(stream=True))
    closing = asyncio.create_task(desk.host.close())
    await asyncio.sleep(0)
    with pytest.raises(HostFault) as stopping:
        await desk.host.calls.llm(desk.caller, ask())
    assert stopping.value.status == 503
    assert not closing.done()
    go_on.set()
    assert len([event async for event in answer]) > 2
    await asyncio.wait_for(closing, 30)
    assert [event.outcome for event in events if isinstance(event, CallFinished)] == ["ok"]


async def test_what_does_not_end_in_the_grace_period_is_cut_off(desk: Desk, vendor: Vendor, helpers: Helpers) -> None:
    await desk.add_key()

    async def endless(exchange: Exchange) -> None:
        await exchange.start_stream()
        await exchange.send(helpers.chunk("Hel"))
        await asyncio.Event().wait()

    vendor.reply = endless
    answer = await desk.host.calls.stream_llm(desk.caller, ask(stream=True))
    await anext(answer)
    reading = asyncio.create_task(_read(answer))
    whole = asyncio.create_task(desk.host.calls.llm(desk.caller, ask()))
    await helpers.until(lambda: len(vendor.exchanges) > 1)
    await asyncio.wait_for(desk.host.close(), 30)
    for task in (reading, whole):
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 30)
    for exchange in vendor.exchanges:
        await asyncio.wait_for(exchange.closed.wait(), 30)


async def _read(answer: Any) -> None:
    async for _ in answer:
        pass


async def test_an_observer_that_raises_harms_no_call(
    desk: Desk, vendor: Vendor, helpers: Helpers, caplog: pytest.LogCaptureFixture
) -> None:
    await desk.add_key()
    vendor.reply = helpers.good_reply

    def broken(event: Event) -> None:
        raise RuntimeError("observer")

    seen: list[Event] = []
    desk.host.observers.add(broken)
    desk.host.observers.add(seen.append)
    assert (await desk.host.calls.llm(desk.caller, ask())).text == "Hello."
    assert len(seen) == 1
    assert "an observer of calls failed" in caplog.text


async def test_a_full_disk_costs_no_answer(
    desk: Desk, vendor: Vendor, helpers: Helpers, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.add_key()
    vendor.reply = helpers.good_reply

    def full(entry: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(desk.host.tenancy.ledger, "append", full)
    assert (await desk.host.calls.llm(desk.caller, ask())).text == "Hello."
    assert "could not be written down" in caplog.text
    assert desk.host.running_calls == 0


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HostFault, match="data folder"):
        await Host.open(Settings(data_dir=tmp_path / "file" / "data"), kernel=Kernel.of([]))
