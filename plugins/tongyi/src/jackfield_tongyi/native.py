"""DashScope's own chat, as the difference from OpenAI's: https://www.alibabacloud.com/help/en/model-studio/qwen-api-via-dashscope"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson
from jackfield_sdk import ServerUnavailable, event_object
from jackfield_sdk.dialects import ServerSentEvent

_HEAD = frozenset({"model", "messages", "stream", "stream_options", "user", "metadata", "max_completion_tokens"})


def to_native(body: dict[str, Any], *, multimodal: bool) -> dict[str, Any]:
    """The body of OpenAI's chat in DashScope's form.

    :param multimodal: for the surface of models that see or hear, which takes contents as lists of parts
    """
    messages = [_message(message, multimodal=multimodal) for message in body["messages"]]
    parameters = {name: value for name, value in body.items() if name not in _HEAD} | {"result_format": "message"}
    if "max_completion_tokens" in body:
        parameters["max_tokens"] = body["max_completion_tokens"]
    if body.get("stream"):
        parameters["incremental_output"] = True
    return {"model": body["model"], "input": {"messages": messages}, "parameters": parameters}


def _message(message: dict[str, Any], *, multimodal: bool) -> dict[str, Any]:
    content = message.get("content")
    if isinstance(content, list):
        return message | {"content": [_part(part) for part in content]}
    if multimodal and isinstance(content, str):
        return message | {"content": [{"text": content}]}
    return message | {"content": content or ""}


def _part(part: dict[str, Any]) -> dict[str, Any]:
    match part.get("type"):
        case "text":
            return {"text": part["text"]} | ({"cache_control": part["cache_control"]} if "cache_control" in part else {})
        case "image_url":
            return {"image": part["image_url"]["url"]}
        case "video_url":
            return {"video": part["video_url"]["url"]}
        case "input_audio":
            return {"audio": part["input_audio"]["data"]}
    return part


def to_completion(body: dict[str, Any], *, chunk: bool = False) -> dict[str, Any]:
    """An answer of DashScope's as OpenAI's chat completion, or a chunk of one.

    :raises ServerUnavailable: if it is none
    """
    output = body.get("output")
    choices = output.get("choices") if isinstance(output, dict) else None
    if not isinstance(choices, list) or not all(isinstance(choice, dict) for choice in choices):
        raise ServerUnavailable("The vendor's answer is no chat of DashScope's.")
    return {
        "id": body.get("request_id"),
        "choices": [_choice(choice, number, chunk=chunk) for number, choice in enumerate(choices)],
        "usage": _usage(body.get("usage")),
    }


def _choice(choice: dict[str, Any], number: int, *, chunk: bool) -> dict[str, Any]:
    message = choice.get("message")
    if isinstance(message, dict) and isinstance(content := message.get("content"), list):
        texts = [str(part.get("text") or "") for part in content if isinstance(part, dict)]
        message = message | {"content": "".join(texts)}
    reason = choice.get("finish_reason")
    return {
        "index": choice.get("index", number),
        "delta" if chunk else "message": message,
        "finish_reason": None if reason in (None, "", "null") else reason,
        "logprobs": choice.get("logprobs"),
    }


def _usage(usage: Any) -> dict[str, Any] | None:
    """Every event of a stream tells the usage so far."""
    if not isinstance(usage, dict):
        return None
    return {
        "prompt_tokens": usage.get("input_tokens"),
        "completion_tokens": usage.get("output_tokens"),
        "prompt_tokens_details": usage.get("prompt_tokens_details") or usage.get("input_tokens_details"),
        "completion_tokens_details": usage.get("output_tokens_details"),
    }


async def to_chunks(events: AsyncIterator[ServerSentEvent]) -> AsyncIterator[ServerSentEvent]:
    """The events of a stream as OpenAI's chunks.

    :raises ServerUnavailable: for an event that is none of DashScope's
    """
    async for event in events:
        yield ServerSentEvent(data=orjson.dumps(to_completion(event_object(event), chunk=True)).decode())
