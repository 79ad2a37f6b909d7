"""Messages of a chat request: wire to contract and back.

https://platform.openai.com/docs/api-reference/chat/create#chat-create-messages
"""

from __future__ import annotations

import dataclasses
from typing import Any

from jackfield.contract import (
    AudioPart,
    BadRequest,
    Blob,
    FilePart,
    ImagePart,
    LLMRequest,
    Message,
    Part,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCall,
    ToolResult,
)

from .. import seals
from ..extras import message_extra, refuse
from .answers import build_calls, build_reasoning, is_custom_call, parse_call, parse_reasoning
from .options import ChatOptions
from .parts import DIALECT, build_content, build_part, parse_parts

_KNOWN = {
    "role", "content", "name", "tool_calls", "tool_call_id", "function_call", "refusal", "audio", "annotations",
    "reasoning_content", "reasoning", "reasoning_details",
}  # fmt: skip


def parse_message(message: object, param: str) -> Message:
    """:raises BadRequest: naming the member at fault"""
    if not isinstance(message, dict):
        raise BadRequest(f"`{param}` must be an object.", param=param)
    role = message.get("role")
    name = message.get("name")
    if name is not None and not isinstance(name, str):
        raise BadRequest(f"`{param}.name` must be a string.", param=f"{param}.name")
    if role in ("system", "developer", "user") and message.get("content") is None:
        raise BadRequest(f"`{param}.content` is missing.", param=f"{param}.content")
    parts = parse_parts(message.get("content"), f"{param}.content")
    extra = {key: value for key, value in message.items() if key not in _KNOWN and value not in (None, [], {})}
    match role:
        case "system" | "developer":
            return Message("system", parts, name, extra)
        case "user":
            return Message("user", parts, name, extra)
        case "assistant":
            return Message("assistant", _assistant_parts(message, parts, param), name, extra)
        case "tool" | "function":
            return Message("tool", [_parse_tool_result(message, parts, param)], extra=extra)
    raise BadRequest(f"`{param}.role` must be system, developer, user, assistant or tool.", param=f"{param}.role")


def _parse_tool_result(message: dict[str, Any], parts: list[Part], param: str) -> ToolResult:
    call_id = message.get("tool_call_id") if message["role"] == "tool" else message.get("name")
    if not isinstance(call_id, str):
        raise BadRequest(f"`{param}.tool_call_id` must be a string.", param=f"{param}.tool_call_id")
    shown = [part for part in parts if isinstance(part, TextPart | ImagePart | FilePart)]
    if len(shown) < len(parts):
        raise BadRequest(f"`{param}.content` may hold text, images and files only.", param=f"{param}.content")
    content = message.get("content")
    return ToolResult(call_id, content if isinstance(content, str) else shown, name=message.get("name"))


def _assistant_parts(message: dict[str, Any], parts: list[Part], param: str) -> list[Part]:
    parts = [*parse_reasoning(message), *parts]
    if isinstance(refusal := message.get("refusal"), str):
        parts.append(RefusalPart(refusal))
    if isinstance(audio := message.get("audio"), dict):
        parts.append(AudioPart(Blob(), id=audio.get("id")))
    try:
        parts += [parse_call(call) for call in message.get("tool_calls") or ()]
    except (KeyError, TypeError, AttributeError) as error:
        raise BadRequest(f"`{param}.tool_calls`: {error} is missing or wrong.", param=f"{param}.tool_calls") from None
    if isinstance(call := message.get("function_call"), dict):
        parts.append(ToolCall(str(call.get("name")), str(call.get("name")), str(call.get("arguments", ""))))
    return parts


def build_messages(request: LLMRequest, options: ChatOptions) -> list[dict[str, Any]]:
    """:raises UnsupportedParameter: for what this dialect has no form for"""
    built: list[dict[str, Any]] = []
    shown: list[dict[str, Any]] = []  # what tools returned beside text, which only a user's message can hold
    for number, message in enumerate(request.messages):
        results = [part for part in message.parts if isinstance(part, ToolResult)]
        for result in results:
            built.append(_build_tool_result(result, options))
            shown += _shown(result, options)
        extra = message_extra(message.extra, number, request, DIALECT)
        if results and len(results) == len(message.parts):
            built[-1] |= extra
            continue
        if shown:
            built.append({"role": "user", "content": shown})
            shown = []
        if any(isinstance(part, FilePart) and part.citations for part in message.parts):
            refuse(request, "citations")
        built.append(_build_message(message, options) | extra)
    return [*built, {"role": "user", "content": shown}] if shown else built


def _build_tool_result(result: ToolResult, options: ChatOptions) -> dict[str, Any]:
    content: Any = result.told  # this wire has no `is_error`
    if not isinstance(content, str):
        texts = [part for part in content if isinstance(part, TextPart)]
        content = build_content(texts, options, "\n") or ("" if len(texts) == len(content) else "See the next message.")
    return {"role": "tool", "tool_call_id": result.call_id, "content": content}


def _shown(result: ToolResult, options: ChatOptions) -> list[dict[str, Any]]:
    rest = [part for part in result.content if not isinstance(part, TextPart | str)]
    if not rest:
        return []
    heading = TextPart(f"Returned by the tool call {result.call_id}:")
    return [build_part(part, options) for part in (heading, *rest)]


def _build_message(message: Message, options: ChatOptions) -> dict[str, Any]:
    if message.role == "assistant":
        return _build_assistant(message, options)
    parts: list[Part] = []
    for part in message.parts:
        if isinstance(part, FilePart) and part.context:
            parts.append(TextPart(part.context))
        parts.append(part)
    role = options.system_role if message.role == "system" else message.role
    # Texts of a user or a system stand each for itself; an assistant's are pieces of one.
    built: dict[str, Any] = {"role": role, "content": build_content(parts, options, "\n") or ""}
    return built | ({"name": message.name} if message.name else {})


def _build_assistant(message: Message, options: ChatOptions) -> dict[str, Any]:
    said: list[Part] = []
    beside: dict[str, Any] = {"name": message.name} if message.name else {}
    for part in message.parts:
        if isinstance(part, RefusalPart):
            beside["refusal"] = beside.get("refusal", "") + part.text
        elif isinstance(part, AudioPart) and part.id:
            beside["audio"] = {"id": part.id}
        elif isinstance(part, AudioPart):
            said.append(TextPart(part.transcript or ""))
        elif not is_custom_call(part):
            said.append(part)
    if calls := build_calls(message.parts, with_extra=options.call_extra):
        beside["tool_calls"] = calls
    if options.reasoning_name:
        beside |= build_reasoning(_without_marked(message.parts), options.reasoning_name)
    content = build_content(said, options)
    return {"role": "assistant", "content": "" if content is None and not beside else content, **beside}


def _without_marked(parts: list[Part]) -> list[Part]:
    """The parts without seals that say by themselves that they are of another vendor."""
    marked = [part for part in parts if isinstance(part, ReasoningPart) and part.signature and seals.is_marked(part.signature)]
    return [dataclasses.replace(part, signature=None) if part in marked else part for part in parts] if marked else parts
