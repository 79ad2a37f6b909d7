"""Settings > Members: who belongs to the workspace, and as what. Its name stands there too: `workspace`."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from jackfield.contract import BadRequest
from jackfield.tenancy import Role

from ..registry import PageSet
from ..translations import mark
from ..visit import Visit
from ..vocabulary import ROLES

pages = PageSet()
pages.menu("/members", mark("Members"), group="Settings", order=40)

RIGHTS = {
    Role.OWNER: mark("everything, members too"),
    Role.ADMIN: mark("everything but members"),
    Role.MEMBER: mark("uses models, changes nothing"),
}


@pages.get("/members")
async def show(visit: Visit) -> Response:
    """The members."""
    return await visit.page("members/page.html", rights=RIGHTS, **await _context(visit))


@pages.get("/members/new")
async def new(visit: Visit) -> Response:
    """The dialog of a new member."""
    return visit.part("members/new.html", roles=ROLES, rights=RIGHTS)


@pages.post("/members")
async def add(visit: Visit) -> Response:
    """Add somebody, by a new account or one that exists."""
    sent = await visit.form()
    member = await visit.host.tenancy.people.add_member(
        visit.caller,
        sent.get("email", ""),
        _role(sent),
        password=sent.get("password") or None,
        name=sent.get("name", ""),
    )
    return await _changed(visit, visit.say("{email} is a member now.", email=member.email))


@pages.post("/members/{person}/role")
async def change(visit: Visit) -> Response:
    """Another role."""
    await visit.host.tenancy.people.change_member(visit.caller, visit.path["person"], _role(await visit.form()))
    return await _changed(visit, visit.say("Saved."))


@pages.post("/members/{person}/remove")
async def remove(visit: Visit) -> Response:
    """Out of this workspace; the account stays."""
    await visit.host.tenancy.people.change_member(visit.caller, visit.path["person"], None)
    if visit.path["person"] == visit.caller.person_id:
        return visit.go("/")
    return await _changed(visit, visit.say("Removed."))


@pages.get("/members/{person}/password")
async def password_form(visit: Visit) -> Response:
    """The dialog of a new password for somebody who lost theirs."""
    members = await visit.host.tenancy.people.members(visit.caller)
    member = next((each for each in members if each.person_id == visit.path["person"]), None)
    return visit.part("members/password.html", member=member)


@pages.post("/members/{person}/password")
async def reset_password(visit: Visit) -> Response:
    """Set it; every session of theirs ends."""
    password = (await visit.form()).get("password", "")
    await visit.host.tenancy.people.reset_password(visit.caller, visit.path["person"], password)
    return visit.done(visit.say("The new password holds, and every session of theirs has ended."))


def _role(sent: dict[str, str]) -> Role:
    try:
        return Role(sent.get("role", ""))
    except ValueError:
        raise BadRequest("Choose a role.", param="role") from None


async def _changed(visit: Visit, text: str) -> Response:
    return visit.done(text, "members/list.html", **await _context(visit))


async def _context(visit: Visit) -> dict[str, Any]:
    view = await visit.host.tenancy.views.get(visit.caller.workspace_id)
    return {
        "members": await visit.host.tenancy.people.members(visit.caller),
        "workspace_name": view.name,
        "roles": ROLES,
        "may_change": visit.caller.may(Role.OWNER),
    }
