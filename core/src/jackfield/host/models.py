"""The models and providers of a workspace: what a caller can use, and what a page shows of the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from jackfield.contract import BadRequest, ModelDescription, ModelNotFound, ModelType, ProviderDescription
from jackfield.kernel import Kernel
from jackfield.tenancy import Preference, Tenancy, TrialState, WorkspaceView

from .resolution import DEFAULT, Resolution, candidates
from .routes import Target

if TYPE_CHECKING:
    from jackfield.tenancy import Principal, Scopes


@dataclass(frozen=True, slots=True)
class UsableModel:
    """A name that calls can use now.

    :param name: `provider/model`, or an alias
    :param hosted: whether only the operator's trial serves it
    :param added: whether the workspace added it
    :param targets: what an alias stands for, its fallbacks after it; empty for a model itself
    """

    name: str
    provider: str
    description: ModelDescription
    hosted: bool = False
    added: bool = False
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProviderModel:
    """A model of a provider's page, usable or not.

    :param on: whether the workspace lets it be used
    :param ready: whether a credential, or a trial, can serve it
    """

    description: ModelDescription
    added: bool
    on: bool
    ready: bool
    hosted: bool


class ProviderStatus(StrEnum):
    """How far a workspace is with a provider."""

    READY = "ready"
    TRIAL = "trial"
    NEEDS_CREDENTIALS = "needs_credentials"


@dataclass(frozen=True, slots=True)
class ProviderState:
    """:param trials: the operator's, with what is left of them"""

    description: ProviderDescription
    status: ProviderStatus
    credentials: int
    trials: tuple[TrialState, ...]


