"""The answer of OpenAI's responses, whole: https://platform.openai.com/docs/api-reference/responses/object"""

from __future__ import annotations

from typing import Any

from jackfield.contract import (
    BadRequest,
    FinishReason,
    LLMRequest,
    LLMResult,
    Message,
    OpaquePart,
    OpaqueTool,
    Part,
    ReasoningPart,
    RefusalPart,
    ServerUnavailable,
    TextPart,
    ToolCall,
    ToolChoice,
)

from ..openai_usage import parse_responses_usage, render_responses_usage
from .items import DIALECT, parse_content, parse_reasoning


def parse_finish(body: dict[str, Any], parts: list[Part]) -> FinishReason:
    """The finish reason, which this wire says by status and by what was put out."""
    if body.get("status") == "incomplete":
        reason = (body.get("incomplete_details") or {}).get("reason")
        return "content_filter" if reason == "content_filter" else "length"
    if body.get("status") == "failed":
        return "error"
    return "tool_calls" if any(isinstance(part, ToolCall) for part in parts) else "stop"


def parse_result(body: dict[str, Any]) -> LLMResult:
    """:raises ServerUnavailable: if the body is no response, or one that failed"""
    if body.get("status") == "failed" or body.get("error"):
        error = body.get("error") or {}
        raise ServerUnavailable(
            "The vendor could not answer.", vendor_code=error.get("code"), vendor_message=error.get("message")
        )
    try:
        parts = [part for item in body["output"] for part in parse_output_item(item)]
        result = LLMResult(
            message=Message("assistant", parts),
            finish_reason=parse_finish(body, parts),
            usage=parse_responses_usage(body.get("usage")),
            model=str(body.get("model") or ""),
        )
    except (KeyError, TypeError, AttributeError, BadRequest) as error:
        raise ServerUnavailable(f"The vendor's answer is no response: {error!r}.") from None
    result.id = str(body.get("id") or result.id)
    return result


def parse_output_item(item: dict[str, Any]) -> list[Part]:
    """One item of `output`."""
    match item["type"]:
        case "message":
            return parse_content(item["content"], "output")
        case "function_call":
            return [ToolCall(item["call_id"], item["name"], item["arguments"])]
        case "reasoning":
            return [parse_reasoning(item)]
    return [OpaquePart(DIALECT, item)]


def render_output(parts: list[Part], identity: str) -> list[dict[str, Any]]:
    """The items of `output`, in the order of the parts; neighbouring texts share a message."""
    items: list[dict[str, Any]] = []
    for part in parts:
        number = len(items)
        if isinstance(part, TextPart | RefusalPart):
            content = text_content(part.text) if isinstance(part, TextPart) else refusal_content(part.text)
            if items and items[-1]["type"] == "message":
                items[-1]["content"].append(content)
            else:
                items.append(message_item(f"msg_{identity}_{number}", [content]))
        elif isinstance(part, ReasoningPart):
            items.append(reasoning_item(f"rs_{identity}_{number}", part.text, part.signature))
        elif isinstance(part, ToolCall):
            items.append(call_item(f"fc_{identity}_{number}", part))
        elif isinstance(part, OpaquePart) and part.dialect == DIALECT:
            items.append(part.body)
    return items


def text_content(text: str) -> dict[str, Any]:
    """A part of text."""
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def refusal_content(text: str) -> dict[str, Any]:
    """A part that refuses."""
    return {"type": "refusal", "refusal": text}


def message_item(identity: str, content: list[dict[str, Any]], status: str = "completed") -> dict[str, Any]:
    """An item with text."""
    return {"id": identity, "type": "message", "role": "assistant", "status": status, "content": content}


def reasoning_item(identity: str, text: str, sealed: str | None = None) -> dict[str, Any]:
    """An item of reasoning."""
    item: dict[str, Any] = {"id": identity, "type": "reasoning", "summary": []}
    item |= {"content": [{"type": "reasoning_text", "text": text}]} if text else {}
    return item | ({"encrypted_content": sealed} if sealed else {})


def call_item(identity: str, call: ToolCall, status: str = "completed") -> dict[str, Any]:
    """An item that asks for a function."""
    members = {"call_id": call.id, "name": call.name, "arguments": call.arguments, "status": status}
    return {"id": identity, "type": "function_call", **members}


def response_id(identity: str) -> str:
    """An id as OpenAI's clients expect it."""
    return identity if identity.startswith("resp_") else f"resp_{identity}"


def render_response(
    identity: str, created: int, model: str, request: LLMRequest | None, *, status: str, output: list[dict[str, Any]]
) -> dict[str, Any]:
    """A response object around its items; the caller adds usage and what went wrong."""
    tools = [_render_tool(tool) for tool in request.tools] if request else []
    choice = request.tool_choice if request else None
    return {
        "id": response_id(identity),
        "object": "response",
        "created_at": created,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "model": model or (request.model if request else ""),
        "output": output,
        "parallel_tool_calls": not (choice and choice.parallel is False),
        "tool_choice": {"type": "function", "name": choice.name}
        if choice and choice.mode == "tool"
        else (choice.mode if choice else "auto"),
        "tools": tools,
        "temperature": request.sampling.temperature if request else None,
        "top_p": request.sampling.top_p if request else None,
        "max_output_tokens": request.sampling.max_tokens if request else None,
        "metadata": (request.metadata if request else None) or {},
        "store": False,
        "usage": None,
    }


def _render_tool_choice(choice: ToolChoice | None) -> Any:
    if choice is None:
        return "auto"
    return {"type": "function", "name": choice.name} if choice.mode == "tool" else choice.mode


def _render_tool(tool: Any) -> dict[str, Any]:
    if isinstance(tool, OpaqueTool):
        return tool.body
    described = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {"type": "function", "strict": bool(tool.strict), **described}


def finish_members(reason: FinishReason) -> tuple[str, dict[str, Any] | None]:
    """Status and `incomplete_details` of an answer that ended so."""
    if reason == "length":
        return "incomplete", {"reason": "max_output_tokens"}
    if reason == "content_filter":
        return "incomplete", {"reason": "content_filter"}
    return "completed", None


def render_result(result: LLMResult, request: LLMRequest | None = None) -> dict[str, Any]:
    """The response object."""
    identity = result.id.removeprefix("resp_")
    status, details = finish_members(result.finish_reason)
    output = render_output(result.message.parts, identity)
    body = render_response(result.id, result.created, result.model, request, status=status, output=output)
    return body | {"usage": render_responses_usage(result.usage), "incomplete_details": details}
