"""What plugins say of themselves is checked; parameters are refused by their names."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.contract import (
    BadRequest,
    CredentialForm,
    FormField,
    LocalizedText,
    ModelDescription,
    ModelType,
    ParameterRule,
    ProviderDescription,
    UnsupportedParameter,
    check_parameters,
)
from pydantic import ValidationError

RULES = (
    ParameterRule(name="temperature", minimum=0, maximum=2),
    ParameterRule(name="max_tokens", kind="integer", minimum=1),
    ParameterRule(name="style", kind="text", options=("plain", "vivid")),
    ParameterRule(name="logprobs", kind="boolean"),
    ParameterRule(name="logit_bias", kind="json"),
)


def test_parameters_that_fit_pass_as_they_are() -> None:
    given = {"temperature": 0, "max_tokens": 5, "style": "vivid", "logprobs": True, "logit_bias": {"5": 1}}
    assert check_parameters(RULES, given) == given


def test_a_default_from_a_catalog_is_a_number_of_json() -> None:
    rule = ParameterRule(name="temperature", default=Decimal("0.7"))
    assert rule.model_dump(mode="json")["default"] == 0.7


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("temperature", 2.1, "at most 2"),
        ("temperature", -1, "at least 0"),
        ("temperature", "hot", "of type number"),
        ("temperature", True, "of type number"),
        ("max_tokens", 1.5, "of type integer"),
        ("style", "loud", "one of: plain, vivid"),
        ("style", 7, "of type text"),
        ("logprobs", 1, "of type boolean"),
    ],
)
def test_a_wrong_value_is_refused_by_name_even_where_parameters_may_be_dropped(name: str, value: Any, says: str) -> None:
    for drop in (False, True):
        with pytest.raises(BadRequest, match=says) as caught:
            check_parameters(RULES, {name: value}, drop_unsupported=drop)
        assert caught.value.param == name


def test_a_parameter_without_a_rule_is_refused_by_name_or_dropped_on_demand() -> None:
    with pytest.raises(UnsupportedParameter, match="`top_k`") as caught:
        check_parameters(RULES, {"temperature": 1, "top_k": 5})
    assert caught.value.param == "top_k"
    assert check_parameters(RULES, {"temperature": 1, "top_k": 5}, drop_unsupported=True) == {"temperature": 1}


@given(st.dictionaries(st.sampled_from([rule.name for rule in RULES] + ["other"]), st.floats() | st.integers() | st.text()))
def test_what_passes_is_within_the_rules(parameters: dict[str, Any]) -> None:
    refused, kept = None, {}
    try:
        kept = check_parameters(RULES, parameters, drop_unsupported=True)
    except BadRequest as error:
        refused = error
    assert refused is None or refused.param in parameters
    assert "other" not in kept
    assert 0 <= kept.get("temperature", 0) <= 2
    assert kept.get("max_tokens", 1) >= 1


def provider(**changes: Any) -> ProviderDescription:
    given: dict[str, Any] = {
        "id": "acme",
        "label": "Acme",
        "model_types": ["llm"],
        "provision": ["predefined"],
        "provider_form": CredentialForm(),
    }
    return ProviderDescription.model_validate(given | changes)


def test_a_provider_as_a_plugin_describes_it() -> None:
    model = ModelDescription(id="m", type=ModelType.LLM, label=LocalizedText.of("Model"))
    described = provider(models=(model,))
    assert described.model("m", ModelType.LLM) is model
    assert described.model("m", ModelType.RERANK) is None
    assert (model.display_name, ModelDescription(id="x", type=ModelType.LLM).display_name) == ("Model", "x")
    assert described.needs_no_credentials
    key = FormField(name="key", label=LocalizedText.of("Key"), required=True)
    assert not provider(provider_form=CredentialForm(fields=(key,))).needs_no_credentials


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"id": "Acme"}, "pattern"),
        ({"model_types": []}, "at least 1"),
        ({"model_types": ["video"]}, "Input should be"),
        ({"provider_form": None}, "has a provider_form"),
        ({"provision": ["customizable"]}, "has a model_form"),
        ({"models": [{"id": "m", "type": "llm"}, {"id": "m", "type": "llm"}]}, "lists twice: m"),
        ({"models": [{"id": "m", "type": "rerank"}]}, "that model_types leaves out: rerank"),
        ({"models": [{"id": "m", "type": "llm", "context_window": 0}]}, "greater than 0"),
        ({"help_url": "file:///etc"}, "pattern"),
        ({"colour": "red"}, "Extra inputs"),
    ],
)
def test_a_description_that_makes_no_sense_is_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        provider(**changes)
