"""`jackfield plugins`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import typer
from rich.text import Text

from jackfield.kernel import PluginRecord

from .output import AsJson, console, errors, print_json, print_table
from .state import State

app = typer.Typer(add_completion=False)


@app.callback(invoke_without_command=True)
def list_plugins(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the installed plugins with what they offer; the broken ones with the cause and how to mend it."""
    if ctx.invoked_subcommand is not None:
        return
    records = ctx.ensure_object(State).kernel().plugins
    if as_json:
        print_json([describe(record) for record in records])
        return
    _show(records)


def _show(records: Sequence[PluginRecord]) -> None:
    in_terminal = sys.stdout.isatty()
    columns = ["PLUGIN", "VERSION", "STATE", "OFFERS", "AUTHOR", "LICENCE", "HOMEPAGE"]
    rows: list[list[str | Text]] = [
        [record.title, record.version, _state(record), _offers(record), record.author, record.license, record.homepage]
        for record in records
    ]
    if not in_terminal:
        columns += ["CAUSE", "ADVICE"]
        for row, quarantine in zip(rows, [record.quarantined for record in records], strict=True):
            row.extend([quarantine.cause, quarantine.advice] if quarantine else ["", ""])
    print_table(columns, rows)
    out = console()
    for record in records:
        if record.quarantined and in_terminal:
            out.print()
            out.print(Text.assemble((record.title, "bold red"), ": ", record.quarantined.cause))
            out.print(Text(record.quarantined.advice))
    if not records:
        errors().print("No plugin is installed. `pip install jackfield-openai` brings the first.")


def describe(record: PluginRecord) -> dict[str, Any]:
    """The record as JSON."""
    described: dict[str, Any] = {
        "name": record.name,
        "distribution": record.distribution,
        "version": record.version,
        "author": record.author,
        "license": record.license,
        "homepage": record.homepage,
        "summary": record.summary,
        "entry_point": record.entry_point,
        "state": _state(record).plain,
        "providers": list(record.providers),
        "wraps": list(record.wraps),
        "quarantine": None,
    }
    quarantine = record.quarantined
    if quarantine is not None:
        described["quarantine"] = {
            "kind": quarantine.kind.value,
            "cause": quarantine.cause,
            "fault": quarantine.fault,
            "advice": quarantine.advice,
            "traceback": quarantine.traceback,
        }
    return described


def _state(record: PluginRecord) -> Text:
    if record.quarantined:
        return Text("quarantined", "red")
    return Text("off", "dim") if record.disabled else Text("works", "green")


def _offers(record: PluginRecord) -> str:
    offers = list(record.providers)
    if record.wraps:
        offers.append(f"wraps {', '.join(record.wraps)}")
    return ", ".join(offers)
