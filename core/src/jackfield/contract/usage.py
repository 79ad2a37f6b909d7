"""What a call used, in the units that vendors bill, and what that costs."""

from __future__ import annotations

from dataclasses import dataclass, fields
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

_MILLION = Decimal(1_000_000)
_ZERO = Decimal(0)


@dataclass(slots=True, kw_only=True)
class Usage:
    """Units used by one call; zero where a unit does not apply.

    - `input_tokens`: all input tokens, those read from and written to a cache included (a vendor that reports them apart,
      as Anthropic does, is added up)
    - `output_tokens`: all output tokens, reasoning included
    - `cache_read_tokens`, `cache_write_tokens`: the part of `input_tokens` that came from, or went into, the vendor's cache
    - `reasoning_tokens`: the part of `output_tokens` that was reasoning
    - `audio_seconds`: seconds of audio heard or spoken
    - `characters`: characters spoken (text to speech)
    - `search_units`: rerank searches, as Cohere bills them
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    audio_seconds: float = 0.0
    characters: int = 0
    search_units: int = 0

    @property
    def total_tokens(self) -> int:
        """Input and output together, as OpenAI's `total_tokens`."""
        return self.input_tokens + self.output_tokens

    def __add__(self, other: Usage) -> Usage:
        return Usage(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})


class Prices(BaseModel):
    """A model's list prices, from its catalog. `None` where the vendor does not bill the unit (or it is not known)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")
    input: Decimal | None = Field(default=None, ge=0, description="per million input tokens not read from a cache")
    output: Decimal | None = Field(default=None, ge=0, description="per million output tokens")
    cache_read: Decimal | None = Field(default=None, ge=0, description="per million input tokens read from a cache")
    cache_write: Decimal | None = Field(default=None, ge=0, description="per million input tokens written to a cache")
    audio_minute: Decimal | None = Field(default=None, ge=0, description="per minute of audio")
    characters: Decimal | None = Field(default=None, ge=0, description="per million characters")
    search_units: Decimal | None = Field(default=None, ge=0, description="per thousand search units")
    request: Decimal | None = Field(default=None, ge=0, description="per request")

    def cost(self, usage: Usage) -> Decimal:
        """The price of `usage` in `currency`, exact. Cached tokens fall back to the input price where none is given."""
        # Most calls use two units of eight: what is zero is not multiplied, as this is on the path of every call.
        per_token = self.input or _ZERO
        total = _ZERO
        fresh = usage.input_tokens - usage.cache_read_tokens - usage.cache_write_tokens
        if fresh > 0:
            total += per_token * fresh
        if usage.cache_read_tokens:
            total += (self.cache_read if self.cache_read is not None else per_token) * usage.cache_read_tokens
        if usage.cache_write_tokens:
            total += (self.cache_write if self.cache_write is not None else per_token) * usage.cache_write_tokens
        if usage.output_tokens and self.output:
            total += self.output * usage.output_tokens
        if usage.characters and self.characters:
            total += self.characters * usage.characters
        total /= _MILLION
        if usage.audio_seconds and self.audio_minute:
            total += self.audio_minute * Decimal(str(usage.audio_seconds)) / 60
        if usage.search_units and self.search_units:
            total += self.search_units * usage.search_units / 1000
        return total + self.request if self.request else total
