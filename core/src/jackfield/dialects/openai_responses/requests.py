"""The request of OpenAI's responses: https://platform.openai.com/docs/api-reference/responses/create"""

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
    UnsupportedParameter,
)

from .items import DIALECT, build_items, parse_items

_HANDLED = {
    "model", "input", "instructions", "tools", "tool_choice", "parallel_tool_calls", "text", "reasoning", "stream",
    "max_output_tokens", "temperature", "top_p", "top_logprobs", "user", "metadata", "store", "truncation",
    "previous_response_id", "conversation", "background", "prompt",
}  # fmt: skip
_STATEFUL = ("previous_response_id", "conversation", "background", "prompt")


def parse_request(body: dict[str, Any]) -> LLMRequest:
    """:raises BadRequest: naming the member at fault; what needs a state kept at the vendor is refused by its name"""
    if not isinstance(body.get("model"), str):
        raise BadRequest("`model` must be a string.", param="model")
    for name in _STATEFUL:
        if body.get(name):
            raise UnsupportedParameter(
                f"`{name}` needs a state that only the vendor keeps, and this model is not reached by relay.", param=name
            )
    messages = parse_items(body.get("input"))
    if isinstance(body.get("instructions"), str):
        messages.insert(0, Message.system(body["instructions"]))
    sampling = Sampling()
    for name in ("temperature", "top_p", "top_logprobs"):
        value = body.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise BadRequest(f"`{name}` must be a number.", param=name)
        setattr(sampling, name, value)
    limit = body.get("max_output_tokens")
    if limit is not None and (not isinstance(limit, int) or isinstance(limit, bool) or limit < 1):
        raise BadRequest("`max_output_tokens` must be a whole number above zero.", param="max_output_tokens")
    sampling.max_tokens = limit
    reasoning = body.get("reasoning")
    extra = {name: value for name, value in body.items() if name not in _HANDLED}
    if isinstance(reasoning, dict):
        sampling.reasoning_effort = reasoning.get("effort")
        if rest := {name: value for name, value in reasoning.items() if name != "effort" and value is not None}:
            extra["reasoning"] = rest
    return LLMRequest(
        model=body["model"],
        messages=messages,
        tools=_parse_tools(body.get("tools")),
        tool_choice=_parse_tool_choice(body),
        output=_parse_output(body.get("text")),
        sampling=sampling,
        stream=bool(body.get("stream")),
        user=body.get("user"),
        metadata=body.get("metadata"),
        extra=extra,
        dialect=DIALECT,
    )


def _parse_tools(wired: object) -> list[Tool | OpaqueTool]:
    tools: list[Tool | OpaqueTool] = []
    for index, tool in enumerate(wired if isinstance(wired, list) else []):
        if not isinstance(tool, dict):
            raise BadRequest(f"`tools.{index}` must be an object.", param=f"tools.{index}")
        if tool.get("type") != "function":
            tools.append(OpaqueTool(DIALECT, tool))
            continue
        if not isinstance(tool.get("name"), str):
            raise BadRequest(f"`tools.{index}.name` must be a string.", param=f"tools.{index}.name")
        parameters = tool.get("parameters") or {"type": "object", "properties": {}}
        tools.append(Tool(tool["name"], tool.get("description"), parameters, tool.get("strict")))
    return tools


def _parse_tool_choice(body: dict[str, Any]) -> ToolChoice | None:
    choice, parallel = body.get("tool_choice"), body.get("parallel_tool_calls")
    if choice is None:
        return ToolChoice(parallel=parallel) if parallel is not None else None
    if choice in ("auto", "none", "required"):
        return ToolChoice(choice, parallel=parallel)
    if isinstance(choice, dict) and isinstance(choice.get("name"), str):
        return ToolChoice("tool", choice["name"], parallel)
    raise BadRequest("`tool_choice` must be auto, none, required, or name a function.", param="tool_choice")


def _parse_output(text: object) -> OutputFormat | None:
    wired = text.get("format") if isinstance(text, dict) else None
    if not isinstance(wired, dict):
        return None
    match wired.get("type"):
        case "text" | "json_object" as kind:
            return OutputFormat(kind)
        case "json_schema":
            return OutputFormat(
                "json_schema", wired.get("schema"), wired.get("name"), wired.get("description"), wired.get("strict")
            )
    raise BadRequest("`text.format.type` must be text, json_object or json_schema.", param="text.format")


def build_request(request: LLMRequest) -> dict[str, Any]:
    """The wire body. Nothing is stored at the vendor, and sealed reasoning is asked for, so that turns can be continued.

    :raises UnsupportedParameter: by name, for what this dialect has no form for, unless `drop_unsupported`
    """
    body: dict[str, Any] = {"model": request.model, "input": build_items(request.messages), "store": False}
    if request.tools:
        body["tools"] = [_build_tool(tool) for tool in request.tools]
    if request.tool_choice is not None:
        choice = request.tool_choice
        body["tool_choice"] = {"type": "function", "name": choice.name} if choice.mode == "tool" else choice.mode
        if choice.parallel is not None:
            body["parallel_tool_calls"] = choice.parallel
    if request.output is not None:
        body["text"] = {"format": _build_output(request.output)}
    body |= _build_sampling(request)
    if request.stream:
        body["stream"] = True
    for name in ("user", "metadata"):
        if (value := getattr(request, name)) is not None:
            body[name] = value
    return _with_extra(body, request)


def _with_extra(body: dict[str, Any], request: LLMRequest) -> dict[str, Any]:
    if request.dialect in (None, DIALECT):
        extra = dict(request.extra)
        if isinstance(extra.get("reasoning"), dict):
            extra["reasoning"] = extra["reasoning"] | body.get("reasoning", {})
        return body | extra
    extra = {name: value for name, value in request.extra.items() if name != "store"}
    if extra and not request.drop_unsupported:
        name = next(iter(extra))
        raise UnsupportedParameter(f"The model does not take the parameter `{name}`.", param=name)
    return body


def _build_sampling(request: LLMRequest) -> dict[str, Any]:
    built: dict[str, Any] = {}
    for name, value in request.sampling.given().items():
        match name:
            case "temperature" | "top_p" | "top_logprobs":
                built[name] = value
            case "max_tokens":
                built["max_output_tokens"] = value
            case "reasoning_effort":
                built["reasoning"] = {"effort": value}
                built["include"] = ["reasoning.encrypted_content"]
            case "n" if value == 1:
                continue
            case _ if not request.drop_unsupported:
                raise UnsupportedParameter(f"The model does not take the parameter `{name}`.", param=name)
    return built


def _build_tool(tool: Tool | OpaqueTool) -> dict[str, Any]:
    if isinstance(tool, OpaqueTool):
        if tool.dialect != DIALECT:
            raise UnsupportedParameter(f"This model's API does not know the tool `{tool.body.get('type')}`.", param="tools")
        return tool.body
    # Left out, `strict` is true here and false in chat: what the caller did not ask for is not asked for.
    built = {"type": "function", "name": tool.name, "parameters": tool.parameters, "strict": bool(tool.strict)}
    return built | ({"description": tool.description} if tool.description is not None else {})


def _build_output(output: OutputFormat) -> dict[str, Any]:
    if output.kind != "json_schema":
        return {"type": output.kind}
    members = {
        "name": output.name or "answer",
        "schema": output.schema,
        "strict": output.strict,
        "description": output.description,
    }
    return {"type": "json_schema"} | {name: value for name, value in members.items() if value is not None}
