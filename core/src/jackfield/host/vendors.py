"""Credentials and models entered by people: checked against the form, proved with the vendor, then kept by tenancy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jackfield.contract import (
    BadRequest,
    CallContext,
    CredentialForm,
    Credentials,
    CredentialsMissing,
    ModelDescription,
    ModelType,
    ProviderDescription,
)
from jackfield.kernel import Kernel
from jackfield.tenancy import CredentialChange, CredentialInfo, CredentialRecord, Tenancy

from .health import CredentialHealth, Health
from .settings import CallSettings
from .way_out import WayOut

if TYPE_CHECKING:
    from jackfield.tenancy import Principal


@dataclass(slots=True, kw_only=True)
class NewCredential:
    """:param values: the form as it was filled in
    :param save_anyway: keep it although the vendor cannot be reached now; not if the vendor refuses it
    """

    values: Mapping[str, Any]
    name: str = ""
    weight: int = 1
    save_anyway: bool = False


class Vendors:
    """The service."""

    def __init__(self, kernel: Kernel, tenancy: Tenancy, health: Health, way_out: WayOut, settings: CallSettings) -> None:
        self._kernel = kernel
        self._tenancy = tenancy
        self._health = health
        self._way_out = way_out
        self._settings = settings

    async def add(self, caller: Principal, provider_id: str, new: NewCredential) -> CredentialInfo:
        """Add a credential of a provider.

        :raises CredentialsInvalid: naming every field at fault, in the form or by the vendor
        :raises ModelNotFound: if no plugin offers the provider
        :raises BadRequest: if the provider has no credential of its own, only its models have
        """
        provider = self._kernel.provider(provider_id)

        async def prove(credentials: Credentials) -> None:
            await self._kernel.validate_provider_credentials(self._context(caller, provider_id, credentials))

        return await self._tenancy.credentials.add(
            caller,
            provider_id,
            _provider_form(provider),
            new.values,
            prove,
            name=new.name,
            weight=new.weight,
            save_anyway=new.save_anyway,
        )

    async def add_model(
        self, caller: Principal, provider_id: str, model: str, model_type: ModelType, new: NewCredential
    ) -> tuple[ModelDescription, CredentialInfo]:
        """Add a model with its own settings, or further settings to one that was added.

        :raises CredentialsInvalid: naming every field at fault
        :raises BadRequest: if models cannot be added to the provider, or none of this type
        """
        provider = self._kernel.provider(provider_id)
        form = _model_form(provider, model_type)
        if not model.strip():
            raise BadRequest("A model needs a name.", param="model")
        model = model.strip()
        base = await self._base(caller, provider_id)
        described: list[ModelDescription] = []

        async def prove(credentials: Credentials) -> None:
            described.append(self._kernel.describe_model(provider_id, model, model_type, credentials))
            context = self._context(caller, provider_id, credentials, described[-1])
            await self._kernel.validate_model_credentials(model, model_type, context)

        info = await self._tenancy.credentials.add(
            caller,
            provider_id,
            form,
            new.values,
            prove,
            name=new.name or model,
            weight=new.weight,
            model=model,
            model_type=model_type,
            base=base,
            save_anyway=new.save_anyway,
        )
        try:
            await self._tenancy.choices.add_model(caller, provider_id, described[-1])
        except BaseException:
            await self._tenancy.credentials.remove(caller, info.id)
            raise
        return described[-1], info

    async def change(
        self, caller: Principal, credential_id: str, change: CredentialChange, *, save_anyway: bool = False
    ) -> CredentialInfo:
        """Edit a credential; secrets that are not retyped stay.

        :raises NotFound: if the workspace has no such credential
        :raises CredentialsInvalid: naming every field at fault
        """
        former = await self._tenancy.credentials.get(caller, credential_id)
        form = self._form_of(former)
        described: list[ModelDescription] = []

        async def prove(credentials: Credentials) -> None:
            await self._prove(caller, former, credentials, described)

        info = await self._tenancy.credentials.change(caller, credential_id, form, change, prove, save_anyway=save_anyway)
        if described:
            await self._tenancy.choices.add_model(caller, former.provider, described[-1])
        self._health.wake(credential_id)
        return info

    async def check(self, caller: Principal, credential_id: str) -> CredentialInfo:
        """Prove a stored credential again; its `status` tells the outcome.

        :raises NotFound: if the workspace has no such credential
        :raises JackfieldError: if the vendor could not be asked
        """
        former = await self._tenancy.credentials.get(caller, credential_id)

        async def prove(credentials: Credentials) -> None:
            await self._prove(caller, former, credentials, [])

        info = await self._tenancy.credentials.check(caller, credential_id, prove)
        if info.status == "valid":
            self._health.wake(credential_id)
        return info

    async def remove(self, caller: Principal, credential_id: str) -> None:
        """:raises NotFound: if the workspace has no such credential"""
        await self._tenancy.credentials.remove(caller, credential_id)
        self._health.wake(credential_id)

    async def health(self, caller: Principal, credential_id: str) -> CredentialHealth:
        """How the credential fares in this process.

        :raises NotFound: if the workspace has no such credential
        """
        await self._tenancy.credentials.get(caller, credential_id)
        await self._tenancy.views.get(caller.workspace_id)  # which ends the rest of one that was corrected elsewhere
        return self._health.of(credential_id)

    async def live_models(
        self, caller: Principal, provider_id: str, values: Mapping[str, Any] | None = None
    ) -> list[ModelDescription]:
        """What the vendor offers now, asked with a credential of the workspace, or with values that are not saved yet.

        The catalog, where the plugin cannot ask.

        :raises CredentialsMissing: if there is neither
        """
        provider = self._kernel.provider(provider_id)
        if values is not None:
            form = provider.provider_form or provider.model_form or CredentialForm()
            opened: Mapping[str, Any] = form.check(values)
        else:
            opened = await self._base(caller, provider_id) or await self._any_model(caller, provider)
        return await self._kernel.list_models(self._context(caller, provider_id, Credentials(opened)))

    async def _prove(
        self, caller: Principal, info: CredentialInfo, credentials: Credentials, described: list[ModelDescription]
    ) -> None:
        if info.model is None or info.model_type is None:
            await self._kernel.validate_provider_credentials(self._context(caller, info.provider, credentials))
            return
        whole = Credentials({**await self._base(caller, info.provider), **credentials})
        described.append(self._kernel.describe_model(info.provider, info.model, info.model_type, whole))
        context = self._context(caller, info.provider, whole, described[-1])
        await self._kernel.validate_model_credentials(info.model, info.model_type, context)

    def _form_of(self, info: CredentialInfo) -> CredentialForm:
        provider = self._kernel.provider(info.provider)
        if info.model_type is not None:
            return _model_form(provider, info.model_type)
        return _provider_form(provider)

    async def _base(self, caller: Principal, provider_id: str) -> dict[str, Any]:
        """The values under a model's own: those of the provider's first credential, or its defaults."""
        records = await self._records(caller, provider_id)
        general = next((record for record in records if record.model is None), None)
        if general is not None:
            return dict(await self._tenancy.credentials.open(general))
        provider = self._kernel.provider(provider_id)
        if provider.provider_form is not None and provider.needs_no_credentials:
            return provider.provider_form.check({})
        return {}

    async def _any_model(self, caller: Principal, provider: ProviderDescription) -> Mapping[str, Any]:
        records = await self._records(caller, provider.id)
        if records:
            return await self._tenancy.credentials.open(records[0])
        if provider.needs_no_credentials:
            return {}
        raise CredentialsMissing(f"This workspace has no credential for `{provider.id}`.", provider=provider.id)

    async def _records(self, caller: Principal, provider_id: str) -> tuple[CredentialRecord, ...]:
        view = await self._tenancy.views.get(caller.workspace_id)
        return view.credentials.get(provider_id, ())

    def _context(
        self, caller: Principal, provider: str, credentials: Credentials, model: ModelDescription | None = None
    ) -> CallContext:
        seconds = self._settings.validation_timeout
        return CallContext(
            provider=provider,
            credentials=credentials,
            http=self._way_out.client,
            wire=self._way_out.wire,
            model=model,
            timeout=seconds,
            idle_timeout=seconds,
            workspace=caller.workspace_id,
        )


def _provider_form(provider: ProviderDescription) -> CredentialForm:
    if provider.provider_form is None:
        raise BadRequest(
            f"`{provider.id}` has no credential of its own: each of its models is added with one.",
            advice="Add a model of this provider.",
            provider=provider.id,
        )
    return provider.provider_form


def _model_form(provider: ProviderDescription, model_type: ModelType) -> CredentialForm:
    if provider.model_form is None:
        raise BadRequest(f"Models cannot be added to `{provider.id}`: it offers its catalog.", provider=provider.id)
    if model_type not in provider.model_types:
        kinds = ", ".join(provider.model_types)
        raise BadRequest(f"`{provider.id}` has models of type {kinds}, not {model_type}.", param="model_type")
    return provider.model_form
