"""A request held against the model's parameter rules, before anything is sent."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar

from jackfield.contract import (
    CallContext,
    EmbeddingRequest,
    LLMRequest,
    ModerationRequest,
    RerankRequest,
    SpeechRequest,
    TranscriptionRequest,
    check_parameters,
)
from jackfield.dialects import sampling
from jackfield.dialects.extras import passed_on

Request = TypeVar("Request", EmbeddingRequest, SpeechRequest, TranscriptionRequest)
Extended = TypeVar(
    "Extended", LLMRequest, EmbeddingRequest, RerankRequest, ModerationRequest, SpeechRequest, TranscriptionRequest
)


def allowed(request: LLMRequest, context: CallContext) -> LLMRequest:
    """The request with the sampling parameters that the model takes, by the rules of its description.

    :raises UnsupportedParameter: by name, for one that has no rule and asks for something, unless `drop_unsupported`
    :raises BadRequest: for a value outside its rule
    """
    return sampling.allowed(request, context.model) if context.model is not None else request


def allowed_members(request: Request, context: CallContext, *names: str) -> Request:
    """The same for other requests than chats: `names` are the members that not every model takes.

    :raises UnsupportedParameter: and BadRequest, as `allowed`
    """
    rules = context.model.parameters if context.model is not None else None
    if rules is None:
        return request
    defaults: dict[str, Any] = {field.name: field.default for field in dataclasses.fields(request)}
    given: dict[str, Any] = {name: value for name in names if (value := getattr(request, name)) != defaults[name]}
    kept = check_parameters(rules, given, drop_unsupported=request.drop_unsupported)
    return dataclasses.replace(request, **{name: defaults[name] for name in given.keys() - kept.keys()})


def refuse_extra(request: Extended, *dialects: str) -> Extended:
    """The request without `extra` members that were written in a dialect other than those named.

    :raises UnsupportedParameter: by name, for one that would change the answer, unless `drop_unsupported`
    """
    kept = passed_on(request, *dialects)
    return request if kept == request.extra else dataclasses.replace(request, extra=kept)
