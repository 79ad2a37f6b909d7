"""`jackfield plugins`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

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


@app.command("bundle")
def bundle(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Where to; empty, or an older bundle.", file_okay=False, show_default=False)],
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Plugins that are here, or requirements as `jackfield-openai>=0.1`; else every plugin here."),
    ] = None,
    *,
    host: Annotated[bool, typer.Option("--host/--no-host", help="The host itself too, with the extras it has here.")] = True,
    find_links: Annotated[list[Path] | None, typer.Option(help="A folder with wheels, as of pip.")] = None,
    no_index: Annotated[bool, typer.Option("--no-index", help="Ask no index, only those folders.")] = False,
    python_version: Annotated[str | None, typer.Option(help="Of the other machine, as `3.12`.")] = None,
    platform: Annotated[list[str] | None, typer.Option(help="Of the other machine, as `manylinux2014_x86_64`.")] = None,
    as_json: AsJson = False,
) -> None:
    """Collect the wheels of plugins, with all that they need, for a machine without a way out to an index.

    There: `pip install --no-index --find-links DIR jackfield-openai`; or all of it, by hash:
    `pip install --no-index --find-links DIR --require-hashes -r DIR/requirements.txt`. The index is that of pip's settings.
    """
    from . import bundling  # noqa: PLC0415 - which needs much that a list does not

    requirements = bundling.requirements_of(names or (), ctx.ensure_object(State).kernel().plugins)
    if host:
        requirements.insert(0, bundling.host_requirement())
    options = [f"--find-links={path}" for path in find_links or ()] + (["--no-index"] if no_index else [])
    options += [f"--python-version={python_version}"] if python_version else []
    options += [f"--platform={one}" for one in platform or ()]
    wheels = bundling.make_bundle(folder, requirements, options)
    if as_json:
        print_json({"folder": str(folder), "requirements": requirements, "wheels": [wheel.file for wheel in wheels]})
        return
    size = sum(wheel.size for wheel in wheels) / 1e6
    console().print(f"{len(wheels)} wheels ({size:.1f} MB) in {folder}; {bundling.MANIFEST} lists them.", markup=False)


@app.command("table")
def table(ctx: typer.Context) -> None:
    """Print which provider has what, as Markdown: the page docs/providers.md."""
    from .provider_table import render_table  # noqa: PLC0415

    print(render_table(ctx.ensure_object(State).kernel()), end="")


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
