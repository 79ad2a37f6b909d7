"""Sampling parameters held against the rules of a model, before anything is sent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from jackfield.contract import Feature, LLMRequest, ModelDescription, Sampling, check_parameters

from .extras import meant

_WITHOUT_CHOICE = {"temperature": 1, "top_p": 1}
"""How a model draws its tokens that takes neither."""


def allowed(request: LLMRequest, model: ModelDescription) -> LLMRequest:
    """The request with the sampling parameters that the model takes.

    One without a rule is left out if it asks for nothing: a penalty of zero, `n` or a temperature of one, which many clients
    always send. A budget to think with, the only word that other dialects than OpenAI's have, needs no rule where the model
    knows efforts.

    :raises UnsupportedParameter: by name, for another one that has no rule, unless `drop_unsupported`
    :raises BadRequest: for a value outside its rule
    """
    given = request.sampling.given()
    if model.parameters is None or not given:
        return request
    names = {rule.name for rule in model.parameters}
    said = meant(request.sampling)
    asked = {
        name: value for name, value in given.items() if name in names or (name in said and value != _WITHOUT_CHOICE.get(name))
    }
    unruled = _budget(request, model, names)
    if unruled is not None:
        del asked["reasoning_budget"]
    kept = check_parameters(model.parameters, asked, drop_unsupported=request.drop_unsupported) | (unruled or {})
    return request if kept == given else replace(request, sampling=Sampling(**kept))


def _budget(request: LLMRequest, model: ModelDescription, names: set[str]) -> dict[str, Any] | None:
    """A budget that needs no rule: one that becomes an effort, or that of zero, nothing to a model that never thinks."""
    budget = request.sampling.reasoning_budget
    if budget is None or "reasoning_budget" in names or request.dialect is None or request.dialect.startswith("openai."):
        return None
    if "reasoning_effort" in names:
        return {"reasoning_budget": budget}
    return {} if budget == 0 and Feature.REASONING not in model.features else None
