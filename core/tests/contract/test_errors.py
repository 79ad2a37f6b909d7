"""The error tree: every kind says whose fault it is, what to do, and how HTTP answers."""

from __future__ import annotations

import pytest
from jackfield.contract import (
    BadRequest,
    CredentialsInvalid,
    JackfieldError,
    MissingExtra,
    PluginFault,
    RateLimited,
    UnsupportedParameter,
    errors,
)

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, JackfieldError)]
PROMISED = {
    "credentials_invalid": 422, "permission_denied": 403, "model_not_found": 404, "bad_request": 400,
    "context_length_exceeded": 400, "content_refused": 400, "rate_limited": 429, "quota_exceeded": 429,
    "server_unavailable": 503, "connection_failed": 502, "timeout": 504, "plugin_fault": 500,
}  # fmt: skip


def make(kind: type[JackfieldError]) -> JackfieldError:
    return kind("What happened.", plugin="p") if kind is PluginFault else kind("What happened.")


def test_the_tree_holds_what_the_design_names() -> None:
    found = {kind.code: make(kind).status for kind in KINDS}
    assert found.items() >= PROMISED.items()
    assert len(found) == len(KINDS)  # no two kinds share a code
    assert issubclass(UnsupportedParameter, BadRequest)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_describes_itself(kind: type[JackfieldError]) -> None:
    described = make(kind).describe()
    assert described["message"] == str(make(kind)) == "What happened."
    assert described["fault"] in ("caller", "workspace", "vendor", "plugin", "host")
    assert described["advice"].endswith(".")
    assert 400 <= described["status"] < 600
    assert described["retryable"] == (described["status"] in (429, 502, 503, 504) and kind.code != "quota_exceeded")
    assert "vendor_message" not in described


def test_an_instance_may_say_more_than_its_kind() -> None:
    error = RateLimited(
        "Slow down.", fault="caller", status=420, advice="Wait.", retry_after=0.5, vendor_code="rl", request_id="r"
    )
    described = error.describe()
    assert (described["fault"], described["status"], described["advice"]) == ("caller", 420, "Wait.")
    assert (described["retry_after"], described["vendor_code"], described["request_id"]) == (0.5, "rl", "r")
    assert RateLimited("x").fault == "vendor"  # and the kind is as it was


def test_forms_and_plugins_name_what_is_at_fault() -> None:
    assert CredentialsInvalid("Wrong.", param="key").describe()["problems"] == {"key": "Wrong."}
    assert "problems" not in CredentialsInvalid("Wrong.").describe()
    assert PluginFault("Broke.", plugin="p", hook="relay").describe()["hook"] == "relay"
    assert MissingExtra("x", advice="pip install 'a[b]'").describe()["advice"] == "pip install 'a[b]'"


def test_a_parameter_may_be_dropped_and_what_the_model_is_asked_may_not() -> None:
    assert "drop_unsupported=True" in UnsupportedParameter("No.", param="seed").advice
    assert "drop" not in UnsupportedParameter("No.", param="messages").advice
    assert UnsupportedParameter("No.", param="input", advice="Send text.").advice == "Send text."
