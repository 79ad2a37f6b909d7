"""`jackfield budgets`."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

import typer

from jackfield.tenancy import BudgetState, KeyInfo

from .hosted import open_host
from .keys import find_key, read_amount
from .output import AsJson, errors, print_json, print_table
from .state import State

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="What the workspace and its keys may spend; calls are refused at the limit.",
)


class Period(StrEnum):
    """How long it is counted."""

    DAY = "day"
    MONTH = "month"
    TOTAL = "total"


Unit = Annotated[str, typer.Option(help="`tokens`, or a currency.")]
Per = Annotated[Period, typer.Option("--per", help="The time in which it is spent.")]
OfKey = Annotated[str | None, typer.Option("--key", help="Of this key, by id or name; else the workspace's.")]


@app.command("list")
def list_budgets(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the budgets, with what was spent of each."""

    async def run() -> tuple[list[BudgetState], dict[str, KeyInfo]]:
        async with open_host(ctx.ensure_object(State)) as on:
            keys = {key.id: key for key in await on.host.tenancy.keys.list(on.caller)}
            return await on.host.tenancy.budgets.list(on.caller), keys

    found, keys = asyncio.run(run())
    if as_json:
        print_json([describe(one) for one in found])
        return
    print_table(
        ("OF", "PER", "SPENT", "OF AT MOST", "UNIT"),
        [
            (keys[one.key_id].name if one.key_id else "workspace", one.period, f"{one.spent:f}", f"{one.amount:f}", one.unit)
            for one in found
        ],
    )


@app.command("set")
def set_budget(
    ctx: typer.Context,
    amount: Annotated[str, typer.Argument(help="A number, as 20 or 0.50.")],
    unit: Unit = "USD",
    period: Per = Period.MONTH,
    key: OfKey = None,
) -> None:
    """Set the budget of the workspace or of a key, for a time and a unit."""
    _change(ctx, key, period, unit, read_amount(amount))
    errors().print(f"The budget is {amount} {unit} ({period}).", markup=False)


@app.command("remove")
def remove_budget(ctx: typer.Context, unit: Unit = "USD", period: Per = Period.MONTH, key: OfKey = None) -> None:
    """Remove a budget."""
    _change(ctx, key, period, unit, None)
    errors().print("The budget is removed.")


def describe(budget: BudgetState) -> dict[str, Any]:
    """The budget as JSON; amounts are texts, as they are exact."""
    return {
        "key": budget.key_id,
        "period": budget.period,
        "unit": budget.unit,
        "amount": f"{budget.amount:f}",
        "spent": f"{budget.spent:f}",
    }


def _change(ctx: typer.Context, key: str | None, period: Period, unit: str, amount: Decimal | None) -> None:
    async def run() -> None:
        async with open_host(ctx.ensure_object(State)) as on:
            key_id = find_key(key, await on.host.tenancy.keys.list(on.caller)).id if key else None
            await on.host.tenancy.budgets.set(on.caller, key_id, period.value, unit, amount)

    asyncio.run(run())
