"""Anthropic's `usage` object, both ways: https://docs.anthropic.com/en/api/messages#response-usage

There `input_tokens` leaves out what was read from and written to the cache; the contract's counts everything.
"""

from __future__ import annotations

from typing import Any

from jackfield.contract import Usage

from .counts import count, members


def parse_usage(usage: object) -> Usage:
    """What is missing or null counts as zero."""
    given = members(usage)
    read, wrote = count(given.get("cache_read_input_tokens")), count(given.get("cache_creation_input_tokens"))
    return Usage(
        input_tokens=count(given.get("input_tokens")) + read + wrote,
        output_tokens=count(given.get("output_tokens")),
        cache_read_tokens=read,
        cache_write_tokens=wrote,
        reasoning_tokens=count(members(given.get("output_tokens_details")).get("thinking_tokens")),
    )


def render_usage(usage: Usage) -> dict[str, Any]:
    """Anthropic's `usage` object."""
    wired: dict[str, Any] = {
        "input_tokens": max(usage.input_tokens - usage.cache_read_tokens - usage.cache_write_tokens, 0),
        "cache_creation_input_tokens": usage.cache_write_tokens,
        "cache_read_input_tokens": usage.cache_read_tokens,
        "output_tokens": usage.output_tokens,
    }
    if usage.reasoning_tokens:
        wired["output_tokens_details"] = {"thinking_tokens": usage.reasoning_tokens}
    return wired
