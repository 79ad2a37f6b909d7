"""The request of Anthropic's messages, as the gateway reads it.

https://docs.anthropic.com/en/api/messages, https://docs.anthropic.com/en/docs/build-with-claude/structured-outputs,
https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking
"""

from __future__ import annotations

from typing import Any

from jackfield.contract import (
    BadRequest,
    LLMRequest,
    Message,
    OpaqueTool,
    OutputFormat,
    Sampling,
    Tool,
    ToolChoice,
)

from ..counts import members
from ..extras import given
from .blocks import DIALECT, parse_blocks, parse_cache

_HANDLED = frozenset({
    "model", "messages", "system", "max_tokens", "temperature", "top_p", "top_k", "stop_sequences", "stream", "tools",
    "tool_choice", "thinking", "metadata", "output_config", "output_format",
})  # fmt: skip
_TOOL = frozenset({"type", "name", "description", "input_schema", "cache_control", "strict"})


def parse_request(body: dict[str, Any], *, counting: bool = False) -> LLMRequest:
    """:param counting: the body is one of count_tokens, which has no `max_tokens`

    :raises BadRequest: naming the member at fault
    """
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise BadRequest("`messages` must be a list with at least one message.", param="messages")
    if not isinstance(body.get("model"), str):
        raise BadRequest("`model` must be a string.", param="model")
    parsed = []
    if body.get("system"):
        parsed.append(Message("system", parse_blocks(body["system"], "system")))
    parsed += [_parse_message(message, f"messages.{index}") for index, message in enumerate(messages)]
    extra = given(body, _HANDLED)
    sampling = _parse_sampling(body, counting=counting)
    _parse_thinking(_typed(body, "thinking", dict, "an object"), sampling, extra)
    return LLMRequest(
        model=body["model"],
        messages=parsed,
        tools=_parse_tools(_typed(body, "tools", list, "a list")),
        tool_choice=_parse_tool_choice(body.get("tool_choice")),
        output=_parse_output(body, sampling, extra),
        sampling=sampling,
        stream=bool(_typed(body, "stream", bool, "true or false")),
        user=_parse_user(_typed(body, "metadata", dict, "an object")),
        extra=extra,
        dialect=DIALECT,
    )


def _typed(body: dict[str, Any], name: str, kind: type, words: str) -> Any:
    value = body.get(name)
    if value is not None and not isinstance(value, kind):
        raise BadRequest(f"`{name}` must be {words}.", param=name)
    return value


def _parse_user(metadata: dict[str, Any] | None) -> str | None:
    user = (metadata or {}).get("user_id")
    if user is not None and not isinstance(user, str):
        raise BadRequest("`metadata.user_id` must be a string.", param="metadata.user_id")
    return user


def _parse_message(message: object, param: str) -> Message:
    if not isinstance(message, dict) or message.get("role") not in ("user", "assistant", "system"):
        raise BadRequest(f"`{param}.role` must be user or assistant.", param=f"{param}.role")
    extra = given(message, frozenset({"role", "content"}))
    return Message(message["role"], parse_blocks(message.get("content"), f"{param}.content"), extra=extra)


def _parse_sampling(body: dict[str, Any], *, counting: bool) -> Sampling:
    limit, stop = body.get("max_tokens"), body.get("stop_sequences")
    if (limit is not None or not counting) and (not isinstance(limit, int) or isinstance(limit, bool) or limit < 1):
        raise BadRequest("`max_tokens` must be a whole number above zero.", param="max_tokens")
    if stop is not None and not (isinstance(stop, list) and all(isinstance(text, str) for text in stop)):
        raise BadRequest("`stop_sequences` must be a list of strings.", param="stop_sequences")
    sampling = Sampling(max_tokens=limit, stop=stop)
    for name in ("temperature", "top_p", "top_k"):
        value = body.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise BadRequest(f"`{name}` must be a number.", param=name)
        setattr(sampling, name, value)
    return sampling


def _parse_thinking(thinking: dict[str, Any] | None, sampling: Sampling, extra: dict[str, Any]) -> None:
    """The budget; how thoughts are shown, and other ways to think, only this vendor knows."""
    if thinking is None:
        return
    rest = {name: value for name, value in thinking.items() if name not in ("type", "budget_tokens") and value is not None}
    match thinking.get("type"):
        case "enabled":
            budget = thinking.get("budget_tokens")
            if not isinstance(budget, int) or isinstance(budget, bool) or budget < 1:
                param = "thinking.budget_tokens"
                raise BadRequest(f"`{param}` must be a whole number above zero.", param=param)
            sampling.reasoning_budget = budget
        case "disabled":
            sampling.reasoning_budget = 0
        case _:
            rest = thinking
    if rest:
        extra["thinking"] = rest


def _parse_output(body: dict[str, Any], sampling: Sampling, extra: dict[str, Any]) -> OutputFormat | None:
    """`output_config`, and the `output_format` that stood in its place at first."""
    config = dict(_typed(body, "output_config", dict, "an object") or {})
    wired = config.pop("format", None) or body.get("output_format")
    effort = config.pop("effort", None)
    if effort is not None and not isinstance(effort, str):
        raise BadRequest("`output_config.effort` must be a string.", param="output_config.effort")
    sampling.reasoning_effort = effort
    if rest := {name: value for name, value in config.items() if value is not None}:
        extra["output_config"] = rest
    if wired is None:
        return None
    if members(wired).get("type") != "json_schema" or not isinstance(members(wired).get("schema"), dict):
        param = "output_config.format"
        raise BadRequest(f"`{param}` must be of the type json_schema and have a `schema`.", param=param)
    return OutputFormat("json_schema", wired["schema"])


def _parse_tools(wired: list[Any] | None) -> list[Tool | OpaqueTool]:
    tools: list[Tool | OpaqueTool] = []
    for index, tool in enumerate(wired or ()):
        if not isinstance(tool, dict):
            raise BadRequest(f"`tools.{index}` must be an object.", param=f"tools.{index}")
        beyond = any(value is not None for name, value in tool.items() if name not in _TOOL)
        if tool.get("type") not in (None, "custom") or beyond:
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
