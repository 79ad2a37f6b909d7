"""Credential forms: every field is checked on the server, and an error names each one at fault."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.contract import CredentialForm, Credentials, CredentialsInvalid, FormField, LocalizedText, Option
from pydantic import ValidationError


def field(name: str, **more: Any) -> FormField:
    return FormField(name=name, label=LocalizedText.of(name), **more)


MODES = tuple(Option(value=value, label=LocalizedText.of(value)) for value in ("key", "sso"))
FORM = CredentialForm(
    fields=(
        field("api_key", kind="secret", required=True, pattern="sk-.+", pattern_hint=LocalizedText.of("begins with sk-")),
        field(
            "mode",
            kind="select",
            default="key",
            options=tuple(Option(value=v, label=LocalizedText.of(v)) for v in ("key", "sso")),
        ),
        field("tenant", required=True, shown_if={"mode": ("sso",)}),
        field("tenant_region", shown_if={"tenant": ("north",)}),
        field("strict", kind="switch", default=False),
        field("limit", kind="number", minimum=1, maximum=10),
        field("note"),
    )
)


def problems(values: dict[str, Any], form: CredentialForm = FORM) -> dict[str, str]:
    with pytest.raises(CredentialsInvalid) as caught:
        form.check(values)
    error = caught.value
    assert error.param in error.problems
    assert error.describe()["problems"] == error.problems
    return error.problems


def test_a_form_filled_in_right() -> None:
    assert FORM.check({"api_key": " sk-1 "}) == {"api_key": "sk-1", "mode": "key", "strict": False}
    full = {"api_key": "sk-1", "mode": "sso", "tenant": "north", "tenant_region": "x", "strict": True, "limit": "2.5"}
    assert FORM.check(full) == full | {"limit": 2.5}
    assert FORM.check({"api_key": "sk-1", "limit": "7"})["limit"] == 7
    assert FORM.secret_names == {"api_key"}


@pytest.mark.parametrize(
    ("values", "at_fault"),
    [
        ({}, {"api_key": "is required"}),
        ({"api_key": "   "}, {"api_key": "is required"}),
        ({"api_key": None}, {"api_key": "is required"}),
        ({"api_key": "key"}, {"api_key": "begins with sk-"}),
        ({"api_key": 7}, {"api_key": "must be text"}),
        ({"api_key": "sk-1", "mode": "other"}, {"mode": "must be one of: key, sso"}),
        ({"api_key": "sk-1", "mode": "sso"}, {"tenant": "is required"}),
        ({"api_key": "sk-1", "strict": "yes"}, {"strict": "must be on or off (true or false)"}),
        ({"api_key": "sk-1", "limit": 0}, {"limit": "must be at least 1"}),
        ({"api_key": "sk-1", "limit": 11}, {"limit": "must be at most 10"}),
        ({"api_key": "sk-1", "limit": True}, {"limit": "must be a number"}),
        ({"api_key": "sk-1", "limit": "many"}, {"limit": "must be a number"}),
        ({"api_key": "sk-1", "limit": "1.0e999"}, {"limit": "must be a number"}),
        ({"api_key": "sk-1", "limit": float("nan")}, {"limit": "must be a number"}),
        ({"api_key": "sk-1", "limit": -float("inf")}, {"limit": "must be a number"}),
        ({"api_key": "sk-1", "limit": 10**400}, {"limit": "must be a number"}),
        ({"api_key": "sk-1", "colour": "red"}, {"colour": "is not a field of this form"}),
        ({"api_key": "x", "limit": 99, "mode": 1}, {"api_key": "begins with sk-", "limit": "must be at most 10", "mode": "must be text"}),  # noqa: E501
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(values: dict[str, Any], at_fault: dict[str, str]) -> None:
    assert problems(values) == at_fault


def test_hidden_fields_are_neither_asked_for_nor_kept_and_show_no_others() -> None:
    values = {"api_key": "sk-1", "mode": "key", "tenant": "north", "tenant_region": "left over"}
    assert set(FORM.check(values)) == {"api_key", "mode", "strict"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Not A Name"},
        {"name": "x", "kind": "select"},
        {"name": "x", "kind": "text", "options": (Option(value="a", label=LocalizedText.of("a")),)},
        {"name": "x", "kind": "secret", "default": "sk-shared"},
        {"name": "x", "pattern": "("},
        {"name": "x", "kind": "number", "default": "many"},
        {"name": "x", "kind": "number", "default": 5, "maximum": 4},
        {"name": "x", "kind": "select", "default": "c", "options": (Option(value="a", label=LocalizedText.of("a")),)},
        {"name": "x", "help_url": "javascript:alert(1)"},
        {"name": "x", "colour": "red"},
    ],
)
def test_a_field_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        FormField(label=LocalizedText.of("x"), **wrong)


def test_a_form_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValidationError, match="same name"):
        CredentialForm(fields=(field("a"), field("a")))
    with pytest.raises(ValidationError, match="names no field"):
        CredentialForm(fields=(field("a", shown_if={"b": (True,)}),))


def test_labels_in_two_languages() -> None:
    label = LocalizedText.of("Key", "密钥")
    assert [label.text(), label.text("zh-CN"), label.text("zh"), label.text("fr"), str(label)] == [
        "Key",
        "密钥",
        "密钥",
        "Key",
        "Key",
    ]
    assert LocalizedText.of("Key").text("zh") == "Key"
    assert FormField.model_validate({"name": "a", "label": "Key"}).label == LocalizedText(en="Key")


json_values = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers(), max_size=2)


@given(st.dictionaries(st.sampled_from([f.name for f in FORM.fields] + ["stray"]), json_values))
def test_whatever_comes_is_stored_clean_or_refused_by_name(values: dict[str, Any]) -> None:
    refused, clean = None, {}
    try:
        clean = FORM.check(values)
    except CredentialsInvalid as error:
        refused = error
    if refused is None:
        assert clean["api_key"].startswith("sk-")
        assert FORM.check(clean) == clean  # what is stored passes again
    else:
        assert refused.problems
        assert set(refused.problems) <= set(values) | {f.name for f in FORM.fields if f.required}


def test_credentials_show_no_value() -> None:
    credentials = Credentials({"api_key": "sk-canary", "limit": 3})
    assert dict(credentials) == {"api_key": "sk-canary", "limit": 3}
    for shown in (repr(credentials), str(credentials), f"{credentials}", repr({"c": credentials})):
        assert "sk-canary" not in shown
        assert "api_key=•••" in shown
