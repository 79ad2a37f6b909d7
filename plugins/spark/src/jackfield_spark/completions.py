"""Spark's HTTP, which is OpenAI's chat but for its ends and its tool calls: https://www.xfyun.cn/doc/spark/HTTP调用文档.html

No finish reason is told: a stream is over with the chunk that tells the usage. A tool call is an object and not a list, unless
`tool_calls_switch` is sent; and errors stand inside good answers, see `errors`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

from jackfield_sdk import ChatOptions, LLMEvent, LLMRequest, LLMResult, StreamEnd, ToolCallDelta, event_object
from jackfield_sdk.dialects import ServerSentEvent, openai_chat

_BESIDE = frozenset({"code", "message", "sid"})

OPTIONS = ChatOptions(stream_usage=False, schemas=False, strict=False, parallel=False)


def build(request: LLMRequest) -> dict[str, Any]:
    """The body, but for how the model thinks."""
    body = openai_chat.build_request(request, OPTIONS)
    if "tools" in body:
        body.setdefault("tool_calls_switch", True)
    return body


def parse(body: dict[str, Any]) -> LLMResult:
    """The result of a whole answer.

    :raises ServerUnavailable: if it is none
    """
    _mend(body, "message")
    known = {name: value for name, value in body.items() if name not in _BESIDE}
    return openai_chat.parse_result({"id": body.get("sid")} | known)


def reader(
    check: Callable[[dict[str, Any]], None],
) -> Callable[[AsyncIterator[ServerSentEvent]], AsyncIterator[LLMEvent]]:
    """What makes events of the contract of the vendor's.

    :param check: raises the error that a chunk holds
    """

    async def read(events: AsyncIterator[ServerSentEvent]) -> AsyncIterator[LLMEvent]:
        parser = openai_chat.StreamParser()
        called = ended = over = False
        async for event in events:
            if event.data.strip() == "[DONE]":
                over = True
                break
            chunk = event_object(event)
            check(chunk)
            _mend(chunk, "delta")
            over = over or bool(chunk.get("usage"))
            for parsed in parser.parse(chunk):
                called = called or isinstance(parsed, ToolCallDelta)
                ended = ended or isinstance(parsed, StreamEnd)
                yield parsed
        if over and not ended:
            yield StreamEnd("tool_calls" if called else "stop")

    return read


def _mend(body: dict[str, Any], name: str) -> None:
    """Make a list of a tool call that stands alone."""
    choices = body.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        said = choice.get(name) if isinstance(choice, dict) else None
        if isinstance(said, dict) and isinstance(said.get("tool_calls"), dict):
            said["tool_calls"] = [said["tool_calls"]]
