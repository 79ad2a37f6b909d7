"""The chat request: wire to contract and back.

https://platform.openai.com/docs/api-reference/chat/create
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from jackfield.contract import (
    AudioPart,
    BadRequest,
    Blob,
    LLMRequest,
    Message,
    OpaqueTool,
    OutputFormat,
    Part,
    ReasoningPart,
    RefusalPart,
    Sampling,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    UnsupportedParameter,
)

from .parts import DIALECT, build_content, parse_parts

_SAMPLING = {
    "temperature": (int, float),
    "top_p": (int, float),
    "top_k": (int,),
    "min_p": (int, float),
    "frequency_penalty": (int, float),
    "presence_penalty": (int, float),
    "repetition_penalty": (int, float),
    "seed": (int,),
    "n": (int,),
    "logprobs": (bool,),
    "top_logprobs": (int,),
    "logit_bias": (dict,),
    "reasoning_effort": (str,),
}
_HANDLED = {
    "model", "messages", "tools", "functions", "tool_choice", "function_call", "parallel_tool_calls", "response_format",
    "stream", "stream_options", "max_tokens", "max_completion_tokens", "stop", "user", "metadata", *_SAMPLING,
}  # fmt: skip


def parse_request(body: dict[str, Any]) -> LLMRequest:
    """:raises BadRequest: naming the member at fault"""
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise BadRequest("`messages` must be a list with at least one message.", param="messages")
    if not isinstance(body.get("model"), str):
        raise BadRequest("`model` must be a string.", param="model")
    return LLMRequest(
        model=body["model"],
        messages=[_parse_message(message, f"messages.{index}") for index, message in enumerate(messages)],
        tools=_parse_tools(body),
        tool_choice=_parse_tool_choice(body),
        output=_parse_output(body.get("response_format")),
        sampling=_parse_sampling(body),
        stream=_flag(body, "stream"),
        include_usage=_wants_usage(body),
        user=body.get("user"),
        metadata=body.get("metadata"),
        extra={name: value for name, value in body.items() if name not in _HANDLED},
        dialect=DIALECT,
    )


def _wants_usage(body: dict[str, Any]) -> bool:
    """`stream_options` shapes the stream that the client gets, and is no wish of the model."""
    options = body.get("stream_options")
    if options is not None and not isinstance(options, dict):
        raise BadRequest("`stream_options` must be an object.", param="stream_options")
    return bool(options and options.get("include_usage"))


def _flag(body: dict[str, Any], name: str) -> bool:
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise BadRequest(f"`{name}` must be true or false.", param=name)
    return bool(value)


def _parse_message(message: object, param: str) -> Message:
    if not isinstance(message, dict):
        raise BadRequest(f"`{param}` must be an object.", param=param)
    role = message.get("role")
    parts = parse_parts(message.get("content"), f"{param}.content")
    name = message.get("name")
    match role:
        case "system" | "developer":
            return Message("system", parts, name)
        case "user":
            return Message("user", parts, name)
        case "assistant":
            return Message("assistant", _assistant_parts(message, parts, param), name)
        case "tool" | "function":
            call_id = message.get("tool_call_id") if role == "tool" else (name or "")
            if not isinstance(call_id, str):
                raise BadRequest(f"`{param}.tool_call_id` must be a string.", param=f"{param}.tool_call_id")
            content = message.get("content")
            return Message("tool", [ToolResult(call_id, content if isinstance(content, str) else parts, name=name)])  # type: ignore[arg-type]
    raise BadRequest(f"`{param}.role` must be system, developer, user, assistant or tool.", param=f"{param}.role")


def _assistant_parts(message: dict[str, Any], parts: list[Part], param: str) -> list[Part]:
    reasoning = message.get("reasoning_content") or message.get("reasoning")
    if isinstance(reasoning, str):
        parts = [ReasoningPart(reasoning), *parts]
    if isinstance(refusal := message.get("refusal"), str):
        parts = [*parts, RefusalPart(refusal)]
    if isinstance(audio := message.get("audio"), dict):
        parts = [*parts, AudioPart(Blob(), id=audio.get("id"))]
    calls = message.get("tool_calls") or []
    try:
        parsed: list[Part] = [
            ToolCall(call["id"], call["function"]["name"], call["function"].get("arguments", "")) for call in calls
        ]
    except (KeyError, TypeError) as error:
        raise BadRequest(f"`{param}.tool_calls`: {error} is missing or wrong.", param=f"{param}.tool_calls") from None
    if isinstance(call := message.get("function_call"), dict):
        parsed.append(ToolCall(str(call.get("name")), str(call.get("name")), str(call.get("arguments", ""))))
    return [*parts, *parsed]


def _parse_tools(body: dict[str, Any]) -> list[Tool | OpaqueTool]:
    tools: list[Tool | OpaqueTool] = []
    wired = body.get("tools") or [{"type": "function", "function": function} for function in body.get("functions") or []]
    for index, tool in enumerate(wired):
        if not isinstance(tool, dict):
            raise BadRequest(f"`tools.{index}` must be an object.", param=f"tools.{index}")
        if tool.get("type") != "function":
            tools.append(OpaqueTool(DIALECT, tool))
            continue
        function = tool.get("function")
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            raise BadRequest(f"`tools.{index}.function.name` must be a string.", param=f"tools.{index}.function.name")
        parameters = function.get("parameters") or {"type": "object", "properties": {}}
        tools.append(Tool(function["name"], function.get("description"), parameters, function.get("strict")))
    return tools


def _parse_tool_choice(body: dict[str, Any]) -> ToolChoice | None:
    choice = body.get("tool_choice", body.get("function_call"))
    parallel = body.get("parallel_tool_calls")
    if choice is None:
        return ToolChoice(parallel=parallel) if parallel is not None else None
    if choice in ("auto", "none", "required"):
        return ToolChoice(choice, parallel=parallel)
    if isinstance(choice, dict):
        name = (choice.get("function") or choice).get("name")
        if isinstance(name, str):
            return ToolChoice("tool", name, parallel)
    raise BadRequest("`tool_choice` must be auto, none, required, or name a function.", param="tool_choice")


def _parse_output(wired: object) -> OutputFormat | None:
    if wired is None:
        return None
    if isinstance(wired, dict):
        match wired.get("type"):
            case "text" | "json_object" as kind:
                return OutputFormat(kind)
            case "json_schema" if isinstance(schema := wired.get("json_schema"), dict):
                return OutputFormat(
                    "json_schema", schema.get("schema"), schema.get("name"), schema.get("description"), schema.get("strict")
                )
    raise BadRequest("`response_format` must be text, json_object, or json_schema with its schema.", param="response_format")


def _parse_sampling(body: dict[str, Any]) -> Sampling:
    sampling = Sampling()
    for name, kinds in _SAMPLING.items():
        value = body.get(name)
        if value is None:
            continue
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise BadRequest(f"`{name}` is of the wrong type.", param=name)
        setattr(sampling, name, value)
    stop = body.get("stop")
    if stop is not None:
        sampling.stop = [stop] if isinstance(stop, str) else list(stop)
    for name in ("max_tokens", "max_completion_tokens"):
        value = body.get(name)
        if value is not None:
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise BadRequest(f"`{name}` must be a whole number above zero.", param=name)
            sampling.max_tokens = value
    return sampling


@dataclass(slots=True, frozen=True, kw_only=True)
class ChatOptions:
    """Where vendors that speak this dialect differ in what they take.

    :param max_tokens_name: the member that limits the output
    :param system_role: how a system message is called (`developer` for OpenAI's reasoning models)
    :param reasoning_name: the member in which reasoning is sent back, or None: it is left out
    :param stream_usage: whether `stream_options.include_usage` is known
    :param unsupported: sampling members that the vendor refuses
    """

    max_tokens_name: str = "max_tokens"
    system_role: str = "system"
    reasoning_name: str | None = None
    stream_usage: bool = True
    unsupported: frozenset[str] = field(default_factory=frozenset)


def build_request(request: LLMRequest, options: ChatOptions = ChatOptions()) -> dict[str, Any]:
    """The wire body.

    :raises UnsupportedParameter: by name, for what this dialect or vendor has no form for, unless `drop_unsupported`
    """
    body: dict[str, Any] = {"model": request.model, "messages": _build_messages(request.messages, options)}
    if request.tools:
        body["tools"] = [_build_tool(tool) for tool in request.tools]
    if request.tool_choice is not None:
        body |= _build_tool_choice(request.tool_choice)
    if request.output is not None:
        body["response_format"] = _build_output(request.output)
    body |= _build_sampling(request, options)
    if request.stream:
        body["stream"] = True
        if options.stream_usage:
            body["stream_options"] = {"include_usage": True}
    if request.user is not None:
        body["user"] = request.user
    if request.metadata is not None:
        body["metadata"] = request.metadata
    return body | _build_extra(request)


def _build_extra(request: LLMRequest) -> dict[str, Any]:
    if request.dialect in (None, DIALECT):
        return request.extra
    if request.extra and not request.drop_unsupported:
        name = next(iter(request.extra))
        raise UnsupportedParameter(f"The model does not take the parameter `{name}`.", param=name)
    return {}


def _build_sampling(request: LLMRequest, options: ChatOptions) -> dict[str, Any]:
    built: dict[str, Any] = {}
    for name, value in request.sampling.given().items():
        if name in options.unsupported or name == "reasoning_budget":
            if request.drop_unsupported:
                continue
            raise UnsupportedParameter(f"The model does not take the parameter `{name}`.", param=name)
        built[options.max_tokens_name if name == "max_tokens" else name] = value
    return built


def _build_tool(tool: Tool | OpaqueTool) -> dict[str, Any]:
    if isinstance(tool, OpaqueTool):
        if tool.dialect != DIALECT:
            raise UnsupportedParameter(f"This model's API does not know the tool `{tool.body.get('type')}`.", param="tools")
        return tool.body
    function: dict[str, Any] = {"name": tool.name, "parameters": tool.parameters}
    if tool.description is not None:
        function["description"] = tool.description
    if tool.strict is not None:
        function["strict"] = tool.strict
    return {"type": "function", "function": function}


def _build_tool_choice(choice: ToolChoice) -> dict[str, Any]:
    named = {"type": "function", "function": {"name": choice.name}}
    built: dict[str, Any] = {"tool_choice": named if choice.mode == "tool" else choice.mode}
    return built | ({"parallel_tool_calls": choice.parallel} if choice.parallel is not None else {})


def _build_output(output: OutputFormat) -> dict[str, Any]:
    if output.kind != "json_schema":
        return {"type": output.kind}
    members = {
        "name": output.name or "answer",
        "schema": output.schema,
        "strict": output.strict,
        "description": output.description,
    }
    return {"type": "json_schema", "json_schema": {name: value for name, value in members.items() if value is not None}}


def _build_messages(messages: list[Message], options: ChatOptions) -> list[dict[str, Any]]:
    built: list[dict[str, Any]] = []
    for message in messages:
        results = [part for part in message.parts if isinstance(part, ToolResult)]
        built += [_build_tool_result(result) for result in results]
        if results and len(results) == len(message.parts):
            continue
        built.append(_build_message(message, options))
    return built


def _build_tool_result(result: ToolResult) -> dict[str, Any]:
    content = result.content if isinstance(result.content, str) else build_content(list(result.content)) or ""
    return {"role": "tool", "tool_call_id": result.call_id, "content": content}


def _build_message(message: Message, options: ChatOptions) -> dict[str, Any]:
    role = options.system_role if message.role == "system" else message.role
    built: dict[str, Any] = {"role": role, "content": build_content(message.parts)}
    if message.name:
        built["name"] = message.name
    if message.role != "assistant":
        return built
    calls = [part for part in message.parts if isinstance(part, ToolCall)]
    if calls:
        built["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}} for call in calls
        ]
    reasoning = "".join(part.text for part in message.parts if isinstance(part, ReasoningPart))
    if options.reasoning_name and reasoning:
        built[options.reasoning_name] = reasoning
    spoken = next((part for part in message.parts if isinstance(part, AudioPart)), None)
    if spoken is not None and spoken.id:
        built["audio"] = {"id": spoken.id}
        built["content"] = build_content([part for part in message.parts if part is not spoken])
    return built
