"""The request of Anthropic's messages: wire to contract and back.

https://docs.anthropic.com/en/api/messages, https://docs.anthropic.com/en/docs/build-with-claude/structured-outputs,
https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jackfield.contract import (
    BadRequest,
    LLMRequest,
    Message,
    OpaqueTool,
    OutputFormat,
    Sampling,
    TextPart,
    Tool,
    ToolChoice,
    UnsupportedParameter,
)

from .blocks import DIALECT, build_blocks, build_cache, parse_blocks, parse_cache

_HANDLED = {
    "model", "messages", "system", "max_tokens", "temperature", "top_p", "top_k", "stop_sequences", "stream", "tools",
    "tool_choice", "thinking", "metadata", "output_config",
}  # fmt: skip
_EFFORTS = {"minimal": "low", "xhigh": "xhigh", "max": "max", "low": "low", "medium": "medium", "high": "high"}


def parse_request(body: dict[str, Any], *, counting: bool = False) -> LLMRequest:
    """:param counting: the body is one of count_tokens, which has no `max_tokens`

    :raises BadRequest: naming the member at fault
    """
    messages, max_tokens = body.get("messages"), body.get("max_tokens")
    if not isinstance(messages, list) or not messages:
        raise BadRequest("`messages` must be a list with at least one message.", param="messages")
    if not isinstance(body.get("model"), str):
        raise BadRequest("`model` must be a string.", param="model")
    if not counting and (not isinstance(max_tokens, int) or isinstance(max_tokens, bool) or max_tokens < 1):
        raise BadRequest("`max_tokens` must be a whole number above zero.", param="max_tokens")
    parsed = []
    if body.get("system"):
        parsed.append(Message("system", parse_blocks(body["system"], "system")))
    parsed += [_parse_message(message, f"messages.{index}") for index, message in enumerate(messages)]
    extra = {name: value for name, value in body.items() if name not in _HANDLED}
    metadata = body.get("metadata")
    output, effort = _parse_output(body.get("output_config"), extra)
    sampling = _parse_sampling(body)
    sampling.reasoning_effort = effort
    _parse_thinking(body.get("thinking"), sampling, extra)
    return LLMRequest(
        model=body["model"],
        messages=parsed,
        tools=_parse_tools(body.get("tools")),
        tool_choice=_parse_tool_choice(body.get("tool_choice")),
        output=output,
        sampling=sampling,
        stream=bool(body.get("stream")),
        user=metadata.get("user_id") if isinstance(metadata, dict) else None,
        extra=extra,
        dialect=DIALECT,
    )


def _parse_message(message: object, param: str) -> Message:
    if not isinstance(message, dict) or message.get("role") not in ("user", "assistant", "system"):
        raise BadRequest(f"`{param}.role` must be user or assistant.", param=f"{param}.role")
    return Message(message["role"], parse_blocks(message.get("content"), f"{param}.content"))


def _parse_sampling(body: dict[str, Any]) -> Sampling:
    sampling = Sampling(max_tokens=body.get("max_tokens"), stop=body.get("stop_sequences"))
    for name in ("temperature", "top_p", "top_k"):
        value = body.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise BadRequest(f"`{name}` must be a number.", param=name)
        setattr(sampling, name, value)
    return sampling


def _parse_thinking(thinking: object, sampling: Sampling, extra: dict[str, Any]) -> None:
    if not isinstance(thinking, dict):
        return
    match thinking.get("type"):
        case "enabled" if set(thinking) <= {"type", "budget_tokens"}:
            sampling.reasoning_budget = thinking.get("budget_tokens")
        case "disabled":
            sampling.reasoning_budget = 0
        case _:
            extra["thinking"] = thinking


def _parse_output(config: object, extra: dict[str, Any]) -> tuple[OutputFormat | None, str | None]:
    if not isinstance(config, dict):
        return None, None
    wired, output = config.get("format"), None
    if isinstance(wired, dict) and wired.get("type") == "json_schema":
        output = OutputFormat("json_schema", wired.get("schema"))
    rest = {name: value for name, value in config.items() if name not in ("format", "effort")}
    if rest:
        extra["output_config"] = rest
    return output, config.get("effort")


def _parse_tools(wired: object) -> list[Tool | OpaqueTool]:
    tools: list[Tool | OpaqueTool] = []
    for index, tool in enumerate(wired if isinstance(wired, list) else []):
        if not isinstance(tool, dict):
            raise BadRequest(f"`tools.{index}` must be an object.", param=f"tools.{index}")
        plain = set(tool) <= {"type", "name", "description", "input_schema", "cache_control", "strict"}
        if tool.get("type") not in (None, "custom") or not plain:
            tools.append(OpaqueTool(DIALECT, tool))
            continue
        if not isinstance(tool.get("name"), str) or not isinstance(tool.get("input_schema"), dict):
            raise BadRequest(f"`tools.{index}` must have a `name` and an `input_schema`.", param=f"tools.{index}")
        tools.append(Tool(tool["name"], tool.get("description"), tool["input_schema"], tool.get("strict"), parse_cache(tool)))
    return tools


def _parse_tool_choice(choice: object) -> ToolChoice | None:
    if choice is None:
        return None
    if isinstance(choice, dict):
        serial = choice.get("disable_parallel_tool_use")
        parallel = None if serial is None else not serial
        match choice.get("type"):
            case "auto":
                return ToolChoice("auto", parallel=parallel)
            case "any":
                return ToolChoice("required", parallel=parallel)
            case "none":
                return ToolChoice("none")
            case "tool" if isinstance(choice.get("name"), str):
                return ToolChoice("tool", choice["name"], parallel)
    raise BadRequest("`tool_choice.type` must be auto, any, none, or tool with a name.", param="tool_choice")


@dataclass(slots=True, frozen=True, kw_only=True)
class MessagesOptions:
    """:param default_max_tokens: sent where the caller names none, as the API wants one
    :param effort: whether the model takes `output_config.effort`; else an effort becomes a budget of thinking tokens
    """

    default_max_tokens: int = 8192
    effort: bool = True


_BUDGETS = {"minimal": 1024, "low": 2048, "medium": 8192, "high": 16384, "xhigh": 24576, "max": 32000}


def build_request(request: LLMRequest, options: MessagesOptions = MessagesOptions()) -> dict[str, Any]:
    """The wire body.

    :raises UnsupportedParameter: by name, for what this dialect has no form for, unless `drop_unsupported`
    """
    system, messages = _build_messages(request.messages)
    sampling = request.sampling
    body: dict[str, Any] = {"model": request.model, "messages": messages}
    body["max_tokens"] = sampling.max_tokens or options.default_max_tokens
    if system:
        body["system"] = system
    if request.tools:
        body["tools"] = [_build_tool(tool) for tool in request.tools]
    if request.tool_choice is not None and request.tools:
        body["tool_choice"] = _build_tool_choice(request.tool_choice)
    body |= _build_sampling(request)
    body |= _build_thinking(request, options, body["max_tokens"])
    config = _build_output_config(request, options)
    if config:
        body["output_config"] = config
    if request.stream:
        body["stream"] = True
    if request.user is not None:
        body["metadata"] = {"user_id": request.user}
    return _with_extra(body, request)


def _with_extra(body: dict[str, Any], request: LLMRequest) -> dict[str, Any]:
    if request.dialect in (None, DIALECT):
        extra = dict(request.extra)
        if "output_config" in body and isinstance(extra.get("output_config"), dict):
            extra["output_config"] = extra["output_config"] | body["output_config"]
        return body | extra
    # What only shapes the answer's wire form is the gateway's business and no wish of the model.
    extra = {name: value for name, value in request.extra.items() if name != "store"}
    if extra and not request.drop_unsupported:
        name = next(iter(extra))
        raise UnsupportedParameter(f"The model does not take the parameter `{name}`.", param=name)
    return body


def _build_sampling(request: LLMRequest) -> dict[str, Any]:
    built: dict[str, Any] = {}
    for name, value in request.sampling.given().items():
        match name:
            case "temperature" | "top_p" | "top_k":
                built[name] = value
            case "stop":
                built["stop_sequences"] = value
            case "max_tokens" | "reasoning_effort" | "reasoning_budget":
                continue
            case "n" if value == 1:
                continue
            case "logprobs" if value is False:
                continue
            case _ if not request.drop_unsupported:
                raise UnsupportedParameter(f"The model does not take the parameter `{name}`.", param=name)
    return built


def _build_thinking(request: LLMRequest, options: MessagesOptions, max_tokens: int) -> dict[str, Any]:
    budget, effort = request.sampling.reasoning_budget, request.sampling.reasoning_effort
    if budget is None and effort == "none":
        budget = 0
    if budget is None and effort is not None and not options.effort:
        budget = _BUDGETS.get(effort, _BUDGETS["medium"])
        if budget >= max_tokens:  # the budget is part of max_tokens, so the answer needs room beside it
            return {"thinking": {"type": "enabled", "budget_tokens": budget}, "max_tokens": max_tokens + budget}
    if budget is None:
        return {}
    return {"thinking": {"type": "enabled", "budget_tokens": budget} if budget else {"type": "disabled"}}


def _build_output_config(request: LLMRequest, options: MessagesOptions) -> dict[str, Any]:
    config: dict[str, Any] = {}
    if request.output is not None and request.output.kind == "json_schema":
        config["format"] = {"type": "json_schema", "schema": request.output.schema or {"type": "object"}}
    elif request.output is not None and request.output.kind == "json_object" and not request.drop_unsupported:
        raise UnsupportedParameter("The model answers JSON only by a schema.", param="response_format")
    effort = request.sampling.reasoning_effort
    if effort is not None and effort != "none" and options.effort:
        config["effort"] = _EFFORTS.get(effort, effort)
    return config


def _build_tool(tool: Tool | OpaqueTool) -> dict[str, Any]:
    if isinstance(tool, OpaqueTool):
        if tool.dialect != DIALECT:
            raise UnsupportedParameter(f"This model's API does not know the tool `{tool.body.get('type')}`.", param="tools")
        return tool.body
    built: dict[str, Any] = {"name": tool.name, "input_schema": tool.parameters}
    built |= {"description": tool.description} if tool.description is not None else {}
    built |= {"strict": tool.strict} if tool.strict is not None else {}
    return built | build_cache(tool.cache)


def _build_tool_choice(choice: ToolChoice) -> dict[str, Any]:
    kind = {"required": "any"}.get(choice.mode, choice.mode)
    built: dict[str, Any] = {"type": kind} | ({"name": choice.name} if kind == "tool" else {})
    if choice.parallel is not None and kind != "none":
        built["disable_parallel_tool_use"] = not choice.parallel
    return built


def _build_messages(messages: list[Message]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """System text apart, as the API has it; turns of the same side merged, tool results on the user's side."""
    system: list[dict[str, Any]] = []
    built: list[dict[str, Any]] = []
    for message in messages:
        blocks = build_blocks(message.parts)
        if message.role == "system":
            if not all(isinstance(part, TextPart) for part in message.parts):
                raise UnsupportedParameter("A system message takes text only.", param="messages")
            system += blocks
            continue
        role = "assistant" if message.role == "assistant" else "user"
        if built and built[-1]["role"] == role:
            built[-1]["content"] += blocks
        elif blocks:
            built.append({"role": role, "content": blocks})
    return system, built
