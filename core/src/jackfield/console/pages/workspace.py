"""Settings > Members, at its foot: the workspace's name, and its removal."""

from __future__ import annotations

from starlette.responses import Response

from jackfield.contract import NotFound
from jackfield.tenancy import Membership, Principal, Role

from ..registry import PageSet
from ..sessions import WORKSPACE
from ..visit import Visit
from .sign_in import end_former

pages = PageSet()


@pages.post("/members/workspace")
async def rename(visit: Visit) -> Response:
    """The workspace's name."""
    await visit.host.tenancy.workspaces.rename(visit.caller, (await visit.form()).get("workspace", ""))
    return visit.done(visit.say("Saved."))


@pages.get("/members/workspace/removal")
async def ask(visit: Visit) -> Response:
    """The dialog that tells what goes and what stays, and asks for the name."""
    visit.caller.require(Role.OWNER)
    workspace = await visit.host.tenancy.workspaces.get(visit.caller.workspace_id)
    others = [each for each in await _memberships(visit) if each.workspace_id != workspace.id]
    return visit.part("members/removal.html", workspace=workspace, next=others[0] if others else None)


@pages.post("/members/workspace/{workspace}/remove")
async def remove(visit: Visit) -> Response:
    """Remove it, and lead to another one of this person's; who has none is signed out."""
    await visit.host.tenancy.workspaces.remove(await _asked_about(visit), (await visit.form()).get("name", ""))
    left = await _memberships(visit)
    if left:
        response = visit.go("/")
        visit.cookies.keep_choice(response, WORKSPACE, left[0].workspace_id)
        return response
    await end_former(visit)
    response = visit.go("/sign-in")
    visit.cookies.end_session(response)
    return response


async def _asked_about(visit: Visit) -> Principal:
    """The person in the workspace that the dialog told of: another tab may have gone to one of the same name since."""
    for each in await _memberships(visit):
        if each.workspace_id == visit.path["workspace"]:
            return Principal(each.workspace_id, visit.caller.name, each.role, person_id=visit.caller.person_id)
    raise NotFound("There is no such workspace.")


async def _memberships(visit: Visit) -> list[Membership]:
    person = visit.caller.person_id
    return await visit.host.tenancy.people.memberships(person) if person is not None else []
