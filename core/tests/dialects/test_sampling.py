"""What becomes of sampling parameters that the rules of a model do not name."""

from __future__ import annotations

from typing import Any

import pytest
from jackfield.contract import (
    BadRequest,
    Feature,
    LLMRequest,
    Message,
    ModelDescription,
    ModelType,
    ParameterRule,
    Sampling,
    UnsupportedParameter,
)
from jackfield.dialects.sampling import allowed


def model(*names: str, thinks: bool = False) -> ModelDescription:
    rules = tuple(ParameterRule(name=name, kind="integer", minimum=0) for name in names)
    features = frozenset({Feature.REASONING} if thinks else ())
    return ModelDescription(id="m", type=ModelType.LLM, parameters=rules, features=features)


def kept(described: ModelDescription, dialect: str | None = None, *, drop: bool = False, **sampling: Any) -> dict[str, Any]:
    messages = [Message.user("x")]
    request = LLMRequest(model="m", messages=messages, sampling=Sampling(**sampling), dialect=dialect, drop_unsupported=drop)
    return allowed(request, described).sampling.given()


def test_what_has_a_rule_stays_and_is_checked() -> None:
    assert kept(model("top_k"), top_k=3) == {"top_k": 3}
    with pytest.raises(BadRequest):
        kept(model("top_k"), top_k=-1)
    assert kept(model("n"), n=1) == {"n": 1}
    assert kept(ModelDescription(id="m", type=ModelType.LLM), top_k=-1) == {"top_k": -1}


def test_what_asks_for_nothing_needs_no_rule() -> None:
    assert kept(model("top_k"), top_k=3, n=1, frequency_penalty=0, presence_penalty=0.0, logprobs=False, stop=[]) == {
        "top_k": 3
    }
    assert kept(model("top_k"), temperature=1, top_p=1.0) == {}
    assert kept(model("temperature"), temperature=1, top_p=1.0) == {"temperature": 1}
    for asked in ({"n": 2}, {"temperature": 0.9}, {"top_p": 0.9}):
        with pytest.raises(UnsupportedParameter):
            kept(model("top_k"), **asked)
    assert kept(model("top_k"), n=2, drop=True) == {}


@pytest.mark.parametrize("dialect", ["anthropic.messages", "gemini.generate"])
def test_a_budget_of_another_dialect_becomes_an_effort(dialect: str) -> None:
    assert kept(model("reasoning_effort", thinks=True), dialect, reasoning_budget=9000) == {"reasoning_budget": 9000}
    assert kept(model("reasoning_effort", thinks=True), dialect, reasoning_budget=0) == {"reasoning_budget": 0}
    assert kept(model(), dialect, reasoning_budget=0) == {}
    for described, budget in ((model(), 9000), (model(thinks=True), 0)):
        with pytest.raises(UnsupportedParameter):
            kept(described, dialect, reasoning_budget=budget)


@pytest.mark.parametrize("dialect", [None, "openai.chat", "openai.responses"])
def test_a_budget_that_could_have_been_an_effort(dialect: str | None) -> None:
    with pytest.raises(UnsupportedParameter):
        kept(model("reasoning_effort", thinks=True), dialect, reasoning_budget=9000)
