"""`jackfield usage`."""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from jackfield.tenancy import Total, UsageFilter

from .hosted import open_host
from .output import AsJson, print_json, print_table
from .state import State

app = typer.Typer(add_completion=False, help="What was used, by day, model, key, provider or type; or every call as CSV.")


class Grouping(StrEnum):
    """By what calls are summed."""

    DAY = "day"
    MODEL = "model"
    KEY = "key"
    PROVIDER = "provider"
    TYPE = "type"


@app.command()
def usage(
    ctx: typer.Context,
    *,
    by: Annotated[Grouping, typer.Option(help="By what calls are summed.")] = Grouping.MODEL,
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day, UTC.")] = None,
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day, UTC.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Every single call, as CSV on standard output.")] = False,
    as_json: AsJson = False,
) -> None:
    """What the workspace used. A call is here about a second after its end."""
    wanted = UsageFilter(since=since.date() if since else None, until=until.date() if until else None)

    async def run() -> list[Total]:
        async with open_host(ctx.ensure_object(State), removed=True) as on:
            if as_csv:
                async for piece in on.host.tenancy.usage.csv(on.caller, wanted):
                    sys.stdout.write(piece)
                return []
            return await on.host.tenancy.usage.totals(on.caller, by.value, wanted)

    totals = asyncio.run(run())
    if as_csv:
        return
    if as_json:
        print_json([describe(one) for one in totals])
        return
    print_table(
        (by.value.upper(), "CALLS", "ERRORS", "INPUT", "OUTPUT", "COST"),
        [
            (
                one.group,
                str(one.calls),
                str(one.errors),
                str(one.input_tokens),
                str(one.output_tokens),
                f"{one.cost:f} {one.currency}",
            )
            for one in totals
        ],
    )


def describe(total: Total) -> dict[str, Any]:
    """Sums as JSON; the cost is text, as it is exact."""
    return {
        "group": total.group,
        "calls": total.calls,
        "errors": total.errors,
        "input_tokens": total.input_tokens,
        "output_tokens": total.output_tokens,
        "cost": f"{total.cost:f}",
        "currency": total.currency,
        "milliseconds": total.milliseconds,
        "first_byte_milliseconds": total.first_byte_milliseconds,
    }
