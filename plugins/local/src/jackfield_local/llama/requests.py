"""A request of the contract as the body that llama.cpp answers: OpenAI's shape, with a few members of llama.cpp's own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jackfield_sdk import (
    BadRequest,
    LLMRequest,
    Message,
    OpaqueTool,
    Part,
    ReasoningPart,
    RefusalPart,
    TextPart,
    Tool,
    ToolCall,
    ToolResult,
    UnsupportedParameter,
)

from .grammar import grammar_for, schema_of_call

MOST_TOP_LOGPROBS = 20
_MOST_STOPS = 16

# Sampling parameters of llama.cpp that the contract does not know; a request may have them as further members.
# https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md
_FURTHER_SAMPLING = frozenset(
    {
        "typical_p", "repeat_last_n", "dynatemp_range", "dynatemp_exponent", "mirostat", "mirostat_tau", "mirostat_eta",
        "dry_multiplier", "dry_base", "dry_allowed_length", "dry_penalty_last_n", "xtc_probability", "xtc_threshold",
        "top_n_sigma", "ignore_eos",
    }
)  # fmt: skip
_RENAMED = {"repetition_penalty": "repeat_penalty"}
_HANDLED_APART = frozenset({"n", "logprobs", "top_logprobs", "stop", "seed", "logit_bias", "max_tokens"})
_PARTS_REFUSED = {"ImagePart": "images", "AudioPart": "sound", "FilePart": "files", "VideoPart": "video"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What the model at hand can do.

    :param tools: its template can show tools
    :param demanded_calls: its template is ours, which can begin an answer inside of a call
    :param output_tokens: the limit where a request names none
    """

    tools: bool
    demanded_calls: bool
    output_tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """:param marked: the answer begins with the grammar's mark; names the member that holds the schema
    :param demanded_call: the answer is a tool call and nothing else, as JSON
    :param choices: how many answers are wanted
    :param top_logprobs: alternatives for each token; None: no log probabilities
    """

    body: dict[str, Any]
    completion: bool = False
    marked: str | None = None
    demanded_call: bool = False
    choices: int = 1
    top_logprobs: int | None = None


def plan(request: LLMRequest, abilities: Abilities) -> Plan:
    """:raises UnsupportedParameter: naming what the model cannot take
    :raises BadRequest: naming what is wrong
    """
    body = _sampling(request, abilities)
    top_logprobs = _top_logprobs(request)
    choices = request.sampling.n or 1
    if request.completion:
        return _completion(request, body, choices, top_logprobs)
    body["messages"] = [wire for message in request.messages for wire in _messages(message)]
    if not body["messages"]:
        raise BadRequest("A chat has at least one message.", param="messages")
    if top_logprobs is not None:
        body |= {"logprobs": True, "top_logprobs": max(top_logprobs, 1)}
    demanded_call = _offer_tools(request, abilities, body)
    marked = "tools" if demanded_call else _constrain(request, body)
    return Plan(body=body, marked=marked, demanded_call=demanded_call, choices=choices, top_logprobs=top_logprobs)


def _completion(request: LLMRequest, body: dict[str, Any], choices: int, top_logprobs: int | None) -> Plan:
    if request.tools:
        raise UnsupportedParameter("A text completion takes no tools.", param="tools")
    prompt = "".join(message.text for message in request.messages)
    if not prompt:
        raise BadRequest("The prompt is empty.", param="prompt")
    body["prompt"] = prompt
    if top_logprobs is not None:
        body["logprobs"] = max(top_logprobs, 1)
    marked = _constrain(request, body)
    return Plan(body=body, completion=True, marked=marked, choices=choices, top_logprobs=top_logprobs)


def _sampling(request: LLMRequest, abilities: Abilities) -> dict[str, Any]:
    given = request.sampling.given()
    body = {_RENAMED.get(name, name): value for name, value in given.items() if name not in _HANDLED_APART}
    body["max_tokens"] = given.get("max_tokens", abilities.output_tokens or -1)
    if "seed" in given:
        # A prompt taken from the cache is computed in other portions, which may tip the balance between two tokens.
        body |= {"seed": given["seed"] % 2**32, "cache_prompt": False}
    if given.get("stop"):
        body["stop"] = _stops(given["stop"])
    if given.get("logit_bias"):
        body["logit_bias"] = _logit_bias(given["logit_bias"])
    for name, value in request.extra.items():
        if name in _FURTHER_SAMPLING:
            body[name] = value
        elif not request.drop_unsupported:
            raise UnsupportedParameter(f"The local models do not take the parameter `{name}`.", param=name)
    return body


def _stops(stops: list[str]) -> list[str]:
    if len(stops) > _MOST_STOPS or not all(stops):
        raise BadRequest(f"`stop` is a list of at most {_MOST_STOPS} texts, none of them empty.", param="stop")
    return stops


def _logit_bias(bias: dict[str, float]) -> list[list[float]]:
    try:
        pairs = [[int(token), float(value)] for token, value in bias.items()]
    except (TypeError, ValueError):
        pairs = [[-1, 0]]
    if not all(token >= 0 and -100 <= value <= 100 for token, value in pairs):
        raise BadRequest("`logit_bias` maps ids of the model's own tokens to numbers from -100 to 100.", param="logit_bias")
    return pairs


