"""Credentials in library use: handed in, or from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from jackfield.contract import (
    CredentialForm,
    Credentials,
    CredentialsInvalid,
    CredentialsMissing,
    FormField,
    ProviderDescription,
    ProvisionKind,
)

_SWITCH = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


def variable_of(provider: str, field: FormField) -> str:
    """The environment variable that holds a field: the one its vendor's own tools read, or `JACKFIELD_<PROVIDER>_<FIELD>`."""
    return field.env or f"JACKFIELD_{provider}_{field.name}".upper()


def as_fields(given: object, provider: str) -> dict[str, Any]:
    """Values by the names of the form's fields.

    :raises CredentialsInvalid: where the key itself was passed instead
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        advice = f'Name the field: {{"api_key": "…"}}; `jackfield providers` says what `{provider}` needs.'
        raise CredentialsInvalid(
            f"Credentials are a dict of fields, not a {type(given).__name__}.", provider=provider, advice=advice
        )
    return dict(given)


def is_added(provider: ProviderDescription, in_catalog: bool) -> bool:
    """Whether a model is one that is added with settings of its own, rather than one of the catalog."""
    return not in_catalog and ProvisionKind.CUSTOMIZABLE in provider.provision


def find_credentials(provider: ProviderDescription, given: Mapping[str, Any] | None, *, in_catalog: bool) -> Credentials:
    """The provider's form, and for a model outside the catalog the model's form over it, filled in and checked.

    :param given: values handed in; where there are any for a form's required fields, the environment is still asked for the
        others
    :raises CredentialsMissing: naming what is not given and where it is looked for
    :raises CredentialsInvalid: naming what is wrong
    """
    forms = [provider.model_form] if is_added(provider, in_catalog) else []
    if provider.provider_form is not None and (in_catalog or ProvisionKind.PREDEFINED in provider.provision):
        forms.insert(0, provider.provider_form)
    known = [form for form in forms if form is not None]
    given = dict(given or {})
    stray = set(given) - {field.name for form in known for field in form.fields}
    if stray:
        fields = ", ".join(sorted({field.name for form in known for field in form.fields})) or "none"
        raise CredentialsInvalid(
            f"The credentials of `{provider.id}` have no field {', '.join(sorted(stray))}; they have: {fields}.",
            param=min(stray),
            provider=provider.id,
            advice="Correct the names in `credentials`.",
        )
    values: dict[str, Any] = {}
    for form in known:
        values |= _fill(provider.id, form, given)
    return Credentials(values)


def _fill(provider: str, form: CredentialForm, given: Mapping[str, Any]) -> dict[str, Any]:
    values = {}
    for field in form.fields:
        value = given[field.name] if field.name in given else _from_environment(provider, field)
        if value is not None:
            values[field.name] = value
    defaults = {field.name: field.default for field in form.fields if field.default is not None}
    missing = [
        field
        for field in form.fields
        if field.required
        and field.default is None
        and values.get(field.name) in (None, "")
        and form.shows(field, defaults | values)
    ]
    if missing:
        names = ", ".join(f"`{field.name}`" for field in missing)
        variables = ", ".join(variable_of(provider, field) for field in missing)
        members = ", ".join(f'"{field.name}": …' for field in missing)
        raise CredentialsMissing(
            f"`{provider}` needs {names}.",
            param=missing[0].name,
            provider=provider,
            advice=f'Set {variables}, or pass `credentials={{"{provider}": {{{members}}}}}`.'
            + (f" A key is made at {form.help_url}." if form.help_url else ""),
        )
    try:
        return form.check(values)
    except CredentialsInvalid as error:
        error.provider = provider
        error.advice = "Correct the credentials that were passed, or the environment variables they come from."
        raise


def _from_environment(provider: str, field: FormField) -> Any:
    value = os.environ.get(variable_of(provider, field)) or os.environ.get(f"JACKFIELD_{provider}_{field.name}".upper())
    if not value:
        return None
    if field.kind == "switch":
        return _SWITCH.get(value.strip().lower(), value)  # what is neither is refused by the form, by name
    return value
