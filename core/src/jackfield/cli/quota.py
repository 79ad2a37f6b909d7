"""`jackfield quota`."""

from __future__ import annotations

import asyncio

import typer

from jackfield.tenancy import TrialState

from .hosted import open_host
from .output import AsJson, print_json, print_table
from .state import State

app = typer.Typer(add_completion=False, help="The hosted trials, and what is left of them.")


@app.command()
def quota(ctx: typer.Context, as_json: AsJson = False) -> None:
    """The operator's trials, and what the workspace has left of each."""

    async def run() -> list[TrialState]:
        async with open_host(ctx.ensure_object(State)) as on:
            return await on.host.tenancy.trials.states(on.caller.workspace_id)

    states = asyncio.run(run())
    if as_json:
        print_json(
            [
                {
                    "trial": one.trial.id,
                    "provider": one.trial.provider,
                    "models": list(one.trial.models),
                    "unit": one.trial.unit,
                    "quota": one.trial.quota,
                    "used": one.used,
                    "left": one.left,
                    "ends_on": one.trial.ends_on and one.trial.ends_on.isoformat(),
                }
                for one in states
            ]
        )
        return
    print_table(
        ("TRIAL", "PROVIDER", "MODELS", "LEFT", "OF", "ENDS"),
        [
            (
                one.trial.id,
                one.trial.provider,
                ", ".join(one.trial.models),
                str(one.left),
                f"{one.trial.quota} {one.trial.unit}",
                one.trial.ends_on.isoformat() if one.trial.ends_on else "",
            )
            for one in states
        ],
    )
