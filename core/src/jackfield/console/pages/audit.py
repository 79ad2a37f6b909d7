"""Host > Audit log: who changed what, the newest first."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from starlette.responses import Response

from jackfield.tenancy import Role

from ..registry import PageSet
from ..translations import mark
from ..visit import Visit
from ..vocabulary import MODEL_TYPES, ROLES
from .keys import PERIODS

pages = PageSet()
pages.menu("/audit", mark("Audit log"), group="Host", order=20, role=Role.ADMIN)

PAGE = 50
ACTIONS = {
    "alias.set": mark("set an alias"),
    "budget.remove": mark("removed a budget"),
    "budget.set": mark("set a budget"),
    "credential.add": mark("added a credential"),
    "credential.change": mark("changed a credential"),
    "credential.import": mark("imported a credential"),
    "credential.remove": mark("removed a credential"),
    "default.set": mark("chose a default model"),
    "key.change": mark("changed an API key"),
    "key.create": mark("made an API key"),
    "key.revoke": mark("revoked an API key"),
    "keys.rotate": mark("renewed the workspace's key pair"),
    "member.add": mark("added a member"),
    "member.change": mark("changed a member"),
    "member.password": mark("set a member's password"),
    "member.remove": mark("removed a member"),
    "model.add": mark("added a model"),
    "model.remove": mark("removed a model"),
    "model.switch": mark("switched a model"),
    "preference.set": mark("chose own key or trial first"),
    "workspace.create": mark("made the workspace"),
    "workspace.remove": mark("removed the workspace"),
    "workspace.rename": mark("renamed the workspace"),
}
DETAILS = {
    "role": mark("role"),
    "from": mark("formerly"),
    "period": mark("period"),
    "unit": mark("unit"),
    "amount": mark("amount"),
    "ref": mark("model"),
    "targets": mark("models"),
    "on": mark("on"),
    "hosted_first": mark("trial first"),
    "take_over": mark("the other takes over"),
    "status": mark("state"),
    "model_type": mark("type"),
}
WORDS: dict[str | bool, str] = {
    **{str(role): word for role, word in ROLES.items()},
    **{str(period): word for period, word in PERIODS.items()},
    True: mark("yes"),
    False: mark("no"),
    "valid": mark("accepted"),
    "invalid": mark("refused"),
    "unchecked": mark("not checked"),
}


@pages.get("/audit")
async def show(visit: Visit) -> Response:
    """A page of entries; `before` is the last entry of the page before."""
    entries = await visit.host.tenancy.audit.list(visit.caller, limit=PAGE + 1, before=visit.query.get("before"))
    names = {member.person_id: member.email for member in await visit.host.tenancy.people.members(visit.caller)}
    names |= {key.id: key.name for key in await visit.host.tenancy.keys.list(visit.caller)}
    return await visit.page(
        "audit.html",
        entries=entries[:PAGE],
        older=entries[PAGE - 1].id if len(entries) > PAGE else None,
        paged="before" in visit.query,
        actions=ACTIONS,
        names=names,
        details=partial(_details, visit),
        model_types=MODEL_TYPES,
    )


def _details(visit: Visit, found: Mapping[str, Any]) -> str:
    """What is worth a look, without ids."""
    shown = {name: value for name, value in found.items() if name not in ("id", "key") and value not in (None, "", [])}
    return ", ".join(f"{visit.say(DETAILS.get(name, name))}: {_plain(visit, value)}" for name, value in shown.items())


def _plain(visit: Visit, value: object) -> str:
    if isinstance(value, list):
        return " → ".join(map(str, value))
    return visit.say(WORDS[value]) if isinstance(value, str | bool) and value in WORDS else str(value)
