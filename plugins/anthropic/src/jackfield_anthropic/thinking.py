"""How Claude thinks, which each generation is told in another way.

https://platform.claude.com/docs/en/build-with-claude/thinking#configuring-thinking, …/build-with-claude/effort

A model's `properties` say how: `thinking` is `budget` (of tokens, up to 4.5), `either` (4.6) or `adaptive` (by effort alone);
`effort`, whether it knows one; `thinks`, whether it thinks unasked; `off`, how it stops: `disabled`, `between_tools`, `never`;
and `forced_tools = false` where it cannot be made to call a tool. A model that is not known is taken for one of the newest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from jackfield_sdk import ANTHROPIC_MESSAGES, LLMRequest, ModelDescription
from jackfield_sdk.dialects import anthropic_messages, extras

ROOM: Final = 16_000
"""Tokens of output where the caller names no limit, which the API wants. Thoughts count; an answer takes minutes at most."""

_BESIDE_THOUGHTS: Final[dict[str, Callable[[float], bool]]] = {
    "temperature": lambda value: value == 1,
    "top_p": lambda value: value >= 0.95,
    "top_k": lambda value: False,
}


def options_of(request: LLMRequest, model: ModelDescription | None) -> anthropic_messages.MessagesOptions:
    """What the model takes; a client of Anthropic's that names a budget is left it, where the model takes either."""
    told = model.properties if model is not None else {}
    limit = model.max_output_tokens if model is not None else None
    kind, off = told.get("thinking", "adaptive"), told.get("off", "disabled")
    own = request.dialect == ANTHROPIC_MESSAGES and bool(request.sampling.reasoning_budget)
    return anthropic_messages.MessagesOptions(
        default_max_tokens=min(limit or ROOM, ROOM),
        max_output_tokens=limit,
        effort=told.get("effort", True) is True,
        adaptive=kind == "adaptive" or (kind == "either" and not own),
        thinks=told.get("thinks") is True,
        shown=kind == "adaptive",  # those before show their thoughts by themselves
        off=None if off == "never" else off,
        forced=told.get("forced_tools") is not False,
    )


def fit_sampling(body: dict[str, Any], request: LLMRequest) -> dict[str, Any]:
    """The body without what does not go together: two ways to draw a token, and most of them beside thoughts.

    https://platform.claude.com/docs/en/build-with-claude/extended-thinking#feature-compatibility

    :raises UnsupportedParameter: by name, unless `drop_unsupported`
    """
    both = {"temperature", "top_p"}
    for name in ("top_p", "temperature"):
        if both <= body.keys() and body[name] == 1:  # as it is without
            del body[name]
    if both <= body.keys():
        extras.refuse(request, "top_p", "The model takes `temperature` or `top_p`, but not both.")
        del body["top_p"]
    if body.get("thinking", {}).get("type") in ("enabled", "adaptive"):
        for name, goes in _BESIDE_THOUGHTS.items():
            if name in body and not goes(body[name]):
                extras.refuse(request, name, f"The model does not take this `{name}` while it thinks.")
                del body[name]
    return body
