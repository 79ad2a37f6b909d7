"""Where Anthropic's models differ in what they take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(slots=True, frozen=True, kw_only=True)
class MessagesOptions:
    """One model's differences.

    :param default_max_tokens: sent where the caller names none, as the API wants one
    :param max_output_tokens: the most that the model puts out, thoughts included; None: not known
    :param effort: whether the model takes `output_config.effort`
    :param adaptive: whether the model is asked to think by `thinking: {type: adaptive}`; else by a budget of tokens
    :param thinks: whether the model thinks unless it is told not to
    :param shown: whether an adaptive model that thinks is asked to show its thoughts, summed up
    :param off: how thinking is turned off; None: it cannot be
    :param forced: whether the model can be forced to call a tool
    :param strict: whether the model takes `strict` tools
    """

    default_max_tokens: int = 8192
    max_output_tokens: int | None = None
    effort: bool = True
    adaptive: bool = False
    thinks: bool = False
    shown: bool = False
    off: Literal["disabled", "between_tools"] | None = "disabled"
    forced: bool = True
    strict: bool = True


PLAIN = MessagesOptions()
"""A model that differs in nothing."""
