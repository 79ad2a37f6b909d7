"""How much Gemini thinks: by a level from Gemini 3 on, by a budget of tokens before.

https://ai.google.dev/gemini-api/docs/thinking
"""

from __future__ import annotations

from typing import Any

from jackfield_sdk import Feature, ModelDescription, Sampling
from jackfield_sdk.dialects import reasoning


def thinking_config(sampling: Sampling, model: ModelDescription | None) -> dict[str, Any]:
    """`thinkingConfig`, with thoughts shown; empty for a model that does not think.

    A model's `properties` say how: `thinking_levels` (those that it knows, the lowest first), or `thinking_budget` (the least
    and the most, and whether zero turns thinking off); `thinks = false` for one that only thinks when it is asked to.
    """
    if model is not None and Feature.REASONING not in model.features:
        return {}
    properties = model.properties if model is not None else {}
    effort, budget = sampling.reasoning_effort, sampling.reasoning_budget
    asked = effort is not None or budget is not None
    if not asked:
        return {"includeThoughts": True} if properties.get("thinks", model is not None) else {}
    if bounds := properties.get("thinking_budget"):
        tokens = budget if budget is not None else reasoning.budget_of(str(effort))
        tokens = 0 if tokens <= 0 and bounds["off"] else min(max(tokens, bounds["least"]), bounds["most"])
        return {"thinkingBudget": tokens} | ({"includeThoughts": True} if tokens else {})
    level = effort if effort is not None else reasoning.effort_of(budget or 0)
    levels = properties.get("thinking_levels") or [level]
    return {"thinkingLevel": (level if level in levels else levels[0]).upper(), "includeThoughts": True}
