"""A chat as Ollama's native API takes it: https://docs.ollama.com/api/chat"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from jackfield_sdk import (
    ANTHROPIC_MESSAGES,
    BadRequest,
    LLMRequest,
    OpaqueTool,
    OutputFormat,
    meant,
    passed_on,
    refuse,
)

from .messages import build_messages

DIALECT: Final = "ollama.chat"
_OWN = frozenset({"options", "think", "keep_alive", "truncate", "shift", "format"})
"""Members of Ollama's own, which a client may send beside those of another dialect."""

_OPTIONS = {
    "max_tokens": "num_predict",
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "min_p": "min_p",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "repetition_penalty": "repeat_penalty",
    "seed": "seed",
    "stop": "stop",
}
_THINK: dict[str, bool | str] = {
    "none": False,
    "minimal": "low",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "max",
    "max": "max",
}


def build_request(request: LLMRequest, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The body for /api/chat.

    :param settings: the form's values
    :raises UnsupportedParameter: by name, for what Ollama has no form for, unless `drop_unsupported`
    """
    body: dict[str, Any] = {"model": request.model, "messages": build_messages(request)}
    mode = request.tool_choice.mode if request.tool_choice is not None else "auto"
    if mode in ("required", "tool"):
        refuse(request, "tool_choice", "Ollama cannot be told to call a tool.")
    if request.tool_choice is not None and request.tool_choice.parallel is False:
        refuse(request, "parallel_tool_calls")
    if mode != "none" and (tools := _tools(request)):
        body["tools"] = tools
    return body | build_settings(request, settings)


def build_completion(request: LLMRequest, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The body for /api/generate: https://docs.ollama.com/api/generate

    :raises BadRequest: if the prompt is not one text
    """
    if len(request.messages) != 1 or request.messages[0].role != "user":
        raise BadRequest("A completion has one prompt.", param="prompt")
    return {"model": request.model, "prompt": request.messages[0].text} | build_settings(request, settings)


def build_settings(request: LLMRequest, settings: Mapping[str, Any]) -> dict[str, Any]:
    """What both have in common."""
    body: dict[str, Any] = {"stream": request.stream}
    if request.output is not None and (format_ := _format(request.output)) is not None:
        body["format"] = format_
    options: dict[str, Any] = {"num_ctx": int(settings["context_size"])} if settings.get("context_size") else {}
    if settings.get("cut_history") is not True:
        body["truncate"] = False  # what does not fit is an error, and not left out in silence
    if settings.get("keep_alive"):
        body["keep_alive"] = keep_alive(str(settings["keep_alive"]))
    said = meant(request.sampling)
    for name, value in request.sampling.given().items():
        if name in _OPTIONS:
            options[_OPTIONS[name]] = value
        elif name in ("logprobs", "top_logprobs"):
            body[name] = value
        elif name == "reasoning_effort" and value in _THINK:
            body["think"] = _THINK[value]
        elif name == "reasoning_budget" and value == 0:
            body.setdefault("think", False)
        elif name == "reasoning_budget" and request.dialect == ANTHROPIC_MESSAGES:  # which has no other word for thinking
            body |= {"think": True} if settings.get("reasoning") is True else {}
        elif name in said:
            refuse(request, name)
    extra = passed_on(request, DIALECT, shared=_OWN)
    own = extra.pop("options", None)
    options |= own if isinstance(own, dict) else {}
    return body | ({"options": options} if options else {}) | extra


def keep_alive(text: str) -> int | str:
    """A bare number is one of seconds, and must not be a string."""
    return int(text) if text.removeprefix("-").isdecimal() else text


def _format(output: OutputFormat) -> Any:
    """https://docs.ollama.com/capabilities/structured-outputs"""
    if output.kind == "text":
        return None
    return output.schema if output.kind == "json_schema" and output.schema else "json"


def _tools(request: LLMRequest) -> list[dict[str, Any]]:
    built: list[dict[str, Any]] = []
    for tool in request.tools:
        if isinstance(tool, OpaqueTool):
            refuse(request, "tools", f"Ollama does not know the tool `{tool.body.get('type')}`.")
            continue
        function: dict[str, Any] = {"name": tool.name, "description": tool.description or "", "parameters": tool.parameters}
        built.append({"type": "function", "function": function})
    return built
