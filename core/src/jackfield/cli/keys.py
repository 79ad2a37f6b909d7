"""`jackfield keys`."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import typer
from rich.text import Text

from jackfield.contract import BadRequest, Conflict, ModelType, NotFound
from jackfield.tenancy import KeyInfo, Role, Scopes

from .hosted import open_host
from .output import AsJson, errors, minute, print_json, print_table
from .state import State

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Create, list, change and revoke API keys.")

_SPAN = re.compile(r"(\d+)\s*([hdw])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


Types = Annotated[list[ModelType] | None, typer.Option("--type", help="Only models of this type; may be repeated.")]
Models = Annotated[
    list[str] | None, typer.Option("--model", help="Only this model, `provider/model` with `*`; may be repeated.")
]
Expires = Annotated[str | None, typer.Option(help="When it ends: `12h`, `30d`, `4w`, or a date as 2030-12-31.")]
Requests = Annotated[int | None, typer.Option("--requests-per-minute", min=1)]
Tokens = Annotated[int | None, typer.Option("--tokens-per-minute", min=1)]


@app.command("create")
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    *,
    types: Types = None,
    models: Models = None,
    expires: Expires = None,
    requests: Requests = None,
    tokens: Tokens = None,
    budget: Annotated[str | None, typer.Option(help="What it may spend in a month, in USD.")] = None,
    role: Annotated[
        Role | None, typer.Option(help="What it may do beside calling models, through the admin API; else nothing.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key. It is shown this once, alone on standard output: `KEY=$(jackfield keys create ci)`."""
    ends = _read_expiry(expires)
    amount = read_amount(budget, "budget") if budget is not None else None

    async def run() -> tuple[str, KeyInfo]:
        async with open_host(ctx.ensure_object(State)) as on:
            keys = on.host.tenancy.keys
            scopes = Scopes(frozenset(types) if types else None, tuple(models) if models else None)
            token, info = await keys.create(
                on.caller,
                name,
                scopes=scopes,
                role=role,
                expires_at=ends,
                requests_per_minute=requests,
                tokens_per_minute=tokens,
            )
            if amount is not None:
                await on.host.tenancy.budgets.set(on.caller, info.id, "month", "USD", amount)
            return token, info

    token, info = asyncio.run(run())
    if as_json:
        print_json({**describe(info), "key": token})
        return
    errors().print(f"The key `{info.name}`, shown this once:", markup=False)
    print(token)


@app.command("list")
def list_keys(
    ctx: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Those that are revoked or expired, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the keys of the workspace, the newest first."""

    async def run() -> list[KeyInfo]:
        async with open_host(ctx.ensure_object(State)) as on:
            return await on.host.tenancy.keys.list(on.caller)

    keys = [key for key in asyncio.run(run()) if everything or _state(key).plain == "active"]
    if as_json:
        print_json([describe(key) for key in keys])
        return
    print_table(
        ("ID", "NAME", "KEY", "STATE", "MAY CALL", "ROLE", "EXPIRES", "LAST USED", "CREATED"),
        [
            (
                key.id,
                key.name,
                key.shown,
                _state(key),
                _scope(key.scopes),
                key.role or "",
                minute(key.expires_at),
                minute(key.last_used_at),
                minute(key.created_at),
            )
            for key in keys
        ],
    )


@app.command("change")
def change(
    ctx: typer.Context,
    key: Annotated[str, typer.Argument(help="Its id, or its name where no other key has it.")],
    *,
    name: Annotated[str | None, typer.Option(help="Another name; else it stays.")] = None,
    types: Types = None,
    models: Models = None,
    expires: Expires = None,
    requests: Requests = None,
    tokens: Tokens = None,
    as_json: AsJson = False,
) -> None:
    """Put these limits in the place of a key's own, everywhere within a second: what is not given is no limit any more."""
    ends = _read_expiry(expires)

    async def run() -> KeyInfo:
        async with open_host(ctx.ensure_object(State)) as on:
            keys = on.host.tenancy.keys
            former = find_key(key, await keys.list(on.caller))
            return await keys.change(
                on.caller,
                former.id,
                name=name if name is not None else former.name,
                scopes=Scopes(frozenset(types) if types else None, tuple(models) if models else None),
                expires_at=ends,
                requests_per_minute=requests,
                tokens_per_minute=tokens,
            )

    info = asyncio.run(run())
    if as_json:
        print_json(describe(info))
    else:
        errors().print(f"The key `{info.name}` is changed.", markup=False)


@app.command("revoke")
def revoke(
    ctx: typer.Context,
    key: Annotated[str, typer.Argument(help="Its id, or its name where no other key has it.")],
    as_json: AsJson = False,
) -> None:
    """Stop a key, everywhere within a second."""

    async def run() -> KeyInfo:
        async with open_host(ctx.ensure_object(State)) as on:
            keys = on.host.tenancy.keys
            return await keys.revoke(on.caller, find_key(key, await keys.list(on.caller)).id)

    info = asyncio.run(run())
    if as_json:
        print_json(describe(info))
    else:
        errors().print(f"The key `{info.name}` is revoked.", markup=False)


def describe(key: KeyInfo) -> dict[str, Any]:
    """The key as JSON."""
    return {
        "id": key.id,
        "name": key.name,
        "shown": key.shown,
        "state": _state(key).plain,
        "model_types": sorted(key.scopes.model_types) if key.scopes.model_types is not None else None,
        "models": list(key.scopes.models) if key.scopes.models is not None else None,
        "role": key.role,
        "requests_per_minute": key.requests_per_minute,
        "tokens_per_minute": key.tokens_per_minute,
        "expires_at": key.expires_at and key.expires_at.isoformat(),
        "revoked_at": key.revoked_at and key.revoked_at.isoformat(),
        "last_used_at": key.last_used_at and key.last_used_at.isoformat(),
        "created_at": key.created_at.isoformat(),
    }


def find_key(wanted: str, keys: Sequence[KeyInfo]) -> KeyInfo:
    """A key by its id, or by its name where no other good one has it."""
    for key in keys:
        if key.id == wanted:
            return key
    named = [key for key in keys if key.name == wanted and key.revoked_at is None]
    if not named:
        raise NotFound(f"There is no key `{wanted}`.", advice="List them with `jackfield keys list`.")
    if len(named) > 1:
        raise Conflict(f"{len(named)} keys are named `{wanted}`.", advice="Name it by its id; see `jackfield keys list`.")
    return named[0]


def _read_expiry(text: str | None) -> datetime | None:
    if text is None:
        return None
    span = _SPAN.fullmatch(text.strip())
    if span:
        return datetime.now(UTC) + int(span[1]) * _UNITS[span[2]]
    try:
        ends = datetime.fromisoformat(text)
    except ValueError:
        raise BadRequest(f"`{text}` is no time: write `30d`, or a date as 2030-12-31.", param="expires") from None
    return ends if ends.tzinfo else ends.replace(tzinfo=UTC)


def read_amount(text: str, param: str = "amount") -> Decimal:
    """:raises BadRequest: if it is no number"""
    try:
        return Decimal(text)
    except InvalidOperation:
        raise BadRequest(f"`{text}` is no amount: write a number, as 20 or 0.50.", param=param) from None


def _state(key: KeyInfo) -> Text:
    if key.revoked_at is not None:
        return Text("revoked", "red")
    if key.expires_at is not None and key.expires_at <= datetime.now(UTC):
        return Text("expired", "yellow")
    return Text("active", "green")


def _scope(scopes: Scopes) -> str:
    parts = [*sorted(scopes.model_types or ()), *(scopes.models or ())]
    return ", ".join(parts) or "everything"
