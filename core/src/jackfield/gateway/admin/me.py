"""Signing in and out, and who one is."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, StringConstraints

from jackfield.host import Host
from jackfield.tenancy import Role

from .callers import Identified, Identity, OnHost
from .values import Body, NoNul

router = APIRouter(tags=["sessions"])
Password = Annotated[str, StringConstraints(max_length=1024), Field(examples=["correct horse battery staple"])]
Email = Annotated[str, StringConstraints(max_length=320), NoNul, Field(examples=["ada@example.org"])]


class SignIn(Body):
    """What a person signs in with."""

    email: Email
    password: Password


class Session(BaseModel):
    """`token` is shown this once; it is good for 14 days, or until the person signs out or gets a new password."""

    token: str


class Belongs(BaseModel):
    """A workspace that one belongs to. `role` is null for an API key that only calls models."""

    id: str
    name: str
    role: Role | None


class Me(BaseModel):
    """Who sent the request."""

    kind: Literal["person", "key"]
    id: str
    name: str
    workspaces: list[Belongs]


class NewPassword(Body):
    """Every session of the person ends with the change."""

    current: Password
    new: Password


@router.post("/sign-in")
async def sign_in(host: OnHost, request: Request, body: SignIn) -> Session:
    """Begin a session. After ten failures in a quarter of an hour, for an account or an address, 429."""
    address = request.client.host if request.client else ""
    return Session(token=await host.tenancy.people.sign_in(body.email, body.password, address=address))


@router.post("/sign-out", status_code=204)
async def sign_out(host: OnHost, identity: Identified) -> None:
    """End the session that the request came with. An API key is not ended by this: revoke it."""
    await host.tenancy.people.sign_out(identity.token)


@router.get("/me")
async def who_am_i(host: OnHost, identity: Identified) -> Me:
    """Who sent the request, and in which workspaces they may do what."""
    person, key = identity.person, identity.key
    workspaces = await belonging(host, identity)
    if key is not None:
        return Me(kind="key", id=key.key_id or "", name=key.name, workspaces=workspaces)
    assert person is not None
    return Me(kind="person", id=person.id, name=person.email, workspaces=workspaces)


@router.put("/me/password", status_code=204)
async def change_password(host: OnHost, identity: Identified, request: Request, body: NewPassword) -> None:
    """A new password for the person who asks."""
    address = request.client.host if request.client else ""
    await host.tenancy.people.change_password(identity.token, body.current, body.new, address=address)


async def belonging(host: Host, identity: Identity) -> list[Belongs]:
    """The workspaces of a person, or the one of a key."""
    if identity.key is not None:
        workspace = await host.tenancy.workspaces.get(identity.key.workspace_id)
        return [Belongs(id=workspace.id, name=workspace.name, role=identity.key.role)]
    assert identity.person is not None
    found = await host.tenancy.people.memberships(identity.person.id)
    return [Belongs(id=one.workspace_id, name=one.name, role=one.role) for one in found]
