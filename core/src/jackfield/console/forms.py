"""The forms that plugins describe: what was filled in, as the host checks it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jackfield.contract import BadRequest, CredentialForm
from jackfield.host import NewCredential


def values_of(form: CredentialForm, sent: Mapping[str, str]) -> dict[str, Any]:
    """What stands in the form's fields. A field that was not shown was not sent, and is left out."""
    values: dict[str, Any] = {}
    for field in form.fields:
        if field.kind == "switch":
            if f"_sent_{field.name}" in sent:  # an unchecked box sends nothing, so that it was there is sent beside it
                values[field.name] = field.name in sent
        elif field.name in sent:
            values[field.name] = sent[field.name]
    return values


def new_credential(form: CredentialForm, sent: Mapping[str, str]) -> NewCredential:
    """:raises BadRequest: for a weight that is no number"""
    return NewCredential(
        values=values_of(form, sent),
        name=sent.get("_name", ""),
        weight=weight_of(sent),
        save_anyway="_anyway" in sent,
    )


def weight_of(sent: Mapping[str, str]) -> int:
    """:raises BadRequest: if it is no number"""
    try:
        return int(sent.get("_weight", "").strip() or 1)
    except ValueError:
        raise BadRequest("`weight` must be from 1 to 1000.", param="weight") from None
