"""Thinking, which is on unless it is turned off: https://api-docs.deepseek.com/guides/thinking_mode"""

from __future__ import annotations

from typing import Any, Final

from jackfield_sdk import LLMRequest, UnsupportedParameter
from jackfield_sdk.dialects import extras, reasoning

BUDGET: Final = "reasoning_budget"
_WITHOUT_EFFECT: Final = ("temperature", "presence_penalty", "frequency_penalty")
_FORCED: Final = "The model does not take a forced `tool_choice` while it thinks."
_ADVICE: Final = "Leave it out, or set `reasoning_effort` to none."


def adapt_thinking(body: dict[str, Any], request: LLMRequest) -> None:
    """Effort and budget by DeepSeek's names, and the body without what does not go with thoughts.

    :raises UnsupportedParameter: by name, for what would have no effect, unless `drop_unsupported`
    """
    budget, effort = body.pop(BUDGET, None), body.get("reasoning_effort")
    if budget is not None and effort is None:
        effort = body["reasoning_effort"] = reasoning.effort_of(budget)
    if effort == "none":
        del body["reasoning_effort"]
        body.setdefault("thinking", {"type": "disabled"})
    switch = body.get("thinking")
    if isinstance(switch, dict) and switch.get("type") == "disabled":
        return
    said = extras.meant(request.sampling)
    for name in _WITHOUT_EFFECT:
        if body.pop(name, None) is not None and name in said:
            _refuse(request, name, f"The parameter `{name}` has no effect while the model thinks.")
    _adapt_tool_choice(body, request)
    _fill_gaps(body["messages"])


def _adapt_tool_choice(body: dict[str, Any], request: LLMRequest) -> None:
    """The model chooses by itself, which goes without saying; none is the same as no tools."""
    choice = body.pop("tool_choice", None)
    if choice == "none":
        body.pop("tools", None)
    elif choice not in (None, "auto"):
        _refuse(request, "tool_choice", _FORCED)


def _fill_gaps(messages: list[dict[str, Any]]) -> None:
    """Once tools were called, each turn must bring its thoughts, and not empty ones: one that has none (it was another
    model's, or thought was off) brings a blank."""
    turns = [message for message in messages if message["role"] == "assistant"]
    if any("tool_calls" in turn for turn in turns):
        for turn in turns:
            turn.setdefault("reasoning_content", " ")


def _refuse(request: LLMRequest, name: str, why: str) -> None:
    if not request.drop_unsupported:
        raise UnsupportedParameter(why, param=name, advice=_ADVICE)
