"""A request held against the model's parameter rules, before anything is sent."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar

from jackfield.contract import (
    CallContext,
    EmbeddingRequest,
    LLMRequest,
    Sampling,
    SpeechRequest,
    TranscriptionRequest,
    UnsupportedParameter,
    check_parameters,
)

Request = TypeVar("Request", EmbeddingRequest, SpeechRequest, TranscriptionRequest)


def allowed(request: LLMRequest, context: CallContext) -> LLMRequest:
    """The request with the sampling parameters that the model takes, by the rules of its description.

    :raises UnsupportedParameter: by name, for one that has no rule, unless `drop_unsupported`
    :raises BadRequest: for a value outside its rule
    """
    rules = context.model.parameters if context.model is not None else None
    given = request.sampling.given()
    if rules is None or not given:
        return request
    kept = check_parameters(rules, given, drop_unsupported=request.drop_unsupported)
    return request if kept == given else dataclasses.replace(request, sampling=Sampling(**kept))


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


def refuse_extra(request: LLMRequest, *dialects: str) -> LLMRequest:
    """The request without `extra` members that were written in a dialect other than those named.

    :raises UnsupportedParameter: by name, unless `drop_unsupported`
    """
    if not request.extra or request.dialect is None or request.dialect in dialects:
        return request
    if not request.drop_unsupported:
        name = next(iter(request.extra))
        raise UnsupportedParameter(f"The model does not take the parameter `{name}`.", param=name)
    return dataclasses.replace(request, extra={})