class Models:
    """The service."""

    def __init__(self, kernel: Kernel, tenancy: Tenancy, resolution: Resolution) -> None:
        self._kernel = kernel
        self._tenancy = tenancy
        self._resolution = resolution
        self._usable: dict[str, tuple[WorkspaceView, tuple[UsableModel, ...]]] = {}

    async def usable(self, caller: Principal, model_type: ModelType | None = None) -> list[UsableModel]:
        """What the caller's calls can use: models that are switched on and have a credential or a trial, and aliases."""
        scopes = caller.scopes
        view = await self._tenancy.views.get(caller.workspace_id)
        found = [
            self._permitted(view, scopes, model)
            for model in self._all(view)
            if (model_type is None or model.description.type == model_type) and scopes.permits_type(model.description.type)
        ]
        return [model for model in found if model is not None]

    async def get(self, caller: Principal, name: str) -> UsableModel:
        """:raises ModelNotFound: if the caller cannot use it"""
        for model in await self.usable(caller):
            if model.name == name:
                return model
        raise ModelNotFound(f"There is no model `{name}` that this key can use.", param="model")

    async def of_provider(self, caller: Principal, provider_id: str) -> list[ProviderModel]:
        """All models of one provider: its catalog's, and those that the workspace added.

        :raises ModelNotFound: if no plugin offers the provider
        """
        view = await self._tenancy.views.get(caller.workspace_id)
        provider = self._kernel.provider(provider_id)
        return [
            ProviderModel(
                description=model,
                added=added,
                on=(provider_id, model.id, model.type) not in view.switched_off,
                ready=bool(candidates(view, provider, model)) or self._lent(provider_id, model),
                hosted=self._lent(provider_id, model),
            )
            for model, added in _known(view, provider)
        ]

    async def providers(self, caller: Principal) -> list[ProviderState]:
        """All providers, by id, with what the workspace has for them."""
        view = await self._tenancy.views.get(caller.workspace_id)
        trials = [state for state in await self._tenancy.trials.states(caller.workspace_id) if not state.trial.over]
        found = []
        for provider in self._kernel.providers.values():
            records = view.credentials.get(provider.id, ())
            lent = tuple(state for state in trials if state.trial.provider == provider.id)
            status = ProviderStatus.NEEDS_CREDENTIALS
            if records or provider.needs_no_credentials:
                status = ProviderStatus.READY
            elif any(state.left for state in lent):
                status = ProviderStatus.TRIAL
            found.append(ProviderState(provider, status, len(records), lent))
        return found

    async def set_default(self, caller: Principal, model_type: ModelType, ref: str | None) -> None:
        """What `default` means for a type: as `set_defaults`, with `model` as the parameter at fault."""
        try:
            await self.set_defaults(caller, {model_type: ref})
        except (BadRequest, ModelNotFound) as error:
            error.param = "model"
            raise

    async def set_defaults(self, caller: Principal, refs: Mapping[ModelType, str | None]) -> None:
        """What `default` means for these types: a model, or an alias; None: nothing any more. All are set, or none.

        What a type has already may stay, though it is gone: whoever changes another need not mend it first.

        :raises ModelNotFound: if one cannot be used as one of its type; the parameter at fault is the type
        :raises BadRequest: for `default` itself
        """
        view = await self._tenancy.views.get(caller.workspace_id)
        changed = {kind: ref for kind, ref in refs.items() if ref != view.defaults.get(kind)}
        for kind, ref in changed.items():
            if ref == DEFAULT:
                raise BadRequest("The default cannot be `default`.", param=kind)
            if ref is not None:
                self._find_for_choice(view, ref, (kind,), param=kind)
        await self._tenancy.choices.set_defaults(caller, changed)

    async def set_alias(self, caller: Principal, name: str, targets: Sequence[str] | None) -> None:
        """A name for a model and its fallbacks; None: the name goes.

        A model that the alias has already may stay, though it is gone: calls pass it over.

        :raises ModelNotFound: for a new target that is no model of any type
        :raises BadRequest, NotFound: as `Choices.set_alias`
        """
        view = await self._tenancy.views.get(caller.workspace_id)
        for target in targets or ():
            if "/" in target and target not in view.aliases.get(name, ()):
                self._find_for_choice(view, target, tuple(ModelType), param="targets")
        await self._tenancy.choices.set_alias(caller, name, targets)

    async def gone(
        self, caller: Principal, refs: Iterable[str], model_type: ModelType | None = None
    ) -> dict[str, ModelNotFound]:
        """Those of the names that mean no model any more, with what is wrong: chosen once, and removed or switched off since.

        :param model_type: as what they must be callable; None: as any
        """
        view = await self._tenancy.views.get(caller.workspace_id)
        found = {}
        for ref in refs:
            try:
                self._find_for_choice(view, ref, (model_type,) if model_type else tuple(ModelType), param="model")
            except ModelNotFound as error:
                found[ref] = error
        return found

    async def switch(self, caller: Principal, provider_id: str, model: str, model_type: ModelType, *, on: bool) -> None:
        """Let a model be used, or not.

        :raises ModelNotFound: if the provider has no such model
        """
        known = await self.of_provider(caller, provider_id)
        if not any((one.description.id, one.description.type) == (model, model_type) for one in known):
            raise ModelNotFound(f"The provider `{provider_id}` has no model `{model}` of type {model_type}.", param="model")
        await self._tenancy.choices.switch_model(caller, provider_id, model, model_type, on=on)

    async def prefer(self, caller: Principal, provider_id: str, preference: Preference) -> None:
        """Own credentials or the hosted trial first.

        :raises ModelNotFound: if no plugin offers the provider
        """
        self._kernel.provider(provider_id)
        await self._tenancy.choices.set_preference(caller, provider_id, preference)

    def _find_for_choice(self, view: WorkspaceView, ref: str, types: Sequence[ModelType], *, param: str) -> None:
        """:raises ModelNotFound: if it can be used as none of these types, saying to choose another"""
        failure: ModelNotFound | None = None
        for model_type in types:
            try:
                self._resolution.route(view, ref, model_type)
            except ModelNotFound as error:
                failure = failure or error
            else:
                return
        assert failure is not None
        advice = (
            failure.advice if "advice" in vars(failure) else "Choose another model (`jackfield models` lists them), or none."
        )
        raise ModelNotFound(
            failure.message, advice=advice, param=param, provider=failure.provider, model=failure.model
        ) from failure

    def _all(self, view: WorkspaceView) -> tuple[UsableModel, ...]:
        kept = self._usable.get(view.workspace_id)
        if kept is None or kept[0] is not view:
            kept = self._usable[view.workspace_id] = (view, tuple(self._find(view)))
        return kept[1]

    def _find(self, view: WorkspaceView) -> Iterator[UsableModel]:
        for provider in self._kernel.providers.values():
            for model, added in _known(view, provider):
                if (provider.id, model.id, model.type) in view.switched_off:
                    continue
                own = bool(candidates(view, provider, model))
                lent = self._lent(provider.id, model)
                if own or lent:
                    yield UsableModel(f"{provider.id}/{model.id}", provider.id, model, hosted=not own, added=added)
        for name, refs in sorted(view.aliases.items()):
            yield from self._aliases(view, name, refs)

    def _aliases(self, view: WorkspaceView, name: str, refs: tuple[str, ...]) -> Iterator[UsableModel]:
        """One entry for each type that the alias can be called as."""
        for model_type in ModelType:
            try:
                targets = self._resolution.route(view, name, model_type).targets
            except ModelNotFound:
                continue
            usable = _alias(name, targets, refs)
            if usable is not None:
                yield usable

    def _permitted(self, view: WorkspaceView, scopes: Scopes, model: UsableModel) -> UsableModel | None:
        """The model as a key with these scopes may call it: an alias also by those of its targets that the key may call."""
        if scopes.permits_model(model.name):
            return model
        if not model.targets:
            return None
        targets = self._resolution.route(view, model.name, model.description.type).permitted(scopes)
        return _alias(model.name, targets, tuple(ref for ref in model.targets if scopes.permits_model(ref)))

    def _lent(self, provider: str, model: ModelDescription) -> bool:
        return bool(self._tenancy.trials.lending(provider, model.id))


def _alias(name: str, targets: Iterable[Target], refs: tuple[str, ...]) -> UsableModel | None:
    """The alias, described by the first of its targets that can serve; None where none can."""
    usable = next((target for target in targets if target.own or target.trials), None)
    return None if usable is None else UsableModel(name, usable.provider, usable.model, hosted=not usable.own, targets=refs)


def _known(view: WorkspaceView, provider: ProviderDescription) -> Iterator[tuple[ModelDescription, bool]]:
    """The provider's models, each with whether it was added; one that was added stands in the place of the catalog's."""
    added = {(id_, kind): model for (name, id_, kind), model in view.custom_models.items() if name == provider.id}
    for model in provider.models:
        own = added.pop((model.id, model.type), None)
        yield own or model, own is not None
    for model in added.values():
        yield model, True
