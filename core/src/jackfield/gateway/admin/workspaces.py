"""Workspaces: those that one belongs to. All of a host's are the operator's business: `jackfield workspaces`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, StringConstraints

from jackfield.contract import PermissionDenied
from jackfield.tenancy import Role, WorkspaceInfo

from .callers import Identified, Member, OnHost, Owner
from .me import Belongs, belonging
from .values import Body, Items, NoNul

router = APIRouter(tags=["workspaces"])


SameName = Annotated[str, StringConstraints(max_length=200), NoNul, Query(description="the workspace's name, said again")]


class Workspace(BaseModel):
    """A workspace: nothing of it is seen from another."""

    id: str
    name: str
    created_at: datetime


class WorkspaceName(Body):
    """Its name, not blank."""

    name: Annotated[str, StringConstraints(max_length=200), NoNul, Field(examples=["Research"])]


@router.get("/workspaces")
async def list_workspaces(host: OnHost, identity: Identified) -> Items[Belongs]:
    """The workspaces that one belongs to, the oldest membership first."""
    return Items(data=await belonging(host, identity))


@router.post("/workspaces", status_code=201)
async def create_workspace(host: OnHost, identity: Identified, body: WorkspaceName) -> Workspace:
    """Another workspace, for a person who owns one; they own this one too. To others the operator gives theirs."""
    owned = [one.id for one in await belonging(host, identity) if one.role is Role.OWNER]
    if not owned or identity.person is None:
        raise PermissionDenied(
            "Only a person who owns a workspace makes others.",
            fault="caller",
            advice="Ask the operator: `jackfield workspaces`.",
        )
    caller = await host.tenancy.people.enter(identity.person, owned[0])
    return _described(await host.tenancy.workspaces.create_own(caller, body.name))


@router.get("/workspaces/{workspace}")
async def get_workspace(host: OnHost, caller: Member) -> Workspace:
    """One workspace."""
    return _described(await host.tenancy.workspaces.get(caller.workspace_id))


@router.patch("/workspaces/{workspace}")
async def rename_workspace(host: OnHost, caller: Owner, body: WorkspaceName) -> Workspace:
    """Give it another name."""
    return _described(await host.tenancy.workspaces.rename(caller, body.name))


@router.delete("/workspaces/{workspace}", status_code=204)
async def remove_workspace(host: OnHost, caller: Owner, name: SameName) -> None:
    """Remove it with its keys, credentials and choices, for good. The only workspace of a host stays: 409.

    Members keep their accounts, and the operator keeps its usage and its audit log.
    """
    await host.tenancy.workspaces.remove(caller, name)


def _described(info: WorkspaceInfo) -> Workspace:
    return Workspace(id=info.id, name=info.name, created_at=info.created_at)
