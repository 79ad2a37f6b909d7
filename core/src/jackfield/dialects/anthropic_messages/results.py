"""The answer of Anthropic's messages, whole: https://docs.anthropic.com/en/api/messages#response-content"""

from __future__ import annotations

import uuid
from typing import Any

from jackfield.contract import (
    AudioPart,
    BadRequest,
    FinishReason,
    JackfieldError,
    LLMRequest,
    LLMResult,
    Message,
    OpaquePart,
    Part,
    ReasoningPart,
    RefusalPart,
    ServerUnavailable,
    ToolCall,
    VideoPart,
)

from ..anthropic_usage import parse_usage, render_usage
from .blocks import DIALECT, build_blocks, parse_blocks

_KNOWN = {"id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "usage"}
_STOP_IN: dict[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "pause_turn": "pause",
    "refusal": "refusal",
}
_STOP_OUT: dict[FinishReason, str] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "pause": "pause_turn",
    "refusal": "refusal",
    "content_filter": "refusal",
    "error": "end_turn",
}
_ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    422: "invalid_request_error",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}


def parse_stop_reason(reason: object) -> FinishReason:
    """Anthropic's `stop_reason`; an unknown one is a plain stop."""
    return _STOP_IN.get(str(reason), "stop")


def render_stop_reason(reason: FinishReason, stop_sequence: str | None) -> str:
    """The same, back."""
    return "stop_sequence" if reason == "stop" and stop_sequence else _STOP_OUT[reason]


def message_id(identity: str) -> str:
    """An id as Anthropic's clients expect it."""
    return identity if identity.startswith("msg_") else f"msg_{uuid.uuid5(uuid.NAMESPACE_OID, identity).hex[:24]}"


def parse_result(body: dict[str, Any]) -> LLMResult:
    """:raises ServerUnavailable: if the body is no message"""
    try:
        parts = parse_blocks(body["content"], "content", answered=True)
    except (KeyError, BadRequest) as error:
        raise ServerUnavailable(f"The vendor's answer is no message: {error!r}.") from None
    stop_sequence = body.get("stop_sequence")
    result = LLMResult(
        message=Message("assistant", parts),
        finish_reason=parse_stop_reason(body.get("stop_reason")),
        stop_sequence=stop_sequence if isinstance(stop_sequence, str) else None,
        usage=parse_usage(body.get("usage")),
        model=str(body.get("model") or ""),
        extra={name: value for name, value in body.items() if name not in _KNOWN and value is not None},
    )
    if isinstance(body.get("id"), str) and body["id"]:
        result.id = body["id"]
    return result


def answer_blocks(parts: list[Part]) -> list[dict[str, Any]]:
    """The blocks of an answer. Thoughts without a signature (another vendor's) are shown with an empty one.

    What has no form here, as another vendor's own parts, is not shown.
    """
    blocks: list[dict[str, Any]] = []
    for part in parts:
        match part:
            case ReasoningPart(redacted=None):
                blocks.append({"type": "thinking", "thinking": part.text, "signature": part.signature or ""})
            case ReasoningPart():
                blocks.append({"type": "redacted_thinking", "data": part.redacted})
            case OpaquePart() if part.dialect != DIALECT:
                continue
            case VideoPart() | AudioPart(transcript=None):
                continue
            case _:
                blocks += build_blocks([part])
    return blocks


def render_result(result: LLMResult, request: LLMRequest | None = None) -> dict[str, Any]:
    """Anthropic's message object."""
    reason = result.finish_reason
    if reason == "stop" and any(isinstance(part, ToolCall) for part in result.message.parts):
        reason = "tool_calls"
    elif reason == "stop" and any(isinstance(part, RefusalPart) for part in result.message.parts):
        reason = "refusal"
    return {
        "id": message_id(result.id),
        "type": "message",
        "role": "assistant",
        "model": result.model or (request.model if request else ""),
        "content": answer_blocks(result.message.parts),
        "stop_reason": render_stop_reason(reason, result.stop_sequence),
        "stop_sequence": result.stop_sequence,
        "usage": render_usage(result.usage),
    }


def render_error(error: JackfieldError) -> dict[str, Any]:
    """Anthropic's error object: https://docs.anthropic.com/en/api/errors"""
    kind = _ERROR_TYPES.get(error.status) or ("overloaded_error" if error.status == 503 else "api_error")
    message = f"{error.message} {error.advice}".strip()
    if error.vendor_message:
        message += f" (The vendor says: {error.vendor_message})"
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": error.request_id}


def parse_count(body: dict[str, Any]) -> int:
    """The answer to a count of tokens: https://docs.anthropic.com/en/api/messages-count-tokens

    :raises ServerUnavailable: if it holds no count
    """
    if type(tokens := body.get("input_tokens")) is not int:
        raise ServerUnavailable("The vendor's answer holds no count of tokens.")
    return tokens


def render_count(tokens: int) -> dict[str, Any]:
    """The same, back."""
    return {"input_tokens": tokens}
