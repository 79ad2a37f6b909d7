"""`jackfield import`."""

from __future__ import annotations

import asyncio
import os
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from jackfield.contract import BadRequest
from jackfield.tenancy.dify import DifyDatabase, DifyImport, Item, KeyFolder, Options, Report, Result, TenantReport

from .hosted import open_host
from .output import AsJson, console, errors, print_json
from .state import State

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Bring over what another system has.")
_STYLES = {Result.IMPORTED: "green", Result.UPDATED: "green", Result.UNCHANGED: "dim", Result.SKIPPED: "yellow"}


@app.callback()
def _root() -> None:
    """Bring over what another system has."""


@app.command("dify")
def dify(
    ctx: typer.Context,
    database: Annotated[
        str,
        typer.Option(
            "--database", envvar="DIFY_DATABASE_URL", help="postgresql://user:password@host/dify, or sqlite:///path; only read."
        ),
    ],
    private_keys: Annotated[
        Path, typer.Option("--private-keys", help="The folder `privkeys` of Dify's storage.", show_default=False)
    ],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; report what would be done.")] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Bring Dify's values over those that were imported before and differ now.")
    ] = False,
    tenants: Annotated[
        list[str] | None, typer.Option("--tenant", help="Only this tenant, by name or id; may be repeated.")
    ] = None,
    into: Annotated[
        list[str] | None,
        typer.Option(
            "--into", help="TENANT=WORKSPACE: what it has goes there; else into a workspace of its own. May be repeated."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Bring over tenants' provider and model credentials, added models, default models and switches from Dify.

    Can be run again: what is there already is left alone. Where Dify's key files are sealed themselves, give its SECRET_KEY in
    the environment variable DIFY_SECRET_KEY. Secrets go from the one vault to the other and are never shown.
    """
    options = Options(dry_run=dry_run, tenants=tuple(tenants or ()), workspaces=_pairs(into or ()), overwrite=overwrite)

    async def run() -> Report:
        keys = KeyFolder(private_keys, os.environ.get("DIFY_SECRET_KEY") or None)
        async with DifyDatabase.open(database) as source, open_host(ctx.ensure_object(State)) as on:
            return await DifyImport(on.host.tenancy, on.host.kernel, options).run(source, keys)

    report = asyncio.run(run())
    if as_json:
        print_json(describe(report))
    else:
        _show(report)


def describe(report: Report) -> dict[str, Any]:
    """The report as JSON."""
    return {
        "dry_run": report.dry_run,
        "counts": report.counts,
        "tenants": [
            {
                "id": tenant.tenant_id,
                "name": tenant.tenant,
                "workspace": tenant.workspace,
                "items": [
                    {
                        "kind": item.kind,
                        "subject": item.subject,
                        "result": item.result,
                        "why": item.why,
                        "attention": list(item.attention),
                    }
                    for item in tenant.items
                ],
            }
            for tenant in report.tenants
        ],
    }


def _show(report: Report) -> None:
    out = console()
    for tenant in report.tenants:
        where = f" → workspace {tenant.workspace}" if tenant.workspace else ""
        out.print(Text.assemble((tenant.tenant, "bold"), f" ({tenant.tenant_id}){where}"))
        _show_tenant(tenant)
    counts = report.counts
    told = ", ".join(f"{counts[result]} {result}" for result in Result)
    errors().print(f"{told}; {counts['attention']} to look at.", markup=False)
    if report.dry_run:
        errors().print("This was a dry run: nothing was written.")


def _show_tenant(tenant: TenantReport) -> None:
    out = console()
    by_kind: dict[str, list[Item]] = defaultdict(list)
    for item in tenant.items:
        by_kind[item.kind].append(item)
    for kind, items in by_kind.items():
        for item in items:
            line = Text.assemble("  ", (f"{item.result:9}", _STYLES[item.result]), f" {kind} {item.subject}")
            out.print(line.append(f": {item.why}") if item.why else line)
            for remark in item.attention:
                out.print(Text.assemble("            ", ("look: ", "yellow"), remark))


def _pairs(texts: Sequence[str]) -> dict[str, str]:
    pairs = {}
    for text in texts:
        tenant, equals, workspace = text.rpartition("=")
        if not (equals and tenant and workspace):
            raise BadRequest(f"`--into {text}` is not TENANT=WORKSPACE.", param="into")
        pairs[tenant] = workspace
    return pairs
