"""A request of the contract as the body that llama.cpp answers: OpenAI's shape, with a few members of llama.cpp's own."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any

from jackfield_sdk import (
    BadRequest,
    ChatOptions,
    LLMRequest,
    OpaquePart,
    Part,
    ReasoningPart,
    RefusalPart,
    TextPart,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    UnsupportedParameter,
)
from jackfield_sdk.dialects import openai_chat

from ..extras import further
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
    if not request.messages:
        raise BadRequest("A chat has at least one message.", param="messages")
    tools = _tools(request, abilities)
    body["messages"], wire = _conversation(request, tools)
    if top_logprobs is not None:
        body |= {"logprobs": True, "top_logprobs": max(top_logprobs, 1)}
    demanded_call = bool(tools) and _offer(request, abilities, tools, wire, body)
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
    return body | further(request, _FURTHER_SAMPLING)


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


def _conversation(request: LLMRequest, tools: list[Tool]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Messages and tools in OpenAI's shape, of text and calls only."""
    readable = [dataclasses.replace(message, parts=[_readable(part) for part in message.parts]) for message in request.messages]
    bare = LLMRequest(model=request.model, messages=readable, tools=[*tools])
    wire = openai_chat.build_request(bare, ChatOptions(reasoning_name="reasoning_content"))
    for message in wire["messages"]:
        message["content"] = message["content"] or ""  # the templates put texts together, and null is none
    return wire["messages"], wire.get("tools", [])


def _readable(part: Part) -> Part:
    """The part in a form that a chat template can show.

    :raises UnsupportedParameter: there is none
    """
    if isinstance(part, RefusalPart):
        return TextPart(part.text)
    if isinstance(part, ToolCall):
        return _checked_call(part)
    if isinstance(part, ToolResult):
        shown = part.content if isinstance(part.content, list) else []
        for unreadable in (inner for inner in shown if not isinstance(inner, TextPart)):
            raise _refusal(unreadable)
        return part
    if isinstance(part, TextPart | ReasoningPart):
        return part
    raise _refusal(part)


def _checked_call(call: ToolCall) -> ToolCall:
    """The engine's templates read the arguments as JSON, and the engine fails at what is not."""
    try:
        json.loads(call.arguments or "{}")
    except ValueError as error:
        raise BadRequest(f"The arguments of the earlier call of `{call.name}` are not JSON.", param="messages") from error
    return dataclasses.replace(call, arguments=call.arguments or "{}")


def _refusal(part: object) -> BadRequest:
    kind = f"`{part.body.get('type')}`" if isinstance(part, OpaquePart) else type(part).__name__
    what = _PARTS_REFUSED.get(kind, f"parts of the kind {kind}")
    return UnsupportedParameter(f"The local models read text only, not {what}.", param="messages", advice="Send text only.")


def _tools(request: LLMRequest, abilities: Abilities) -> list[Tool]:
    """The tools that the model is told of: all, or the one that it is to call."""
    choice = request.tool_choice
    if not request.tools:
        if choice is not None and choice.mode in ("required", "tool"):
            raise BadRequest("`tool_choice` demands a call, and there are no tools.", param="tool_choice")
        return []
    if not abilities.tools:
        if request.drop_unsupported:
            return []
        raise UnsupportedParameter("The chat template of this model has no place for tools.", param="tools")
    tools = [tool for tool in request.tools if isinstance(tool, Tool)]
    if len(tools) < len(request.tools):
        raise UnsupportedParameter("The local models take functions as tools, and no vendor's own tools.", param="tools")
    if choice is None or choice.mode != "tool":
        return tools
    tools = [tool for tool in tools if tool.name == choice.name]
    if not tools:
        raise BadRequest("`tool_choice` names a tool that is not among the tools.", param="tool_choice")
    return tools


def _offer(
    request: LLMRequest, abilities: Abilities, tools: list[Tool], wire: list[dict[str, Any]], body: dict[str, Any]
) -> bool:
    """Put the tools into the body. Answers whether the model is held to a call by our own grammar."""
    choice = request.tool_choice or ToolChoice()
    demanded = choice.mode in ("required", "tool")
    if demanded and abilities.demanded_calls:
        body["grammar"] = grammar_for(schema_of_call(tools))
        body["chat_template_kwargs"] = {"offered_tools": wire, "must_call": True}
        body.setdefault("temperature", 0)  # a small model fills in arguments best when it does not gamble
        return True
    if choice.mode == "none":  # the model is shown what it may call at other times, and the engine does not look for calls
        body["chat_template_kwargs"] = {"offered_tools": wire}
        return False
    if request.output is not None and request.output.kind != "text":
        raise UnsupportedParameter(
            "llama.cpp takes tools or an output format, not both.",
            param="response_format",
            advice='Leave one of them out, or set `tool_choice` to "none" for the turn that is to answer in the format.',
        )
    body["tools"] = wire
    body["tool_choice"] = "required" if demanded else "auto"
    if choice.parallel is not None:
        body["parallel_tool_calls"] = choice.parallel
    return False


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
