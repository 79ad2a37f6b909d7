"""Providers: what the plugins offer, what each asks for, and how far the workspace is with it."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter
from pydantic import BaseModel, Field

from jackfield.contract import CredentialForm, LocalizedText, ModelNotFound, ModelType, ProvisionKind
from jackfield.host import Host, ProviderState, ProviderStatus
from jackfield.tenancy import Preference, Principal

from .callers import Admin, Member, OnHost
from .trials import TrialOut
from .trials import described as described_trial
from .values import Body, Items, Provider

router = APIRouter(prefix="/workspaces/{workspace}/providers", tags=["providers"])


class PreferenceBody(Body):
    """Which way calls take where the workspace has a credential of its own and the operator lends one."""

    hosted_first: bool = Field(default=False, description="the operator's trial before the workspace's own credentials")
    take_over: bool = Field(default=True, description="whether the own ones go on when the trial is spent")


class ProviderOut(BaseModel):
    """A provider."""

    id: str
    label: LocalizedText
    description: LocalizedText | None
    help_url: str | None = Field(description="where a key is made")
    icon: str | None = Field(description="an SVG document")
    plugin: str
    model_types: list[ModelType]
    provision: list[ProvisionKind]
    provider_form: CredentialForm | None = Field(description="of its credentials; null: only its models have any")
    model_form: CredentialForm | None = Field(description="of each model that is added; null: none can be")
    catalog_checked_on: date | None
    models: int = Field(description="how many its catalog has")
    status: ProviderStatus
    credentials: int = Field(description="how many the workspace has, of single models among them")
    trials: list[TrialOut]
    preference: PreferenceBody


@router.get("")
async def list_providers(host: OnHost, caller: Member) -> Items[ProviderOut]:
    """All that the installed plugins offer, by id."""
    view = await host.tenancy.views.get(caller.workspace_id)
    return Items(
        data=[_described(host, one, view.preference(one.description.id)) for one in await host.models.providers(caller)]
    )


@router.get("/{provider}")
async def get_provider(host: OnHost, caller: Member, provider: Provider) -> ProviderOut:
    """One provider."""
    return await _one(host, caller, provider)


@router.put("/{provider}/preference")
async def prefer(host: OnHost, caller: Admin, provider: Provider, body: PreferenceBody) -> ProviderOut:
    """Own credentials or the hosted trial first."""
    await host.models.prefer(caller, provider, Preference(hosted_first=body.hosted_first, take_over=body.take_over))
    return await _one(host, caller, provider)


async def _one(host: Host, caller: Principal, provider: str) -> ProviderOut:
    preference = (await host.tenancy.views.get(caller.workspace_id)).preference(provider)
    for state in await host.models.providers(caller):
        if state.description.id == provider:
            return _described(host, state, preference)
    raise ModelNotFound(f"No plugin offers the provider `{provider}`.", provider=provider)


def _described(host: Host, state: ProviderState, preference: Preference) -> ProviderOut:
    found = state.description
    return ProviderOut(
        id=found.id,
        label=found.label,
        description=found.description,
        help_url=found.help_url,
        icon=found.icon,
        plugin=host.kernel.plugin_of(found.id),
        model_types=list(found.model_types),
        provision=list(found.provision),
        provider_form=found.provider_form,
        model_form=found.model_form,
        catalog_checked_on=found.catalog_checked_on,
        models=len(found.models),
        status=state.status,
        credentials=state.credentials,
        trials=[described_trial(one) for one in state.trials],
        preference=PreferenceBody(hosted_first=preference.hosted_first, take_over=preference.take_over),
    )
