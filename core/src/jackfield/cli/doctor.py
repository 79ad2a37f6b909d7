"""`jackfield doctor`."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.text import Text

from jackfield.contract import JackfieldError
from jackfield.kernel import Kernel
from jackfield.kernel.diagnosis import Finding, diagnose

from . import exits
from .output import AsJson, console, print_json
from .state import State, quiet

app = typer.Typer(add_completion=False)

_MARKS = {"ok": ("✓", "green"), "notice": ("·", "yellow"), "problem": ("✗", "red")}
_WHOSE = {"host": "whoever runs this host", "plugin": "the plugin's author", "workspace": "the workspace"}


@app.command()
def doctor(
    ctx: typer.Context,
    as_json: AsJson = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show the tracebacks behind the problems.")] = False,
) -> None:
    """Look at Python, packages, settings, data folder and every plugin: what is wrong, whose fault it is, how to mend it.

    Ends with code 1 if there is a problem.
    """
    findings = examine(ctx.ensure_object(State))
    problems = [finding for finding in findings if finding.level == "problem"]
    if as_json:
        print_json({"healthy": not problems, "findings": [finding.describe() for finding in findings]})
    else:
        _show(findings, verbose=verbose)
        count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''} found." if problems else "Nothing is wrong."
        console().print(f"\n{count}")
    raise typer.Exit(exits.HOST if problems else exits.OK)


def examine(state: State) -> list[Finding]:
    """The findings. Settings that cannot be read are one of them, and keep the rest from nothing."""
    quiet()
    try:
        settings = state.settings()
    except JackfieldError as error:
        wrong = Finding(level="problem", subject="settings", says=error.message, advice=error.advice, fault=error.fault)
        return [wrong, *diagnose(Kernel.load())]
    found = [Finding(level="ok", subject="settings", says="can be read")]
    if state.has_database():
        from .checkup import check_database  # noqa: PLC0415 - a second of imports

        found += asyncio.run(check_database(settings))
    if settings.redis_url is not None:
        from .checkup import check_redis  # noqa: PLC0415

        found.append(asyncio.run(check_redis(settings)))
    return found + diagnose(state.kernel(), settings.data_dir)


def _show(findings: list[Finding], *, verbose: bool) -> None:
    out = console()
    for finding in findings:
        mark, style = _MARKS[finding.level]
        out.print(Text.assemble((mark, style), " ", (finding.subject, "bold"), ": ", finding.says))
        if finding.fault:
            out.print(Text(f"  To be mended by {_WHOSE.get(finding.fault, finding.fault)}.", "dim"))
        if finding.advice:
            out.print(Text(f"  {finding.advice}"))
        if verbose and finding.detail:
            out.print(Text("\n".join(f"    {line}" for line in finding.detail.splitlines()), "dim"))
