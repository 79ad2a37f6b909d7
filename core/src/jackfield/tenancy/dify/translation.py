"""A form of Dify's, turned into one of a provider's here: secrets opened, fields renamed, checked by the form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from jackfield.contract import (
    CredentialForm,
    CredentialsInvalid,
    ModelDescription,
    ModelType,
    ProviderDescription,
)
from jackfield.vault import SealBroken
from jackfield.vault.dify import DifyKey, looks_sealed

from .content import DifyCredential, DifyModel
from .mapping import MODEL_TYPES, ProviderRule, provider_rules


class Offers(Protocol):
    """What the import asks the installed plugins; a `Kernel` is one."""

    @property
    def providers(self) -> Mapping[str, ProviderDescription]:
        """By id."""

    def describe_model(
        self, provider_id: str, model: str, model_type: ModelType, credentials: Mapping[str, Any]
    ) -> ModelDescription:
        """A model that is added with these values."""


class Untranslatable(Exception):
    """Why a thing has no counterpart here."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model by its names here."""

    provider: str
    model: str
    type: ModelType

    @property
    def ref(self) -> str:
        """As defaults name it."""
        return f"{self.provider}/{self.model}"


@dataclass(slots=True)
class Translated:
    """A form as it is filled in here.

    :param model: of an added model
    """

    source: DifyCredential
    provider: str
    form: CredentialForm
    values: dict[str, Any] = field(repr=False)
    model: Model | None = None
    attention: list[str] = field(default_factory=list)


class Translator:
    """For one tenant.

    :param key: its private key; None: it could not be read, for the reason `why_no_key`
    """

    def __init__(self, offers: Offers, key: DifyKey | None, why_no_key: str = "") -> None:
        self._offers = offers
        self._key = key
        self._why_no_key = why_no_key
        self._names: dict[DifyModel, Model] = {}

    def provider(self, name: str) -> tuple[ProviderRule, ProviderDescription]:
        """:raises Untranslatable: if nothing here offers Dify's provider"""
        rule = provider_rules().get(name)
        if rule is None:
            raise Untranslatable(f"There is no counterpart of Dify's provider `{name}`.")
        description = self._offers.providers.get(rule.provider)
        if description is None:
            raise Untranslatable(
                f"The provider `{rule.provider}` is not installed: `pip install {rule.distribution}`, then import again."
            )
        return rule, description

    def model(self, named: DifyModel) -> Model:
        """A model by its names here.

        :raises Untranslatable: if its provider or its type does not exist here
        """
        known = self._names.get(named)
        return known or self._model(self.provider(named.provider)[1], named, named.model)

    def credential(self, source: DifyCredential) -> Translated:
        """:raises Untranslatable: if it has no counterpart, does not open, or lacks what the form asks for"""
        rule, description = self.provider(source.provider)
        if source.values is None:
            raise Untranslatable("What Dify stored is no JSON object.")
        opened = {name: self._open(name, value) for name, value in source.values.items() if value not in (None, "")}
        model, form = self._form(source, rule, description, opened)
        done = Translated(source, description.id, form, {}, model, list(source.notes))
        fields = {each.name for each in form.fields}
        done.values.update(rule.fixed.get("provider" if model is None else "model", {}))
        for name, value in opened.items():
            self._convert(name, value, rule, fields, done)
        if model is not None and model.model != source.model:
            done.attention.append(f"Dify called this model `{source.model}`; here it has the vendor's name `{model.model}`.")
        _show(form, done.values)
        try:
            done.values = form.check(done.values)
        except CredentialsInvalid as error:
            problems = "; ".join(f"{name} {problem}" for name, problem in error.problems.items())
            raise Untranslatable(f"The form of `{description.id}` does not take it: {problems}.") from None
        return done

    def _form(
        self, source: DifyCredential, rule: ProviderRule, description: ProviderDescription, opened: Mapping[str, Any]
    ) -> tuple[Model | None, CredentialForm]:
        if source.model is None:
            if description.provider_form is None:
                raise Untranslatable(f"Here `{description.id}` has no credential of its own: each model is added with one.")
            return None, description.provider_form
        if description.model_form is None:
            raise Untranslatable(
                f"Here no models are added to `{description.id}`: it offers its catalog. Enter its key as the provider's."
            )
        named = DifyModel(source.provider, source.model, source.model_type or "")
        given = str(opened.get(rule.model_name or "") or "").strip()
        model = self._names.setdefault(named, self._model(description, named, given or source.model))
        return model, description.model_form

    def _model(self, description: ProviderDescription, named: DifyModel, name: str) -> Model:
        kind = MODEL_TYPES.get(named.model_type)
        if kind is None:
            raise Untranslatable(f"There are no models of Dify's type `{named.model_type}` here.")
        if kind not in description.model_types:
            raise Untranslatable(f"Here `{description.id}` has no models of type {kind}.")
        return Model(description.id, name, kind)

    def _open(self, name: str, value: Any) -> Any:
        if not isinstance(value, str) or not looks_sealed(value):
            return value
        if self._key is None:
            raise Untranslatable(self._why_no_key)
        try:
            return self._key.open(value)
        except SealBroken as error:
            raise Untranslatable(f"The field `{name}` does not open: {error.message} {error.advice}") from None

    def _convert(self, name: str, value: Any, rule: ProviderRule, fields: set[str], done: Translated) -> None:
        target = rule.rule(name)
        if target is None or (target.to is not None and target.to not in fields):
            done.attention.append(f"Dify's field `{name}` has no counterpart here.")
        elif target.to is not None:
            try:
                converted = target.convert(value)
            except ValueError as error:
                done.attention.append(f"Dify's field `{name}` {error}.")
                return
            if converted is not None:
                done.values[target.to] = converted


def _show(form: CredentialForm, values: dict[str, Any]) -> None:
    """Set what makes the form show a field that has a value of its own, such as the switch of its advanced part."""
    for each in form.fields:
        if each.name not in values or values[each.name] == each.default:
            continue
        for other, accepted in each.shown_if.items():
            values.setdefault(other, accepted[0])
