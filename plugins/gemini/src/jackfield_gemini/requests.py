"""A chat as Gemini's generateContent takes it: https://ai.google.dev/api/generate-content"""

from __future__ import annotations

import dataclasses
from typing import Any

from jackfield_sdk import (
    LLMRequest,
    ModelDescription,
    OpaqueTool,
    OutputFormat,
    Sampling,
    Tool,
    ToolChoice,
    UnsupportedParameter,
    refuse_extra,
)

from .contents import DIALECT, build_contents
from .thinking import thinking_config

_NAMES = {
    "max_tokens": "maxOutputTokens",
    "temperature": "temperature",
    "top_p": "topP",
    "top_k": "topK",
    "seed": "seed",
    "stop": "stopSequences",
    "n": "candidateCount",
    "frequency_penalty": "frequencyPenalty",
    "presence_penalty": "presencePenalty",
}
_CAMEL: dict[str, str] = {"cached_content": "cachedContent", "safety_settings": "safetySettings"}
_APART = ("reasoning_effort", "reasoning_budget")


def build_request(request: LLMRequest, model: ModelDescription | None) -> dict[str, Any]:
    """The body. `user` and `metadata` have no place in it, and ask nothing of the answer.

    :raises UnsupportedParameter: by name, for what Gemini cannot take
    """
    request, google = _googles_own(request)
    request = refuse_extra(request, DIALECT)
    body = build_contents(request)
    if request.tools:
        body["tools"] = _build_tools(request.tools)
    if config := _build_tool_config(request):
        body["toolConfig"] = {"functionCallingConfig": config}
    generation = _build_sampling(request.sampling, request.drop_unsupported) | _build_output(request.output)
    if thinking := thinking_config(request.sampling, model):
        generation["thinkingConfig"] = thinking
    if "thinking_config" in google:
        generation["thinkingConfig"] = google.pop("thinking_config")
    extra = dict(request.extra)
    generation |= extra.pop("generationConfig", {})
    return body | ({"generationConfig": generation} if generation else {}) | google | extra


def _googles_own(request: LLMRequest) -> tuple[LLMRequest, dict[str, Any]]:
    """What a client of OpenAI's says to Google in `extra_body`: https://ai.google.dev/gemini-api/docs/openai#extra-body"""
    beyond = request.extra.get("extra_body")
    google: dict[str, Any] = {}
    if isinstance(beyond, dict) and set(beyond) == {"google"} and isinstance(beyond["google"], dict):
        google = beyond["google"]
    if not google:
        return request, {}
    kept = {name: value for name, value in request.extra.items() if name != "extra_body"}
    return dataclasses.replace(request, extra=kept), {_CAMEL.get(name, name): value for name, value in google.items()}


def _build_sampling(sampling: Sampling, drop: bool) -> dict[str, Any]:
    built: dict[str, Any] = {}
    for name, value in sampling.given().items():
        if name in _NAMES:
            built[_NAMES[name]] = value
        elif name not in _APART and not drop:
            raise UnsupportedParameter(f"Gemini does not take the parameter `{name}`.", param=name)
    return built


def _build_output(output: OutputFormat | None) -> dict[str, Any]:
    if output is None or output.kind == "text":
        return {}
    schema = {"responseJsonSchema": output.schema} if output.kind == "json_schema" and output.schema else {}
    return {"responseMimeType": "application/json", **schema}


def _build_tools(tools: list[Tool | OpaqueTool]) -> list[dict[str, Any]]:
    declared: list[dict[str, Any]] = []
    built: list[dict[str, Any]] = []
    for tool in tools:
        if isinstance(tool, Tool):
            described = {"description": tool.description} if tool.description else {}
            declared.append({"name": tool.name, **described, "parametersJsonSchema": tool.parameters})
        elif tool.dialect == DIALECT:
            built.append(tool.body)
        else:
            kind = tool.body.get("type")
            raise UnsupportedParameter(f"Gemini has no tool of the type `{kind}`.", param="tools")
    return [*([{"functionDeclarations": declared}] if declared else []), *built]


def _build_tool_config(request: LLMRequest) -> dict[str, Any]:
    """VALIDATED is AUTO that holds to the schemas, which `strict` asks for."""
    choice = request.tool_choice or ToolChoice()
    if choice.parallel is False and not request.drop_unsupported:
        raise UnsupportedParameter("Gemini cannot be kept to one call at a time.", param="parallel_tool_calls")
    functions = [tool for tool in request.tools if isinstance(tool, Tool)]
    match choice.mode:
        case "none":
            return {"mode": "NONE"} if functions else {}
        case "required":
            return {"mode": "ANY"}
        case "tool":
            return {"mode": "ANY", "allowedFunctionNames": [choice.name]}
    return {"mode": "VALIDATED"} if functions and all(tool.strict for tool in functions) else {}
