"""What an assistant's message holds beside its content, in requests, answers and chunks alike: reasoning and tool calls."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

import orjson

from jackfield.contract import OpaquePart, Part, ReasoningPart, ToolCall

from ..counts import members
from .parts import DIALECT

_CALL = {"id", "type", "function", "index"}


def parse_reasoning(message: dict[str, Any]) -> list[ReasoningPart]:
    """Reasoning as `reasoning_details` (OpenRouter: with its seals), `reasoning_content` (DeepSeek, vLLM), or `reasoning`.

    https://openrouter.ai/docs/use-cases/reasoning-tokens, https://api-docs.deepseek.com/guides/reasoning_model
    """
    details = message.get("reasoning_details")
    parts = [part for detail in details if (part := _parse_detail(members(detail)))] if isinstance(details, list) else []
    if parts:
        return parts
    text = message.get("reasoning_content") or message.get("reasoning")
    return [ReasoningPart(text)] if isinstance(text, str) and text else []


def _parse_detail(detail: Any) -> ReasoningPart | None:
    text = detail.get("text") or detail.get("summary") or ""
    signature, redacted = detail.get("signature"), detail.get("data")
    part = ReasoningPart(
        text if isinstance(text, str) else "",
        signature=signature if isinstance(signature, str) and signature else None,
        redacted=redacted if isinstance(redacted, str) and redacted else None,
        id=detail["id"] if isinstance(detail.get("id"), str) else None,
    )
    return part if part.text or part.signature or part.redacted else None


def build_detail(part: ReasoningPart, index: int) -> dict[str, Any]:
    """One of `reasoning_details`."""
    named: dict[str, Any] = {"index": index} | ({"id": part.id} if part.id else {})
    if part.redacted:
        return {"type": "reasoning.encrypted", "data": part.redacted, **named}
    sealed = {"signature": part.signature} if part.signature else {}
    return {"type": "reasoning.text", "text": part.text, **sealed, **named}


def build_reasoning(parts: Iterable[Part], name: str) -> dict[str, Any]:
    """The member `name` of a message; none if the parts hold nothing for it."""
    reasoning = [part for part in parts if isinstance(part, ReasoningPart)]
    if name == "reasoning_details":
        return {name: [build_detail(part, index) for index, part in enumerate(reasoning)]} if reasoning else {}
    text = "".join(part.text for part in reasoning)
    return {name: text} if text else {}


def parse_call(call: dict[str, Any]) -> ToolCall | OpaquePart:
    """One of `tool_calls`. Ollama's arguments may be an object, and some servers name no id.

    :raises KeyError: and TypeError, for what is no call
    """
    if "function" not in call and call.get("type") not in (None, "function"):
        return OpaquePart(DIALECT, call)  # a custom tool's
    function = call["function"]
    extra = {name: value for name, value in call.items() if name not in _CALL and value is not None}
    identity = call.get("id") or f"call_{uuid.uuid4().hex[:24]}"
    return ToolCall(_string(identity), _string(function["name"]), parse_arguments(function.get("arguments")), extra=extra)


def parse_arguments(arguments: object) -> str:
    """As JSON text."""
    if isinstance(arguments, str):
        return arguments
    return orjson.dumps(arguments).decode() if arguments is not None else ""


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} where a string belongs")
    return value


def is_custom_call(part: Part) -> bool:
    """Whether the part is a custom tool's call, which stands among the `tool_calls`."""
    return isinstance(part, OpaquePart) and part.dialect == DIALECT and "custom" in part.body and "id" in part.body


def build_calls(parts: Iterable[Part], *, with_extra: bool) -> list[dict[str, Any]]:
    """The `tool_calls` of a message."""
    calls: list[dict[str, Any]] = []
    for part in parts:
        if isinstance(part, ToolCall):
            function = {"name": part.name, "arguments": part.arguments}
            call = {"id": part.id, "type": "function", "function": function}
            calls.append(call | (part.extra if with_extra else {}))
        elif isinstance(part, OpaquePart) and is_custom_call(part):
            calls.append(part.body)
    return calls
