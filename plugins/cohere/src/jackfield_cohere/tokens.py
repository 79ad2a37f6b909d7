"""Tokens counted by Cohere's tokenizer: https://docs.cohere.com/reference/tokenize

What is billed of a chat's input are the tokens of its texts alone, so that they can be told beforehand. How tools, images and
documents are counted Cohere does not say.
"""

from __future__ import annotations

from collections.abc import Iterator

from jackfield_sdk import LLMRequest, ReasoningPart, RefusalPart, TextPart, UnsupportedParameter

LONGEST = 65536
"""Letters in one request."""


def texts_of(request: LLMRequest) -> Iterator[str]:
    """The texts of a chat, in pieces that the tokenizer takes.

    :raises UnsupportedParameter: for a chat that holds more than text
    """
    if request.tools:
        raise UnsupportedParameter("Cohere's tokenizer counts texts, and no tools.", param="tools")
    for message in request.messages:
        for part in message.parts:
            if isinstance(part, ReasoningPart):
                continue  # is not billed
            if not isinstance(part, TextPart | RefusalPart):
                what = type(part).__name__
                raise UnsupportedParameter(f"Cohere's tokenizer counts texts, and no {what}.", param="messages")
            yield from _pieces(part.text)


def _pieces(text: str) -> Iterator[str]:
    """Cut between words, where there are any, as a token hardly ever holds what stands on both sides of a space."""
    while len(text) > LONGEST:
        cut = text.rfind(" ", 1, LONGEST)
        cut = cut if cut > 0 else LONGEST
        yield text[:cut]
        text = text[cut:]
    if text:
        yield text
