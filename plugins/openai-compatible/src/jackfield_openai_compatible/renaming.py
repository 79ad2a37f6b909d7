"""A model that has another name at its server than in the workspace."""

from __future__ import annotations

import dataclasses
import json
from typing import TypeVar

from jackfield_sdk import (
    CallContext,
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


def renamed(request: Request, context: CallContext) -> Request:
    """The request by the server's name of the model."""
    name = context.credentials.get("endpoint_model")
    return dataclasses.replace(request, model=str(name)) if name else request


def renamed_body(request: RelayRequest, context: CallContext) -> RelayRequest:
    """The same for a body that is passed on; it is only opened where the name differs."""
    other = renamed(request, context)
    if other.model == request.model:
        return request
    body = json.loads(request.body)
    return dataclasses.replace(other, body=json.dumps(body | {"model": other.model}, ensure_ascii=False).encode())
