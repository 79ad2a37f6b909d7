"""The chat request: wire to contract and back.

https://platform.openai.com/docs/api-reference/chat/create
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jackfield.contract import (
    BadRequest,
    LLMRequest,
    OpaqueTool,
    OutputFormat,
    Sampling,
    Tool,
    ToolChoice,
)

from ..counts import members
from ..extras import given, meant, passed_on, refuse
from ..reasoning import effort_of
from .messages import build_messages, parse_message
from .options import PLAIN, ChatOptions
from .parts import DIALECT

OPENAI_SHARED = frozenset({
    "service_tier", "store", "prompt_cache_key", "prompt_cache_retention", "prompt_cache_options", "safety_identifier",
    "moderation",
})  # fmt: skip
"""Members that mean the same on all of OpenAI's surfaces."""

_NUMBER, _WHOLE = ((int, float), "a number"), ((int,), "a whole number")
_SAMPLING: Mapping[str, tuple[tuple[type, ...], str]] = {
    "temperature": _NUMBER,
    "top_p": _NUMBER,
    "top_k": _WHOLE,
    "min_p": _NUMBER,
    "frequency_penalty": _NUMBER,
    "presence_penalty": _NUMBER,
    "repetition_penalty": _NUMBER,
    "seed": _WHOLE,
    "n": _WHOLE,
    "logprobs": ((bool,), "true or false"),
    "top_logprobs": _WHOLE,
    "logit_bias": ((dict,), "an object"),
    "reasoning_effort": ((str,), "a string"),
}
_HANDLED = frozenset({
    "model", "messages", "tools", "functions", "tool_choice", "function_call", "parallel_tool_calls", "response_format",
    "stream", "stream_options", "max_tokens", "max_completion_tokens", "stop", "user", "metadata", *_SAMPLING,
})  # fmt: skip


def parse_request(body: dict[str, Any]) -> LLMRequest:
    """:raises BadRequest: naming the member at fault"""
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise BadRequest("`messages` must be a list with at least one message.", param="messages")
    if not isinstance(body.get("model"), str):
        raise BadRequest("`model` must be a string.", param="model")
    extra = given(body, _HANDLED)
    return LLMRequest(
        model=body["model"],
        messages=[parse_message(message, f"messages.{index}") for index, message in enumerate(messages)],
        tools=_parse_tools(body),
        tool_choice=_parse_tool_choice(body, extra),
        output=_parse_output(body, extra),
        sampling=_parse_sampling(body),
        stream=bool(_typed(body, "stream", bool, "true or false")),
        include_usage=members(_typed(body, "stream_options", dict, "an object")).get("include_usage") is True,
        user=_typed(body, "user", str, "a string"),
        metadata=_typed(body, "metadata", dict, "an object"),
        extra=extra,
        dialect=DIALECT,
    )


def _typed(body: dict[str, Any], name: str, kind: type, words: str) -> Any:
    value = body.get(name)
    if value is not None and not isinstance(value, kind):
        raise BadRequest(f"`{name}` must be {words}.", param=name)
    return value


def _parse_tools(body: dict[str, Any]) -> list[Tool | OpaqueTool]:
    tools: list[Tool | OpaqueTool] = []
    older = [{"type": "function", "function": function} for function in _typed(body, "functions", list, "a list") or []]
    for index, tool in enumerate(_typed(body, "tools", list, "a list") or older):
        if not isinstance(tool, dict):
            raise BadRequest(f"`tools.{index}` must be an object.", param=f"tools.{index}")
        if tool.get("type") != "function":
            tools.append(OpaqueTool(DIALECT, tool))
            continue
        function = tool.get("function")
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            raise BadRequest(f"`tools.{index}.function.name` must be a string.", param=f"tools.{index}.function.name")
        parameters = function.get("parameters") or {"type": "object", "properties": {}}
        if not isinstance(parameters, dict):
            param = f"tools.{index}.function.parameters"
            raise BadRequest(f"`{param}` must be a JSON Schema object.", param=param)
        tools.append(Tool(function["name"], function.get("description"), parameters, function.get("strict")))
    return tools


def _parse_tool_choice(body: dict[str, Any], extra: dict[str, Any]) -> ToolChoice | None:
    choice = body.get("tool_choice")
    if choice is None:
        choice = body.get("function_call")
    parallel = _typed(body, "parallel_tool_calls", bool, "true or false")
    if choice is None:
        return ToolChoice(parallel=parallel) if parallel is not None else None
    if choice in ("auto", "none", "required"):
        return ToolChoice(choice, parallel=parallel)
    if choice == "any":  # what Mistral's own clients say
        return ToolChoice("required", parallel=parallel)
    if isinstance(choice, dict):
        function = choice.get("function") if "function" in choice else choice
        if choice.get("type", "function") == "function" and isinstance(name := members(function).get("name"), str):
            return ToolChoice("tool", name, parallel)
        if choice.get("type") not in (None, "function"):  # a choice among some tools, or a custom one
            extra["tool_choice"] = choice
            return ToolChoice(parallel=parallel) if parallel is not None else None
    raise BadRequest("`tool_choice` must be auto, none, required, or name a function.", param="tool_choice")


def _parse_output(body: dict[str, Any], extra: dict[str, Any]) -> OutputFormat | None:
    wired = body.get("response_format")
    if wired is None:
        return None
    kind = wired.get("type") if isinstance(wired, dict) else None
    match kind:
        case "text" | "json_object":
            return OutputFormat(kind)
        case "json_schema" if isinstance(schema := wired.get("json_schema"), dict):
            return OutputFormat(
                "json_schema", schema.get("schema"), schema.get("name"), schema.get("description"), schema.get("strict")
            )
        case str() if kind != "json_schema":  # a grammar, a regular expression: some servers know them
            extra["response_format"] = wired
            return None
    raise BadRequest("`response_format` must be text, json_object, or json_schema with its schema.", param="response_format")


