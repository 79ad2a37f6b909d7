"""`jackfield members`."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated, Any

import typer

from jackfield.contract import BadRequest, NotFound
from jackfield.tenancy import MemberInfo, Role

from .hosted import Operator, open_host
from .lines import in_terminal
from .output import AsJson, errors, print_json, print_table
from .state import State

app = typer.Typer(add_completion=False, no_args_is_help=True, help="The people of a workspace, their roles and passwords.")
Email = Annotated[str, typer.Argument(help="Their e-mail address.")]


@app.command("list")
def list_members(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the members, the oldest membership first."""

    async def run() -> list[MemberInfo]:
        async with open_host(ctx.ensure_object(State)) as on:
            return await on.host.tenancy.people.members(on.caller)

    found = asyncio.run(run())
    if as_json:
        print_json([describe(one) for one in found])
        return
    rows = [(one.person_id, one.email, one.name, one.role, f"{one.since:%Y-%m-%d}") for one in found]
    print_table(("ID", "E-MAIL", "NAME", "ROLE", "SINCE"), rows)


@app.command("add")
def add(
    ctx: typer.Context,
    email: Email,
    *,
    role: Annotated[Role, typer.Option(help="An owner may do everything, an admin all but members.")] = Role.MEMBER,
    name: Annotated[str, typer.Option(help="As people call them.")] = "",
    existing: Annotated[
        bool, typer.Option("--existing", help="They have an account on this host: ask for no password.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Add a person. The first password of a new account is asked for, unseen; without a terminal it is a line of input."""
    password = None if existing else read_password()

    async def run() -> MemberInfo:
        async with open_host(ctx.ensure_object(State)) as on:
            return await on.host.tenancy.people.add_member(on.caller, email, role, password=password, name=name)

    info = asyncio.run(run())
    if as_json:
        print_json(describe(info))
    else:
        errors().print(f"{info.email} is {info.role} now.", markup=False)


@app.command("role")
def change_role(ctx: typer.Context, email: Email, role: Annotated[Role, typer.Argument(help="The new one.")]) -> None:
    """Give a member another role. A workspace that has an owner keeps one."""

    async def run() -> None:
        async with open_host(ctx.ensure_object(State)) as on:
            await on.host.tenancy.people.change_member(on.caller, (await _find(on, email)).person_id, role)

    asyncio.run(run())
    errors().print(f"{email} is {role} now.", markup=False)


@app.command("remove")
def remove(ctx: typer.Context, email: Email) -> None:
    """Remove a member. The keys that they made go on."""

    async def run() -> None:
        async with open_host(ctx.ensure_object(State)) as on:
            await on.host.tenancy.people.change_member(on.caller, (await _find(on, email)).person_id, None)

    asyncio.run(run())
    errors().print(f"{email} is no member any more.", markup=False)


@app.command("set-password")
def set_password(ctx: typer.Context, email: Email) -> None:
    """A new password for a member, read as with `add`. All sessions of theirs end."""
    password = read_password()

    async def run() -> None:
        async with open_host(ctx.ensure_object(State)) as on:
            await on.host.tenancy.people.reset_password(on.caller, (await _find(on, email)).person_id, password)

    asyncio.run(run())
    errors().print(f"{email} has a new password; all their sessions ended.", markup=False)


def describe(info: MemberInfo) -> dict[str, Any]:
    """The member as JSON."""
    return {
        "id": info.person_id,
        "email": info.email,
        "name": info.name,
        "role": info.role,
        "since": info.since.isoformat(),
    }


def read_password() -> str:
    """Typed twice, or the first line of standard input: on the command line it would be in the shell's history."""
    if in_terminal():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise BadRequest("There is no password on standard input.", param="password")
    return password


async def _find(on: Operator, email: str) -> MemberInfo:
    for member in await on.host.tenancy.people.members(on.caller):
        if email.strip().lower() in (member.email, member.person_id):
            return member
    raise NotFound(f"`{email}` is no member of this workspace.", advice="List them with `jackfield members list`.")
