"""Usage: what was called, by whom, what it cost and how long it took; what is left of the trials; every single call."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response, StreamingResponse

from jackfield.contract import BadRequest
from jackfield.tenancy import Total, UsageFilter

from ..charts import Number, columns, shares
from ..registry import PageSet
from ..translations import mark
from ..visit import Visit

pages = PageSet()
pages.menu("/usage", mark("Usage"), group="Use", order=30)

PAGE = 50
GROUPINGS = {"model": mark("Model"), "key": mark("API key"), "provider": mark("Provider"), "type": mark("Type")}
TITLES = {"model": mark("By model"), "key": mark("By API key"), "provider": mark("By provider"), "type": mark("By type")}
MEASURES = {
    "calls": mark("Calls"),
    "tokens": mark("Tokens"),
    "cost": mark("Cost"),
    "latency": mark("Latency (ms)"),
    "errors": mark("Errors"),
}
UNITS = {"calls": mark("calls"), "tokens": mark("tokens"), "credits": mark("credits")}
OUTCOMES = {"ok": mark("answered"), "error": mark("failed"), "cancelled": mark("cancelled")}
_SPAN = timedelta(days=29)
_LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Question:
    """What the page was asked: its address says it all, so that it can be kept as a bookmark."""

    since: date
    until: date
    by: str
    measure: str
    search: str
    outcome: str
    before: str | None

    @classmethod
    def read(cls, query: dict[str, str]) -> Question:
        """:raises BadRequest: for days that are none, or in the wrong order"""
        until = _day(query.get("until"), datetime.now(UTC).date(), "until")
        since = _day(query.get("since"), until - _SPAN, "since")
        if since > until:
            raise BadRequest("The first day is after the last.", param="since", advice="Change one of the two.")
        return cls(
            since=max(since, until - _LONGEST),
            until=until,
            by=query["by"] if query.get("by") in GROUPINGS else "model",
            measure=query["measure"] if query.get("measure") in MEASURES else "calls",
            search=query.get("search", "").strip(),
            outcome=query["outcome"] if query.get("outcome") in OUTCOMES else "",
            before=query.get("before") or None,
        )

    @property
    def filter(self) -> UsageFilter:
        """The calls that count."""
        return UsageFilter(since=self.since, until=self.until, search=self.search or None, outcome=self.outcome or None)

    def address(self, path: str = "/console/usage", **changes: str) -> str:
        """The page's address with something else asked."""
        asked = {
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "by": self.by,
            "measure": self.measure,
            "search": self.search,
            "outcome": self.outcome,
            **changes,
        }
        return f"{path}?{urlencode({name: value for name, value in asked.items() if value})}"


@pages.get("/usage")
async def show(visit: Visit) -> Response:
    """The page."""
    question = Question.read(visit.query)
    usage = visit.host.tenancy.usage
    names = {key.id: key.name for key in await visit.host.tenancy.keys.list(visit.caller)}
    days = await usage.totals(visit.caller, "day", question.filter)
    groups = await usage.totals(visit.caller, question.by, question.filter)  # type: ignore[arg-type]  # one of GROUPINGS
    calls = await usage.calls(visit.caller, question.filter, limit=PAGE + 1, before=question.before)
    states = await visit.host.tenancy.trials.states(visit.caller.workspace_id)

    def name_of(group: str) -> str:
        return (names.get(group) or visit.say("Console and command line")) if question.by == "key" else group

    currency = _main_currency(days)
    return await visit.page(
        "usage.html",
        question=question,
        groupings=GROUPINGS,
        titles=TITLES,
        measures=MEASURES,
        outcomes=OUTCOMES,
        units=UNITS,
        summary=_summary(days),
        currency=currency,
        chart=columns(_by_day(question, days, currency)),
        ranking=shares([(name_of(group), value) for group, value in _by_group(groups, question.measure, currency)]),
        groups=[(name_of(total.group), total) for total in sorted(groups, key=lambda total: -total.calls)],
        calls=calls[:PAGE],
        older=question.address(before=calls[PAGE - 1].id) if len(calls) > PAGE else None,
        callers=names | {member.person_id: member.email for member in await visit.host.tenancy.people.members(visit.caller)},
        trials=[state for state in states if not state.trial.over],
    )


@pages.get("/usage.csv")
async def export(visit: Visit) -> Response:
    """The single calls that the page shows, all of them, as CSV."""
    question = Question.read(visit.query)
    name = f"jackfield-usage-{question.since}-{question.until}.csv"
    rows: AsyncIterator[str] = visit.host.tenancy.usage.csv(visit.caller, question.filter)
    return StreamingResponse(rows, media_type="text/csv", headers={"content-disposition": f'attachment; filename="{name}"'})


def _day(text: str | None, default: date, name: str) -> date:
    if not text:
        return default
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadRequest("This is not a day.", param=name, advice="Write it as 2026-11-25.") from None


def _measured(total: Total, measure: str, currency: str) -> Number:
    if measure == "calls":
        return total.calls
    if measure == "tokens":
        return total.input_tokens + total.output_tokens
    if measure == "errors":
        return total.errors
    if measure == "latency":
        return total.milliseconds * total.calls  # to be divided by the calls of all currencies
    return total.cost if total.currency == currency else Decimal(0)


def _by_group(totals: list[Total], measure: str, currency: str) -> list[tuple[str, Number]]:
    """A value for each group, those of several currencies together; costs are of one currency only."""
    sums: dict[str, Any] = {}
    calls: dict[str, int] = {}
    for total in totals:
        sums[total.group] = sums.get(total.group, 0) + _measured(total, measure, currency)
        calls[total.group] = calls.get(total.group, 0) + total.calls
    if measure == "latency":
        return [(group, round(value / max(calls[group], 1))) for group, value in sums.items()]
    return list(sums.items())


def _by_day(question: Question, totals: list[Total], currency: str) -> list[tuple[str, Number]]:
    """A value for every day, those without calls too."""
    known = dict(_by_group(totals, question.measure, currency))
    count = (question.until - question.since).days + 1
    days = ((question.since + timedelta(days=at)).isoformat() for at in range(count))
    return [(day, known.get(day, 0)) for day in days]


def _main_currency(totals: list[Total]) -> str:
    """That in which most was spent."""
    spent: dict[str, Decimal] = {}
    for total in totals:
        spent[total.currency] = spent.get(total.currency, Decimal(0)) + total.cost
    return max(spent, key=lambda currency: spent[currency]) if spent else "USD"


def _summary(days: list[Total]) -> dict[str, Any]:
    costs: dict[str, Decimal] = {}
    for total in days:
        costs[total.currency] = costs.get(total.currency, Decimal(0)) + total.cost
    calls = sum(total.calls for total in days)
    return {
        "calls": calls,
        "errors": sum(total.errors for total in days),
        "input": sum(total.input_tokens for total in days),
        "output": sum(total.output_tokens for total in days),
        "costs": {currency: round(cost, 6) for currency, cost in costs.items() if cost} or {"USD": Decimal(0)},
        "milliseconds": round(sum(total.milliseconds * total.calls for total in days) / calls) if calls else None,
    }
