"""Where vendors that speak OpenAI's chat differ in what they take."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(slots=True, frozen=True, kw_only=True)
class ChatOptions:
    """One vendor's, or one model's, differences.

    :param max_tokens_name: the member that limits the output
    :param system_role: how a system message is called (`developer` for OpenAI's reasoning models)
    :param reasoning_name: the member of an assistant message in which reasoning is sent back: `reasoning_content` (DeepSeek),
        `reasoning`, or `reasoning_details` (OpenRouter: with its seals); None: reasoning is left out
    :param budget_name: the member that takes `reasoning_budget`, where the vendor has one (Qwen: `thinking_budget`); else it is
        refused, and one that came in another dialect, which has no other word, becomes the nearest `reasoning_effort`
    :param no_reasoning: the `reasoning_effort` that turns reasoning off (`none`), where the model has one; else a budget of
        zero is left out, as most models do not reason unless asked to
    :param stream_usage: whether `stream_options.include_usage` is known
    :param text_parts: whether the texts of one message stay parts; else they are joined, as not every server takes a list
    :param cache: the member by which a part says that a prefix may be kept (OpenAI: `prompt_cache_breakpoint`, others:
        `cache_control`); None: the hint is left out
    :param call_extra: whether the vendor wants back what its tool calls hold beyond OpenAI's (Gemini's thought signatures)
    :param schemas: whether answers can be held to a JSON schema; else one is refused, and `json_object` is sent where it may be
        dropped
    :param strict: whether the calls of a tool can be held to its schema; else a `strict` tool is refused
    :param parallel: whether `parallel_tool_calls` is known; else it is left out, and refused if it is false
    :param unsupported: sampling members that the vendor refuses
    """

    max_tokens_name: str = "max_tokens"
    system_role: str = "system"
    reasoning_name: str | None = None
    budget_name: str | None = None
    no_reasoning: str | None = None
    stream_usage: bool = True
    text_parts: bool = False
    cache: Literal["prompt_cache_breakpoint", "cache_control"] | None = None
    call_extra: bool = False
    schemas: bool = True
    strict: bool = True
    parallel: bool = True
    unsupported: frozenset[str] = field(default_factory=frozenset)


PLAIN = ChatOptions()
"""A vendor that differs in nothing."""
