"""Messages as Ollama takes them: a text, images in base64, thoughts, calls. https://docs.ollama.com/api/chat"""

from __future__ import annotations

from typing import Any

import orjson
from jackfield_sdk import (
    AudioPart,
    BadRequest,
    ImagePart,
    LLMRequest,
    Message,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCall,
    ToolResult,
    UnsupportedParameter,
    blobs,
)


def build_messages(request: LLMRequest) -> list[dict[str, Any]]:
    """:raises UnsupportedParameter: for a part that Ollama has no form for, and for an image that is only an address"""
    names = {part.id: part.name for message in request.messages for part in message.parts if isinstance(part, ToolCall)}
    built: list[dict[str, Any]] = []
    for message in request.messages:
        results = [part for part in message.parts if isinstance(part, ToolResult)]
        built += [_result(part, names) for part in results]
        if len(results) < len(message.parts) or not message.parts:
            built.append(_message(message))
    return built


def _message(message: Message) -> dict[str, Any]:
    texts: list[str] = []
    thoughts: list[str] = []
    media: list[str] = []
    calls: list[dict[str, Any]] = []
    for part in message.parts:
        if isinstance(part, TextPart | RefusalPart):
            texts.append(part.text)
        elif isinstance(part, ReasoningPart):
            thoughts.append(part.text)
        elif isinstance(part, ImagePart | AudioPart):  # sound goes where images go, as on Ollama's OpenAI surface
            media.append(blobs.to_base64(part.blob))
        elif isinstance(part, ToolCall):
            calls.append({"id": part.id, "function": {"name": part.name, "arguments": arguments_of(part.arguments)}})
        elif not isinstance(part, ToolResult):
            raise UnsupportedParameter(f"Ollama has no form for a {type(part).__name__} in a message.", param="messages")
    joint = "" if message.role == "assistant" else "\n"
    built: dict[str, Any] = {"role": message.role, "content": joint.join(texts)}
    beside = {"thinking": "".join(thoughts), "images": media, "tool_calls": calls}
    return built | {name: value for name, value in beside.items() if value}


def _result(result: ToolResult, names: dict[str, str]) -> dict[str, Any]:
    content = result.told
    if not isinstance(content, str):
        texts = [part.text for part in content if isinstance(part, TextPart)]
        if len(texts) < len(content):
            raise UnsupportedParameter("Ollama takes texts only from a tool.", param="messages")
        content = "\n".join(texts)
    name = result.name or names.get(result.call_id)
    called = {"tool_name": name} if name else {}
    return {"role": "tool", "content": content, **called, "tool_call_id": result.call_id}


def arguments_of(text: str) -> dict[str, Any]:
    """The arguments of a call as the object that Ollama wants.

    :raises BadRequest: if they are none
    """
    try:
        arguments = orjson.loads(text or "{}")
    except orjson.JSONDecodeError:
        arguments = None
    if not isinstance(arguments, dict):
        raise BadRequest("Ollama takes the arguments of a tool call as a JSON object only.", param="messages")
    return arguments
