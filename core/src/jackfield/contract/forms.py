"""Credential forms: what a plugin asks a workspace for, described so that the console can draw it and the server check it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from .errors import CredentialsInvalid
from .localization import LocalizedText

_LARGEST = 2**63  # what JSON can carry everywhere; NaN and the infinities are beyond it
FieldKind = Literal["text", "secret", "select", "switch", "number"]


class Option(BaseModel):
    """One choice of a `select` field."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: str
    label: LocalizedText


class FormField(BaseModel):
    """One field of a form.

    Values are JSON scalars: a string for `text`, `secret` and `select`; a boolean for `switch`; a number for `number`.
    `shown_if` maps another field's name to the values under which this one is shown, asked for, and kept.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    kind: FieldKind = "text"
    label: LocalizedText
    required: bool = False
    default: str | bool | int | float | None = None
    placeholder: LocalizedText | None = None
    help: LocalizedText | None = None
    help_url: str | None = Field(default=None, pattern=r"^https?://")
    pattern: str | None = Field(default=None, description="a Python regular expression that the whole value must match")
    pattern_hint: LocalizedText | None = Field(default=None, description="what a value must look like, for people")
    options: tuple[Option, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    shown_if: dict[str, tuple[str | bool | int | float, ...]] = {}
    env: str | None = Field(default=None, description="the environment variable that holds it in library use")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.kind == "select") != bool(self.options):
            raise ValueError(f"field {self.name!r}: a select field has options, and no other kind has")
        if self.kind == "secret" and self.default is not None:
            raise ValueError(f"field {self.name!r}: a secret has no default")
        if self.pattern is not None:
            try:
                re.compile(self.pattern)
            except re.error as error:
                raise ValueError(f"field {self.name!r}: its pattern is no regular expression: {error}") from None
        if self.default is not None:
            try:
                self.check(self.default)
            except ValueError as error:
                raise ValueError(f"field {self.name!r}: its default {error}") from None
        return self

    def check(self, value: Any) -> Any:
        """The value as it is stored; raises `ValueError` with a sentence for people."""
        if self.kind == "switch":
            if not isinstance(value, bool):
                raise ValueError("must be on or off (true or false)")
            return value
        if self.kind == "number":
            return self._check_number(value)
        if not isinstance(value, str):
            raise ValueError("must be text")
        value = value.strip()
        if self.kind == "select" and value not in {option.value for option in self.options}:
            raise ValueError("must be one of: " + ", ".join(option.value for option in self.options))
        if self.pattern is not None and value and not re.fullmatch(self.pattern, value):
            raise ValueError(str(self.pattern_hint) if self.pattern_hint else "does not look as expected")
        return value

    def _check_number(self, value: Any) -> int | float:
        if isinstance(value, str):
            try:
                value = float(value) if "." in value else int(value)
            except ValueError:
                raise ValueError("must be a number") from None
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _LARGEST:
            raise ValueError("must be a number")
        if self.minimum is not None and value < self.minimum:
            raise ValueError(f"must be at least {self.minimum:g}")
        if self.maximum is not None and value > self.maximum:
            raise ValueError(f"must be at most {self.maximum:g}")
        return value


class CredentialForm(BaseModel):
    """The fields of one form, in the order in which they are shown."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fields: tuple[FormField, ...] = ()
    help: LocalizedText | None = None
    help_url: str | None = Field(default=None, pattern=r"^https?://")

    @model_validator(mode="after")
    def _check(self) -> Self:
        names = [field.name for field in self.fields]
        if len(names) != len(set(names)):
            raise ValueError("two fields of a form have the same name")
        for field in self.fields:
            unknown = set(field.shown_if) - set(names)
            if unknown:
                raise ValueError(f"field {field.name!r}: shown_if names no field of the form: {', '.join(unknown)}")
        return self

    @property
    def secret_names(self) -> frozenset[str]:
        """The names of the fields that are sealed at rest and masked in every answer."""
        return frozenset(field.name for field in self.fields if field.kind == "secret")

    def check(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values as they are stored: checked, defaults filled in, hidden fields left out.

        :raises CredentialsInvalid: with `problems` for every field at fault
        """
        clean: dict[str, Any] = {}
        problems = {name: "is not a field of this form" for name in values if name not in self._by_name}
        hidden = self._hidden(values)
        for field in self.fields:
            if field.name in hidden:
                continue
            value = values.get(field.name)
            if value is None or (isinstance(value, str) and not value.strip()):
                value = field.default
            if value is None:
                if field.required:
                    problems[field.name] = "is required"
                continue
            try:
                clean[field.name] = field.check(value)
            except ValueError as error:
                problems[field.name] = str(error)
        if problems:
            what = "; ".join(f"{name} {problem}" for name, problem in problems.items())
            raise CredentialsInvalid(f"The form is not filled in right: {what}.", param=next(iter(problems)), problems=problems)
        return clean

    def shows(self, field: FormField, values: Mapping[str, Any]) -> bool:
        """Whether `field` is shown, given the values of the others."""
        return all(values.get(name) in accepted for name, accepted in field.shown_if.items())

    def _hidden(self, values: Mapping[str, Any]) -> set[str]:
        """The fields that are not shown. What stands in a hidden field shows no other."""
        given = {**self._defaults, **values}
        hidden: set[str] = set()
        while True:
            more = {
                field.name
                for field in self.fields
                if field.name not in hidden and (hidden & field.shown_if.keys() or not self.shows(field, given))
            }
            if not more:
                return hidden
            hidden |= more

    @property
    def _by_name(self) -> dict[str, FormField]:
        return {field.name: field for field in self.fields}

    @property
    def _defaults(self) -> dict[str, Any]:
        return {field.name: field.default for field in self.fields if field.default is not None}
