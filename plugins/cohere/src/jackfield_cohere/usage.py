"""What Cohere bills: https://docs.cohere.com/docs/how-does-cohere-pricing-work

Beside the billed units stand all tokens, with the prompt that Cohere puts before the caller's and with what the model thinks;
nobody pays for those, and they are not counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jackfield_sdk import Usage
from jackfield_sdk.dialects import counts


def parse_usage(usage: object) -> Usage:
    """The `usage` of a chat, or the `meta` of an embedding. A deployment that bills nothing tells its tokens only."""
    given = counts.members(usage)
    tokens, billed = counts.members(given.get("tokens")), counts.members(given.get("billed_units"))
    units = billed if "input_tokens" in billed or "output_tokens" in billed else tokens
    asked = counts.count(units.get("input_tokens"))
    return Usage(
        # An embedding's images are billed apart from its texts.
        input_tokens=asked + counts.count(billed.get("image_tokens")),
        output_tokens=counts.count(units.get("output_tokens")),
        cache_read_tokens=_cached(asked, tokens, given),
        search_units=counts.count(billed.get("search_units")),
    )


def _cached(asked: int, tokens: Mapping[str, Any], given: Mapping[str, Any]) -> int:
    """How many of the billed tokens came from the cache, at least: it holds Cohere's own part of the prompt as well."""
    unbilled = max(counts.count(tokens.get("input_tokens")) - asked, 0)
    return min(max(counts.count(given.get("cached_tokens")) - unbilled, 0), asked)
