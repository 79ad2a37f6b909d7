"""`jackfield credentials`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import typer

from jackfield.contract import BadRequest, CredentialForm, ModelType, NotFound
from jackfield.host.vendors import NewCredential
from jackfield.tenancy import Condition, CredentialChange, CredentialInfo

from .hosted import Operator, open_host
from .lines import in_terminal
from .output import AsJson, errors, minute, print_json, print_table
from .state import State

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Add, list, check, change and remove vendor credentials.")


@app.command("add")
def add(
    ctx: typer.Context,
    provider: Annotated[str, typer.Argument(help="The provider's id; see `jackfield providers`.")],
    *,
    model: Annotated[str | None, typer.Option(help="Add this model, with its own settings.")] = None,
    model_type: Annotated[ModelType, typer.Option("--type", help="The type of the model that is added.")] = ModelType.LLM,
    values: Annotated[list[str] | None, typer.Option("--set", help="FIELD=VALUE, for fields that are no secret.")] = None,
    environment: Annotated[
        list[str] | None, typer.Option("--env", help="FIELD=VARIABLE: the value is in that environment variable.")
    ] = None,
    name: Annotated[str, typer.Option(help="To tell it from others.")] = "",
    weight: Annotated[int, typer.Option(min=1, max=1000, help="Its share of the calls.")] = 1,
    save_anyway: Annotated[bool, typer.Option("--save-anyway", help="Keep it although the vendor is not reached.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check a credential with its vendor and keep it sealed. What is required and not given is asked for, secrets unseen."""

    async def run() -> CredentialInfo:
        async with open_host(ctx.ensure_object(State)) as on:
            description = on.host.kernel.provider(provider)
            form = description.model_form if model else description.provider_form
            if form is None:
                what = "no models can be added to it" if model else "its models are added one by one: name one with --model"
                raise BadRequest(f"`{provider}` has no such form: {what}.", param="model")
            given = _pairs(values or (), "--set") | _from_environment(environment or ())
            new = NewCredential(values=_fill(form, given), name=name, weight=weight, save_anyway=save_anyway)
            if model:
                return (await on.host.vendors.add_model(on.caller, provider, model, model_type, new))[1]
            return await on.host.vendors.add(on.caller, provider, new)

    info = asyncio.run(run())
    if as_json:
        print_json(describe(info))
    else:
        errors().print(f"The credential `{info.name}` of {info.provider} is kept ({info.status}).", markup=False)


