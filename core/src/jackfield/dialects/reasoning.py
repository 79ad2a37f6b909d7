"""How hard a model is to think: by a word (OpenAI's `reasoning_effort`), or by a budget of tokens (Anthropic's).

No vendor says how the two relate; these are the budgets that gateways commonly take for the words.
"""

from __future__ import annotations

_BUDGETS = {"none": 0, "minimal": 1024, "low": 2048, "medium": 8192, "high": 16384, "xhigh": 24576, "max": 32000}


def budget_of(effort: str) -> int:
    """Tokens to think with; an unknown word is a medium effort."""
    return _BUDGETS.get(effort, _BUDGETS["medium"])


def effort_of(budget: int) -> str:
    """The word for a budget: of those that every model that reasons knows, and `none` for zero."""
    if budget <= 0:
        return "none"
    if budget < 4096:
        return "low"
    return "medium" if budget < 16384 else "high"
