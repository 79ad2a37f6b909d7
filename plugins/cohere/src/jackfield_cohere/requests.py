"""The body of a chat: https://docs.cohere.com/v2/reference/chat"""

from __future__ import annotations

from typing import Any

from jackfield_sdk import BadRequest, Feature, LLMRequest, ModelDescription, Tool, ToolChoice
from jackfield_sdk.dialects import extras, reasoning

from .messages import DIALECT, build_messages

_NAMES = {
    "max_tokens": "max_tokens",
    "temperature": "temperature",
    "top_p": "p",
    "top_k": "k",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "seed": "seed",
    "stop": "stop_sequences",
    "logprobs": "logprobs",
}
_LARGEST_P = 0.99
_OWN = frozenset({"citation_options", "documents", "priority", "safety_mode", "strict_tools"})
"""Members of Cohere's that no other dialect has, so that they mean the same in whichever a request is written."""


def build_request(request: LLMRequest, model: ModelDescription | None) -> dict[str, Any]:
    """The wire body. `user` and `metadata` have no place in it, and ask nothing of the answer.

    :raises UnsupportedParameter: by name, for what Cohere has no form for, unless `drop_unsupported`
    """
    thinks = model is not None and Feature.REASONING in model.features
    messages, documents = build_messages(request, thinks=thinks)
    body: dict[str, Any] = {"model": request.model, "messages": messages}
    body |= _build_tools(request, forced=model is None or model.properties.get("tool_choice") is not False)
    body |= _build_output(request)
    body |= _build_sampling(request)
    body |= _build_thinking(request, thinks=thinks)
    if request.stream:
        body["stream"] = True
    extra = extras.passed_on(request, DIALECT, shared=_OWN)
    if documents:
        more = extra.get("documents", [])
        if not isinstance(more, list):
            raise BadRequest("`documents` must be a list.", param="documents")
        extra["documents"] = [*documents, *more]
    return body | extra


def _build_sampling(request: LLMRequest) -> dict[str, Any]:
    built: dict[str, Any] = {}
    for name, value in extras.meant(request.sampling).items():
        if name in _NAMES:
            # One is what most clients send for all tokens, and just beyond what Cohere takes.
            built[_NAMES[name]] = min(value, _LARGEST_P) if name == "top_p" else value
        elif name not in ("reasoning_effort", "reasoning_budget"):
            extras.refuse(request, name)
    return built


def _build_thinking(request: LLMRequest, *, thinks: bool) -> dict[str, Any]:
    """`thinking`: https://docs.cohere.com/docs/reasoning. Models that can think do so, without bound, unless told otherwise."""
    budget, effort = request.sampling.reasoning_budget, request.sampling.reasoning_effort
    if budget is None and effort in ("none", "minimal", "low", "medium"):
        budget = reasoning.budget_of(effort)
    if not thinks:
        if budget or (budget is None and effort):
            extras.refuse(request, "reasoning_effort" if effort else "reasoning_budget")
        return {}
    if budget is None:
        return {} if effort is None else {"thinking": {"type": "enabled"}}
    return {"thinking": {"type": "enabled", "token_budget": budget} if budget else {"type": "disabled"}}


def _build_output(request: LLMRequest) -> dict[str, Any]:
    """https://docs.cohere.com/v2/docs/structured-outputs"""
    if request.output is None or request.output.kind == "text":
        return {}
    schema = {"json_schema": request.output.schema} if request.output.schema is not None else {}
    return {"response_format": {"type": "json_object"} | schema}


def _build_tools(request: LLMRequest, *, forced: bool) -> dict[str, Any]:
    """https://docs.cohere.com/v2/docs/tool-use-overview

    :param forced: whether the model knows `tool_choice`
    """
    tools: list[Tool] = []
    for tool in request.tools:
        if isinstance(tool, Tool):
            tools.append(tool)
        else:
            extras.refuse(request, "tools", f"This model's API does not know the tool `{tool.body.get('type')}`.")
    if not tools:
        return {}
    choice = request.tool_choice or ToolChoice()
    if choice.parallel is False:
        extras.refuse(request, "parallel_tool_calls")
    if choice.mode != "auto" and not forced:
        extras.refuse(request, "tool_choice")
        choice = ToolChoice()
    if choice.mode == "tool":  # one tool cannot be named, but be the only one to choose from
        tools = [tool for tool in tools if tool.name == choice.name]
        if not tools:
            raise BadRequest(f"There is no tool named `{choice.name}` to be called.", param="tool_choice")
    built: dict[str, Any] = {"tools": [_build_tool(tool) for tool in tools]}
    if choice.mode != "auto":
        built["tool_choice"] = "NONE" if choice.mode == "none" else "REQUIRED"
    if all(tool.strict for tool in tools):
        built["strict_tools"] = True
    return built


def _build_tool(tool: Tool) -> dict[str, Any]:
    described = {"description": tool.description} if tool.description is not None else {}
    return {"type": "function", "function": {"name": tool.name, "parameters": tool.parameters, **described}}
