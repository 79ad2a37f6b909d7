"""API keys."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints

from jackfield.contract import ModelType
from jackfield.tenancy import KeyInfo, Role, Scopes

from .callers import Admin, OnHost
from .values import Before, Body, Id, Limit, Moment, Name, NoNul, Page, Rate, page

router = APIRouter(prefix="/workspaces/{workspace}/keys", tags=["keys"])
Pattern = Annotated[str, StringConstraints(min_length=1, max_length=400), NoNul]


class KeySettings(Body):
    """What may be changed of a key."""

    name: Name
    model_types: Annotated[list[ModelType], Field(max_length=6)] | None = Field(
        default=None, description="the types that it may call; null: all"
    )
    models: Annotated[list[Pattern], Field(max_length=200)] | None = Field(
        default=None,
        description="the models that it may call, as patterns with `*` for `provider/model`, aliases and `default`; null: all",
        examples=[["openai/*", "fast"]],
    )
    expires_at: Moment | None = None
    requests_per_minute: Rate | None = None
    tokens_per_minute: Rate | None = None

    @property
    def scopes(self) -> Scopes:
        """As tenancy takes them."""
        return Scopes(
            frozenset(self.model_types) if self.model_types is not None else None,
            tuple(self.models) if self.models is not None else None,
        )


class NewKey(KeySettings):
    """A key that is to be made."""

    role: Role | None = Field(
        default=None, description="what it may do beside calling models, at most the maker's own; null: no more"
    )


class KeyOut(BaseModel):
    """A key, without what opens."""

    id: str
    name: str
    shown: str = Field(description="its beginning, to tell it from others")
    model_types: list[ModelType] | None
    models: list[str] | None
    role: Role | None
    requests_per_minute: int | None
    tokens_per_minute: int | None
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    created_at: datetime


class MadeKey(KeyOut):
    """`key` is shown this once: only its hash is kept."""

    key: str


@router.get("")
async def list_keys(host: OnHost, caller: Admin, limit: Limit = 100, before: Before = None) -> Page[KeyOut]:
    """The keys, the newest first; revoked and expired ones too."""
    found = await host.tenancy.keys.list(caller, limit=limit + 1, before=before)
    return page([_described(one) for one in found], limit)


@router.post("", status_code=201)
async def create_key(host: OnHost, caller: Admin, body: NewKey) -> MadeKey:
    """Make a key. The answer shows it, this once."""
    token, info = await host.tenancy.keys.create(
        caller,
        body.name,
        scopes=body.scopes,
        role=body.role,
        expires_at=body.expires_at,
        requests_per_minute=body.requests_per_minute,
        tokens_per_minute=body.tokens_per_minute,
    )
    return MadeKey(**_described(info).model_dump(), key=token)


@router.get("/{key}")
async def get_key(host: OnHost, caller: Admin, key: Id) -> KeyOut:
    """One key."""
    return _described(await host.tenancy.keys.get(caller, key))


@router.put("/{key}")
async def change_key(host: OnHost, caller: Admin, key: Id, body: KeySettings) -> KeyOut:
    """Put these settings in the place of the key's: what is left out is taken away. Every replica knows within a second."""
    info = await host.tenancy.keys.change(
        caller,
        key,
        name=body.name,
        scopes=body.scopes,
        expires_at=body.expires_at,
        requests_per_minute=body.requests_per_minute,
        tokens_per_minute=body.tokens_per_minute,
    )
    return _described(info)


@router.delete("/{key}")
async def revoke_key(host: OnHost, caller: Admin, key: Id) -> KeyOut:
    """Stop a key, on every replica within a second. It stays in the list, as what was used with it stays."""
    return _described(await host.tenancy.keys.revoke(caller, key))


def _described(info: KeyInfo) -> KeyOut:
    return KeyOut(
        id=info.id,
        name=info.name,
        shown=info.shown,
        model_types=sorted(info.scopes.model_types) if info.scopes.model_types is not None else None,
        models=list(info.scopes.models) if info.scopes.models is not None else None,
        role=info.role,
        requests_per_minute=info.requests_per_minute,
        tokens_per_minute=info.tokens_per_minute,
        expires_at=info.expires_at,
        revoked_at=info.revoked_at,
        last_used_at=info.last_used_at,
        created_at=info.created_at,
    )
