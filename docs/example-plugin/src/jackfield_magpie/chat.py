"""Chat, from the contract to Magpie AI's words and back: https://docs.magpie.example/api/chat"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from jackfield_sdk import (
    FinishReason,
    LLMEvent,
    LLMRequest,
    LLMResult,
    Message,
    ServerUnavailable,
    StreamEnd,
    TextDelta,
    TextPart,
    UnsupportedParameter,
    Usage,
    UsageReport,
    refuse,
)
from jackfield_sdk.dialects import sse

_FINISH: dict[str, FinishReason] = {"done": "stop", "limit": "length"}


def build_request(request: LLMRequest) -> dict[str, Any]:
    """The body to send. What the vendor has no word for is refused by its name, never dropped in silence."""
    if request.tools:
        refuse(request, "tools")
    if request.output is not None and request.output.kind != "text":
        refuse(request, "response_format")
    body: dict[str, Any] = {
        "model": request.model,
        "stream": request.stream,
        "turns": [{"role": message.role, "text": _text(message)} for message in request.messages],
    }
    return body | request.sampling.given()  # the names happen to be the vendor's; the catalog's rules let no other through


def _text(message: Message) -> str:
    for part in message.parts:
        if not isinstance(part, TextPart):
            raise UnsupportedParameter("This vendor takes text only.", param="messages")
    return message.text


def parse_result(body: dict[str, Any]) -> LLMResult:
    """A whole answer."""
    text, finish = body.get("text"), body.get("finish")
    if not isinstance(text, str) or not isinstance(finish, str):
        raise ServerUnavailable("The vendor's answer holds no text.")
    return LLMResult(
        message=Message.assistant(text),
        finish_reason=_FINISH.get(finish, "stop"),
        usage=_usage(body),
        model=str(body.get("model") or ""),
    )


async def parse_stream(events: AsyncIterator[sse.ServerSentEvent]) -> AsyncIterator[LLMEvent]:
    """An answer bit by bit: `{"text": …}` again and again, then `{"finish": …, "tokens": …}`."""
    async for event in events:
        try:
            piece = json.loads(event.data)
        except ValueError:
            raise ServerUnavailable("The vendor's stream holds an event that is not JSON.") from None
        if not isinstance(piece, dict):
            raise ServerUnavailable("The vendor's stream holds an event that is no JSON object.")
        if isinstance(piece.get("text"), str):
            yield TextDelta(piece["text"])
        if isinstance(piece.get("finish"), str):
            yield UsageReport(_usage(piece))
            yield StreamEnd(_FINISH.get(piece["finish"], "stop"))


def _usage(body: dict[str, Any]) -> Usage:
    tokens = body.get("tokens")
    if not isinstance(tokens, dict):
        return Usage()
    return Usage(input_tokens=_count(tokens.get("in")), output_tokens=_count(tokens.get("out")))


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
