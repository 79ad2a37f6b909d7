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

from ..extras import given, meant, passed_on, refuse
from ..openai_chat.parts import DIALECT as CHAT
from ..openai_chat.requests import OPENAI_SHARED, is_openai
from ..reasoning import effort_of
from .building import build_items
from .items import DIALECT, parse_items
from .options import PLAIN, ResponsesOptions

_HANDLED = frozenset({
    "model", "input", "instructions", "tools", "tool_choice", "parallel_tool_calls", "text", "reasoning", "stream",
    "max_output_tokens", "temperature", "top_p", "top_logprobs", "user", "metadata", "store",
    "previous_response_id", "conversation", "background", "prompt",
})  # fmt: skip
_STATEFUL = ("previous_response_id", "conversation", "background", "prompt")
_TOOL = frozenset({"type", "name", "description", "parameters", "strict"})
_LOGPROBS = "message.output_text.logprobs"
_SEALED = "reasoning.encrypted_content"


def parse_request(body: dict[str, Any]) -> LLMRequest:
    """:raises BadRequest: naming the member at fault; what needs a state kept at the vendor is refused by its name"""
    if not isinstance(body.get("model"), str):
        raise BadRequest("`model` must be a string.", param="model")
    for name in _STATEFUL:
        if body.get(name):
            raise UnsupportedParameter(
                f"`{name}` needs a state that only the vendor keeps, and this model is not reached by relay.",
                param=name,
                advice="Send all of it in `input`, or choose a model whose provider has this API.",
            )
    messages = parse_items(body.get("input"))
    extra = given(body, _HANDLED)
    if instructions := _typed(body, "instructions", str, "a string"):
        messages.insert(0, Message.system(instructions))
        extra["instructions"] = instructions  # for the answer, which says them again
    return LLMRequest(
        model=body["model"],
        messages=messages,
        tools=_parse_tools(_typed(body, "tools", list, "a list") or []),
        tool_choice=_parse_tool_choice(body, extra),
        output=_parse_output(_typed(body, "text", dict, "an object"), extra),
        sampling=_parse_sampling(body, extra),
        stream=bool(_typed(body, "stream", bool, "true or false")),
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


def _parse_sampling(body: dict[str, Any], extra: dict[str, Any]) -> Sampling:
    sampling = Sampling()
    for name in ("temperature", "top_p", "top_logprobs"):
        value = body.get(name)
        kinds = int if name == "top_logprobs" else int | float
        if value is not None and (isinstance(value, bool) or not isinstance(value, kinds)):
            raise BadRequest(f"`{name}` must be a number.", param=name)
        setattr(sampling, name, value)
    limit = body.get("max_output_tokens")
    if limit is not None and (not isinstance(limit, int) or isinstance(limit, bool) or limit < 1):
        raise BadRequest("`max_output_tokens` must be a whole number above zero.", param="max_output_tokens")
    sampling.max_tokens = limit
    reasoning = dict(_typed(body, "reasoning", dict, "an object") or {})
    effort = reasoning.pop("effort", None)
    if effort is not None and not isinstance(effort, str):
        raise BadRequest("`reasoning.effort` must be a string.", param="reasoning.effort")
    sampling.reasoning_effort = effort
    if rest := {name: value for name, value in reasoning.items() if value is not None}:
        extra["reasoning"] = rest
    included = _typed(body, "include", list, "a list") or []
    if _LOGPROBS in included:
        sampling.logprobs = True
        extra["include"] = [name for name in included if name != _LOGPROBS]
    return sampling


def _parse_tools(wired: list[Any]) -> list[Tool | OpaqueTool]:
    tools: list[Tool | OpaqueTool] = []
    for index, tool in enumerate(wired):
        if not isinstance(tool, dict):
            raise BadRequest(f"`tools.{index}` must be an object.", param=f"tools.{index}")
        beyond = any(value is not None for name, value in tool.items() if name not in _TOOL)
        if tool.get("type") != "function" or beyond:
            tools.append(OpaqueTool(DIALECT, tool))
            continue
        if not isinstance(tool.get("name"), str):
            raise BadRequest(f"`tools.{index}.name` must be a string.", param=f"tools.{index}.name")
        parameters = tool.get("parameters") or {"type": "object", "properties": {}}
        if not isinstance(parameters, dict):
            param = f"tools.{index}.parameters"
            raise BadRequest(f"`{param}` must be a JSON Schema object.", param=param)
        tools.append(Tool(tool["name"], tool.get("description"), parameters, tool.get("strict")))
    return tools


def _parse_tool_choice(body: dict[str, Any], extra: dict[str, Any]) -> ToolChoice | None:
    choice, parallel = body.get("tool_choice"), _typed(body, "parallel_tool_calls", bool, "true or false")
    if choice is None:
        return ToolChoice(parallel=parallel) if parallel is not None else None
    if choice in ("auto", "none", "required"):
        return ToolChoice(choice, parallel=parallel)
    if isinstance(choice, dict):
        if choice.get("type", "function") == "function" and isinstance(choice.get("name"), str):
            return ToolChoice("tool", choice["name"], parallel)
        if isinstance(choice.get("type"), str) and choice["type"] != "function":  # some tools, or one of the vendor's own
            extra["tool_choice"] = choice
            return ToolChoice(parallel=parallel) if parallel is not None else None
    raise BadRequest("`tool_choice` must be auto, none, required, or name a function.", param="tool_choice")


def _parse_output(text: dict[str, Any] | None, extra: dict[str, Any]) -> OutputFormat | None:
    text = dict(text or {})
    wired = text.pop("format", None)
    if rest := {name: value for name, value in text.items() if value is not None}:
        extra["text"] = rest
    if wired is None:
        return None
    match wired.get("type") if isinstance(wired, dict) else None:
        case "text" | "json_object" as kind:
            return OutputFormat(kind)
        case "json_schema":
            return OutputFormat(
                "json_schema", wired.get("schema"), wired.get("name"), wired.get("description"), wired.get("strict")
            )
    raise BadRequest("`text.format.type` must be text, json_object or json_schema.", param="text.format")


def build_request(request: LLMRequest, options: ResponsesOptions = PLAIN) -> dict[str, Any]:
    """The wire body. Nothing is stored at the vendor, and sealed reasoning is asked for, so that turns can be continued.

    :raises UnsupportedParameter: by name, for what this dialect has no form for, unless `drop_unsupported`
    """
    body: dict[str, Any] = {"model": request.model, "input": build_items(request, options), "store": False}
    if tools := _build_tools(request):
        body["tools"] = tools
    if request.tool_choice is not None:
        choice = request.tool_choice
        if tools or choice.mode != "auto":
            body["tool_choice"] = {"type": "function", "name": choice.name} if choice.mode == "tool" else choice.mode
        if choice.parallel is not None:
            body["parallel_tool_calls"] = choice.parallel
    if request.output is not None:
        body["text"] = {"format": _build_output(request.output)}
    body |= _build_sampling(request, options)
    if request.stream:
        body["stream"] = True
    for name in ("user", "metadata"):
        if (value := getattr(request, name)) is not None:
            body[name] = value
    return _with_extra(body, request)


def _with_extra(body: dict[str, Any], request: LLMRequest) -> dict[str, Any]:
    """What the contract has a part of is put together again."""
    shared = OPENAI_SHARED if is_openai(request.dialect) else frozenset[str]()
    extra = passed_on(request, DIALECT, shared=shared | ({"verbosity"} if request.dialect == CHAT else frozenset()))
    extra.pop("store", None)
    if request.dialect == DIALECT:
        extra.pop("instructions", None)  # they are the first message
    if request.dialect == CHAT and "verbosity" in extra:
        extra["text"] = {"verbosity": extra.pop("verbosity")}
    for name in ("reasoning", "text"):
        if isinstance(extra.get(name), dict):
            extra[name] = extra[name] | body.get(name, {})
    if isinstance(extra.get("include"), list):
        extra["include"] = list(dict.fromkeys([*extra["include"], *body.get("include", [])]))
    return body | extra


def _build_sampling(request: LLMRequest, options: ResponsesOptions) -> dict[str, Any]:
    built: dict[str, Any] = {}
    include: list[str] = [_SEALED] if options.sealed_reasoning else []
    for name, value in meant(request.sampling).items():
        if name in options.unsupported:
            refuse(request, name)
            continue
        match name:
            case "temperature" | "top_p" | "top_logprobs":
                built[name] = value
            case "max_tokens":
                built["max_output_tokens"] = value
            case "reasoning_effort":
                built["reasoning"] = {"effort": value}
            case "reasoning_budget" if request.dialect is not None and not is_openai(request.dialect):
                if value:  # another dialect has no other word for it
                    built.setdefault("reasoning", {"effort": effort_of(value)})
            case "logprobs":
                include.append(_LOGPROBS)
            case _:
                refuse(request, name)
    if "reasoning" in built and options.sealed_reasoning is None:
        include.append(_SEALED)
    return built | ({"include": include} if include else {})


def _build_tools(request: LLMRequest) -> list[dict[str, Any]]:
    built: list[dict[str, Any]] = []
    for tool in request.tools:
        if isinstance(tool, OpaqueTool):
            if tool.dialect == DIALECT:
                built.append(tool.body)
            else:
                refuse(request, "tools", f"This model's API does not know the tool `{tool.body.get('type')}`.")
            continue
        wired: dict[str, Any] = {"type": "function", "name": tool.name, "parameters": tool.parameters}
        if tool.strict is not None or request.dialect != DIALECT:
            # Left out, `strict` is true here and false in chat: what the caller did not ask for is not asked for.
            wired["strict"] = bool(tool.strict)
        if tool.description is not None:
            wired["description"] = tool.description
        built.append(wired)
    return built


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
