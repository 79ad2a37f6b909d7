"""The people of a workspace."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from jackfield.tenancy import MemberInfo, Role

from .callers import Member, OnHost, Owner
from .me import Email, Password
from .values import Body, Id, Items, Name

router = APIRouter(prefix="/workspaces/{workspace}/members", tags=["members"])


class MemberOut(BaseModel):
    """Somebody who belongs to the workspace."""

    id: str
    email: str
    name: str
    role: Role
    since: datetime


class NewMember(Body):
    """`password` is the first one of a new account; an account that exists keeps its own."""

    email: Email
    role: Role = Role.MEMBER
    name: Name = ""
    password: Password | None = None


class NewRole(Body):
    """An owner may do everything, an admin all but members and the workspace's name, a member use and look."""

    role: Role


class FirstPassword(Body):
    """At least ten characters."""

    password: Password = Field(description="to be changed by the person: PUT /api/me/password")


@router.get("")
async def list_members(host: OnHost, caller: Member) -> Items[MemberOut]:
    """Who belongs to the workspace, the oldest membership first."""
    return Items(data=[_described(one) for one in await host.tenancy.people.members(caller)])


@router.post("", status_code=201)
async def add_member(host: OnHost, caller: Owner, body: NewMember) -> MemberOut:
    """Add a person, with a new account or the one they have on this host."""
    added = await host.tenancy.people.add_member(caller, body.email, body.role, password=body.password, name=body.name)
    return _described(added)


@router.patch("/{person}", status_code=204)
async def change_member(host: OnHost, caller: Owner, person: Id, body: NewRole) -> None:
    """Give a member another role. The last owner stays one: 409."""
    await host.tenancy.people.change_member(caller, person, body.role)


@router.delete("/{person}", status_code=204)
async def remove_member(host: OnHost, caller: Owner, person: Id) -> None:
    """Remove a member. The keys that they made go on: they belong to the workspace."""
    await host.tenancy.people.change_member(caller, person, None)


@router.put("/{person}/password", status_code=204)
async def reset_password(host: OnHost, caller: Owner, person: Id, body: FirstPassword) -> None:
    """A new password for who lost theirs; only of people who belong to no other workspace. Their sessions end."""
    await host.tenancy.people.reset_password(caller, person, body.password)


def _described(info: MemberInfo) -> MemberOut:
    return MemberOut(id=info.person_id, email=info.email, name=info.name, role=info.role, since=info.since)
