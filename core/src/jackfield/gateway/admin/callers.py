"""Who asks, in which workspace, and whether their role is enough."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from jackfield.contract import NotFound, Unauthenticated
from jackfield.host import Host
from jackfield.tenancy import PersonInfo, Principal, Role
from jackfield.vault.tokens import PREFIX

from .values import Id

_bearer = HTTPBearer(
    auto_error=False, description="the token of a session (`POST /api/sign-in`), or an API key that carries a role"
)


@dataclass(frozen=True, slots=True)
class Identity:
    """A person with a session, or a program with a key: one of the two.

    :param token: that was sent
    """

    token: str
    person: PersonInfo | None = None
    key: Principal | None = None


def _host(request: Request) -> Host:
    host: Host = request.app.state.host
    return host


OnHost = Annotated[Host, Depends(_host)]


async def _identify(host: OnHost, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Identity:
    if given is None:
        raise Unauthenticated(
            "The request carries no token.",
            advice="Send `Authorization: Bearer …` with the token of a session (POST /api/sign-in) or an API key with a role.",
        )
    token = given.credentials.strip()
    if token.startswith(PREFIX):
        return Identity(token, key=await host.tenancy.keys.authenticate(token))
    return Identity(token, person=await host.tenancy.people.who(token))


Identified = Annotated[Identity, Depends(_identify)]


async def _enter(host: OnHost, identity: Identified, workspace: Id) -> Principal:
    if identity.key is None:
        assert identity.person is not None
        return await host.tenancy.people.enter(identity.person, workspace)
    if identity.key.workspace_id != workspace:
        raise NotFound("There is no such workspace.")
    return identity.key


def _at_least(role: Role) -> Callable[[Principal], Awaitable[Principal]]:
    async def check(caller: Annotated[Principal, Depends(_enter)]) -> Principal:
        caller.require(role)
        return caller

    return check


Member = Annotated[Principal, Depends(_at_least(Role.MEMBER))]
Admin = Annotated[Principal, Depends(_at_least(Role.ADMIN))]
Owner = Annotated[Principal, Depends(_at_least(Role.OWNER))]
