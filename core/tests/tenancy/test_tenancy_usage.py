"""The usage ledger: nothing that was answered is lost, nothing is counted twice, and budgets hold."""

from __future__ import annotations

import asyncio
import csv
import io
import os
import signal
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jackfield.contract import BadRequest, ModelType, NotFound, QuotaExceeded, Usage
from jackfield.store import DATABASE_ERRORS, now
from jackfield.tenancy import Principal, Tenancy, UsageFilter, UsageRecord, operator
from sqlalchemy import text

VICTIM = """
import asyncio, sys
from pathlib import Path
from jackfield.contract import ModelType, Usage
from jackfield.store import Store
from jackfield.tenancy import Ledger, UsageRecord

async def main(url, journal, workspace):
    store = await Store.open(url)
    ledger = Ledger(store, Path(journal))
    await ledger.start()
    count = 0
    while True:
        ledger.append(UsageRecord(workspace_id=workspace, provider="acme", model="m", model_type=ModelType.LLM,
                                  outcome="ok", usage=Usage(input_tokens=1), milliseconds=1))
        count += 1
        print(count, flush=True)  # the answer that the caller saw
        await asyncio.sleep(0)

asyncio.run(main(*sys.argv[1:]))
"""


def call(workspace_id: str, **members: Any) -> UsageRecord:
    usual: dict[str, Any] = {
        "provider": "acme",
        "model": "large",
        "model_type": ModelType.LLM,
        "outcome": "ok",
        "usage": Usage(input_tokens=10, output_tokens=5),
        "milliseconds": 100,
        "cost": Decimal("0.00125"),
    }
    return UsageRecord(workspace_id=workspace_id, **{**usual, **members})


async def test_a_killed_process_loses_nothing_that_was_answered(
    tenancy: Tenancy, owner: Principal, database_url: str, tmp_path: Path, open_tenancy: Any
) -> None:
    script = tmp_path / "victim.py"
    script.write_text(VICTIM)
    command = [sys.executable, str(script), database_url, str(tmp_path / "journal"), owner.workspace_id]
    victim = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    assert victim.stdout is not None
    seen = 0
    while seen < 3000:
        seen = int(await victim.stdout.readline())
    os.kill(victim.pid, signal.SIGKILL)
    rest = await victim.stdout.read()
    await victim.wait()
    seen = max([seen, *(int(line) for line in rest.split(b"\n")[:-1])])
    heir: Tenancy = await open_tenancy()
    await heir.ledger.flush()
    (total,) = await heir.usage.totals(owner, "model", UsageFilter())
    assert seen <= total.calls <= seen + 1  # the last one may have been written and not yet answered
    assert list((tmp_path / "journal").glob("*.jsonl")) != []


async def test_the_same_file_stored_twice_counts_once(tenancy: Tenancy, owner: Principal) -> None:
    entry = call(owner.workspace_id)
    tenancy.ledger.append(entry)
    tenancy.ledger.append(entry)
    await tenancy.ledger.flush()
    tenancy.ledger.append(entry)
    await tenancy.ledger.flush()
    (total,) = await tenancy.usage.totals(owner, "provider", UsageFilter())
    assert total.calls == 1


async def test_what_the_database_did_not_take_for_a_while_is_all_there_afterwards(tenancy: Tenancy, owner: Principal) -> None:
    async with tenancy.store.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE usage RENAME TO usage_away"))
    for number in range(3):  # three files of the journal wait
        tenancy.ledger.append(call(owner.workspace_id, model=f"m{number}"))
        with pytest.raises(DATABASE_ERRORS):
            await tenancy.ledger.flush()
    async with tenancy.store.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE usage_away RENAME TO usage"))
    await tenancy.ledger.flush()
    assert [one.group for one in await tenancy.usage.totals(owner, "model", UsageFilter())] == ["acme/m0", "acme/m1", "acme/m2"]


@pytest.mark.parametrize("wrong", [{"usage": Usage(input_tokens=2**64 - 1)}, {"cost": Decimal(10) ** 12}])
async def test_a_call_that_the_database_refuses_is_set_aside_and_holds_up_no_other(
    tenancy: Tenancy, owner: Principal, tmp_path: Path, wrong: dict[str, Any]
) -> None:
    for members in ({"model": "before"}, {"model": "absurd", **wrong}, {"model": "after"}):
        tenancy.ledger.append(call(owner.workspace_id, **members))
    await tenancy.ledger.flush()
    assert {row.model for row in await tenancy.usage.calls(owner, UsageFilter())} == {"before", "after"}
    (refused,) = (tmp_path / "journal").glob("*.refused")
    assert '"model":"absurd"' in refused.read_text()


