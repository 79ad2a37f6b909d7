"""Host > Audit log: who changed what, the newest first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from jackfield.tenancy import Role

from ..registry import PageSet
from ..translations import mark
from ..visit import Visit

pages = PageSet()
pages.menu("/audit", mark("Audit log"), group="Host", order=20, role=Role.ADMIN)

PAGE = 50
ACTIONS = {
    "alias.set": mark("set an alias"),
    "budget.remove": mark("removed a budget"),
    "budget.set": mark("set a budget"),
    "credential.add": mark("added a credential"),
    "credential.change": mark("changed a credential"),
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
    "workspace.rename": mark("renamed the workspace"),
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
        details=_details,
    )


def _details(found: Mapping[str, Any]) -> str:
    """What is worth a look, without ids."""
    shown = {name: value for name, value in found.items() if name not in ("id", "key") and value not in (None, "", [])}
    return ", ".join(f"{name}: {_plain(value)}" for name, value in shown.items())


def _plain(value: object) -> str:
    return (
        " → ".join(map(str, value))
        if isinstance(value, list)
        else str(value).lower()
        if isinstance(value, bool)
        else str(value)
    )
