"""What a model's name means in a workspace: `provider/model`, an alias of its own, or `default`."""

from __future__ import annotations

import difflib
from collections.abc import Callable

from jackfield.contract import Feature, ModelDescription, ModelNotFound, ModelType, ProviderDescription
from jackfield.contract.relay import OPENAI_COMPLETIONS
from jackfield.kernel import Kernel
from jackfield.tenancy import CredentialRecord, WorkspaceView

from .routes import Candidate, Route, Target

DEFAULT = "default"
_NAMES_KEPT = 2048  # routes of one view; names come from callers

FindTrials = Callable[[str, str], tuple[Candidate, ...]]
"""The operator's candidates for a provider's model, where it lends any."""


class Resolution:
    """Routes, kept for each workspace as long as its view is the same object."""

    def __init__(self, kernel: Kernel, find_trials: FindTrials) -> None:
        self._kernel = kernel
        self._find_trials = find_trials
        self._routes: dict[str, tuple[WorkspaceView, dict[tuple[str, ModelType], Route]]] = {}

    def route(self, view: WorkspaceView, name: str, model_type: ModelType) -> Route:
        """:raises ModelNotFound: saying what is missing: the alias, the default, the provider, the model, or its type"""
        kept = self._routes.get(view.workspace_id)
        if kept is None or kept[0] is not view:
            kept = self._routes[view.workspace_id] = (view, {})
        found = kept[1].get((name, model_type))
        if found is None:
            found = self._resolve(view, name, model_type)
            if len(kept[1]) >= _NAMES_KEPT:
                kept[1].clear()
            kept[1][(name, model_type)] = found
        return found

    def _resolve(self, view: WorkspaceView, name: str, model_type: ModelType) -> Route:
        if name == DEFAULT:
            return self._default(view, model_type)
        return self._make(name, model_type, self._targets(view, name, model_type))

    def _targets(self, view: WorkspaceView, name: str, model_type: ModelType) -> tuple[Target, ...]:
        """Of a model's name, the model; of an alias, those of its models that can be used."""
        refs = view.aliases.get(name)
        if refs is None:
            return (self.target(view, name, model_type),)
        targets: list[Target] = []
        failure: ModelNotFound | None = None
        for ref in refs:
            try:
                targets.append(self.target(view, ref, model_type))
            except ModelNotFound as error:
                failure = failure or error
        if not targets:
            raise ModelNotFound(
                f"The alias `{name}` leads to no model that can be used: {failure.message if failure else 'it is empty.'}",
                advice="Change the alias under Settings > Default models.",
                param="model",
            )
        return tuple(targets)

    def _default(self, view: WorkspaceView, model_type: ModelType) -> Route:
        ref = view.defaults.get(model_type)
        advice = "Choose one under Settings > Default models, or with `jackfield defaults set`."
        if ref is None:
            raise ModelNotFound(f"This workspace has no default model of type {model_type}.", advice=advice, param="model")
        try:
            targets = self._targets(view, ref, model_type)
        except ModelNotFound as error:
            raise ModelNotFound(
                f"The default model of type {model_type} is `{ref}`, which cannot be used: {error.message}",
                advice=advice,
                provider=error.provider,
                model=error.model,
                param="model",
            ) from None
        return self._make(DEFAULT, model_type, targets)

    def target(self, view: WorkspaceView, ref: str, model_type: ModelType) -> Target:
        """What `provider/model` means.

        :raises ModelNotFound: as `route`
        """
        provider_id, slash, model_id = ref.partition("/")
        if not slash or not provider_id or not model_id:
            raise self._unknown_name(view, ref, model_type)
        provider = self._kernel.provider(provider_id)
        model = self._model(view, provider, model_id, model_type)
        if (provider_id, model_id, model_type) in view.switched_off:
            raise ModelNotFound(
                f"The model `{ref}` is switched off in this workspace.",
                advice="Switch it on under Settings > Model providers.",
                provider=provider_id,
                model=model_id,
                param="model",
            )
        preference = view.preference(provider_id)
        return Target(
            provider=provider_id,
            model=model,
            own=candidates(view, provider, model),
            trials=self._find_trials(provider_id, model_id),
            hosted_first=preference.hosted_first,
            take_over=preference.take_over,
        )

    def _model(
        self, view: WorkspaceView, provider: ProviderDescription, model_id: str, model_type: ModelType
    ) -> ModelDescription:
        added = view.custom_models.get((provider.id, model_id, model_type))
        found = added or provider.model(model_id, model_type)
        if found is not None:
            return found
        kinds = [kind for name, id_, kind in view.custom_models if (name, id_) == (provider.id, model_id)]
        kinds += [model.type for model in provider.models if model.id == model_id]
        if kinds:
            raise ModelNotFound(
                f"`{provider.id}/{model_id}` is a model of type {', '.join(sorted(set(kinds)))}; this call needs one of type"
                f" {model_type}.",
                provider=provider.id,
                model=model_id,
                param="model",
            )
        known = [model.id for model in provider.models if model.type == model_type]
        known += [id_ for name, id_, kind in view.custom_models if (name, kind) == (provider.id, model_type)]
        near = difflib.get_close_matches(model_id, known, n=1) or [
            name for name in known if name in model_id or model_id in name
        ]
        advice = f"Did you mean `{provider.id}/{near[0]}`?" if near else None
        if advice is None and provider.model_form is not None:
            advice = "Add the model under Settings > Model providers, or list the models with `jackfield models`."
        raise ModelNotFound(
            f"The provider `{provider.id}` has no model `{model_id}` of type {model_type}.",
            advice=advice,
            provider=provider.id,
            model=model_id,
            param="model",
        )

    def _unknown_name(self, view: WorkspaceView, name: str, model_type: ModelType) -> ModelNotFound:
        at = [p.id for p in self._kernel.providers.values() if p.model(name, model_type) is not None]
        at += [provider for provider, model, kind in view.custom_models if (model, kind) == (name, model_type)]
        ready = [provider for provider in at if view.credentials.get(provider)] or at
        if ready:
            advice = "Name the provider as well: " + " or ".join(f"`{provider}/{name}`" for provider in sorted(set(ready)))
        elif near := difflib.get_close_matches(name, view.aliases, n=1):
            advice = f"Did you mean the alias `{near[0]}`?"
        else:
            return ModelNotFound(f"`{name}` is neither `provider/model` nor an alias of this workspace.", param="model")
        message = f"`{name}` is neither `provider/model` nor an alias of this workspace."
        return ModelNotFound(message, advice=advice + ("." if advice.endswith("`") else ""), param="model")

    def narrowed(self, route: Route, targets: tuple[Target, ...]) -> Route:
        """The route with fewer targets; its first must stay."""
        relayable = {
            dialect: tuple(target for target in some if target in targets) for dialect, some in route.relayable.items()
        }
        return Route(route.name, route.model_type, targets, relayable)

    def _make(self, name: str, model_type: ModelType, targets: tuple[Target, ...]) -> Route:
        dialects = {dialect for target in targets for dialect in self._kernel.provider(target.provider).dialects}
        relayable = {
            dialect: tuple(target for target in targets if self._can_relay(dialect, target)) for dialect in sorted(dialects)
        }
        return Route(
            name,
            model_type,
            targets,
            {dialect: some for dialect, some in relayable.items() if some and some[0] is targets[0]},
        )

    def _can_relay(self, dialect: str, target: Target) -> bool:
        if dialect == OPENAI_COMPLETIONS and Feature.COMPLETION not in target.model.features:
            return False
        return self._kernel.can_relay(target.provider, dialect, target.model)


def candidates(view: WorkspaceView, provider: ProviderDescription, model: ModelDescription) -> tuple[Candidate, ...]:
    """The workspace's own ways of calling a model.

    A credential of the model itself counts with each of the provider's under it (a fine-tune is called with the vendor's key).
    A model of the catalog may be called with the provider's alone, and without any where the provider asks for nothing.
    """
    records = view.credentials.get(provider.id, ())
    general = [record for record in records if record.model is None]
    special = [record for record in records if (record.model, record.model_type) == (model.id, model.type)]
    added = (provider.id, model.id, model.type) in view.custom_models
    beneath: list[CredentialRecord | None] = list(general) or [None]
    found = [_candidate(record, under) for record in special for under in beneath]
    if not special or not added:
        found += [_candidate(record, None) for record in general]
    if not found and provider.needs_no_credentials:
        return (Candidate("", f"free:{provider.id}"),)
    return tuple(found)


def _candidate(record: CredentialRecord, under: CredentialRecord | None) -> Candidate:
    """The one whose secret is used gives the name: it is what fails and rests."""
    named = under if under is not None and record.sealed is None else record
    return Candidate(named.id, named.id, named.name, max(named.weight, 1), record=(under, record) if under else (record,))
