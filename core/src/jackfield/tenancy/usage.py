"""Questions to the usage ledger: totals by day, model, key or provider, the single calls, and both as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import InstrumentedAttribute

from jackfield.contract import BadRequest
from jackfield.store import Store
from jackfield.store.tables import UsageRow

from .principal import Principal

Grouping = Literal["day", "model", "key", "provider", "type"]
_COLUMNS: dict[str, tuple[InstrumentedAttribute[Any], ...]] = {
    "day": (UsageRow.day,),
    "model": (UsageRow.provider, UsageRow.model),
    "key": (UsageRow.key_id,),
    "provider": (UsageRow.provider,),
    "type": (UsageRow.model_type,),
}
CALL_COLUMNS = (
    "id", "at", "key_id", "person_id", "provider", "model", "model_type", "outcome", "error", "hosted", "credential_id",
    "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "audio_seconds",
    "characters", "search_units", "cost", "currency", "milliseconds", "first_byte_milliseconds",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Total:
    """Sums of one group in one currency. `group` is the day, the key's id, …, or `provider/model`."""

    group: str
    currency: str
    calls: int
    errors: int
    input_tokens: int
    output_tokens: int
    cost: Decimal
    milliseconds: int
    first_byte_milliseconds: int | None


@dataclass(slots=True, kw_only=True)
class UsageFilter:
    """Which calls count. Days are in UTC, both included; `search` is looked for in provider and model."""

    since: date | None = None
    until: date | None = None
    key_id: str | None = None
    provider: str | None = None
    model: str | None = None
    outcome: str | None = None
    search: str | None = None


class UsageReader:
    """Reads what the ledger flushed: up to about a second old."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def totals(self, caller: Principal, grouping: Grouping, wanted: UsageFilter) -> list[Total]:
        """One row for each group and currency, in the order of the groups.

        :raises BadRequest: for an unknown grouping
        """
        if grouping not in _COLUMNS:
            raise BadRequest(f"`group_by` must be one of: {', '.join(_COLUMNS)}.", param="group_by")
        columns = _COLUMNS[grouping]
        query = select(
            *columns,
            UsageRow.currency,
            func.count(),
            func.sum(case((UsageRow.outcome == "error", 1), else_=0)),
            func.sum(UsageRow.input_tokens),
            func.sum(UsageRow.output_tokens),
            func.coalesce(func.sum(UsageRow.cost), 0),
            func.avg(UsageRow.milliseconds),
            func.avg(UsageRow.first_byte_milliseconds),
        )
        query = _where(query, caller, wanted).group_by(*columns, UsageRow.currency).order_by(*columns)
        async with self._store.read() as session:
            rows = (await session.execute(query)).all()
        width = len(columns)
        plain: list[tuple[Any, ...]] = [tuple(row) for row in rows]
        return [_total("/".join("" if part is None else str(part) for part in row[:width]), row[width:]) for row in plain]

    async def calls(
        self, caller: Principal, wanted: UsageFilter, *, limit: int = 100, before: str | None = None
    ) -> list[UsageRow]:
        """Single calls, the newest first; `before` is the id of the last one of the page before."""
        query = _where(select(UsageRow), caller, wanted).order_by(UsageRow.id.desc()).limit(limit)
        if before is not None:
            query = query.where(UsageRow.id < before)
        async with self._store.read() as session:
            return list((await session.scalars(query)).all())

    async def csv(self, caller: Principal, wanted: UsageFilter) -> AsyncIterator[str]:
        """All single calls as CSV (RFC 4180), piece by piece."""
        yield _csv_line(CALL_COLUMNS)
        before: str | None = None
        while page := await self.calls(caller, wanted, limit=500, before=before):
            yield "".join(_csv_line(_cell(getattr(row, name)) for name in CALL_COLUMNS) for row in page)
            before = page[-1].id


def _where(query: Select[Any], caller: Principal, wanted: UsageFilter) -> Select[Any]:
    query = query.where(UsageRow.workspace_id == caller.workspace_id)
    if wanted.since is not None:
        query = query.where(UsageRow.day >= wanted.since)
    if wanted.until is not None:
        query = query.where(UsageRow.day <= wanted.until)
    for name in ("key_id", "provider", "model", "outcome"):
        value = getattr(wanted, name)
        if value is not None:
            query = query.where(getattr(UsageRow, name) == value)
    if wanted.search:
        ref = UsageRow.provider + "/" + UsageRow.model
        query = query.where(ref.icontains(wanted.search, autoescape=True))
    return query


def _total(group: str, sums: tuple[Any, ...]) -> Total:
    currency, calls, errors, input_tokens, output_tokens, cost, milliseconds, first_byte = sums
    return Total(
        group=group,
        currency=currency,
        calls=calls,
        errors=int(errors or 0),
        input_tokens=int(input_tokens or 0),
        output_tokens=int(output_tokens or 0),
        cost=cost if isinstance(cost, Decimal) else Decimal(cost or 0),
        milliseconds=round(milliseconds or 0),
        first_byte_milliseconds=round(first_byte) if first_byte is not None else None,
    )


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    text = str(value)
    # A spreadsheet would run a text that begins like a formula.
    return "'" + text if text[:1] in ("=", "+", "-", "@") and not isinstance(value, int | float) else text


def _csv_line(cells: Any) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()
