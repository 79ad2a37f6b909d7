"""`jackfield models`."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.text import Text

from jackfield.contract import BadRequest, ModelDescription, ModelType

from .output import AsJson, errors, print_json, print_table
from .standing import OFF, READY, TRIAL, ListedModel, list_models, styled
from .state import State

if TYPE_CHECKING:
    from jackfield.host.trying import Tried

    from .hosted import Operator

app = typer.Typer(add_completion=False)
Name = Annotated[str, typer.Argument(help="`provider/model`.")]
Kind = Annotated[ModelType, typer.Option("--type", "-t", help="Its type.")]


@app.callback(invoke_without_command=True)
def models(
    ctx: typer.Context,
    provider: Annotated[str | None, typer.Option("--provider", "-p", help="Of this provider only.")] = None,
    model_type: Annotated[ModelType | None, typer.Option("--type", "-t", help="Of this type only.")] = None,
    usable: Annotated[bool, typer.Option("--usable", "-u", help="Only those that can be called now.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the models, named as calls take them: the providers' catalogs, those that were added, and aliases."""
    if ctx.invoked_subcommand is not None:
        return
    found = asyncio.run(list_models(ctx.ensure_object(State), provider, model_type))
    if usable:
        found = [one for one in found if one.state in (READY, TRIAL)]
    if as_json:
        print_json([describe(one) for one in found])
        return
    print_table(("MODEL", "TYPE", "STATE", "CONTEXT", "FEATURES", "IN/M", "OUT/M", "ENDS"), [_row(one) for one in found])


@app.command("switch-off")
def switch_off(ctx: typer.Context, model: Name, model_type: Kind = ModelType.LLM) -> None:
    """Let a model not be used in the workspace. Its callers are told so."""
    asyncio.run(_switch(ctx.ensure_object(State), model, model_type, on=False))
    errors().print(f"{model} is off.", markup=False)


@app.command("switch-on")
def switch_on(ctx: typer.Context, model: Name, model_type: Kind = ModelType.LLM) -> None:
    """Let a model be used again."""
    asyncio.run(_switch(ctx.ensure_object(State), model, model_type, on=True))
    errors().print(f"{model} is on.", markup=False)


@app.command("remove")
def remove(ctx: typer.Context, model: Name, model_type: Kind = ModelType.LLM) -> None:
    """Remove a model that was added (`jackfield credentials add PROVIDER --model …`), with its credentials."""

    async def run() -> None:
        async with _on_host(ctx.ensure_object(State)) as on:
            provider, name = _parted(model)
            await on.host.tenancy.choices.remove_model(on.caller, provider, name, model_type)

    asyncio.run(run())
    errors().print(f"{model} is removed.", markup=False)


@app.command("live")
def live(
    ctx: typer.Context, provider: Annotated[str, typer.Argument(help="The provider's id.")], as_json: AsJson = False
) -> None:
    """Ask the vendor what it offers now, with a credential of the workspace."""

    async def run() -> list[ModelDescription]:
        async with _on_host(ctx.ensure_object(State)) as on:
            return await on.host.vendors.live_models(on.caller, provider)

    found = asyncio.run(run())
    if as_json:
        print_json([one.model_dump(mode="json", exclude_none=True, exclude={"properties"}) for one in found])
        return
    print_table(("MODEL", "TYPE"), [(f"{provider}/{one.id}", one.type) for one in found])


@app.command("try")
def try_out(
    ctx: typer.Context,
    model: Annotated[str, typer.Argument(help="`provider/model`, an alias, or `default`.")],
    model_type: Kind = ModelType.LLM,
    text: Annotated[str, typer.Option(help="What it is given; else a sentence.")] = "",
) -> None:
    """Call a model once, to see that it works. The call is in the usage like any other."""

    async def run() -> Tried:
        async with _on_host(ctx.ensure_object(State)) as on:
            return await on.host.try_out.run(on.caller, model, model_type, text=text)

    tried = asyncio.run(run())
    print(tried.text)
    errors().print(f"{tried.milliseconds} ms, {tried.usage.input_tokens} tokens in, {tried.usage.output_tokens} out")


async def _switch(state: State, model: str, model_type: ModelType, *, on: bool) -> None:
    provider, name = _parted(model)
    async with _on_host(state) as host:
        await host.host.models.switch(host.caller, provider, name, model_type, on=on)


def _on_host(state: State) -> AbstractAsyncContextManager[Operator]:
    from .hosted import open_host  # noqa: PLC0415 - a second of imports that listing may do without

    return open_host(state)


def _parted(model: str) -> tuple[str, str]:
    provider, slash, name = model.partition("/")
    if not (provider and slash and name):
        raise BadRequest(f"`{model}` is not `provider/model`.", param="model")
    return provider, name


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
