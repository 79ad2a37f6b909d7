"""The older API's chat, as the difference from OpenAI's: https://cloud.baidu.com/doc/WENXINWORKSHOP/s/clntwmv7t"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson
from jackfield_sdk import BadRequest, LLMRequest, ServerUnavailable, event_object, refuse
from jackfield_sdk.dialects import ServerSentEvent

_SAME = frozenset({"stream", "temperature", "top_p", "stop"})
_OWN = frozenset({
    "penalty_score", "min_output_tokens", "user_id", "disable_search", "enable_citation", "enable_trace", "user_ip",
    "enable_system_memory", "system_memory_id", "user_setting",
})  # fmt: skip
"""Members of the older API that clients may send, as they send OpenAI's."""
_RENAMED = {"max_tokens": "max_output_tokens", "repetition_penalty": "penalty_score", "user": "user_id"}
_APART = frozenset({
    "model", "messages", "stream_options", "metadata", "tools", "tool_choice", "parallel_tool_calls", "response_format",
})  # fmt: skip
UNKNOWN = frozenset({
    "top_k", "min_p", "frequency_penalty", "presence_penalty", "seed", "n", "logprobs", "top_logprobs", "logit_bias",
    "reasoning_effort",
})  # fmt: skip
"""Sampling that the older API has no form for."""
_REASONS = {"length": "length", "content_filter": "content_filter", "function_call": "tool_calls"}


def to_older(body: dict[str, Any], request: LLMRequest) -> dict[str, Any]:
    """The body of OpenAI's chat in the older form; the model stands in the address.

    :raises UnsupportedParameter: for what it has no form for, unless `drop_unsupported`
    """
    built: dict[str, Any] = {"messages": _messages(body["messages"], request)}
    for name, value in body.items():
        if name in _SAME or name in _OWN or name in _RENAMED:
            built[_RENAMED.get(name, name)] = value
        elif name not in _APART:
            refuse(request, name, "Qianfan's older API, which a secret key is for, does not know it.")
    if built.get("temperature") == 0:
        built["temperature"] = 0.01  # it wants more than zero
    if system := [_text(message, request) for message in body["messages"] if message["role"] in ("system", "developer")]:
        built["system"] = "\n\n".join(system)
    if form := body.get("response_format"):
        built["response_format"] = "text" if form["type"] == "text" else "json_object"
    return built | _functions(body, request)


def to_older_members(body: dict[str, Any]) -> dict[str, Any]:
    """The same for embeddings and rerank."""
    return {_RENAMED.get(name, name): value for name, value in body.items() if name not in ("model", "encoding_format")}


def _functions(body: dict[str, Any], request: LLMRequest) -> dict[str, Any]:
    """One function is called at a time."""
    choice = body.get("tool_choice")
    functions = [function for tool in body.get("tools", ()) if (function := _function(tool, request))]
    if choice == "none" or not functions:
        return {}
    if choice == "required":
        refuse(request, "tool_choice", "The model calls the function that is named, or decides by itself.")
    named = {"tool_choice": choice} if isinstance(choice, dict) else {}
    return {"functions": functions, **named}


def _function(tool: dict[str, Any], request: LLMRequest) -> dict[str, Any] | None:
    function = tool.get("function")
    if not isinstance(function, dict):
        refuse(request, "tools", f"Qianfan's older API does not know the tool `{tool.get('type')}`.")
        return None
    return {
        "name": function["name"],
        "description": function.get("description") or function["name"],  # it wants one
        "parameters": function["parameters"],
    }


def _messages(messages: list[dict[str, Any]], request: LLMRequest) -> list[dict[str, Any]]:
    """User and assistant by turns; of an assistant's calls each stands in a message of its own, before its result.

    :raises BadRequest: for a result without its call, or a call without its result
    """
    built: list[dict[str, Any]] = []
    calls: dict[str, dict[str, Any]] = {}
    said = ""
    for message in messages:
        role = message["role"]
        if role == "tool":
            call = calls.pop(str(message.get("tool_call_id")), None)
            if call is None:
                raise BadRequest("A tool's result stands in `messages` without the call.", param="messages")
            built.append({"role": "assistant", "content": said, "function_call": call})
            built.append({"role": "function", "name": call["name"], "content": _text(message, request)})
            said = ""
            continue
        if role in ("system", "developer"):
            continue
        _answered(calls)
        text = _text(message, request)
        if found := message.get("tool_calls"):
            calls = {str(call["id"]): call["function"] for call in found}
            said = text
        elif built and built[-1]["role"] == role:
            built[-1]["content"] += "\n\n" + text
        else:
            built.append({"role": role, "content": text})
    _answered(calls)
    return built


def _answered(calls: dict[str, Any]) -> None:
    if calls:
        raise BadRequest("A tool's call stands in `messages` without its result.", param="messages")


def _text(message: dict[str, Any], request: LLMRequest) -> str:
    content = message.get("content")
    if not isinstance(content, list):
        return str(content or "")
    if any(part.get("type") != "text" for part in content):
        refuse(request, "messages", "Qianfan's older API takes texts only.")
    return "".join(str(part["text"]) for part in content if part.get("type") == "text")


def to_completion(body: dict[str, Any], *, chunk: bool = False) -> dict[str, Any]:
    """An answer of the older API as OpenAI's chat completion, or a chunk of one.

    :raises ServerUnavailable: if it is none
    """
    text, call = body.get("result"), body.get("function_call")
    if not isinstance(text, str) and not isinstance(call, dict):
        raise ServerUnavailable("The vendor's answer is no chat of Qianfan's older API.")
    message: dict[str, Any] = {"role": "assistant", "content": text or ""}
    if isinstance(call, dict):
        function = {"name": str(call.get("name") or ""), "arguments": call.get("arguments") or "{}"}
        message["tool_calls"] = [{"index": 0, "id": f"call_{body.get('id')}", "type": "function", "function": function}]
        if call.get("thoughts"):
            message["reasoning_content"] = str(call["thoughts"])
    ended = body.get("is_end", True) if chunk else True
    choice = {"index": 0, "delta" if chunk else "message": message, "finish_reason": _reason(body) if ended else None}
    return {
        "id": body.get("id"),
        "created": body.get("created"),
        "choices": [choice],
        "usage": _usage(body.get("usage")),
    }


def _reason(body: dict[str, Any]) -> str:
    """Of a question that is not to be answered `need_clear_history` tells."""
    if body.get("need_clear_history"):
        return "content_filter"
    if body.get("is_truncated"):
        return "length"
    return _REASONS.get(str(body.get("finish_reason")), "stop")


def _usage(usage: Any) -> dict[str, Any] | None:
    """Without the total, which some models tell more of than of the answer."""
    if not isinstance(usage, dict):
        return None
    asked, answered, total = (usage.get(name) for name in ("prompt_tokens", "completion_tokens", "total_tokens"))
    if answered is None and isinstance(asked, int) and isinstance(total, int):
        answered = max(total - asked, 0)
    return {"prompt_tokens": asked, "completion_tokens": answered}


async def to_chunks(events: AsyncIterator[ServerSentEvent]) -> AsyncIterator[ServerSentEvent]:
    """The events of a stream as OpenAI's chunks.

    :raises ServerUnavailable: for an event that is none of the older API's
    """
    async for event in events:
        yield ServerSentEvent(data=orjson.dumps(to_completion(event_object(event), chunk=True)).decode())
