"""Anthropic's `usage` object: https://docs.anthropic.com/en/api/messages#response-usage

There `input_tokens` leaves out what was read from and written to the cache; the contract's counts everything.
"""

from __future__ import annotations

from typing import Any

from jackfield.contract import Usage


def parse_usage(usage: object) -> Usage:
    """What is missing or null counts as zero."""
    if not isinstance(usage, dict):
        return Usage()
    read, wrote = usage.get("cache_read_input_tokens") or 0, usage.get("cache_creation_input_tokens") or 0
    return Usage(
        input_tokens=(usage.get("input_tokens") or 0) + read + wrote,
        output_tokens=usage.get("output_tokens") or 0,
        cache_read_tokens=read,
        cache_write_tokens=wrote,
        reasoning_tokens=(usage.get("output_tokens_details") or {}).get("thinking_tokens") or 0,
    )


def render_usage(usage: Usage) -> dict[str, Any]:
    """Anthropic's `usage` object."""
    return {
        "input_tokens": max(usage.input_tokens - usage.cache_read_tokens - usage.cache_write_tokens, 0),
        "cache_creation_input_tokens": usage.cache_write_tokens,
        "cache_read_input_tokens": usage.cache_read_tokens,
        "output_tokens": usage.output_tokens,
    }
