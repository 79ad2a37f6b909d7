"""Settings > API keys: made with their limits, shown once, revoked; and what keys and workspace may spend."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, get_args

from starlette.responses import Response

from jackfield.contract import BadRequest, ModelType
from jackfield.store import now
from jackfield.tenancy import KeyInfo, Role, Scopes
from jackfield.tenancy.budgets import Period

from ..registry import PageSet
from ..snippets import chat_snippets, first_chat_model
from ..translations import mark
from ..visit import Visit
from ..vocabulary import MODEL_TYPES, ROLES

pages = PageSet()
pages.menu("/keys", mark("API keys"), group="Settings", order=30)

LIVES = {
    "": mark("never"),
    "30": mark("in 30 days"),
    "90": mark("in 90 days"),
    "365": mark("in a year"),
    "day": mark("on a day"),
}
PERIODS: dict[Period, str] = {"day": mark("a day"), "month": mark("a month"), "total": mark("in all")}


@pages.get("/keys")
async def show(visit: Visit) -> Response:
    """The keys and budgets."""
    return await visit.page("keys/page.html", **await _context(visit))


@pages.get("/keys/new")
async def new(visit: Visit) -> Response:
    """The dialog of a new key."""
    roles = {role: label for role, label in reversed(ROLES.items()) if visit.caller.may(role)}
    return visit.part("keys/new.html", key=None, lives=LIVES, model_types=MODEL_TYPES, roles=roles)


@pages.post("/keys")
async def create(visit: Visit) -> Response:
    """Make the key, and show it this once."""
    sent = await visit.form()
    budget = _amount(sent.get("budget", ""), "budget")
    role = Role(sent["role"]) if sent.get("role") in set(Role) else None
    allowed = await _allowed(visit)
    token, info = await visit.host.tenancy.keys.create(visit.caller, sent.get("name", ""), role=role, **allowed)
    if budget is not None:
        await visit.host.tenancy.budgets.set(visit.caller, info.id, "month", "USD", budget)
    patterns = allowed["scopes"].models or ()
    model = patterns[0] if patterns and "*" not in patterns[0] else await first_chat_model(visit)
    return visit.part(
        "keys/made.html",
        token=token,
        key=info,
        snippets=chat_snippets(visit.base_url, model),
        **await _context(visit),
    )


@pages.get("/keys/{key}/edit")
async def edit(visit: Visit) -> Response:
    """The dialog of a key that is there; its role and itself stay."""
    key = await visit.host.tenancy.keys.get(visit.caller, visit.path["key"])
    return visit.part("keys/edit.html", key=key, lives=LIVES, model_types=MODEL_TYPES)


@pages.post("/keys/{key}/change")
async def change(visit: Visit) -> Response:
    """Other limits for it, everywhere within a second."""
    name = (await visit.form()).get("name", "")
    await visit.host.tenancy.keys.change(visit.caller, visit.path["key"], name=name, **await _allowed(visit))
    return visit.done(visit.say("Saved."), "keys/list.html", **await _context(visit))


@pages.post("/keys/{key}/revoke")
async def revoke(visit: Visit) -> Response:
    """Stop it, here at once and everywhere within a second."""
    info = await visit.host.tenancy.keys.revoke(visit.caller, visit.path["key"])
    return visit.done(visit.say("The key {name} no longer works.", name=info.name), "keys/list.html", **await _context(visit))


@pages.get("/keys/budget")
async def budget_form(visit: Visit) -> Response:
    """The dialog of a budget, of a key or of the workspace."""
    keys = await visit.host.tenancy.keys.list(visit.caller)
    found = next((each for each in keys if each.id == visit.query.get("key")), None)
    present = [budget for budget in await _budgets(visit) if budget.key_id == (found.id if found is not None else None)]
    return visit.part("keys/budget.html", key=found, present=present, periods=PERIODS)


@pages.post("/keys/budget")
async def set_budget(visit: Visit) -> Response:
    """Set it; without an amount it goes."""
    sent = await visit.form()
    period = next((each for each in get_args(Period) if each == sent.get("period")), None)
    if period is None:
        raise BadRequest("Choose a period.", param="period")
    amount = None if "remove" in sent else _amount(sent.get("amount", ""))
    if amount is None and "remove" not in sent:
        raise BadRequest("Type an amount.", param="amount")
    await visit.host.tenancy.budgets.set(visit.caller, sent.get("key") or None, period, sent.get("unit", ""), amount)
    text = visit.say("Saved.") if amount is not None else visit.say("Removed.")
    return visit.done(text, "keys/list.html", **await _context(visit))


async def _context(visit: Visit) -> dict[str, Any]:
    keys = await visit.host.tenancy.keys.list(visit.caller)
    budgets = await _budgets(visit)
    return {
        "keys": [key for key in keys if _active(key)],
        "ended": [key for key in keys if not _active(key)],
        "budgets": {
            key_id: [budget for budget in budgets if budget.key_id == key_id]
            for key_id in {budget.key_id for budget in budgets}
        },
        "periods": PERIODS,
        "model_types": MODEL_TYPES,
        "roles": ROLES,
        "may_change": visit.caller.may(Role.ADMIN),
    }


@dataclass(frozen=True, slots=True)
class ShownBudget:
    """:param spent: None where it is not for the caller to know"""

    key_id: str | None
    period: str
    unit: str
    amount: Decimal
    spent: Decimal | None


async def _budgets(visit: Visit) -> list[ShownBudget]:
    if visit.caller.may(Role.ADMIN):
        found = await visit.host.tenancy.budgets.list(visit.caller)
        return [ShownBudget(each.key_id, each.period, each.unit, each.amount, each.spent) for each in found]
    view = await visit.host.tenancy.views.get(visit.caller.workspace_id)
    return [ShownBudget(each.key_id, each.period, each.unit, each.amount, None) for each in view.budgets]


async def _allowed(visit: Visit) -> dict[str, Any]:
    """What the form says that a key may do."""
    sent, fields = await visit.form(), await visit.fields()
    kinds = frozenset(ModelType(value) for name, value in fields if name == "types" and value in set(ModelType))
    patterns = tuple(sent.get("models", "").replace(",", " ").split())
    return {
        "scopes": Scopes(kinds or None, patterns or None),
        "expires_at": _expiry(sent),
        "requests_per_minute": _number(sent, "requests_per_minute"),
        "tokens_per_minute": _number(sent, "tokens_per_minute"),
    }


def _active(key: KeyInfo) -> bool:
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > now())


def _number(sent: dict[str, str], name: str) -> int | None:
    text = sent.get(name, "").replace(",", "").strip()
    if not text:
        return None
    if not text.isdecimal() or not 0 < int(text) < 10**12:
        raise BadRequest("must be a whole number above zero", param=name)
    return int(text)


def _amount(text: str, param: str = "amount") -> Decimal | None:
    text = text.replace(",", "").strip()
    if not text:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise BadRequest("must be a number", param=param) from None
    if not amount.is_finite() or amount < 0 or amount >= 10**12:
        raise BadRequest("must be a number", param=param)
    return amount


def _expiry(sent: dict[str, str]) -> datetime | None:
    life = sent.get("life", "")
    if life == "day":
        try:
            return datetime.strptime(sent.get("day", ""), "%Y-%m-%d").replace(hour=23, minute=59, second=59, tzinfo=UTC)
        except ValueError:
            raise BadRequest("Choose a day.", param="day") from None
    return now() + timedelta(days=int(life)) if life in LIVES and life else None