def _parse_sampling(body: dict[str, Any]) -> Sampling:
    sampling = Sampling()
    for name, (kinds, words) in _SAMPLING.items():
        value = body.get(name)
        if value is None:
            continue
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise BadRequest(f"`{name}` must be {words}.", param=name)
        setattr(sampling, name, value)
    if sampling.top_logprobs and not sampling.logprobs:
        raise BadRequest("`top_logprobs` needs `logprobs` to be true.", param="top_logprobs")
    stop = body.get("stop")
    if stop is not None:
        sampling.stop = [stop] if isinstance(stop, str) else stop
        if not isinstance(sampling.stop, list) or not all(isinstance(text, str) for text in sampling.stop):
            raise BadRequest("`stop` must be a string or a list of strings.", param="stop")
    for name in ("max_tokens", "max_completion_tokens"):
        value = body.get(name)
        if value is not None:
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise BadRequest(f"`{name}` must be a whole number above zero.", param=name)
            if sampling.max_tokens not in (None, value):
                raise BadRequest("`max_tokens` and `max_completion_tokens` are one limit: send one of them.", param=name)
            sampling.max_tokens = value
    return sampling


def build_request(request: LLMRequest, options: ChatOptions = PLAIN) -> dict[str, Any]:
    """The wire body.

    :raises UnsupportedParameter: by name, for what this dialect or vendor has no form for, unless `drop_unsupported`
    """
    body: dict[str, Any] = {"model": request.model, "messages": build_messages(request, options)}
    if tools := build_tools(request, options):
        body["tools"] = tools
    if request.tool_choice is not None:
        body |= _build_tool_choice(request.tool_choice, request, options, with_tools=bool(tools))
    if request.output is not None:
        body["response_format"] = _build_output(request.output, request, options)
    body |= build_members(request, options)
    return body | passed_on(request, DIALECT, shared=OPENAI_SHARED if is_openai(request.dialect) else frozenset())


def is_openai(dialect: str | None) -> bool:
    """Whether it is one of OpenAI's own."""
    return dialect is not None and dialect.startswith("openai.")


def build_members(request: LLMRequest, options: ChatOptions) -> dict[str, Any]:
    """What chats and completions have in common: sampling, stream, user and metadata."""
    body = _build_sampling(request, options)
    if request.stream:
        body["stream"] = True
        if options.stream_usage:
            body["stream_options"] = {"include_usage": True}
    if request.user is not None:
        body["user"] = request.user
    if request.metadata is not None:
        body["metadata"] = request.metadata
    return body


def _build_sampling(request: LLMRequest, options: ChatOptions) -> dict[str, Any]:
    said = meant(request.sampling)
    wanted = request.sampling.given() if request.dialect in (None, DIALECT) else dict(said)
    budget = wanted.pop("reasoning_budget", None)
    if budget is not None and options.budget_name is not None:
        wanted[options.budget_name] = budget
    elif budget is not None and (request.dialect is None or is_openai(request.dialect)):
        refuse(request, "reasoning_budget")
    elif budget is not None and "reasoning_effort" not in wanted:  # other dialects have no other word for it
        effort = effort_of(budget) if budget else options.no_reasoning
        wanted |= {"reasoning_effort": effort} if effort is not None else {}
    built: dict[str, Any] = {}
    for name, value in wanted.items():
        if name not in options.unsupported:
            built[options.max_tokens_name if name == "max_tokens" else name] = value
        elif name in said:
            refuse(request, name)
    return built


def build_tools(request: LLMRequest, options: ChatOptions = PLAIN) -> list[dict[str, Any]]:
    """The tools as chat has them.

    :raises UnsupportedParameter: as `build_request`
    """
    built: list[dict[str, Any]] = []
    for tool in request.tools:
        if isinstance(tool, OpaqueTool):
            if tool.dialect == DIALECT:
                built.append(tool.body)
            else:
                refuse(request, "tools", f"This model's API does not know the tool `{tool.body.get('type')}`.")
            continue
        function: dict[str, Any] = {"name": tool.name, "parameters": tool.parameters}
        if tool.description is not None:
            function["description"] = tool.description
        if tool.strict is not None and options.strict:
            function["strict"] = tool.strict
        elif tool.strict:
            refuse(request, "strict", f"The model does not promise to keep to the schema of a tool (`{tool.name}`).")
        built.append({"type": "function", "function": function})
    return built


def _build_tool_choice(choice: ToolChoice, request: LLMRequest, options: ChatOptions, *, with_tools: bool) -> dict[str, Any]:
    named = {"type": "function", "function": {"name": choice.name}}
    built: dict[str, Any] = {}
    if with_tools or choice.mode != "auto":  # OpenAI refuses a choice among no tools
        built["tool_choice"] = named if choice.mode == "tool" else choice.mode
    if choice.parallel is not None and options.parallel:
        built["parallel_tool_calls"] = choice.parallel
    elif choice.parallel is False:
        refuse(request, "parallel_tool_calls", "The model cannot be kept to one call at a time.")
    return built


def _build_output(output: OutputFormat, request: LLMRequest, options: ChatOptions) -> dict[str, Any]:
    if output.kind != "json_schema":
        return {"type": output.kind}
    if not options.schemas:
        refuse(request, "response_format", "The model writes JSON (`json_object`), but follows no schema.")
        return {"type": "json_object"}
    wired = {
        "name": output.name or "answer",
        "schema": output.schema,
        "strict": output.strict,
        "description": output.description,
    }
    return {"type": "json_schema", "json_schema": {name: value for name, value in wired.items() if value is not None}}
