"""The chat answer, whole: contract to wire and back.

https://platform.openai.com/docs/api-reference/chat/object
"""

from __future__ import annotations

import base64
from typing import Any

import orjson

from jackfield.contract import (
    AudioPart,
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

from ..openai_usage import parse_chat_usage, render_chat_usage

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
    "error": "error",
    "network_error": "error",
}
_FINISH_OUT: dict[FinishReason, str] = {"refusal": "stop", "pause": "stop", "error": "stop"}


def parse_finish_reason(reason: object) -> FinishReason:
    """The vendor's word; an unknown one is a plain stop, as OpenAI's clients take it."""
    return _FINISH_IN.get(str(reason), "stop")


def render_finish_reason(reason: FinishReason) -> str:
    """One of stop, length, tool_calls, content_filter."""
    return _FINISH_OUT.get(reason, reason)


def parse_result(body: dict[str, Any]) -> LLMResult:
    """:raises ServerUnavailable: if the body is no chat completion"""
    try:
        choices = [
            Choice(
                message=Message("assistant", parse_answer(choice["message"])),
                finish_reason=parse_finish_reason(choice.get("finish_reason")),
                logprobs=choice.get("logprobs"),
            )
            for choice in sorted(body["choices"], key=lambda choice: choice.get("index", 0))
        ]
        first = choices[0]
        result = LLMResult(
            message=first.message,
            finish_reason=first.finish_reason,
            logprobs=first.logprobs,
            usage=parse_chat_usage(body.get("usage")),
            model=str(body.get("model") or ""),
            alternatives=choices[1:],
            extra={
                name: body[name] for name in ("service_tier", "system_fingerprint", "citations") if body.get(name) is not None
            },
        )
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
        raise ServerUnavailable(f"The vendor's answer is no chat completion: {error!r}.") from None
    if isinstance(body.get("id"), str):
        result.id = body["id"]
    if isinstance(body.get("created"), int):
        result.created = body["created"]
    return result


def parse_answer(message: dict[str, Any]) -> list[Part]:
    """The parts of an answer's `message`.

    Reasoning comes as `reasoning_content` (DeepSeek, vLLM) or `reasoning` (OpenRouter).
    """
    parts: list[Part] = []
    reasoning = message.get("reasoning_content") or message.get("reasoning")
    if isinstance(reasoning, str) and reasoning:
        parts.append(ReasoningPart(reasoning))
    content = message.get("content")
    if isinstance(content, list):  # Mistral answers with parts
        content = "".join(part.get("text", "") for part in content if isinstance(part, dict))
    if content:
        parts.append(TextPart(content, citations=message.get("annotations") or []))
    if message.get("refusal"):
        parts.append(RefusalPart(message["refusal"]))
    if isinstance(audio := message.get("audio"), dict):
        blob = Blob(data=base64.b64decode(audio.get("data") or ""))
        parts.append(AudioPart(blob, transcript=audio.get("transcript"), id=audio.get("id")))
    for call in message.get("tool_calls") or []:
        function = call["function"]
        arguments = function.get("arguments") or ""
        if not isinstance(arguments, str):  # Ollama's native servers answer with an object
            arguments = orjson.dumps(arguments).decode()
        parts.append(ToolCall(call.get("id") or function["name"], function["name"], arguments))
    return parts


def render_result(result: LLMResult, request: LLMRequest | None = None) -> dict[str, Any]:
    """OpenAI's `chat.completion` object."""
    first = Choice(message=result.message, finish_reason=result.finish_reason, logprobs=result.logprobs)
    return {
        "id": result.id,
        "object": "chat.completion",
        "created": result.created,
        "model": result.model or (request.model if request else ""),
        "choices": [_render_choice(choice, index) for index, choice in enumerate([first, *result.alternatives])],
        "usage": render_chat_usage(result.usage),
        **result.extra,
    }


def _render_choice(choice: Choice, index: int) -> dict[str, Any]:
    parts = choice.message.parts
    text = "".join(part.text for part in parts if isinstance(part, TextPart))
    refusal = "".join(part.text for part in parts if isinstance(part, RefusalPart))
    reasoning = "".join(part.text for part in parts if isinstance(part, ReasoningPart))
    message: dict[str, Any] = {"role": "assistant", "content": text or None, "refusal": refusal or None}
    if reasoning:
        message["reasoning_content"] = reasoning
    annotations = [citation for part in parts if isinstance(part, TextPart) for citation in part.citations]
    if annotations:
        message["annotations"] = annotations
    calls = [part for part in parts if isinstance(part, ToolCall)]
    if calls:
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}} for call in calls
        ]
    audio = next((part for part in parts if isinstance(part, AudioPart)), None)
    if audio is not None:
        message["audio"] = {
            "id": audio.id or "",
            "data": base64.b64encode(audio.blob.data or b"").decode(),
            "transcript": audio.transcript or "",
            "expires_at": 0,
        }
    if not text and not calls and not refusal and audio is None:
        message["content"] = ""
    finish = render_finish_reason(choice.finish_reason)
    return {"index": index, "message": message, "logprobs": choice.logprobs, "finish_reason": finish}
