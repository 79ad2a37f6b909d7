"""Where the models on OpenAI's responses differ in what they take."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True, frozen=True, kw_only=True)
class ResponsesOptions:
    """One model's differences.

    :param sealed_reasoning: whether sealed reasoning is asked for, which the next turn needs, as nothing is stored at the
        vendor; None: where an effort is asked for, as a model that does not reason refuses it
    :param cache: whether parts may say that a prefix may be kept (`prompt_cache_breakpoint`)
    :param unsupported: sampling members that the model refuses
    """

    sealed_reasoning: bool | None = None
    cache: bool = False
    unsupported: frozenset[str] = field(default_factory=frozenset)


PLAIN = ResponsesOptions()
"""A model that differs in nothing."""
