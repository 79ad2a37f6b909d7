"""What the dialects call that for which the contract has a name of its own, so that a caller is told what it wrote."""

from __future__ import annotations

from collections.abc import Mapping

from jackfield.contract import JackfieldError

_WORDS: Mapping[str, Mapping[str, str]] = {
    "anthropic.messages": {
        "stop": "stop_sequences",
        "reasoning_budget": "thinking.budget_tokens",
        "reasoning_effort": "output_config.effort",
        "response_format": "output_config.format",
        "parallel_tool_calls": "tool_choice.disable_parallel_tool_use",
        "user": "metadata.user_id",
    },
    "openai.responses": {
        "max_tokens": "max_output_tokens",
        "reasoning_effort": "reasoning.effort",
        "response_format": "text.format",
        "messages": "input",
    },
    "openai.completions": {"messages": "prompt", "top_logprobs": "logprobs"},
}


def reword(error: JackfieldError, dialect: str) -> None:
    """Call the parameter that is at fault as the dialect calls it."""
    word = _WORDS.get(dialect, {}).get(error.param or "")
    if word is not None:
        error.message = error.message.replace(f"`{error.param}`", f"`{word}`")
        error.param = word
