"""The request of Anthropic's messages, as a plugin sends it.

https://docs.anthropic.com/en/api/messages, https://docs.anthropic.com/en/docs/build-with-claude/structured-outputs,
https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking, …/effort, …/adaptive-thinking
"""

from __future__ import annotations

from typing import Any

from jackfield.contract import (
    LLMRequest,
    Message,
    OpaquePart,
    TextPart,
    Tool,
    ToolChoice,
    UnsupportedParameter,
)

from ..extras import meant, message_extra, passed_on, refuse
from ..reasoning import budget_of, effort_of
from .blocks import DIALECT, build_blocks, build_cache
from .options import PLAIN, MessagesOptions

_EFFORTS = {"minimal": "low"}
_MERGED = ("thinking", "output_config")
_COUNTED = (
    "model", "messages", "system", "tools", "tool_choice", "thinking", "output_config", "cache_control", "speed",
    "mcp_servers", "context_management",
)  # fmt: skip
_LEAST_BUDGET = 1024


def build_request(request: LLMRequest, options: MessagesOptions = PLAIN) -> dict[str, Any]:
    """The wire body.

    :raises UnsupportedParameter: by name, for what this dialect has no form for, unless `drop_unsupported`
    """
    system, messages = _build_messages(request)
    body: dict[str, Any] = {"model": request.model, "messages": messages}
    body["max_tokens"] = request.sampling.max_tokens or options.default_max_tokens
    if system:
        body["system"] = system
    if tools := _build_tools(request, options):
        body["tools"] = tools
        if request.tool_choice is not None:
            body["tool_choice"] = _build_tool_choice(request.tool_choice, request, options)
    body |= _build_sampling(request)
    body |= _build_thinking(request, options, body["max_tokens"])
    if config := _build_output_config(request, options):
        body["output_config"] = config
    if request.stream:
        body["stream"] = True
    if request.user is not None:
        body["metadata"] = {"user_id": request.user}
    extra = passed_on(request, DIALECT)
    for name in _MERGED:  # of which the contract has a part
        if name in body and isinstance(extra.get(name), dict):
            extra[name] = extra[name] | body[name]
    return body | extra


def build_count_request(request: LLMRequest, options: MessagesOptions = PLAIN) -> dict[str, Any]:
    """The body of a count of tokens: https://docs.anthropic.com/en/api/messages-count-tokens"""
    body = build_request(request, options)
    return {name: body[name] for name in _COUNTED if name in body}


def _build_sampling(request: LLMRequest) -> dict[str, Any]:
    built: dict[str, Any] = {}
    for name, value in meant(request.sampling).items():
        match name:
            case "temperature" | "top_p" | "top_k":
                built[name] = value
            case "stop":
                built["stop_sequences"] = value
            case "max_tokens" | "reasoning_effort" | "reasoning_budget":
                continue
            case _:
                refuse(request, name)
    return built


def _build_thinking(request: LLMRequest, options: MessagesOptions, max_tokens: int) -> dict[str, Any]:
    """`thinking`, and the `max_tokens` that leave room for the answer beside it."""
    budget, effort = request.sampling.reasoning_budget, request.sampling.reasoning_effort
    if budget == 0 or (budget is None and effort == "none"):
        return _build_no_thinking(request, options)
    asked = budget is not None or effort is not None
    if request.dialect == DIALECT and budget is None:  # here the two are apart: an effort alone does not ask for thoughts
        return {}
    if options.adaptive:
        shown = {"display": "summarized"} if options.shown else {}
        return {"thinking": {"type": "adaptive"} | shown} if asked or (options.thinks and shown) else {}
    if budget is not None and request.dialect == DIALECT:
        return {"thinking": {"type": "enabled", "budget_tokens": budget}}
    if budget is None:
        forced = request.tool_choice is not None and request.tool_choice.mode in ("required", "tool")
        if effort is None or forced:  # a model that thinks cannot be forced to call a tool
            return {}
        budget = budget_of(effort)
    return _with_room(budget, max_tokens, options.max_output_tokens)


def _build_no_thinking(request: LLMRequest, options: MessagesOptions) -> dict[str, Any]:
    if options.off is not None:
        return {"thinking": {"type": options.off}}
    name = "reasoning_effort" if request.sampling.reasoning_budget is None else "reasoning_budget"
    refuse(request, name, "The model always thinks: it cannot be turned off.")
    return {}


