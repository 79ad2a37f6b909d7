"""`jackfield providers`."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer

from jackfield.contract import CredentialForm

from .output import AsJson, errors, print_json, print_table
from .standing import ListedProvider, list_providers, styled
from .state import State

app = typer.Typer(add_completion=False)


@app.callback(invoke_without_command=True)
def providers(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the providers of the installed plugins, how far this place is with each, and which fields each asks for."""
    if ctx.invoked_subcommand is not None:
        return
    found = asyncio.run(list_providers(ctx.ensure_object(State)))
    if as_json:
        print_json([describe(one) for one in found])
        return
    print_table(
        ("PROVIDER", "NAME", "STATE", "TYPES", "MODELS", "NEEDS", "OWN MODELS NEED", "PLUGIN"),
        [
            (
                one.description.id,
                str(one.description.label),
                styled(one.state),
                ", ".join(one.description.model_types),
                str(len(one.description.models)),
                _needs(one.description.provider_form),
                _needs(one.description.model_form),
                one.plugin,
            )
            for one in found
        ],
    )


@app.command("prefer")
def prefer(
    ctx: typer.Context,
    provider: Annotated[str, typer.Argument(help="The provider's id.")],
    hosted_first: Annotated[bool, typer.Option("--hosted-first/--own-first", help="The operator's trial, or own credentials.")],
    take_over: Annotated[
        bool, typer.Option("--take-over/--no-take-over", help="Whether own credentials go on when the trial is spent.")
    ] = True,
) -> None:
    """Choose which way calls take where the workspace has credentials of its own and the operator lends one."""

    async def run() -> None:
        from jackfield.tenancy import Preference  # noqa: PLC0415 - with the database, which listing may do without

        from .hosted import open_host  # noqa: PLC0415 - as above

        async with open_host(ctx.ensure_object(State)) as on:
            await on.host.models.prefer(on.caller, provider, Preference(hosted_first=hosted_first, take_over=take_over))

    asyncio.run(run())
    first = "The hosted trial" if hosted_first else "Own credentials"
    errors().print(f"{first} of {provider} first.", markup=False)


def describe(listed: ListedProvider) -> dict[str, Any]:
    """The provider as JSON, its catalog by number and its icon left out."""
    described = listed.description.model_dump(mode="json", exclude={"models", "icon"}, exclude_none=True)
    return described | {
        "plugin": listed.plugin,
        "state": listed.state,
        "credentials": listed.credentials,
        "trials_left": list(listed.left),
        "models": len(listed.description.models),
    }


def _needs(form: CredentialForm | None) -> str:
    if form is None:
        return "-"
    return ", ".join(field.name for field in form.fields if field.required and not field.shown_if) or "nothing"
