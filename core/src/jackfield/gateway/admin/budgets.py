"""Budgets of the workspace and of its keys."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from jackfield.tenancy.budgets import Period

from .callers import Admin, OnHost
from .values import Amount, Body, Id, Items

router = APIRouter(prefix="/workspaces/{workspace}", tags=["budgets"])
Unit = Annotated[str, Path(pattern=r"^(tokens|[A-Z]{3})$", description="`tokens`, or a currency as USD")]


class Budget(BaseModel):
    """At `amount`, calls are refused until the period ends."""

    key: str | None = Field(description="the id of the key that it is for; null: the workspace's")
    period: Period
    unit: str
    amount: Decimal
    spent: Decimal = Field(description="in the present period; other replicas' last seconds may be missing")


class BudgetBody(Body):
    """In the budget's unit, exact: a text such as `12.50` will do."""

    amount: Amount


@router.get("/budgets")
async def list_budgets(host: OnHost, caller: Admin) -> Items[Budget]:
    """All budgets, with what was spent."""
    return Items(
        data=[
            Budget(key=one.key_id, period=one.period, unit=one.unit, amount=one.amount, spent=one.spent)
            for one in await host.tenancy.budgets.list(caller)
        ]
    )


@router.put("/budgets/{period}/{unit}", status_code=204)
async def set_budget(host: OnHost, caller: Admin, period: Period, unit: Unit, body: BudgetBody) -> None:
    """Set the workspace's budget of a period and unit."""
    await host.tenancy.budgets.set(caller, None, period, unit, body.amount)


@router.delete("/budgets/{period}/{unit}", status_code=204)
async def remove_budget(host: OnHost, caller: Admin, period: Period, unit: Unit) -> None:
    """Remove it."""
    await host.tenancy.budgets.set(caller, None, period, unit, None)


@router.put("/keys/{key}/budgets/{period}/{unit}", status_code=204)
async def set_key_budget(*, host: OnHost, caller: Admin, key: Id, period: Period, unit: Unit, body: BudgetBody) -> None:
    """Set a key's budget of a period and unit."""
    await host.tenancy.budgets.set(caller, key, period, unit, body.amount)


@router.delete("/keys/{key}/budgets/{period}/{unit}", status_code=204)
async def remove_key_budget(host: OnHost, caller: Admin, key: Id, period: Period, unit: Unit) -> None:
    """Remove it."""
    await host.tenancy.budgets.set(caller, key, period, unit, None)
