"""Vendor credentials: checked with the vendor, kept sealed, answered masked."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from jackfield.contract import ModelType
from jackfield.host import NewCredential
from jackfield.tenancy import MASK, CredentialChange, CredentialInfo

from .callers import Admin, OnHost
from .values import Body, FormValue, FormValues, Id, Items, Name, Provider, Weight

router = APIRouter(prefix="/workspaces/{workspace}", tags=["credentials"])
SaveAnyway = Annotated[
    bool, Field(description="keep it although the vendor cannot be reached now; what it refuses is not kept in any case")
]


class CredentialBody(Body):
    """A form as it was filled in; `GET …/providers/{provider}` has the forms."""

    values: FormValues
    name: Name = ""
    weight: Weight = 1
    save_anyway: SaveAnyway = False

    @property
    def new(self) -> NewCredential:
        """As the host takes it."""
        return NewCredential(values=self.values, name=self.name, weight=self.weight, save_anyway=self.save_anyway)


class CredentialPatch(Body):
    """What is left out, or null, stays as it is."""

    values: FormValues | None = Field(
        default=None, description=f"the whole form; a secret that is empty, missing or `{MASK}` stays as it is"
    )
    name: Name | None = None
    weight: Weight | None = None
    enabled: bool | None = None
    save_anyway: SaveAnyway = False


class Health(BaseModel):
    """How a credential fared in calls since it was last changed, on all replicas; up to some seconds old."""

    status: Literal["unused", "good", "failing", "resting"] = Field(
        description="`resting`: calls rather take another credential, until `resting_until`"
    )
    last_success_at: datetime | None
    last_failure_at: datetime | None
    last_failure: str | None
    resting_until: datetime | None


class Credential(BaseModel):
    """A credential; its secrets are masked."""

    id: str
    provider: str
    model: str | None = Field(description="of the model that it is for; null: it is the provider's")
    model_type: ModelType | None
    name: str
    values: dict[str, FormValue]
    weight: int
    enabled: bool
    status: Literal["valid", "invalid", "unchecked"]
    status_message: str | None
    checked_at: datetime | None = Field(description="when the vendor was last asked whether it is good")
    health: Health
    created_at: datetime
    updated_at: datetime


@router.get("/credentials")
async def list_credentials(
    host: OnHost, caller: Admin, provider: Annotated[str | None, Query(pattern=r"^[a-z0-9_]*$", max_length=64)] = None
) -> Items[Credential]:
    """The workspace's credentials, the oldest first; those of models that were added, too."""
    return Items(data=[described(one) for one in await host.tenancy.credentials.list(caller, provider)])


@router.post("/providers/{provider}/credentials", status_code=201)
async def add_credential(host: OnHost, caller: Admin, provider: Provider, body: CredentialBody) -> Credential:
    """Check a credential with its vendor and keep it. 422 names every field at fault."""
    return described(await host.vendors.add(caller, provider, body.new))


@router.get("/credentials/{credential}")
async def get_credential(host: OnHost, caller: Admin, credential: Id) -> Credential:
    """One credential."""
    return described(await host.tenancy.credentials.get(caller, credential))


@router.patch("/credentials/{credential}")
async def change_credential(host: OnHost, caller: Admin, credential: Id, body: CredentialPatch) -> Credential:
    """Edit a credential; new values are checked with the vendor before they are kept."""
    change = CredentialChange(values=body.values, name=body.name, weight=body.weight, enabled=body.enabled)
    return described(await host.vendors.change(caller, credential, change, save_anyway=body.save_anyway))


@router.delete("/credentials/{credential}", status_code=204)
async def remove_credential(host: OnHost, caller: Admin, credential: Id) -> None:
    """Remove a credential."""
    await host.vendors.remove(caller, credential)


@router.post("/credentials/{credential}/check")
async def check_credential(host: OnHost, caller: Admin, credential: Id) -> Credential:
    """Ask the vendor again; `status` tells what it said."""
    return described(await host.vendors.check(caller, credential))


def described(info: CredentialInfo) -> Credential:
    """As it is answered."""
    seen = info.condition
    health = {name: getattr(seen, name) for name in Health.model_fields}
    return Credential.model_validate(
        {"health": health} | {n: getattr(info, n) for n in Credential.model_fields if n != "health"}
    )
