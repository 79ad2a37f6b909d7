"""How far this place is with its providers and models: by the workspace's credentials, or by the environment's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from jackfield.contract import (
    CredentialsInvalid,
    CredentialsMissing,
    ModelDescription,
    ModelType,
    ProviderDescription,
)
from jackfield.host.library_credentials import find_credentials
from jackfield.kernel import Kernel

from .state import State

READY = "ready"
TRIAL = "trial"
OFF = "off"
NEEDS = "needs credentials"
_STYLES = {READY: "green", TRIAL: "cyan", OFF: "dim", NEEDS: "yellow"}


@dataclass(frozen=True, slots=True)
class ListedModel:
    """:param name: what calls take
    :param state: `ready`, `trial` (the operator's), `off`, or `needs credentials`
    :param targets: of an alias
    """

    name: str
    description: ModelDescription
    state: str
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ListedProvider:
    """:param left: of the operator's trials, in their units"""

    description: ProviderDescription
    plugin: str
    state: str
    credentials: int = 0
    left: tuple[str, ...] = ()


def styled(state: str) -> Text:
    """The state in its colour."""
    return Text(state, _STYLES[state])


async def list_models(state: State, provider: str | None, kind: ModelType | None) -> list[ListedModel]:
    """All that are known: the catalogs', those that the workspace added, and its aliases.

    :raises ModelNotFound: if no plugin offers the provider
    """
    if not state.has_database():
        return _of_environment(state.kernel(), provider, kind)
    from .hosted import open_host  # noqa: PLC0415 - a second of imports that only those with a database need

    async with open_host(state) as on:
        models, found = on.host.models, []
        usable = await models.usable(on.caller)
        standing = {(one.name, one.description.type): TRIAL if one.hosted else READY for one in usable}
        for name in [provider] if provider else on.host.kernel.providers:
            for one in await models.of_provider(on.caller, name):
                full, model = f"{name}/{one.description.id}", one.description
                found.append(ListedModel(full, model, standing.get((full, model.type), NEEDS) if one.on else OFF))
        found += [
            ListedModel(alias.name, alias.description, standing[alias.name, alias.description.type], alias.targets)
            for alias in usable
            if alias.targets and provider in (None, alias.provider)
        ]
    return [one for one in found if kind in (None, one.description.type)]


async def list_providers(state: State) -> Sequence[ListedProvider]:
    """All that the plugins offer."""
    if not state.has_database():
        kernel = state.kernel()
        return [
            ListedProvider(found, kernel.plugin_of(name), _by_environment(found)) for name, found in kernel.providers.items()
        ]
    from .hosted import open_host  # noqa: PLC0415 - as above

    async with open_host(state) as on:
        kernel = on.host.kernel
        names = {"ready": READY, "trial": TRIAL, "needs_credentials": NEEDS}
        return [
            ListedProvider(
                one.description,
                kernel.plugin_of(one.description.id),
                names[one.status],
                one.credentials,
                tuple(f"{trial.left} {trial.trial.unit}" for trial in one.trials),
            )
            for one in await on.host.models.providers(on.caller)
        ]


def _of_environment(kernel: Kernel, provider: str | None, kind: ModelType | None) -> list[ListedModel]:
    chosen = [kernel.provider(provider)] if provider else kernel.providers.values()
    return [
        ListedModel(f"{found.id}/{model.id}", model, standing)
        for found in chosen
        for standing in [_by_environment(found)]
        for model in found.models
        if kind in (None, model.type)
    ]


def _by_environment(provider: ProviderDescription) -> str:
    try:
        find_credentials(provider, None, in_catalog=provider.provider_form is not None)
    except (CredentialsMissing, CredentialsInvalid):
        return NEEDS
    return READY
