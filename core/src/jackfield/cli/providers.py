"""`jackfield providers`."""

from __future__ import annotations

import asyncio
from typing import Any

import typer

from jackfield.contract import CredentialForm

from .output import AsJson, print_json, print_table
from .standing import ListedProvider, list_providers, styled
from .state import State

app = typer.Typer(add_completion=False)


@app.command()
def providers(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the providers of the installed plugins, how far this place is with each, and which fields each asks for."""
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
