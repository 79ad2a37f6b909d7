"""Budgets: what a workspace or a key may spend in a day, a month, or in all; calls are refused at the limit.

What was spent is asked of the ledger every few seconds, and what this process has settled since is added. A budget can so be
passed by the calls that run at the moment, and by what other replicas settled in the last `MAX_AGE` seconds and a flush of the
ledger.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal, get_args

from sqlalchemy import Select, func, select

from jackfield.contract import BadRequest, NotFound, QuotaExceeded, Usage
from jackfield.store import Store, now
from jackfield.store.tables import ApiKey, Budget, UsageRow

from .audit import record
from .principal import Principal, Role
from .revisions import RevisionWatch, raise_revision
from .views import BudgetRecord, WorkspaceView

Period = Literal["day", "month", "total"]
MAX_AGE = 5.0
MOST = Decimal(10) ** 15


@dataclass(frozen=True, slots=True)
class BudgetState:
    """A budget, and what was spent of it in the present period.

    :param key_id: of a key's budget; None: the workspace's
    """

    key_id: str | None
    period: Period
    unit: str
    amount: Decimal
    spent: Decimal


@dataclass(slots=True)
class _Spent:
    """What one budget has seen: as the ledger knew it at `read_at`, and what was settled here since then and shortly before."""

    begins: date | None
    amount: Decimal
    read_at: float
    since: list[tuple[float, Decimal]] = field(default_factory=list)

    @property
    def total(self) -> Decimal:
        return self.amount + sum((amount for _, amount in self.since), Decimal(0))


class Budgets:
    """The service."""

    def __init__(self, store: Store, watch: RevisionWatch) -> None:
        self._store = store
        self._watch = watch
        self._spent: dict[str, _Spent] = {}

    def applying(self, view: WorkspaceView, key_id: str | None) -> list[BudgetRecord]:
        """The budgets that a call counts against."""
        return [budget for budget in view.budgets if budget.key_id is None or budget.key_id == key_id]

    async def admit(self, view: WorkspaceView, key_id: str | None) -> None:
        """:raises QuotaExceeded: if one of the budgets is spent, naming it"""
        for budget in self.applying(view, key_id):
            spent = await self._read(view.workspace_id, budget)
            if spent.total >= budget.amount:
                whose = "key" if budget.key_id else "workspace"
                period = {"day": "daily", "month": "monthly", "total": "total"}[budget.period]
                raise QuotaExceeded(
                    f"The {period} budget of this {whose} ({budget.amount.normalize():f} {budget.unit}) is spent.",
                    advice="Raise the budget under Settings > API keys, or wait for the next period.",
                )

    def settle(self, view: WorkspaceView, key_id: str | None, usage: Usage, cost: Decimal | None, currency: str) -> None:
        """Count a finished call."""
        for budget in self.applying(view, key_id):
            spent = self._spent.get(budget.id)
            amount = _counted(budget, usage, cost, currency)
            if spent is not None and amount:
                spent.since.append((time.monotonic(), amount))

    async def list(self, caller: Principal) -> list[BudgetState]:
        """The workspace's budgets and those of its keys, with what was spent."""
        caller.require(Role.ADMIN)
        query = select(Budget).where(Budget.workspace_id == caller.workspace_id).order_by(Budget.id)
        async with self._store.read() as session:
            rows = [BudgetRecord(row.id, row.key_id, row.period, row.unit, row.amount) for row in await session.scalars(query)]
        return [
            BudgetState(
                row.key_id, _period(row.period), row.unit, row.amount, (await self._read(caller.workspace_id, row)).total
            )
            for row in rows
        ]

    async def set(self, caller: Principal, key_id: str | None, period: Period, unit: str, amount: Decimal | None) -> None:
        """Set, change or (with None) remove the budget of a key or of the workspace for a period and unit.

        :param unit: a currency as `USD`, or `tokens`
        :raises BadRequest: for an amount below zero or above 10^15, or an unknown unit
        :raises NotFound: if the workspace has no such key, or no such budget to remove
        """
        caller.require(Role.ADMIN)
        if amount is not None and not 0 <= amount <= MOST:
            raise BadRequest("`amount` must be from 0 to 10^15.", param="amount")
        if unit != "tokens" and not (len(unit) == 3 and unit.isascii() and unit.isupper()):
            raise BadRequest("`unit` must be `tokens` or a currency such as USD.", param="unit")
        query = select(Budget).where(Budget.workspace_id == caller.workspace_id, Budget.period == period, Budget.unit == unit)
        query = query.where(Budget.key_id == key_id if key_id else Budget.key_id.is_(None))
        async with self._store.write() as session:
            await raise_revision(session, caller.workspace_id)  # first: whoever sets the same budget now waits here
            if key_id is not None:
                key = await session.get(ApiKey, key_id)
                if key is None or key.workspace_id != caller.workspace_id:
                    raise NotFound("There is no such key.")
            row = (await session.scalars(query)).one_or_none()
            if amount is None:
                if row is None:
                    raise NotFound("There is no such budget.")
                await session.delete(row)
            elif row is not None:
                row.amount = amount
            else:
                session.add(Budget(workspace_id=caller.workspace_id, key_id=key_id, period=period, unit=unit, amount=amount))
            details: dict[str, str | None] = {"key": key_id, "period": period, "unit": unit}
            if amount is None:
                record(session, caller, "budget.remove", key_id or "workspace", details)
            else:
                record(session, caller, "budget.set", key_id or "workspace", details | {"amount": f"{amount:f}"})
        self._watch.tell(caller.workspace_id)

    async def _read(self, workspace_id: str, budget: BudgetRecord) -> _Spent:
        begins, read_at = _begin(budget.period), time.monotonic()
        known = self._spent.get(budget.id)
        if known is not None and known.begins == begins:
            if read_at - known.read_at < MAX_AGE:
                return known
            known.read_at = read_at  # whoever comes while the ledger is asked goes by what is known, and does not ask too
        try:
            async with self._store.read() as session:
                amount = Decimal((await session.execute(_sum(workspace_id, budget, begins))).scalar_one() or 0)
        except BaseException:
            if known is not None:
                known.read_at = -MAX_AGE  # to be asked for again
            raise
        # What was settled in the last seconds may not be flushed yet: better counted twice for a moment than not at all.
        latest = self._spent.get(budget.id)
        since = latest.since if latest is not None and latest.begins == begins else []
        spent = _Spent(begins, amount, read_at, [entry for entry in since if entry[0] > read_at - 2.0])
        self._spent[budget.id] = spent
        return spent


def _sum(workspace_id: str, budget: BudgetRecord, begins: date | None) -> Select[Any]:
    """What the ledger knows to be spent."""
    column = UsageRow.input_tokens + UsageRow.output_tokens if budget.unit == "tokens" else UsageRow.cost
    query = select(func.coalesce(func.sum(column), 0)).where(UsageRow.workspace_id == workspace_id)
    if budget.unit != "tokens":
        query = query.where(UsageRow.currency == budget.unit)
    if budget.key_id is not None:
        query = query.where(UsageRow.key_id == budget.key_id)
    return query.where(UsageRow.day >= begins) if begins is not None else query


def _period(text: str) -> Period:
    for period in get_args(Period):
        if period == text:
            found: Period = period
            return found
    raise ValueError(text)


def _begin(period: str) -> date | None:
    today = now().date()
    return {"day": today, "month": today.replace(day=1), "total": None}[period]


def _counted(budget: BudgetRecord, usage: Usage, cost: Decimal | None, currency: str) -> Decimal:
    if budget.unit == "tokens":
        return Decimal(usage.total_tokens)
    return cost if cost is not None and currency == budget.unit else Decimal(0)
