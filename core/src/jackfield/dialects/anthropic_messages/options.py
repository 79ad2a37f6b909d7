"""Where Anthropic's models differ in what they take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True, frozen=True, kw_only=True)
class MessagesOptions:
    """One model's differences.

    :param default_max_tokens: sent where the caller names none, as the API wants one
    :param max_output_tokens: the most that the model puts out, thoughts included; None: not known
    :param effort: whether the model takes `output_config.effort`; else an effort becomes a budget of thinking tokens
    :param adaptive: whether the model is asked to think by `thinking: {type: adaptive}`, and takes no budget
    :param strict: whether the model takes `strict` tools
    """

    default_max_tokens: int = 8192
    max_output_tokens: int | None = None
    effort: bool = True
    adaptive: bool = False
    strict: bool = True


PLAIN = MessagesOptions()
"""A model that differs in nothing."""
