"""The marks `<|begin_of_box|>` and `<|end_of_box|>`, which models that see put around their answer, taken out of it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import AsyncGenerator, AsyncIterator

from jackfield_sdk import LLMEvent, LLMResult, StreamEnd, TextDelta, TextPart

_MARKS = ("<|begin_of_box|>", "<|end_of_box|>")
_MARK = re.compile("|".join(re.escape(mark) for mark in _MARKS))


def unbox(result: LLMResult) -> LLMResult:
    """The answer without the marks."""
    for part in result.message.parts:
        if isinstance(part, TextPart):
            part.text = _MARK.sub("", part.text)
    return result


async def unbox_events(events: AsyncIterator[LLMEvent]) -> AsyncGenerator[LLMEvent, None]:
    """The same for an answer that comes bit by bit; a mark may be cut anywhere."""
    held = ""
    try:
        async for event in events:
            if isinstance(event, TextDelta):
                text, held = _split(held + event.text)
                if text or event.logprobs or event.citations:
                    yield dataclasses.replace(event, text=text)
                continue
            if isinstance(event, StreamEnd) and held:
                yield TextDelta(held)
                held = ""
            yield event
    finally:
        if isinstance(events, AsyncGenerator):
            await events.aclose()


def _split(text: str) -> tuple[str, str]:
    """What can be shown of a text, and its end, if that may be the beginning of a mark."""
    text = _MARK.sub("", text)
    start = text.rfind("<")
    if start >= 0 and any(mark.startswith(text[start:]) for mark in _MARKS):
        return text[:start], text[start:]
    return text, ""
