"""The chat answer, whole: contract to wire and back.

https://platform.openai.com/docs/api-reference/chat/object
"""

from __future__ import annotations

import base64
from typing import Any

from jackfield.contract import (
    AudioPart,
    BadRequest,
    Blob,
    Choice,
    FinishReason,
    LLMRequest,
    LLMResult,
    Message,
    Part,
    ReasoningPart,
    RefusalPart,
    ServerUnavailable,
    TextPart,
    ToolCall,
)

from ..citations import for_chat
from ..counts import count, dicts, members
from ..media import encode_base64
from ..openai_usage import parse_chat_usage, render_chat_usage
from .answers import build_calls, build_reasoning, is_custom_call, parse_arguments, parse_call, parse_reasoning
from .parts import parse_parts

_KNOWN = {"id", "object", "created", "model", "choices", "usage"}
_KNOWN_MESSAGE = {
    "role", "content", "refusal", "annotations", "audio", "tool_calls", "function_call",
    "reasoning_content", "reasoning", "reasoning_details",
}  # fmt: skip

_FINISH_IN: dict[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
    "eos": "stop",
    "eos_token": "stop",
    "max_tokens": "length",
    "sensitive": "content_filter",
    "model_length": "length",
    "model_context_window_exceeded": "length",
    "error": "error",
    "network_error": "error",
    "insufficient_system_resource": "error",
}
_FINISH_OUT: dict[FinishReason, str] = {"refusal": "content_filter", "pause": "stop", "error": "stop"}


def parse_finish_reason(reason: object) -> FinishReason:
    """The vendor's word; an unknown one is a plain stop, as OpenAI's clients take it."""
    return _FINISH_IN.get(str(reason), "stop")


def render_finish_reason(reason: FinishReason) -> str:
    """One of stop, length, tool_calls, content_filter."""
    return _FINISH_OUT.get(reason, reason)


def parse_result(body: dict[str, Any]) -> LLMResult:
    """:raises ServerUnavailable: if the body is no chat completion"""
    try:
        choices = [_parse_choice(choice) for choice in sorted(body["choices"], key=lambda choice: count(choice.get("index")))]
        first = choices[0]
    except (KeyError, TypeError, AttributeError, IndexError, ValueError, BadRequest) as error:
        raise ServerUnavailable(f"The vendor's answer is no chat completion: {error!r}.") from None
    result = LLMResult(
        message=first.message,
        finish_reason=first.finish_reason,
        logprobs=first.logprobs,
        usage=parse_chat_usage(body.get("usage")),
        model=str(body.get("model") or ""),
        alternatives=choices[1:],
        extra={name: value for name, value in body.items() if name not in _KNOWN and value is not None},
    )
    if isinstance(body.get("id"), str) and body["id"]:
        result.id = body["id"]
    result.created = count(body.get("created")) or result.created
    return result


def _parse_choice(choice: dict[str, Any]) -> Choice:
    message = choice["message"]
    parts = parse_answer(message)
    reason = parse_finish_reason(choice.get("finish_reason"))
    called = any(isinstance(part, ToolCall) or is_custom_call(part) for part in parts)
    if reason == "stop" and called:  # several vendors say so, OpenAI itself where the function was forced
        reason = "tool_calls"
    extra = {name: value for name, value in message.items() if name not in _KNOWN_MESSAGE and value not in (None, [], {})}
    return Choice(message=Message("assistant", parts, extra=extra), finish_reason=reason, logprobs=choice.get("logprobs"))


def parse_answer(message: dict[str, Any]) -> list[Part]:
    """The parts of an answer's `message`."""
    parts: list[Part] = [*parse_reasoning(message)]
    content = message.get("content")
    if isinstance(content, str) and content:
        parts.append(TextPart(content, citations=dicts(message.get("annotations"))))
    elif isinstance(content, list):  # Mistral answers with parts
        parts += parse_parts(content, "content")
    elif content and not isinstance(content, str):
        raise TypeError(f"content is {type(content).__name__}")
    if isinstance(message.get("refusal"), str) and message["refusal"]:
        parts.append(RefusalPart(message["refusal"]))
    if isinstance(audio := message.get("audio"), dict) and any(audio.values()):  # Snowflake always has one, of nothing
        blob = Blob(data=base64.b64decode(audio.get("data") or ""))
        parts.append(AudioPart(blob, transcript=audio.get("transcript"), id=audio.get("id")))
    parts += [parse_call(call) for call in message.get("tool_calls") or ()]
    if isinstance(call := message.get("function_call"), dict) and call.get("name"):
        parts.append(ToolCall(str(call["name"]), str(call["name"]), parse_arguments(call.get("arguments"))))
    return parts


def render_result(result: LLMResult, request: LLMRequest | None = None) -> dict[str, Any]:
    """OpenAI's `chat.completion` object."""
    first = Choice(message=result.message, finish_reason=result.finish_reason, logprobs=result.logprobs)
    return result.extra | {
        "id": result.id,
        "object": "chat.completion",
        "created": result.created,
        "model": result.model or (request.model if request else ""),
        "choices": [_render_choice(choice, index) for index, choice in enumerate([first, *result.alternatives])],
        "usage": render_chat_usage(result.usage),
    }


def _render_choice(choice: Choice, index: int) -> dict[str, Any]:
    parts = choice.message.parts
    text = "".join(part.text for part in parts if isinstance(part, TextPart))
    refusal = "".join(part.text for part in parts if isinstance(part, RefusalPart))
    message: dict[str, Any] = {"role": "assistant", "content": text or None, "refusal": refusal or None}
    message |= render_reasoning(parts)
    if annotations := _annotations(parts):
        message["annotations"] = annotations
    if calls := build_calls(parts, with_extra=True):
        message["tool_calls"] = calls
    audio = next((part for part in parts if isinstance(part, AudioPart)), None)
    if audio is not None:
        message["audio"] = {
            "id": audio.id or "",
            "data": encode_base64(audio.blob.data),
            "transcript": audio.transcript or "",
            "expires_at": 0,
        }
    if not text and not calls and not refusal and audio is None:
        message["content"] = ""
    return {
        "index": index,
        "message": choice.message.extra | message,
        "logprobs": join_logprobs(choice.logprobs),
        "finish_reason": render_finish_reason(choice.finish_reason),
    }


def render_reasoning(parts: list[Part]) -> dict[str, Any]:
    """Reasoning as DeepSeek's and vLLM's clients read it; what is sealed also as OpenRouter's, so that it can be sent back."""
    sealed = any(isinstance(part, ReasoningPart) and (part.signature or part.redacted) for part in parts)
    details = build_reasoning(parts, "reasoning_details") if sealed else {}
    return build_reasoning(parts, "reasoning_content") | details


def _annotations(parts: list[Part]) -> list[dict[str, Any]]:
    annotations: list[dict[str, Any]] = []
    end = 0
    for part in parts:
        if isinstance(part, TextPart):
            start, end = end, end + len(part.text)
            annotations += for_chat(part.citations, start, end)
    return annotations


def join_logprobs(logprobs: Any) -> Any:
    """One object; those of a stream that was put together are a list of such."""
    if not isinstance(logprobs, list):
        return logprobs
    joined: dict[str, Any] = {"content": [], "refusal": []}
    for piece in logprobs:
        for name in joined:
            joined[name] += members(piece).get(name) or []
    return {name: value or None for name, value in joined.items()}
