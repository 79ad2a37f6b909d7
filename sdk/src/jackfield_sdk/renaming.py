"""A model that has another name at its vendor than in the workspace."""

from __future__ import annotations

import dataclasses
from typing import TypeVar

import orjson
from jackfield.contract import (
    EmbeddingRequest,
    LLMRequest,
    ModerationRequest,
    RelayRequest,
    RerankRequest,
    SpeechRequest,
    TranscriptionRequest,
)

Request = TypeVar(
    "Request", LLMRequest, EmbeddingRequest, RerankRequest, ModerationRequest, TranscriptionRequest, SpeechRequest, RelayRequest
)


def renamed(request: Request, name: str) -> Request:
    """The request by the vendor's name of the model."""
    return dataclasses.replace(request, model=name) if name != request.model else request


def renamed_body(request: RelayRequest, name: str) -> RelayRequest:
    """The same for a body that is passed on; it is only opened where the name differs."""
    if name == request.model:
        return request
    body = orjson.loads(request.body)
    return dataclasses.replace(request, model=name, body=orjson.dumps(body | {"model": name}))
