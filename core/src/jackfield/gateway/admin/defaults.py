"""The default model of each type, and aliases with fallbacks."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from jackfield.contract import ModelType

from .callers import Admin, Member, OnHost
from .values import Body, Items, NoNul, Ref

router = APIRouter(prefix="/workspaces/{workspace}", tags=["defaults"])
AliasName = Annotated[str, Path(pattern=r"^[^/]*$", max_length=100), NoNul]


class Default(BaseModel):
    """What `default` means in calls of a type."""

    type: ModelType
    model: str | None


class DefaultBody(Body):
    """`provider/model`, or an alias."""

    model: Ref


class Alias(BaseModel):
    """A name of the workspace's own."""

    name: str
    targets: list[str]


class AliasBody(Body):
    """`provider/model`, then those that take over when it fails, in order."""

    targets: list[Ref] = Field(min_length=1, max_length=20)


@router.get("/defaults")
async def list_defaults(host: OnHost, caller: Member) -> Items[Default]:
    """One entry for each type."""
    view = await host.tenancy.views.get(caller.workspace_id)
    return Items(data=[Default(type=kind, model=view.defaults.get(kind)) for kind in ModelType])


@router.put("/defaults/{type}")
async def set_default(host: OnHost, caller: Admin, type: ModelType, body: DefaultBody) -> Default:  # noqa: A002
    """Choose the default of a type."""
    await host.models.set_default(caller, type, body.model)
    return Default(type=type, model=body.model)


@router.delete("/defaults/{type}", status_code=204)
async def remove_default(host: OnHost, caller: Admin, type: ModelType) -> None:  # noqa: A002
    """Have no default of a type any more. Calls of `default` are told so."""
    await host.models.set_default(caller, type, None)


@router.get("/aliases")
async def list_aliases(host: OnHost, caller: Member) -> Items[Alias]:
    """The aliases, by name."""
    view = await host.tenancy.views.get(caller.workspace_id)
    return Items(data=[Alias(name=name, targets=list(refs)) for name, refs in sorted(view.aliases.items())])


@router.put("/aliases/{name}")
async def set_alias(host: OnHost, caller: Admin, name: AliasName, body: AliasBody) -> Alias:
    """Make an alias, or have it stand for others."""
    await host.models.set_alias(caller, name, body.targets)
    return Alias(name=name, targets=body.targets)


@router.delete("/aliases/{name}", status_code=204)
async def remove_alias(host: OnHost, caller: Admin, name: AliasName) -> None:
    """Remove an alias."""
    await host.models.set_alias(caller, name, None)
