"""`jackfield models`."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

import typer
from rich.text import Text

from jackfield.contract import ModelDescription, ModelType

from .output import AsJson, print_json, print_table
from .state import State

app = typer.Typer(add_completion=False)


@app.command()
def models(
    ctx: typer.Context,
    provider: Annotated[str | None, typer.Option("--provider", "-p", help="Of this provider only.")] = None,
    model_type: Annotated[ModelType | None, typer.Option("--type", "-t", help="Of this type only.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the models of the providers' catalogs, named as calls take them."""
    kernel = ctx.ensure_object(State).kernel()
    chosen = [kernel.provider(provider)] if provider else kernel.providers.values()
    found = [
        (f"{description.id}/{model.id}", model)
        for description in chosen
        for model in description.models
        if model_type is None or model.type == model_type
    ]
    if as_json:
        print_json([describe(name, model) for name, model in found])
        return
    print_table(
        ("MODEL", "TYPE", "CONTEXT", "FEATURES", "IN/M", "OUT/M", "ENDS"),
        [
            (
                name,
                model.type,
                f"{model.context_window:,}" if model.context_window else "",
                ", ".join(sorted(model.features)),
                _price(model, "input"),
                _price(model, "output"),
                Text(str(model.deprecated_on), "yellow") if model.deprecated_on else "",
            )
            for name, model in found
        ],
    )


def describe(name: str, model: ModelDescription) -> dict[str, Any]:
    """The model as JSON."""
    return {"name": name, **model.model_dump(mode="json", exclude_none=True, exclude={"properties"})}


def _price(model: ModelDescription, unit: Literal["input", "output"]) -> str:
    prices = model.prices
    price: Decimal | None = getattr(prices, unit, None)
    if prices is None or price is None:
        return ""
    return f"{price.normalize():f}" + ("" if prices.currency == "USD" else f" {prices.currency}")
