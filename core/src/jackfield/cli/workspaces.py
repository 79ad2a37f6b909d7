"""`jackfield workspaces`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, replace
from typing import Annotated, TypeVar

import typer

from jackfield.contract import BadRequest
from jackfield.tenancy import RemovedInfo, WorkspaceInfo, Workspaces, operator

from . import exits
from .hosted import open_host
from .lines import in_terminal
from .output import AsJson, errors, print_json, print_table
from .state import State

Listed = TypeVar("Listed")
app = typer.Typer(add_completion=False, no_args_is_help=True, help="Make, list, rename and remove workspaces.")


@app.command("list")
def list_workspaces(
    ctx: typer.Context,
    removed: Annotated[bool, typer.Option("--removed", help="Those that were removed, instead.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the workspaces of this host, the oldest first."""

    async def ask(what: Callable[[Workspaces], Awaitable[Listed]]) -> Listed:
        async with open_host(replace(ctx.ensure_object(State), workspace=None)) as on:
            return await what(on.host.tenancy.workspaces)

    if removed:
        _show_removed(asyncio.run(ask(Workspaces.removed)), as_json=as_json)
        return
    found = asyncio.run(ask(Workspaces.list))
    if as_json:
        print_json([{"id": one.id, "name": one.name, "created_at": one.created_at.isoformat()} for one in found])
        return
    print_table(("ID", "NAME", "CREATED"), [(one.id, one.name, f"{one.created_at:%Y-%m-%d %H:%M}") for one in found])


@app.command("create")
def create(ctx: typer.Context, name: Annotated[str, typer.Argument(help="Its name.")], as_json: AsJson = False) -> None:
    """Make a workspace with its own key pair and a first API key, which is shown this once."""

    async def run() -> tuple[WorkspaceInfo, str]:
        async with open_host(ctx.ensure_object(State)) as on:
            workspace = await on.host.tenancy.workspaces.create(name)
            token, _ = await on.host.tenancy.keys.create(operator(workspace.id), "first key")
            return workspace, token

    workspace, token = asyncio.run(run())
    if as_json:
        print_json({"id": workspace.id, "name": workspace.name, "key": token})
        return
    errors().print(f"The workspace `{workspace.name}` is made. Its first API key, shown this once:", markup=False)
    print(token)


@app.command("rename")
def rename(ctx: typer.Context, name: Annotated[str, typer.Argument(help="Its new name.")]) -> None:
    """Give the workspace (`--workspace`; else the first) another name."""

    async def run() -> WorkspaceInfo:
        async with open_host(ctx.ensure_object(State)) as on:
            return await on.host.tenancy.workspaces.rename(on.caller, name)

    errors().print(f"The workspace is `{asyncio.run(run()).name}` now.", markup=False)


@app.command("remove")
def remove(
    ctx: typer.Context,
    workspace: Annotated[str, typer.Argument(help="Its name, or its id where others have the same name.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove a workspace with its keys, credentials, members and choices, for good.

    Accounts of people stay; so do usage and the audit log: `jackfield -w ID usage`, `jackfield -w ID audit`.
    """

    async def run() -> WorkspaceInfo | None:
        async with open_host(replace(ctx.ensure_object(State), workspace=workspace)) as on:
            info = await on.host.tenancy.workspaces.get(on.caller.workspace_id)
            if not yes and not _confirmed(info):
                return None
            await on.host.tenancy.workspaces.remove(on.caller, info.name)
            return info

    info = asyncio.run(run())
    if info is None:
        errors().print("Nothing is removed.")
        raise typer.Exit(exits.USAGE)
    errors().print(f"The workspace `{info.name}` ({info.id}) is removed.", markup=False)


def _confirmed(info: WorkspaceInfo) -> bool:
    if not in_terminal():
        raise BadRequest("This cannot be undone, and there is nobody to ask.", param="yes", advice="Say `--yes`.")
    said = typer.prompt(f"All of `{info.name}` ({info.id}) goes for good. Its name, to be sure", err=True)
    return str(said).strip() == info.name


def _show_removed(gone: Sequence[RemovedInfo], *, as_json: bool) -> None:
    if as_json:
        print_json([{**asdict(one), "removed_at": one.removed_at.isoformat()} for one in gone])
        return
    print_table(
        ("ID", "NAME", "REMOVED", "BY"),
        [(one.id, one.name, f"{one.removed_at:%Y-%m-%d %H:%M}", one.removed_by) for one in gone],
    )