async def test_totals_are_exact_and_by_currency(tenancy: Tenancy, owner: Principal) -> None:
    for _ in range(1000):
        tenancy.ledger.append(call(owner.workspace_id, cost=Decimal("0.0000001")))
    tenancy.ledger.append(call(owner.workspace_id, cost=Decimal(3), currency="CNY"))
    tenancy.ledger.append(call(owner.workspace_id, outcome="error", error="timeout", cost=None, model="small"))
    await tenancy.ledger.flush()
    totals = {(one.group, one.currency): one for one in await tenancy.usage.totals(owner, "model", UsageFilter())}
    assert totals["acme/large", "USD"].cost == Decimal("0.0001")
    assert totals["acme/large", "CNY"].cost == Decimal(3)
    assert totals["acme/small", "USD"].errors == 1
    days = await tenancy.usage.totals(owner, "day", UsageFilter(outcome="ok"))
    (by_day,) = [one for one in days if one.currency == "USD"]
    assert (by_day.group, by_day.calls, by_day.input_tokens) == (now().date().isoformat(), 1000, 10_000)


async def test_filters_and_pages(tenancy: Tenancy, owner: Principal) -> None:
    for number in range(5):
        tenancy.ledger.append(call(owner.workspace_id, model=f"m{number}"))
    await tenancy.ledger.flush()
    first = await tenancy.usage.calls(owner, UsageFilter(), limit=3)
    second = await tenancy.usage.calls(owner, UsageFilter(), limit=3, before=first[-1].id)
    assert len({row.id for row in (*first, *second)}) == 5
    assert [row.model for row in await tenancy.usage.calls(owner, UsageFilter(search="M3"))] == ["m3"]
    assert await tenancy.usage.calls(owner, UsageFilter(search="%")) == []
    assert await tenancy.usage.calls(owner, UsageFilter(until=now().date() - timedelta(days=1))) == []
    with pytest.raises(BadRequest):
        await tenancy.usage.totals(owner, "colour", UsageFilter())  # type: ignore[arg-type]


async def test_csv_is_whole_and_runs_no_formula(tenancy: Tenancy, owner: Principal) -> None:
    tenancy.ledger.append(call(owner.workspace_id, model='=HYPERLINK("x"),\n'))
    await tenancy.ledger.flush()
    text = "".join([piece async for piece in tenancy.usage.csv(owner, UsageFilter())])
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert row["model"] == '\'=HYPERLINK("x"),\n'
    assert row["cost"] == "0.00125"


async def test_another_workspace_sees_nothing(tenancy: Tenancy, owner: Principal) -> None:
    tenancy.ledger.append(call(owner.workspace_id))
    await tenancy.ledger.flush()
    other = operator((await tenancy.workspaces.create("other")).id)
    assert await tenancy.usage.totals(other, "model", UsageFilter()) == []
    assert await tenancy.usage.calls(other, UsageFilter()) == []


async def test_a_budget_refuses_at_its_limit(tenancy: Tenancy, owner: Principal) -> None:
    await tenancy.budgets.set(owner, None, "day", "USD", Decimal("0.002"))
    view = await tenancy.views.get(owner.workspace_id)
    await tenancy.budgets.admit(view, None)
    for _ in range(2):
        tenancy.budgets.settle(view, None, Usage(), Decimal("0.001"), "USD")
    with pytest.raises(QuotaExceeded) as caught:
        await tenancy.budgets.admit(view, None)
    assert "0.002 USD" in caught.value.message
    await tenancy.budgets.set(owner, None, "day", "USD", None)
    await tenancy.budgets.admit(await tenancy.views.get(owner.workspace_id), None)


async def test_a_budget_knows_what_the_ledger_knows(tenancy: Tenancy, owner: Principal) -> None:
    _, key = await tenancy.keys.create(owner, "k")
    tenancy.ledger.append(call(owner.workspace_id, key_id=key.id))
    await tenancy.ledger.flush()
    await tenancy.budgets.set(owner, key.id, "month", "tokens", Decimal(15))
    view = await tenancy.views.get(owner.workspace_id)
    await tenancy.budgets.admit(view, None)
    with pytest.raises(QuotaExceeded):
        await tenancy.budgets.admit(view, key.id)


async def test_budgets_refuse_bad_input(tenancy: Tenancy, owner: Principal) -> None:
    with pytest.raises(BadRequest):
        await tenancy.budgets.set(owner, None, "day", "USD", Decimal(-1))
    with pytest.raises(BadRequest):
        await tenancy.budgets.set(owner, None, "day", "gold", Decimal(1))
    with pytest.raises(NotFound):
        await tenancy.budgets.set(owner, "nothing", "day", "USD", Decimal(1))
