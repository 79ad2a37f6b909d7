"""`jackfield models`."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Annotated, Any, Literal

import typer
from rich.text import Text

from jackfield.contract import ModelDescription, ModelType

from .output import AsJson, print_json, print_table
from .standing import OFF, READY, TRIAL, ListedModel, list_models, styled
from .state import State

app = typer.Typer(add_completion=False)


@app.command()
def models(
    ctx: typer.Context,
    provider: Annotated[str | None, typer.Option("--provider", "-p", help="Of this provider only.")] = None,
    model_type: Annotated[ModelType | None, typer.Option("--type", "-t", help="Of this type only.")] = None,
    usable: Annotated[bool, typer.Option("--usable", "-u", help="Only those that can be called now.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the models, named as calls take them: the providers' catalogs, those that were added, and aliases."""
    found = asyncio.run(list_models(ctx.ensure_object(State), provider, model_type))
    if usable:
        found = [one for one in found if one.state in (READY, TRIAL)]
    if as_json:
        print_json([describe(one) for one in found])
        return
    print_table(("MODEL", "TYPE", "STATE", "CONTEXT", "FEATURES", "IN/M", "OUT/M", "ENDS"), [_row(one) for one in found])


def describe(listed: ListedModel) -> dict[str, Any]:
    """The model as JSON."""
    described = listed.description.model_dump(mode="json", exclude_none=True, exclude={"properties"})
    return {"name": listed.name, "state": listed.state, "targets": list(listed.targets), **described}


def _row(listed: ListedModel) -> tuple[str | Text, ...]:
    model = listed.description
    style = "dim" if listed.state == OFF else ""
    return (
        Text(listed.name + (f" → {', '.join(listed.targets)}" if listed.targets else ""), style),
        model.type,
        styled(listed.state),
        f"{model.context_window:,}" if model.context_window else "",
        ", ".join(sorted(model.features)),
        _price(model, "input"),
        _price(model, "output"),
        Text(str(model.deprecated_on), "yellow") if model.deprecated_on else "",
    )


def _price(model: ModelDescription, unit: Literal["input", "output"]) -> str:
    prices = model.prices
    price: Decimal | None = getattr(prices, unit, None)
    if prices is None or price is None:
        return ""
    return f"{price.normalize():f}" + ("" if prices.currency == "USD" else f" {prices.currency}")