def _top_logprobs(request: LLMRequest) -> int | None:
    sampling = request.sampling
    if not sampling.logprobs:
        return None
    wanted = sampling.top_logprobs or 0
    if not 0 <= wanted <= MOST_TOP_LOGPROBS:
        raise BadRequest(f"`top_logprobs` is from 0 to {MOST_TOP_LOGPROBS}.", param="top_logprobs")
    return wanted


def _messages(message: Message) -> list[dict[str, Any]]:
    """A message as one of OpenAI's shape, or, with several tool results, as several."""
    results = [part for part in message.parts if isinstance(part, ToolResult)]
    others = [part for part in message.parts if not isinstance(part, ToolResult)]
    wire = [{"role": "tool", "tool_call_id": result.call_id, "content": _result_text(result)} for result in results]
    if others or not results:
        wire.append(_message(message.role, others))
    return wire


def _message(role: str, parts: Sequence[Part]) -> dict[str, Any]:
    text: list[str] = []
    reasoning: list[str] = []
    calls: list[dict[str, Any]] = []
    for part in parts:
        if isinstance(part, TextPart | RefusalPart):
            text.append(part.text)
        elif isinstance(part, ReasoningPart):
            reasoning.append(part.text)
        elif isinstance(part, ToolCall):
            function = {"name": part.name, "arguments": part.arguments}
            calls.append({"id": part.id, "type": "function", "function": function})
        else:
            raise _refusal(part)
    message: dict[str, Any] = {"role": role, "content": "".join(text)}
    if calls:
        message["tool_calls"] = [_checked_call(call) for call in calls]
    if any(reasoning):
        message["reasoning_content"] = "".join(reasoning)
    return message


def _checked_call(call: dict[str, Any]) -> dict[str, Any]:
    """The engine's templates read the arguments as JSON, and the engine fails at what is not."""
    try:
        json.loads(call["function"]["arguments"] or "{}")
    except ValueError as error:
        name = call["function"]["name"]
        raise BadRequest(f"The arguments of the earlier call of `{name}` are not JSON.", param="messages") from error
    return call


def _result_text(result: ToolResult) -> str:
    if isinstance(result.content, str):
        return result.content
    for part in result.content:
        if not isinstance(part, TextPart):
            raise _refusal(part)
    return "".join(part.text for part in result.content if isinstance(part, TextPart))


def _refusal(part: object) -> BadRequest:
    kind = type(part).__name__
    what = _PARTS_REFUSED.get(kind, f"parts of the kind {kind}")
    return UnsupportedParameter(f"The local models read text only, not {what}.", param="messages", advice="Send text only.")


def _offer_tools(request: LLMRequest, abilities: Abilities, body: dict[str, Any]) -> bool:
    """Put the tools into the body. Answers whether the model is held to a call by our own grammar."""
    choice = request.tool_choice
    mode = choice.mode if choice else "auto"
    if not request.tools:
        if mode in ("required", "tool"):
            raise BadRequest("`tool_choice` demands a call, and there are no tools.", param="tool_choice")
        return False
    if not abilities.tools:
        if request.drop_unsupported:
            return False
        raise UnsupportedParameter("The chat template of this model has no place for tools.", param="tools")
    tools = [_tool(tool) for tool in request.tools]
    if mode == "tool":
        tools = [tool for tool in tools if choice is not None and tool.name == choice.name]
        if not tools:
            raise BadRequest("`tool_choice` names a tool that is not among the tools.", param="tool_choice")
    wire = [_wire_tool(tool) for tool in tools]
    demanded = mode in ("required", "tool")
    if demanded and abilities.demanded_calls:
        body["grammar"] = grammar_for(schema_of_call(tools))
        body["chat_template_kwargs"] = {"offered_tools": wire, "must_call": True}
        body.setdefault("temperature", 0)  # a small model fills in arguments best when it does not gamble
        return True
    if request.output is not None and request.output.kind != "text" and mode != "none":
        raise UnsupportedParameter(
            "llama.cpp takes tools or an output format, not both.",
            param="response_format",
            advice='Leave one of them out, or set `tool_choice` to "none" for the turn that is to answer in the format.',
        )
    if mode == "none":  # the model is shown what it may call at other times, and the engine does not look for calls
        body["chat_template_kwargs"] = {"offered_tools": wire}
        return False
    body["tools"] = wire
    body["tool_choice"] = "required" if demanded else "auto"
    if choice is not None and choice.parallel is not None:
        body["parallel_tool_calls"] = choice.parallel
    return False


def _tool(tool: Tool | OpaqueTool) -> Tool:
    if isinstance(tool, OpaqueTool):
        raise UnsupportedParameter("The local models take functions as tools, and no vendor's own tools.", param="tools")
    return tool


def _wire_tool(tool: Tool) -> dict[str, Any]:
    function: dict[str, Any] = {"name": tool.name, "parameters": tool.parameters}
    if tool.description:
        function["description"] = tool.description
    return {"type": "function", "function": function}


def _constrain(request: LLMRequest, body: dict[str, Any]) -> str | None:
    """Hold the answer to the request's output format. Answers the name of the member at fault where that fails."""
    output = request.output
    if output is None or output.kind == "text":
        return None
    schema = output.schema if output.kind == "json_schema" else {"type": "object"}
    if not isinstance(schema, dict):
        raise BadRequest("`response_format` has no schema.", param="response_format")
    body["grammar"] = grammar_for(schema)
    return "response_format"
