"""Usage as the vendors that speak OpenAI's dialect write it."""

from __future__ import annotations

from typing import Any

import pytest
from jackfield.contract import Usage
from jackfield.dialects.openai_usage import parse_chat_usage

PLAIN = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
CACHED = Usage(input_tokens=10, output_tokens=5, cache_read_tokens=4)


@pytest.mark.parametrize(
    ("vendor", "usage", "expected"),
    [
        ("openai", PLAIN | {"prompt_tokens_details": {"cached_tokens": 4}}, CACHED),
        ("deepseek", PLAIN | {"prompt_cache_hit_tokens": 4}, CACHED),
        ("together", PLAIN | {"cached_tokens": 4}, CACHED),
        ("xai", PLAIN | {"total_tokens": 18}, Usage(input_tokens=10, output_tokens=8, reasoning_tokens=3)),
        ("mistral", PLAIN | {"num_cached_tokens": 4}, CACHED),
        ("voxtral", PLAIN | {"prompt_audio_seconds": 7}, Usage(input_tokens=10, output_tokens=5, audio_seconds=7.0)),
        ("nobody", None, Usage()),
        ("absurd", PLAIN | {"prompt_tokens": 2**64 - 1, "completion_tokens": 1e300}, Usage()),
    ],
)  # fmt: skip
def test_a_vendors_own_words(vendor: str, usage: dict[str, Any] | None, expected: Usage) -> None:
    assert parse_chat_usage(usage) == expected, vendor
