"""Models: the catalogs' and those that the workspace added; switched off and on, tried out."""

from __future__ import annotations

import base64
import binascii
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from jackfield.contract import Blob, ModelDescription, ModelType, Prices
from jackfield.host import ProviderModel, UsableModel

from .callers import Admin, Member, OnHost
from .credentials import Credential, CredentialBody
from .credentials import described as described_credential
from .values import Body, FormValues, Items, ModelId, NoNul, Provider, Ref, Text

router = APIRouter(prefix="/workspaces/{workspace}", tags=["models"])
ModelPath = Annotated[str, Path(max_length=256, description="the vendor's name; slashes may stand as they are"), NoNul]


def _decoded(value: str) -> str:
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("is not base64") from None
    return value


class Model(BaseModel):
    """A model as it is described, by its vendor's catalog or by the plugin."""

    id: str
    type: ModelType
    label: str
    features: list[str]
    context_window: int | None
    max_output_tokens: int | None
    dimensions: int | None
    voices: list[str]
    audio_formats: list[str]
    parameters: list[dict[str, Any]] | None = Field(description="what it takes; null: not known")
    prices: dict[str, Decimal | str] | None
    deprecated_on: str | None
    replacement: str | None


class ModelOfProvider(Model):
    """A model of a provider's, usable or not."""

    added: bool = Field(description="by the workspace, with settings of its own")
    on: bool
    ready: bool = Field(description="whether a credential, or a trial, can serve it")
    hosted: bool = Field(description="whether the operator lends it")


class Usable(Model):
    """A name that calls can use now."""

    name: str = Field(description="`provider/model`, or an alias")
    provider: str
    hosted: bool = Field(description="whether only the operator's trial serves it")
    targets: list[str] = Field(description="what an alias stands for, fallbacks after it")


class NewModel(CredentialBody):
    """A model with settings of its own, by the provider's `model_form`."""

    model: ModelId = Field(description="the vendor's name for it")
    type: ModelType


class AddedModel(BaseModel):
    """The model, and the credential that holds its settings."""

    model: Model
    credential: Credential


class Switch(Body):
    """Whether it may be used."""

    on: bool


class LiveQuery(Body):
    """Without `values`, the workspace's credential asks."""

    values: FormValues | None = None


class Trying(Body):
    """One small call."""

    model: Ref = Field(description="`provider/model`, an alias, or `default`")
    type: ModelType
    text: Text = Field(default="", description="what it is given; empty: a sentence")
    audio: Annotated[str, StringConstraints(max_length=900_000), AfterValidator(_decoded)] | None = Field(
        default=None, description="WAV in base64, for speech to text; null: a second of silence"
    )


class Tried(BaseModel):
    """What came of it."""

    text: str
    milliseconds: int
    input_tokens: int
    output_tokens: int
    audio: str | None = Field(description="what it spoke, in base64")
    media_type: str | None


@router.get("/models")
async def list_usable_models(host: OnHost, caller: Member, type: ModelType | None = None) -> Items[Usable]:  # noqa: A002
    """What calls can use now: models that are on and have a credential or a trial, and aliases."""
    return Items(data=[_usable(one) for one in await host.models.usable(caller, type)])


@router.get("/providers/{provider}/models")
async def list_models(host: OnHost, caller: Member, provider: Provider) -> Items[ModelOfProvider]:
    """All models of a provider."""
    return Items(data=[_of_provider(one) for one in await host.models.of_provider(caller, provider)])


@router.post("/providers/{provider}/models", status_code=201)
async def add_model(host: OnHost, caller: Admin, provider: Provider, body: NewModel) -> AddedModel:
    """Add a model with its own settings, or further settings to one that was added."""
    model, credential = await host.vendors.add_model(caller, provider, body.model, body.type, body.new)
    return AddedModel(model=Model(**_members(model)), credential=described_credential(credential))


@router.post("/providers/{provider}/live-models")
async def list_live_models(host: OnHost, caller: Admin, provider: Provider, body: LiveQuery) -> Items[Model]:
    """What the vendor offers now; its catalog, where the plugin cannot ask."""
    found = await host.vendors.live_models(caller, provider, body.values)
    return Items(data=[Model(**_members(one)) for one in found])


@router.patch("/providers/{provider}/models/{type}/{model:path}", status_code=204)
async def switch_model(
    *,
    host: OnHost,
    caller: Admin,
    provider: Provider,
    type: ModelType,  # noqa: A002 - as the path names it
    model: ModelPath,
    body: Switch,
) -> None:
    """Let a model be used, or not. Callers of one that is off are told so."""
    await host.models.switch(caller, provider, model, type, on=body.on)


@router.delete("/providers/{provider}/models/{type}/{model:path}", status_code=204)
async def remove_model(host: OnHost, caller: Admin, provider: Provider, type: ModelType, model: ModelPath) -> None:  # noqa: A002
    """Remove a model that was added, with its credentials."""
    await host.tenancy.choices.remove_model(caller, provider, model, type)


@router.post("/try")
async def try_out(host: OnHost, caller: Admin, body: Trying) -> Tried:
    """Call a model once. It is a call like any other: in the usage, in the budget, and paid for."""
    audio = (
        Blob(data=base64.b64decode(body.audio), name="audio.wav", media_type="audio/wav") if body.audio is not None else None
    )
    tried = await host.try_out.run(caller, body.model, body.type, text=body.text, audio=audio)
    return Tried(
        text=tried.text,
        milliseconds=tried.milliseconds,
        input_tokens=tried.usage.input_tokens,
        output_tokens=tried.usage.output_tokens,
        audio=base64.b64encode(tried.audio).decode() if tried.audio else None,
        media_type=tried.media_type or None,
    )


def _of_provider(found: ProviderModel) -> ModelOfProvider:
    return ModelOfProvider(
        **_members(found.description), added=found.added, on=found.on, ready=found.ready, hosted=found.hosted
    )


def _usable(found: UsableModel) -> Usable:
    return Usable(
        **_members(found.description),
        name=found.name,
        provider=found.provider,
        hosted=found.hosted,
        targets=list(found.targets),
    )


def _members(model: ModelDescription) -> dict[str, Any]:
    """Without `properties`: they are the plugin's own business."""
    rules = model.parameters
    return {
        "id": model.id,
        "type": model.type,
        "label": model.display_name,
        "features": sorted(model.features),
        "context_window": model.context_window,
        "max_output_tokens": model.max_output_tokens,
        "dimensions": model.dimensions,
        "voices": list(model.voices),
        "audio_formats": list(model.audio_formats),
        "parameters": [rule.model_dump(mode="json", exclude_defaults=True) for rule in rules] if rules is not None else None,
        "prices": _prices(model.prices),
        "deprecated_on": model.deprecated_on.isoformat() if model.deprecated_on else None,
        "replacement": model.replacement,
    }


def _prices(prices: Prices | None) -> dict[str, Decimal | str] | None:
    return prices.model_dump(exclude_none=True) if prices is not None else None
