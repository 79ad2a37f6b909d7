"""The answer of Anthropic's messages, whole: https://docs.anthropic.com/en/api/messages#response-content"""

from __future__ import annotations

import uuid
from typing import Any

import orjson

from jackfield.contract import (
    BadRequest,
    FinishReason,
    JackfieldError,
    LLMRequest,
    LLMResult,
    Message,
    Part,
    ReasoningPart,
    ServerUnavailable,
)

from ..anthropic_usage import parse_usage, render_usage
from .blocks import build_blocks, parse_blocks

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
        result = LLMResult(
            message=Message("assistant", parse_blocks(body["content"], "content")),
            finish_reason=parse_stop_reason(body.get("stop_reason")),
            stop_sequence=body.get("stop_sequence"),
            usage=parse_usage(body.get("usage")),
            model=str(body.get("model") or ""),
        )
    except (KeyError, TypeError, BadRequest) as error:
        raise ServerUnavailable(f"The vendor's answer is no message: {error!r}.") from None
    result.id = str(body.get("id") or result.id)
    return result


def answer_blocks(parts: list[Part]) -> list[dict[str, Any]]:
    """The blocks of an answer. Thoughts without a signature (another vendor's) are shown with an empty one."""
    blocks: list[dict[str, Any]] = []
    for part in parts:
        if isinstance(part, ReasoningPart) and not part.signature and not part.redacted:
            blocks.append({"type": "thinking", "thinking": part.text, "signature": ""})
        else:
            blocks += build_blocks([part])
    return blocks


def render_result(result: LLMResult, request: LLMRequest | None = None) -> dict[str, Any]:
    """Anthropic's message object."""
    return {
        "id": message_id(result.id),
        "type": "message",
        "role": "assistant",
        "model": result.model or (request.model if request else ""),
        "content": answer_blocks(result.message.parts),
        "stop_reason": render_stop_reason(result.finish_reason, result.stop_sequence),
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


def read_error(body: bytes) -> tuple[str, str]:
    """Type and message of a vendor's error body; empty where it is none."""
    try:
        error = orjson.loads(body).get("error") or {}
        return str(error.get("type") or ""), str(error.get("message") or "")
    except (orjson.JSONDecodeError, AttributeError):
        return "", body[:500].decode("utf-8", "replace")
