"""`jackfield audit`."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated

import typer

from jackfield.tenancy import Entry

from .hosted import open_host
from .output import AsJson, print_json, print_table
from .state import State

app = typer.Typer(add_completion=False, help="Who changed what in the workspace.")


@app.command()
def audit(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option(min=1, help="How many changes at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """The changes of the workspace, the newest first."""

    async def run() -> list[Entry]:
        async with open_host(ctx.ensure_object(State), removed=True) as on:
            return await on.host.tenancy.audit.list(on.caller, limit=limit)

    found = asyncio.run(run())
    if as_json:
        print_json(
            [
                {
                    "id": one.id,
                    "at": one.at.isoformat(),
                    "actor": one.actor,
                    "action": one.action,
                    "subject": one.subject,
                    "details": one.details,
                }
                for one in found
            ]
        )
        return
    rows = [
        (
            one.at.astimezone().strftime("%Y-%m-%d %H:%M:%S"),
            one.actor,
            one.action,
            one.subject,
            json.dumps(one.details, ensure_ascii=False) if one.details else "",
        )
        for one in found
    ]
    print_table(("AT", "WHO", "WHAT", "OF", "DETAILS"), rows)
