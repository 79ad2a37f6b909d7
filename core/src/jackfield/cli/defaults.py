"""`jackfield defaults`."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from jackfield.contract import ModelType
from jackfield.tenancy import WorkspaceView

from .hosted import open_host
from .output import AsJson, errors, print_json, print_table
from .state import State

app = typer.Typer(add_completion=False, no_args_is_help=True, help="The default models, and aliases with fallbacks.")


@app.command("list")
def list_defaults(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the default model of each type, and the aliases."""

    async def run() -> WorkspaceView:
        async with open_host(ctx.ensure_object(State)) as on:
            return await on.host.tenancy.views.get(on.caller.workspace_id)

    view = asyncio.run(run())
    if as_json:
        print_json({"defaults": dict(view.defaults), "aliases": {name: list(refs) for name, refs in view.aliases.items()}})
        return
    rows = [("default", str(kind), view.defaults.get(kind, "")) for kind in ModelType]
    rows += [("alias", name, ", ".join(targets)) for name, targets in sorted(view.aliases.items())]
    print_table(("KIND", "NAME", "MODEL"), rows)


@app.command("set")
def set_default(
    ctx: typer.Context,
    model_type: Annotated[ModelType, typer.Argument(help="For which type.")],
    model: Annotated[str | None, typer.Argument(help="`provider/model`; left out: there is no default any more.")] = None,
) -> None:
    """Choose the model that `default` means."""

    async def run() -> None:
        async with open_host(ctx.ensure_object(State)) as on:
            await on.host.models.set_default(on.caller, model_type, model)

    asyncio.run(run())
    errors().print(f"The default for {model_type} is {model or 'none'}.", markup=False)


@app.command("alias")
def set_alias(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="The name that callers use.")],
    models: Annotated[
        list[str] | None, typer.Argument(help="`provider/model`, then those that take over; none: it goes.")
    ] = None,
) -> None:
    """Give a model, and those that take over when it fails, a name of your own."""

    async def run() -> None:
        async with open_host(ctx.ensure_object(State)) as on:
            await on.host.models.set_alias(on.caller, name, models or None)

    asyncio.run(run())
    errors().print(f"The alias `{name}` is {'set' if models else 'gone'}.", markup=False)
