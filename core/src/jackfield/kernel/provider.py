"""A provider in the registry: its description, and every hook of it that can be called, bound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pluggy

from jackfield.contract import PROJECT, ModelDescription, ProviderDescription, hookspecs

from .calls import BoundCall, Layer, owner_shim, wrapper_shim
from .faults import Blame
from .hooks import HOOKS, INVOKE_HOOKS
from .implementations import Implementations


@dataclass(frozen=True, slots=True)
class Member:
    """A plugin that works. `title` is how errors name it."""

    title: str
    implementations: Implementations


class _View:
    """What pluggy gets to see of a plugin: for its owner everything, of any other its wrappers."""


class Provider:
    """:param others: the other plugins, of which only the wrappers count"""

    def __init__(self, description: ProviderDescription, owner: Member, others: Sequence[Member]) -> None:
        self.description = description
        self.plugin = owner.title
        self.own = owner.implementations.own
        self.secret_names = frozenset[str]().union(
            *(form.secret_names for form in (description.provider_form, description.model_form) if form)
        )
        self.calls = self._bind(owner, [other for other in others if other.implementations.wrappers])
        self._dialects = frozenset(description.dialects) if "relay" in self.own else frozenset[str]()
        self._guarded = frozenset(
            kind
            for kind, hook in INVOKE_HOOKS.items()
            for other in others
            if hook in other.implementations.wrappers and "relay" not in other.implementations.wrappers
        )

    def can_relay(self, dialect: str, model: ModelDescription) -> bool:
        """Whether a body of `dialect` may go to `model` untouched, with no guard walked around."""
        return (
            dialect in self._dialects
            and model.type not in self._guarded
            and (model.dialects is None or dialect in model.dialects)
        )

    def _bind(self, owner: Member, others: Sequence[Member]) -> dict[str, BoundCall]:
        layers = {name: self._layer(owner.title, name) for name in self.own if HOOKS[name].is_async}
        manager = self._manage(owner, layers, others) if others else None
        calls = {}
        for name, layer in layers.items():
            wrapped_by = tuple(other.title for other in others if name in other.implementations.wrappers)
            around: Any = getattr(manager.hook, name) if manager and wrapped_by else None
            calls[name] = BoundCall(layer, self.own[name], around, wrapped_by)
        return calls

    def _manage(self, owner: Member, layers: Mapping[str, Layer], others: Sequence[Member]) -> pluggy.PluginManager:
        """pluggy's manager for this provider: the owner in full, the others by their wrappers only."""
        manager = pluggy.PluginManager(PROJECT)
        manager.add_hookspecs(hookspecs)
        view = _View()
        vars(view).update({name: owner_shim(layer, self.own[name]) for name, layer in layers.items()})
        manager.register(view, owner.title)
        for other in others:
            view = _View()
            for name, implementation in other.implementations.wrappers.items():
                vars(view)[name] = wrapper_shim(self._layer(other.title, name), implementation)
            manager.register(view, other.title)
        return manager

    def _layer(self, plugin: str, hook: str) -> Layer:
        return Layer(HOOKS[hook], Blame(plugin, hook, self.secret_names))
