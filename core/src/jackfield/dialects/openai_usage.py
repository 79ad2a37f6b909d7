"""OpenAI's `usage` objects, both ways.

https://platform.openai.com/docs/api-reference/chat/object, …/responses/object, …/embeddings
"""

from __future__ import annotations

from typing import Any

from jackfield.contract import Usage

from .counts import count, members


def parse_chat_usage(usage: object) -> Usage:
    """The usage of chats and completions; what is missing or null counts as zero.

    DeepSeek names cached tokens `prompt_cache_hit_tokens`; Together and Moonshot put `cached_tokens` beside the others. Where
    the total is more than input and output, the rest is output too: xAI and Gemini leave reasoning out of `completion_tokens`,
    and bill it (https://docs.x.ai/docs/key-information/consumption-and-rate-limits). Qwen names what goes into its cache as
    Anthropic does (https://www.alibabacloud.com/help/en/model-studio/context-cache). Mistral's older answers have
    `num_cached_tokens`; sound it counts in `prompt_audio_seconds` (https://docs.mistral.ai/api).
    """
    given = members(usage)
    read, wrote = members(given.get("prompt_tokens_details")), members(given.get("completion_tokens_details"))
    asked, answered, total = (count(given.get(name)) for name in ("prompt_tokens", "completion_tokens", "total_tokens"))
    unsaid = total - asked - answered if asked else 0
    reasoned = count(wrote.get("reasoning_tokens"))
    return Usage(
        input_tokens=asked,
        output_tokens=answered + max(unsaid, 0),
        cache_read_tokens=count(read.get("cached_tokens"))
        or count(given.get("prompt_cache_hit_tokens"))
        or count(given.get("cached_tokens"))
        or count(given.get("num_cached_tokens")),
        cache_write_tokens=count(read.get("cache_write_tokens")) or count(read.get("cache_creation_input_tokens")),
        reasoning_tokens=reasoned or max(unsaid, 0),
        audio_seconds=float(count(given.get("prompt_audio_seconds"))),
    )


def render_chat_usage(usage: Usage) -> dict[str, Any]:
    """The usage of a chat or a completion."""
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.total_tokens,
        "prompt_tokens_details": {
            "cached_tokens": usage.cache_read_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
            "audio_tokens": 0,
        },
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens, "audio_tokens": 0},
    }


def parse_responses_usage(usage: object) -> Usage:
    """The usage of a response."""
    given = members(usage)
    read, wrote = members(given.get("input_tokens_details")), members(given.get("output_tokens_details"))
    return Usage(
        input_tokens=count(given.get("input_tokens")),
        output_tokens=count(given.get("output_tokens")),
        cache_read_tokens=count(read.get("cached_tokens")),
        cache_write_tokens=count(read.get("cache_write_tokens")),
        reasoning_tokens=count(wrote.get("reasoning_tokens")),
    )


def render_responses_usage(usage: Usage) -> dict[str, Any]:
    """The usage of a response."""
    return {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": {"cached_tokens": usage.cache_read_tokens, "cache_write_tokens": usage.cache_write_tokens},
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.total_tokens,
    }


def parse_input_usage(usage: object) -> Usage:
    """The usage of embeddings and of Jina's rerank, which have input only; the total is what is billed."""
    given = members(usage)
    return Usage(input_tokens=count(given.get("total_tokens")) or count(given.get("prompt_tokens")))


def render_input_usage(usage: Usage) -> dict[str, Any]:
    """The usage of embeddings and of Jina's rerank."""
    return {"prompt_tokens": usage.input_tokens, "total_tokens": usage.input_tokens}
