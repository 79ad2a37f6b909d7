"""The contract's words as people read them, in English; the catalog of translations has the Chinese."""

from __future__ import annotations

from decimal import Decimal

from jackfield.contract import Feature, ModelType
from jackfield.contract.usage import Prices
from jackfield.tenancy import Role

from .templating import money
from .translations import mark

MODEL_TYPES = {
    ModelType.LLM: mark("Chat"),
    ModelType.TEXT_EMBEDDING: mark("Embedding"),
    ModelType.RERANK: mark("Rerank"),
    ModelType.SPEECH_TO_TEXT: mark("Speech to text"),
    ModelType.TEXT_TO_SPEECH: mark("Text to speech"),
    ModelType.MODERATION: mark("Moderation"),
}
FEATURES = {
    Feature.TOOLS: mark("tools"),
    Feature.STRUCTURED_OUTPUT: mark("structured output"),
    Feature.REASONING: mark("reasoning"),
    Feature.VISION: mark("images"),
    Feature.AUDIO_INPUT: mark("audio in"),
    Feature.AUDIO_OUTPUT: mark("audio out"),
    Feature.FILE_INPUT: mark("files"),
    Feature.VIDEO_INPUT: mark("video"),
    Feature.PROMPT_CACHING: mark("caching"),
    Feature.COMPLETION: mark("completion"),
    Feature.MULTIMODAL_INPUT: mark("images"),
}
"""Those worth a word beside a model; streaming and parallel tools go without saying."""
ROLES = {Role.OWNER: mark("Owner"), Role.ADMIN: mark("Admin"), Role.MEMBER: mark("Member")}


def features(found: frozenset[Feature]) -> list[str]:
    """In the order of `FEATURES`, each word once."""
    return list(dict.fromkeys(word for feature, word in FEATURES.items() if feature in found))


def price(prices: Prices | None) -> str:
    """`$0.15 / $0.60` for input and output of a million tokens; or the vendor's own unit."""
    if prices is None:
        return "–"
    currency = prices.currency
    if prices.input is not None or prices.output is not None:
        return " / ".join(money(amount, currency) for amount in (prices.input, prices.output) if amount is not None)
    others: tuple[tuple[Decimal | None, str], ...] = (
        (prices.audio_minute, "min"),
        (prices.characters, "M chars"),
        (prices.search_units, "K searches"),
        (prices.request, "call"),
    )
    return next((f"{money(amount, currency)} / {unit}" for amount, unit in others if amount is not None), "–")


def tokens(number: int | None) -> str:
    """128000 -> `128K`, 1048576 -> `1M`."""
    if number is None:
        return "–"
    for unit, sign in ((1_000_000, "M"), (1_000, "K")):
        if number >= unit:
            return f"{number / unit:.3g}{sign}"
    return str(number)
