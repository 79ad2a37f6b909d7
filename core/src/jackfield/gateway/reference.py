"""What /openapi.json says: the surfaces of /v1, described (OpenAPI 3.1). The admin API has a description of its own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from . import schemas as s

_REF = "#/components/schemas/{model}"
_DROP = {
    "name": "x-jackfield-drop-params",
    "in": "header",
    "description": "`true`: leave out parameters that the model does not take, instead of refusing the request",
    "schema": {"type": "string", "enum": ["true", "false"]},
}
_ERRORS = {
    "400": "The request is wrong, or asks for what the model cannot do.",
    "401": "The key is missing or not valid.",
    "403": "The key may not do this.",
    "404": "No such model.",
    "413": "The body is too large.",
    "422": "The workspace's credential at the vendor is missing or not valid.",
    "429": "Too many requests (then with `retry-after`), or a quota is spent.",
    "500": "The host or a plugin failed.",
    "502": "The vendor was not reached, or broke off.",
    "503": "The vendor cannot answer now.",
    "504": "The vendor did not answer in time.",
}


@dataclass(frozen=True, slots=True)
class _Operation:
    path: str
    summary: str
    request: type[BaseModel] | None
    response: type[BaseModel] | None
    kind: str = "application/json"
    streams: bool = False
    anthropic: bool = False
    drops: bool = True


_OPERATIONS = (
    _Operation("/v1/chat/completions", "Chat", s.ChatRequest, s.ChatResponse, streams=True),
    _Operation("/v1/completions", "Text completion", s.CompletionRequest, s.CompletionResponse, streams=True),
    _Operation("/v1/responses", "Response", s.ResponsesRequest, s.ResponsesResponse, streams=True),
    _Operation("/v1/messages", "Message", s.MessagesRequest, s.MessagesResponse, streams=True, anthropic=True),
    _Operation("/v1/messages/count_tokens", "Tokens of a message", s.CountTokensRequest, s.CountTokensResponse, anthropic=True),
    _Operation("/v1/embeddings", "Embeddings", s.EmbeddingsRequest, s.EmbeddingsResponse),
    _Operation("/v1/rerank", "Rerank (Jina, Cohere v1)", s.RerankBody, s.RerankResponse),
    _Operation("/v2/rerank", "Rerank (Cohere v2)", s.RerankBody, s.RerankResponse),
    _Operation("/v1/moderations", "Moderation", s.ModerationBody, s.ModerationResponse),
    _Operation(
        "/v1/audio/transcriptions",
        "Speech to text",
        s.TranscriptionForm,
        s.TranscriptionResponse,
        kind="multipart/form-data",
        streams=True,
    ),
    _Operation(
        "/v1/audio/translations",
        "Speech to English text",
        s.TranscriptionForm,
        s.TranscriptionResponse,
        kind="multipart/form-data",
    ),
    _Operation("/v1/audio/speech", "Text to speech", s.SpeechBody, None, streams=True),
    _Operation("/v1/assist/title", "A name for a conversation", s.TitleRequest, s.TitleResponse, drops=False),
    _Operation("/v1/assist/questions", "Next questions", s.QuestionsRequest, s.QuestionsResponse, drops=False),
    _Operation("/v1/models", "Models that the key can call", None, s.ModelList, drops=False),
    _Operation("/v1/models/{id}", "One model", None, s.Model, drops=False),
)


@cache
def document() -> dict[str, Any]:
    """The whole description."""
    models = {model for one in _OPERATIONS for model in (one.request, one.response) if model}
    models |= {s.OpenAIErrorBody, s.AnthropicErrorBody}
    ordered = sorted(models, key=lambda model: model.__name__)
    _, definitions = models_json_schema([(model, "validation") for model in ordered], ref_template=_REF)
    paths: dict[str, Any] = {}
    for operation in _OPERATIONS:
        paths[operation.path] = {"get" if operation.request is None else "post": _describe(operation)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Jackfield",
            "version": version("jackfield"),
            "description": "Any model of any vendor through one API. The official OpenAI, Anthropic and Cohere clients work as"
            " they are: point their base URL here, and name models `provider/model`, by an alias, or `default`.",
        },
        "paths": paths,
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "anthropic": {"type": "apiKey", "in": "header", "name": "x-api-key"},
            },
        },
        "security": [{"bearer": []}],
    }


def _describe(operation: _Operation) -> dict[str, Any]:
    error = s.AnthropicErrorBody if operation.anthropic else s.OpenAIErrorBody
    described: dict[str, Any] = {
        "operationId": operation.path.strip("/").replace("/", "_").replace("{", "").replace("}", ""),
        "summary": operation.summary,
        "responses": {
            "200": {"description": "The answer.", "content": _answers(operation)},
            **{status: {"description": text, "content": _json(error)} for status, text in _ERRORS.items()},
        },
    }
    parameters: list[dict[str, Any]] = []
    if "{id}" in operation.path:
        about = "`provider/model` or an alias; slashes may stand as they are"
        parameters.append({"name": "id", "in": "path", "required": True, "description": about, "schema": {"type": "string"}})
    if operation.drops:
        parameters.append(_DROP)
    if parameters:
        described["parameters"] = parameters
    if operation.request is not None:
        schema = {"$ref": _REF.format(model=operation.request.__name__)}
        described["requestBody"] = {"required": True, "content": {operation.kind: {"schema": schema}}}
    if operation.anthropic:
        described["security"] = [{"anthropic": []}, {"bearer": []}]
    return described


def _answers(operation: _Operation) -> dict[str, Any]:
    if operation.response is not None:
        answers = _json(operation.response)
    else:
        answers = {"audio/*": {"schema": {"type": "string", "format": "binary"}}}
    return answers | ({"text/event-stream": {"schema": {"type": "string"}}} if operation.streams else {})


def _json(model: type[BaseModel]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REF.format(model=model.__name__)}}}