def _with_room(budget: int, max_tokens: int, most: int | None) -> dict[str, Any]:
    """The budget is part of `max_tokens`: what the caller asked for is meant for the answer."""
    if budget < max_tokens:
        return {"thinking": {"type": "enabled", "budget_tokens": budget}}
    total = max_tokens + budget
    if most is not None and total > most:
        total, budget = most, most - max_tokens
        if budget < _LEAST_BUDGET:
            return {}
    return {"thinking": {"type": "enabled", "budget_tokens": budget}, "max_tokens": total}


def _build_output_config(request: LLMRequest, options: MessagesOptions) -> dict[str, Any]:
    config: dict[str, Any] = {}
    if request.output is not None and request.output.kind == "json_schema":
        schema = request.output.schema or {"type": "object"}
        config["format"] = {"type": "json_schema", "schema": schema if request.dialect == DIALECT else _closed(schema)}
    elif request.output is not None and request.output.kind == "json_object":
        refuse(request, "response_format", "The model answers JSON only by a schema.")
    effort, budget = request.sampling.reasoning_effort, request.sampling.reasoning_budget
    if effort is None and budget and options.adaptive:
        effort = effort_of(budget)
    if effort is not None and effort != "none" and options.effort:
        config["effort"] = _EFFORTS.get(effort, effort)
    return config


def _closed(schema: Any) -> Any:
    """The schema with its objects closed, which this API wants said and others take as meant."""
    if isinstance(schema, list):
        return [_closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    values = ("enum", "const", "default", "examples")
    closed = {name: value if name in values else _closed(value) for name, value in schema.items()}
    if closed.get("type") == "object":
        closed.setdefault("additionalProperties", False)
    return closed


def _build_tools(request: LLMRequest, options: MessagesOptions) -> list[dict[str, Any]]:
    built: list[dict[str, Any]] = []
    for tool in request.tools:
        if isinstance(tool, Tool):
            built.append(_build_tool(tool, request, options))
        elif tool.dialect == DIALECT:
            built.append(tool.body)
        else:
            refuse(request, "tools", f"This model's API does not know the tool `{tool.body.get('type')}`.")
    return built


def _build_tool(tool: Tool, request: LLMRequest, options: MessagesOptions) -> dict[str, Any]:
    own = request.dialect in (None, DIALECT)
    built: dict[str, Any] = {"name": tool.name, "input_schema": tool.parameters}
    built |= {"description": tool.description} if tool.description is not None else {}
    if tool.strict and not options.strict:
        refuse(request, "strict", f"The model does not promise to keep to the schema of a tool (`{tool.name}`).")
    elif tool.strict or (own and tool.strict is not None):
        built["strict"] = tool.strict
        built["input_schema"] = tool.parameters if own else _closed(tool.parameters)
    # JSON Schema lets it out, and this API wants it.
    built["input_schema"] = {"type": "object"} | built["input_schema"]
    return built | build_cache(tool.cache)


def _build_tool_choice(choice: ToolChoice, request: LLMRequest, options: MessagesOptions) -> dict[str, Any]:
    kind = {"required": "any"}.get(choice.mode, choice.mode)
    if kind in ("any", "tool") and not options.forced:
        refuse(request, "tool_choice", "The model cannot be forced to call a tool.")
        kind = "auto"
    built: dict[str, Any] = {"type": kind} | ({"name": choice.name} if kind == "tool" else {})
    if choice.parallel is not None and kind != "none":
        built["disable_parallel_tool_use"] = not choice.parallel
    return built


def _build_messages(request: LLMRequest) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """System text apart, as the API has it; turns of the same side merged, tool results on the user's side.

    System messages in mid-conversation stay there if they came in this dialect; not every model takes them there, and others
    mean by them what holds for the whole.
    """
    own = request.dialect == DIALECT
    system: list[dict[str, Any]] = []
    built: list[dict[str, Any]] = []
    for number, message in enumerate(request.messages):
        blocks = build_blocks(message.parts, own=request.dialect in (None, DIALECT))
        role = "user" if message.role == "tool" else message.role
        if role == "system":
            _check_system(message)
        if role == "system" and not (own and built):
            system += blocks
        elif built and built[-1]["role"] == role:
            built[-1]["content"] += blocks
        elif blocks:
            built.append({"role": role, "content": blocks})
        if extra := message_extra(message.extra, number, request, DIALECT):
            built[-1:] = [one | extra for one in built[-1:]]
    return system, built


def _check_system(message: Message) -> None:
    if not all(isinstance(part, TextPart | OpaquePart) for part in message.parts):
        raise UnsupportedParameter("A system message takes text only.", param="messages")
