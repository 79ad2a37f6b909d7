"""Messages of OpenAI's chat as Mistral has them: https://docs.mistral.ai/api/endpoint/chat

Mistral takes no member that it does not know, counts the turns, and writes documents, sound and thoughts in its own way.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

from jackfield_sdk import UnsupportedParameter

_CALL_ID = re.compile(r"[a-zA-Z0-9]{9}")
_BETWEEN = {"role": "assistant", "content": "OK"}


def adapt_messages(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """:raises UnsupportedParameter: for a part that Mistral has no form for"""
    adapted: list[dict[str, Any]] = []
    for message in messages:
        if message["role"] == "user" and adapted and adapted[-1]["role"] == "tool":
            adapted.append(dict(_BETWEEN))  # after a tool Mistral wants to hear the assistant
        adapted.append(_adapt(message))
    if adapted and adapted[-1]["role"] == "assistant":
        adapted[-1]["prefix"] = True  # the answer goes on from here; without that, an assistant may not speak last
    return adapted


def _adapt(message: dict[str, Any]) -> dict[str, Any]:
    message = dict(message)
    if message["role"] != "tool":
        message.pop("name", None)
    if refusal := message.pop("refusal", None):
        message["content"] = f"{message.get('content') or ''}{refusal}"
    if message.pop("audio", None) is not None:
        raise UnsupportedParameter("Mistral's models do not remember what they said aloud.", param="messages")
    if isinstance(content := message.get("content"), list):
        message["content"] = [_adapt_part(part) for part in content]
    if thoughts := message.pop("reasoning_content", None):
        message["content"] = [_thinking(thoughts), *_as_parts(message.get("content"))]
    if "tool_call_id" in message:
        message["tool_call_id"] = call_id(str(message["tool_call_id"]))
    if calls := message.get("tool_calls"):
        message["tool_calls"] = [{**call, "id": call_id(str(call.get("id")))} for call in calls]
    return message


def call_id(identity: str) -> str:
    """An id as Mistral takes it: nine letters and digits. The same in a call and in its result."""
    if _CALL_ID.fullmatch(identity):
        return identity
    digest = hashlib.sha256(identity.encode()).digest()
    return re.sub("[^a-zA-Z0-9]", "", base64.b64encode(digest).decode())[:9]


def _thinking(text: str) -> dict[str, Any]:
    return {"type": "thinking", "thinking": [{"type": "text", "text": text}]}


def _as_parts(content: Any) -> list[dict[str, Any]]:
    if isinstance(content, list):
        return content
    return [{"type": "text", "text": content}] if content else []


def _adapt_part(part: dict[str, Any]) -> dict[str, Any]:
    match part.get("type"):
        case "input_audio" if isinstance(part["input_audio"], dict):
            return {"type": "input_audio", "input_audio": part["input_audio"]["data"]}
        case "file":
            return _adapt_file(part["file"])
        case "refusal":
            return {"type": "text", "text": part["refusal"]}
        case "video_url":
            raise UnsupportedParameter("Mistral's models do not watch videos.", param="messages")
    return part


def _adapt_file(file: dict[str, Any]) -> dict[str, Any]:
    """A document by its address, or that of its data; a text as what it is."""
    if "file_id" in file:
        return {"type": "file", "file_id": file["file_id"]}
    where = str(file["file_data"])
    head, _, data = where.partition(",")
    if head.startswith("data:text/") and head.endswith(";base64"):
        return {"type": "text", "text": base64.b64decode(data).decode("utf-8", "replace")}
    name = {"document_name": file["filename"]} if file.get("filename") else {}
    return {"type": "document_url", "document_url": where} | name
