"""`jackfield workspaces`."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from jackfield.tenancy import WorkspaceInfo, operator

from .hosted import open_host
from .output import AsJson, errors, print_json, print_table
from .state import State

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Make, list and rename workspaces.")


@app.command("list")
def list_workspaces(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the workspaces of this host, the oldest first."""

    async def run() -> list[WorkspaceInfo]:
        async with open_host(ctx.ensure_object(State)) as on:
            return await on.host.tenancy.workspaces.list()

    found = asyncio.run(run())
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
