"""Gemini's answers, whole and streamed: https://ai.google.dev/api/generate-content#generatecontentresponse"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

from jackfield_sdk import (
    Blob,
    Choice,
    ContentRefused,
    FinishReason,
    ImagePart,
    LLMEvent,
    LLMResult,
    Message,
    Part,
    ReasoningDelta,
    ServerUnavailable,
    StreamCollector,
    StreamEnd,
    StreamStart,
    TextDelta,
    ToolCallDelta,
    Usage,
    UsageReport,
)
from jackfield_sdk.dialects import ServerSentEvent

from .grounding import citations_of
from .signatures import call_extra, marked

_FINISH: Final[dict[str, FinishReason]] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "CONTINUATION": "length",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "LANGUAGE": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "MODEL_ARMOR": "content_filter",
    "IMAGE_SAFETY": "content_filter",
    "IMAGE_PROHIBITED_CONTENT": "content_filter",
    "IMAGE_RECITATION": "content_filter",
}
"""All others are mishaps of the model: a malformed call, for example."""


def parse_usage(usage: object) -> Usage:
    """Thoughts are counted apart from the answer, what tools of Google's fed in apart from the prompt."""
    given = usage if isinstance(usage, dict) else {}

    def count(name: str) -> int:
        value = given.get(name)
        return value if type(value) is int and value > 0 else 0

    thoughts = count("thoughtsTokenCount")
    return Usage(
        input_tokens=count("promptTokenCount") + count("toolUsePromptTokenCount"),
        output_tokens=count("candidatesTokenCount") + thoughts,
        cache_read_tokens=count("cachedContentTokenCount"),
        reasoning_tokens=thoughts,
    )


class _Reader:
    """Chunks to events. A whole answer is a stream of one chunk."""

    def __init__(self) -> None:
        self._started = False
        self._calls: dict[int, int] = {}
        self._said: dict[int, bool] = {}
        self._texts: dict[int, str] = {}
        self._ended: set[int] = set()

    def read(self, chunk: dict[str, Any]) -> Iterator[LLMEvent]:
        """The events of one chunk.

        :raises ContentRefused: if the prompt was blocked
        :raises ServerUnavailable: if it is no chunk, or the model failed before it said anything
        """
        try:
            yield from self._read(chunk)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ServerUnavailable(f"The vendor's answer is none of Gemini's: {error!r}.") from None

    def _read(self, chunk: dict[str, Any]) -> Iterator[LLMEvent]:
        if not self._started and chunk.get("responseId"):
            self._started = True
            yield StreamStart(str(chunk["responseId"]), str(chunk.get("modelVersion") or ""))
        candidates = chunk.get("candidates") or []
        feedback = chunk.get("promptFeedback")
        if not candidates and isinstance(feedback, dict) and feedback.get("blockReason"):
            raise _blocked(feedback)
        for candidate in candidates:
            yield from self._read_candidate(candidate)
        if isinstance(chunk.get("usageMetadata"), dict):
            yield UsageReport(parse_usage(chunk["usageMetadata"]))

    def _read_candidate(self, candidate: dict[str, Any]) -> Iterator[LLMEvent]:
        index = candidate.get("index") or 0
        content = candidate.get("content") or {}
        for part in content.get("parts") or ():
            for event in self._read_part(part, index):
                self._said[index] = True
                yield event
        if citations := citations_of(candidate.get("groundingMetadata"), self._texts.get(index, "")):
            yield TextDelta("", index, citations=citations)
        reason = candidate.get("finishReason")
        if reason and index not in self._ended:
            self._ended.add(index)
            finish = _FINISH.get(reason, "error")
            if finish == "error" and not self._said.get(index):
                raise _mishap(candidate)
            yield StreamEnd("tool_calls" if finish == "stop" and self._calls.get(index) else finish, index)

    def _read_part(self, part: dict[str, Any], index: int) -> Iterator[LLMEvent]:
        signature = part.get("thoughtSignature")
        if "functionCall" in part:
            yield self._read_call(part["functionCall"], signature, index)
            return
        seal = [ReasoningDelta(signature=marked(_string(signature)), choice=index)] if signature else []
        if part.get("thought"):
            yield ReasoningDelta(_string(part.get("text", "")), choice=index)
            yield from seal
            return
        yield from seal  # before its text, so that it goes back with it
        if text := _text_of(part):
            self._texts[index] = self._texts.get(index, "") + text
            yield TextDelta(text, index)

    def _read_call(self, call: dict[str, Any], signature: str | None, index: int) -> ToolCallDelta:
        number = self._calls.get(index, 0)
        self._calls[index] = number + 1
        arguments = json.dumps(call.get("args") or {}, ensure_ascii=False)
        identity = str(call.get("id") or f"call_{uuid.uuid4().hex[:24]}")
        extra = call_extra(signature) if signature else None
        return ToolCallDelta(number, identity, _string(call["name"]), arguments, index, extra)


