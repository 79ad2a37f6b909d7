"""Reasoning by OpenRouter's words: https://openrouter.ai/docs/guides/best-practices/reasoning-tokens"""

from __future__ import annotations

from typing import Any, Final

BUDGET: Final = "reasoning_budget"
_FORMATS: Final = {
    "anthropic": "anthropic-claude-v1",
    "google": "google-gemini-v1",
    "openai": "openai-responses-v1",
    "x-ai": "xai-responses-v1",
}
"""Whose sealed thoughts those are that go back, by the author of the model."""


def adapt_reasoning(body: dict[str, Any], model: str) -> dict[str, Any]:
    """The body with one `reasoning` object in place of an effort or a budget, and the format of thoughts that go back."""
    effort, budget = body.pop("reasoning_effort", None), body.pop(BUDGET, None)
    wish: dict[str, Any] = {}
    if effort is not None:
        wish["effort"] = effort
    elif budget is not None:
        wish |= {"max_tokens": budget} if budget > 0 else {"enabled": False}
    if wish:
        body["reasoning"] = wish | (body["reasoning"] if isinstance(body.get("reasoning"), dict) else {})
    form = _FORMATS.get(model.removeprefix("~").partition("/")[0])
    for message in body.get("messages", ()) if form else ():
        for detail in message.get("reasoning_details", ()):
            detail.setdefault("format", form)
    return body
