"""The answer of OpenAI's responses, whole: https://platform.openai.com/docs/api-reference/responses/object"""

from __future__ import annotations

from typing import Any

from jackfield.contract import (
    AudioPart,
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

from ..citations import for_responses
from ..counts import count, dicts, members
from ..openai_chat.results import join_logprobs
from ..openai_usage import parse_responses_usage, render_responses_usage
from ..stream_errors import stream_error
from .items import DIALECT, REDACTED, parse_call, parse_content, parse_reasoning

_KEPT = ("service_tier", "moderation", "conversation", "background", "prompt_cache_key", "safety_identifier")
_ECHOED = (
    "instructions", "truncation", "max_tool_calls", "prompt_cache_key", "prompt_cache_retention", "safety_identifier",
)  # fmt: skip
"""Members of a request that have no place in the contract, and are said again in the response."""


def parse_finish(body: dict[str, Any], *, called: bool) -> FinishReason:
    """The finish reason, which this wire says by status, and by what was put out: `called`, whether that is a call."""
    if body.get("status") == "incomplete":
        reason = members(body.get("incomplete_details")).get("reason")
        return "content_filter" if reason == "content_filter" else "length"
    if body.get("status") in ("failed", "cancelled"):
        return "error"
    return "tool_calls" if called else "stop"


def parse_result(body: dict[str, Any]) -> LLMResult:
    """:raises ServerUnavailable: if the body is no response; for one that failed what its code says, see `stream_error`"""
    if body.get("status") == "failed" or body.get("error"):
        raise stream_error(body.get("error"))
    try:
        parts = [part for item in body["output"] for part in parse_output_item(item)]
        logprobs = [one for item in body["output"] for one in _logprobs(item)]
    except (KeyError, TypeError, AttributeError, BadRequest) as error:
        raise ServerUnavailable(f"The vendor's answer is no response: {error!r}.") from None
    result = LLMResult(
        message=Message("assistant", parts),
        finish_reason=parse_finish(body, called=any(isinstance(part, ToolCall) for part in parts)),
        usage=parse_responses_usage(body.get("usage")),
        model=str(body.get("model") or ""),
        logprobs={"content": logprobs, "refusal": None} if logprobs else None,
        extra={name: body[name] for name in _KEPT if body.get(name) is not None},
    )
    if isinstance(body.get("id"), str) and body["id"]:
        result.id = body["id"]
    result.created = count(body.get("created_at")) or result.created
    return result


def parse_output_item(item: dict[str, Any]) -> list[Part]:
    """One item of `output`."""
    match item["type"]:
        case "message":
            return parse_content(item["content"], "output", answered=True)
        case "function_call":
            return [parse_call(item)]
        case "reasoning":
            return [parse_reasoning(item)]
    return [OpaquePart(DIALECT, item)]


def _logprobs(item: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for part in dicts(item.get("content")) for one in dicts(part.get("logprobs"))]


def render_output(
    parts: list[Part], identity: str, *, logprobs: list[Any] | None = None, summed_up: bool = False
) -> list[dict[str, Any]]:
    """The items of `output`, in the order of the parts; neighbouring texts share a message.

    :param summed_up: reasoning is shown as the summary that was asked for
    """
    items: list[dict[str, Any]] = []
    for part in parts:
        number = len(items)
        match part:
            case TextPart() | RefusalPart() | AudioPart():
                content = _content(part, [] if logprobs is None else logprobs)
                if content is not None and items and items[-1]["type"] == "message":
                    items[-1]["content"].append(content)
                elif content is not None:
                    items.append(message_item(f"msg_{identity}_{number}", [content]))
                logprobs = None  # those of the answer are told once
            case ReasoningPart():
                sealed = f"{REDACTED}{part.redacted}" if part.redacted else part.signature
                items.append(reasoning_item(f"rs_{identity}_{number}", part.text, sealed, summed_up=summed_up))
            case ToolCall():
                items.append(call_item(f"fc_{identity}_{number}", part))
            case OpaquePart() if part.dialect == DIALECT:
                items.append(part.body)
    return items


def _content(part: TextPart | RefusalPart | AudioPart, logprobs: list[Any]) -> dict[str, Any] | None:
    match part:
        case TextPart():
            return text_content(part.text, for_responses(part.citations, 0, len(part.text)), logprobs)
        case RefusalPart():
            return refusal_content(part.text)
    return text_content(part.transcript) if part.transcript else None


def text_content(
    text: str, annotations: list[dict[str, Any]] | None = None, logprobs: list[Any] | None = None
) -> dict[str, Any]:
    """A part of text."""
    return {"type": "output_text", "text": text, "annotations": annotations or [], "logprobs": logprobs or []}


def refusal_content(text: str) -> dict[str, Any]:
    """A part that refuses."""
    return {"type": "refusal", "refusal": text}


def message_item(identity: str, content: list[dict[str, Any]], status: str = "completed") -> dict[str, Any]:
    """An item with text."""
    return {"id": identity, "type": "message", "role": "assistant", "status": status, "content": content}


def reasoning_item(identity: str, text: str, sealed: str | None = None, *, summed_up: bool = False) -> dict[str, Any]:
    """An item of reasoning."""
    item: dict[str, Any] = {"id": identity, "type": "reasoning", "summary": []}
    if text and summed_up:
        item["summary"] = [{"type": "summary_text", "text": text}]
    elif text:
        item["content"] = [{"type": "reasoning_text", "text": text}]
    return item | ({"encrypted_content": sealed} if sealed else {})


def call_item(identity: str, call: ToolCall, status: str = "completed") -> dict[str, Any]:
    """An item that asks for a function."""
    members = {"call_id": call.id, "name": call.name, "arguments": call.arguments, "status": status}
    return call.extra | {"id": identity, "type": "function_call", **members}


def wants_summary(request: LLMRequest | None) -> bool:
    """Whether the client asked to have reasoning summed up, and so reads summaries."""
    asked = members(request.extra.get("reasoning")) if request is not None else {}
    return bool(asked.get("summary") or asked.get("generate_summary"))


def response_id(identity: str) -> str:
    """An id as OpenAI's clients expect it."""
    return identity if identity.startswith("resp_") else f"resp_{identity}"


def render_response(
    identity: str, created: int, model: str, request: LLMRequest | None, *, status: str, output: list[dict[str, Any]]
) -> dict[str, Any]:
    """A response object around its items; the caller adds usage and what went wrong.

    What the request asked for is said again, as the reference has it.
    """
    asked = request if request is not None else LLMRequest(model=model, messages=[])
    choice, sampling = asked.tool_choice, asked.sampling
    extra = asked.extra if asked.dialect == DIALECT else {}
    reasoning = members(extra.get("reasoning"))
    described = {
        "id": response_id(identity),
        "object": "response",
        "created_at": created,
        "status": status,
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "model": model or asked.model,
        "output": output,
        "parallel_tool_calls": not (choice and choice.parallel is False),
        "previous_response_id": None,
        "reasoning": {"summary": None, **reasoning, "effort": sampling.reasoning_effort},
        "text": {**members(extra.get("text")), "format": _render_format(asked)},
        "tool_choice": _render_tool_choice(choice, asked),
        "tools": [_render_tool(tool) for tool in asked.tools],
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_logprobs": sampling.top_logprobs,
        "truncation": "disabled",
        "max_output_tokens": sampling.max_tokens,
        "metadata": asked.metadata or {},
        "user": asked.user,
        "store": False,
        "usage": None,
    }
    return described | {name: extra[name] for name in _ECHOED if name in extra}


def _render_format(request: LLMRequest) -> dict[str, Any]:
    output = request.output
    if output is None or output.kind != "json_schema":
        return {"type": output.kind if output is not None else "text"}
    said = {"description": output.description, "strict": output.strict}
    schema = {"type": "json_schema", "name": output.name or "answer", "schema": output.schema or {}}
    return schema | {name: value for name, value in said.items() if value is not None}


def _render_tool_choice(choice: ToolChoice | None, request: LLMRequest) -> Any:
    if request.dialect == DIALECT and "tool_choice" in request.extra:
        return request.extra["tool_choice"]
    if choice is None:
        return "auto"
    return {"type": "function", "name": choice.name} if choice.mode == "tool" else choice.mode


def _render_tool(tool: Any) -> dict[str, Any]:
    if isinstance(tool, OpaqueTool):
        return tool.body
    described = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {"type": "function", "strict": bool(tool.strict), **described}


def finish_members(reason: FinishReason) -> dict[str, Any]:
    """Status, and what it was that went wrong, of an answer that ended so; `item_status` is that of its last item."""
    match reason:
        case "length":
            return {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
        case "content_filter" | "refusal":
            return {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}
        case "error":
            error = {"code": "server_error", "message": "The model broke its answer off."}
            return {"status": "failed", "error": error}
    return {"status": "completed"}


def item_status(reason: FinishReason) -> str:
    """The status of the item that an answer ended with."""
    return "completed" if finish_members(reason)["status"] == "completed" else "incomplete"


def render_result(result: LLMResult, request: LLMRequest | None = None) -> dict[str, Any]:
    """The response object."""
    identity = result.id.removeprefix("resp_")
    logprobs = members(join_logprobs(result.logprobs)).get("content")
    output = render_output(result.message.parts, identity, logprobs=logprobs, summed_up=wants_summary(request))
    if output and output[-1]["type"] in ("message", "function_call"):
        output[-1]["status"] = item_status(result.finish_reason)
    body = render_response(result.id, result.created, result.model, request, status="completed", output=output)
    kept = {name: result.extra[name] for name in _KEPT if name in result.extra}
    return kept | body | {"usage": render_responses_usage(result.usage)} | finish_members(result.finish_reason)