def _text_of(part: dict[str, Any]) -> str:
    """The text of a part; Google's own code execution as a block of code, and what came out of it."""
    code, result = part.get("executableCode"), part.get("codeExecutionResult")
    if isinstance(code, dict):
        return f"\n```{str(code.get('language', '')).lower()}\n{code.get('code', '')}\n```\n"
    if isinstance(result, dict):
        return f"\n```\n{result.get('output', '')}\n```\n"
    return _string(part.get("text", ""))


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} where a string belongs")
    return value


def _blocked(feedback: dict[str, Any]) -> ContentRefused:
    ratings = feedback.get("safetyRatings") or ()
    causes = [str(one.get("category")) for one in ratings if isinstance(one, dict) and one.get("blocked")]
    said = f"{feedback['blockReason']}{': ' + ', '.join(causes) if causes else ''}"
    message = feedback.get("blockReasonMessage")
    return ContentRefused(
        "Gemini's safety filter refuses the prompt.",
        vendor_code=str(feedback["blockReason"]),
        vendor_message=str(message or said),
        vendor_status=200,
    )


def _mishap(candidate: dict[str, Any]) -> ServerUnavailable:
    reason = str(candidate["finishReason"])
    said = str(candidate.get("finishMessage") or reason)
    return ServerUnavailable(f"The model ended without an answer: {reason}.", vendor_code=reason, vendor_message=said)


async def parse_stream(events: AsyncIterator[ServerSentEvent]) -> AsyncIterator[LLMEvent]:
    """The events of a stream, which just ends: there is no last word.

    :raises ServerUnavailable: for what is no chunk
    """
    reader = _Reader()
    async for event in events:
        try:
            chunk = json.loads(event.data)
        except ValueError:
            raise ServerUnavailable("The vendor's stream holds an event that is not JSON.") from None
        for parsed in reader.read(chunk):
            yield parsed


def parse_result(body: dict[str, Any], model: str) -> LLMResult:
    """:raises ContentRefused: and ServerUnavailable, as a stream; and for an answer without an end"""
    collector = StreamCollector(model)
    for event in _Reader().read(body):
        collector.add(event)
    if not collector.complete:
        raise ServerUnavailable("The vendor's answer holds no candidate that has ended.")
    result = collector.result()
    candidates = body["candidates"]
    for message, candidate in zip(_messages(result), candidates, strict=False):
        message.parts += _pictures(candidate)
    known = ("candidates", "usageMetadata", "modelVersion", "responseId")
    result.extra = {name: value for name, value in body.items() if name not in known}
    if isinstance(metadata := candidates[0].get("groundingMetadata"), dict):
        result.extra["groundingMetadata"] = metadata
    return result


def _messages(result: LLMResult) -> list[Message]:
    others: list[Choice] = result.alternatives
    return [result.message, *(choice.message for choice in others)]


def _pictures(candidate: dict[str, Any]) -> list[Part]:
    """What a model that draws answers with; no stream of the contract can carry it."""
    parts = (candidate.get("content") or {}).get("parts") or ()
    found = [part["inlineData"] for part in parts if isinstance(part.get("inlineData"), dict)]
    return [ImagePart(Blob(media_type=one.get("mimeType"), data=base64.b64decode(one.get("data") or ""))) for one in found]