@app.command("list")
def list_credentials(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the workspace's credentials; secrets are masked."""

    async def run() -> list[CredentialInfo]:
        async with open_host(ctx.ensure_object(State)) as on:
            return await on.host.tenancy.credentials.list(on.caller)

    found = asyncio.run(run())
    if as_json:
        print_json([describe(info) for info in found])
        return
    print_table(
        ("ID", "PROVIDER", "MODEL", "NAME", "STATUS", "CHECKED", "IN CALLS", "WEIGHT", "ENABLED"),
        [
            (
                one.id,
                one.provider,
                one.model or "",
                one.name,
                one.status,
                minute(one.checked_at),
                _in_calls(one.condition),
                str(one.weight),
                "yes" if one.enabled else "no",
            )
            for one in found
        ],
    )


@app.command("check")
def check(
    ctx: typer.Context, credential: Annotated[str, typer.Argument(help="Its id, or its name.")], as_json: AsJson = False
) -> None:
    """Check a credential with its vendor again."""

    async def run() -> CredentialInfo:
        async with open_host(ctx.ensure_object(State)) as on:
            return await on.host.vendors.check(on.caller, (await _find(on, credential)).id)

    info = asyncio.run(run())
    if as_json:
        print_json(describe(info))
    else:
        errors().print(f"{info.provider} `{info.name}`: {info.status}. {info.status_message or ''}", markup=False)


@app.command("change")
def change(
    ctx: typer.Context,
    credential: Annotated[str, typer.Argument(help="Its id, or its name.")],
    *,
    values: Annotated[list[str] | None, typer.Option("--set", help="FIELD=VALUE, for fields that are no secret.")] = None,
    environment: Annotated[
        list[str] | None, typer.Option("--env", help="FIELD=VARIABLE: the value is in that environment variable.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Another name.")] = None,
    weight: Annotated[int | None, typer.Option(min=1, max=1000, help="Its share of the calls.")] = None,
    enabled: Annotated[bool | None, typer.Option("--enable/--disable", help="Whether calls use it.")] = None,
    save_anyway: Annotated[bool, typer.Option("--save-anyway", help="Keep it although the vendor is not reached.")] = False,
    as_json: AsJson = False,
) -> None:
    """Change a credential. Fields that are not given stay as they are; new ones are checked with the vendor."""
    given = _pairs(values or (), "--set") | _from_environment(environment or ())

    async def run() -> CredentialInfo:
        async with open_host(ctx.ensure_object(State)) as on:
            former = await _find(on, credential)
            form = on.host.kernel.provider(former.provider)
            fields = (form.model_form if former.model else form.provider_form) or CredentialForm()
            filled = {**former.values, **_switches(fields, given)} if given else None
            wanted = CredentialChange(values=filled, name=name, weight=weight, enabled=enabled)
            return await on.host.vendors.change(on.caller, former.id, wanted, save_anyway=save_anyway)

    info = asyncio.run(run())
    if as_json:
        print_json(describe(info))
    else:
        errors().print(f"The credential `{info.name}` of {info.provider} is changed ({info.status}).", markup=False)


@app.command("remove")
def remove(ctx: typer.Context, credential: Annotated[str, typer.Argument(help="Its id, or its name.")]) -> None:
    """Remove a credential."""

    async def run() -> CredentialInfo:
        async with open_host(ctx.ensure_object(State)) as on:
            info = await _find(on, credential)
            await on.host.vendors.remove(on.caller, info.id)
            return info

    info = asyncio.run(run())
    errors().print(f"The credential `{info.name}` of {info.provider} is removed.", markup=False)


def describe(info: CredentialInfo) -> dict[str, Any]:
    """The credential as JSON, secrets masked."""
    return {
        "id": info.id,
        "provider": info.provider,
        "model": info.model,
        "model_type": info.model_type,
        "name": info.name,
        "values": dict(info.values),
        "weight": info.weight,
        "enabled": info.enabled,
        "status": info.status,
        "status_message": info.status_message,
        "checked_at": _iso(info.checked_at),
        "health": {
            "status": info.condition.status,
            "last_success_at": _iso(info.condition.last_success_at),
            "last_failure_at": _iso(info.condition.last_failure_at),
            "last_failure": info.condition.last_failure,
            "resting_until": _iso(info.condition.resting_until),
        },
        "created_at": info.created_at.isoformat(),
    }


def _in_calls(seen: Condition) -> str:
    """In a few words, how it fares."""
    if seen.status == "good":
        return f"good, {minute(seen.last_success_at)}"
    if seen.status == "unused":
        return "unused"
    until = f" until {seen.resting_until.astimezone():%H:%M:%S}" if seen.status == "resting" and seen.resting_until else ""
    return f"{seen.status}{until}, {minute(seen.last_failure_at)}: {seen.last_failure}"


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None


async def _find(on: Operator, wanted: str) -> CredentialInfo:
    found = [one for one in await on.host.tenancy.credentials.list(on.caller) if wanted in (one.id, one.name)]
    if len(found) != 1:
        many = f"{len(found)} credentials are named" if found else "There is no credential"
        raise NotFound(f"{many} `{wanted}`.", advice="List them with `jackfield credentials list`, and name one by its id.")
    return found[0]


def _pairs(texts: Sequence[str], option: str) -> dict[str, str]:
    pairs = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise BadRequest(f"`{option} {text}` is not FIELD=VALUE.", param=name)
        pairs[name] = value
    return pairs


def _from_environment(texts: Sequence[str]) -> dict[str, str]:
    found = {}
    for name, variable in _pairs(texts, "--env").items():
        value = os.environ.get(variable)
        if value is None:
            raise BadRequest(f"The environment variable {variable} is not set.", param=name)
        found[name] = value
    return found


def _fill(form: CredentialForm, given: dict[str, str]) -> dict[str, Any]:
    """Switches read as such, and what is required and missing asked for, where somebody can answer."""
    values = _switches(form, given)
    for field in form.fields:
        if field.required and field.default is None and not given.get(field.name) and form.shows(field, values):
            if not in_terminal():
                continue  # the form's own check names it
            values[field.name] = typer.prompt(str(field.label), hide_input=field.kind == "secret", err=True)
    return values


def _switches(form: CredentialForm, given: dict[str, str]) -> dict[str, Any]:
    switches = {field.name for field in form.fields if field.kind == "switch"}
    return {name: value.lower() in ("true", "yes", "on", "1") if name in switches else value for name, value in given.items()}
