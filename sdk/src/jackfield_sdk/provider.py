"""The base class of a vendor: one class per vendor, one method per model type."""

from __future__ import annotations

import sys
from functools import cached_property
from importlib.resources import files
from typing import Any, ClassVar

from jackfield.contract import (
    CredentialForm,
    LocalizedText,
    ModelDescription,
    ModelType,
    ProviderDescription,
    ProvisionKind,
    hookimpl,
    hookspecs,
)

from .catalog import Catalog, load_catalog

HOOKS = frozenset(
    name for name, value in vars(hookspecs).items() if getattr(value, f"{hookspecs.PROJECT}_spec", None) is not None
)
"""The names of all hooks of the contract."""


class Provider:
    """One vendor. A subclass says who it is in class attributes, and defines the hooks that it implements, by their names.

        class Acme(Provider):
            id = "acme"
            label = LocalizedText.of("Acme AI", "艾克美")
            model_types = (ModelType.LLM,)
            provider_form = CredentialForm(fields=(FormField(name="api_key", kind="secret", label="API key", required=True),))

            async def validate_provider_credentials(self, context): ...
            async def invoke_llm(self, request, context): ...

        plugin = Acme()

    A method with the name of a hook is marked as its implementation; a hook without a method is one that this vendor does not
    have. Hooks that are inherited count only where the class offers what they are for: `invoke_rerank` if `model_types` holds
    rerank, `relay` if there are `dialects`, `validate_model_credentials` and `describe_model` if models can be added.
    Beside the class, in its package, stand `models.toml` (the catalog, see `jackfield_sdk.catalog`) and `icon.svg`.
    """

    id: ClassVar[str]
    label: ClassVar[LocalizedText]
    description: ClassVar[LocalizedText | None] = None
    help_url: ClassVar[str | None] = None
    model_types: ClassVar[tuple[ModelType, ...]]
    provision: ClassVar[tuple[ProvisionKind, ...]] = (ProvisionKind.PREDEFINED,)
    provider_form: ClassVar[CredentialForm | None] = None
    model_form: ClassVar[CredentialForm | None] = None
    dialects: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        own = HOOKS & vars(cls).keys()
        for name in own:
            setattr(cls, name, hookimpl(vars(cls)[name]))
        if not hasattr(cls, "model_types"):
            return  # a base of other classes
        for name in HOOKS - own:
            hook = next((hook for base in cls.__mro__ if (hook := vars(base).get(name)) is not None), None)
            if hook is not None:
                setattr(cls, name, hook if cls._offers(name) else None)

    @classmethod
    def _offers(cls, hook: str) -> bool:
        """Whether this vendor has what the hook is for."""
        if hook.startswith("invoke_"):
            return hook.removeprefix("invoke_") in {kind.value for kind in cls.model_types}
        if hook == "count_tokens":
            return ModelType.LLM in cls.model_types
        if hook == "relay":
            return bool(cls.dialects)
        if hook in ("validate_model_credentials", "describe_model"):
            return ProvisionKind.CUSTOMIZABLE in cls.provision
        if hook == "validate_provider_credentials":
            return cls.provider_form is not None
        if hook == "list_models":
            return bool(getattr(cls, "lists_models", True))
        return True

    @cached_property
    def catalog(self) -> Catalog:
        """What `models.toml` in the package of the class says; empty if there is none.

        :raises CatalogError: naming file, line and entry at fault
        """
        return load_catalog(self._package)

    @property
    def models(self) -> tuple[ModelDescription, ...]:
        """The catalog's models."""
        return self.catalog.models

    @cached_property
    def icon(self) -> str | None:
        """The text of `icon.svg` in the package of the class."""
        icon = files(self._package).joinpath("icon.svg")
        return icon.read_text("utf-8") if icon.is_file() else None

    @property
    def _package(self) -> str:
        """The package that the class stands in; a class of a single module has that module's name."""
        module = sys.modules[type(self).__module__]
        return module.__package__ or module.__name__

    @hookimpl
    def jackfield_providers(self) -> list[ProviderDescription]:
        """The description, gathered from the class and its package."""
        return [
            ProviderDescription(
                id=self.id,
                label=self.label,
                description=self.description,
                icon=self.icon,
                help_url=self.help_url,
                model_types=self.model_types,
                provision=self.provision,
                provider_form=self.provider_form,
                model_form=self.model_form,
                models=self.models,
                catalog_checked_on=self.catalog.checked_on,
                dialects=self.dialects,
            )
        ]
