"""The plugins of the host, as an admin of any workspace may see them."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from jackfield.kernel import PluginRecord

from .callers import Admin, OnHost
from .values import Items

router = APIRouter(prefix="/workspaces/{workspace}/plugins", tags=["plugins"])


class Quarantine(BaseModel):
    """Why a plugin is kept out. The traceback is the operator's: `jackfield plugins --json`."""

    kind: str
    cause: str
    advice: str


class Plugin(BaseModel):
    """A plugin that was found."""

    name: str
    distribution: str
    version: str
    author: str
    license: str
    homepage: str
    summary: str
    state: Literal["works", "off", "quarantined"]
    providers: list[str]
    wraps: list[str] = Field(description="the hooks of other plugins around which it stands")
    quarantine: Quarantine | None


@router.get("")
async def list_plugins(host: OnHost, _caller: Admin) -> Items[Plugin]:
    """All that are installed on the host, those that are broken or off too."""
    return Items(data=[_described(one) for one in host.kernel.plugins])


def _described(record: PluginRecord) -> Plugin:
    broken = record.quarantined
    return Plugin(
        name=record.name,
        distribution=record.distribution,
        version=record.version,
        author=record.author,
        license=record.license,
        homepage=record.homepage,
        summary=record.summary,
        state="quarantined" if broken else "off" if record.disabled else "works",
        providers=list(record.providers),
        wraps=list(record.wraps),
        quarantine=Quarantine(kind=broken.kind.value, cause=broken.cause, advice=broken.advice) if broken else None,
    )
