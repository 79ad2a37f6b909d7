"""`jackfield providers`."""

from __future__ import annotations

from typing import Any

import typer

from jackfield.contract import CredentialForm, ProviderDescription

from .output import AsJson, print_json, print_table
from .state import State

app = typer.Typer(add_completion=False)


@app.command()
def providers(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the providers of the installed plugins, and which fields of a credential each asks for."""
    kernel = ctx.ensure_object(State).kernel()
    if as_json:
        print_json([{**describe(found), "plugin": kernel.plugin_of(name)} for name, found in kernel.providers.items()])
        return
    print_table(
        ("PROVIDER", "NAME", "TYPES", "MODELS", "NEEDS", "OWN MODELS NEED", "PLUGIN"),
        [
            (
                name,
                str(found.label),
                ", ".join(found.model_types),
                str(len(found.models)),
                _needs(found.provider_form),
                _needs(found.model_form),
                kernel.plugin_of(name),
            )
            for name, found in kernel.providers.items()
        ],
    )


def describe(provider: ProviderDescription) -> dict[str, Any]:
    """The description as JSON, its catalog by number and its icon left out."""
    described = provider.model_dump(mode="json", exclude={"models", "icon"}, exclude_none=True)
    return described | {"models": len(provider.models)}


def _needs(form: CredentialForm | None) -> str:
    if form is None:
        return "-"
    return ", ".join(field.name for field in form.fields if field.required and not field.shown_if) or "nothing"
