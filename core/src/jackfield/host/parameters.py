"""A typed request as it goes to one model: under the vendor's name of it, with the parameters that it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from jackfield.contract import (
    EmbeddingRequest,
    LLMRequest,
    ModelDescription,
    ModerationRequest,
    RerankRequest,
    Sampling,
    SpeechRequest,
    TranscriptionRequest,
    check_parameters,
)

Request = TypeVar(
    "Request", LLMRequest, EmbeddingRequest, RerankRequest, TranscriptionRequest, SpeechRequest, ModerationRequest
)
_CHECKED: Mapping[type, tuple[str, ...]] = {
    EmbeddingRequest: ("dimensions",),
    TranscriptionRequest: ("language", "prompt", "temperature"),
    SpeechRequest: ("speed", "instructions"),
}


def fit(request: Request, model: ModelDescription) -> Request:
    """A copy for one attempt.

    :raises UnsupportedParameter: naming a sampling parameter that the model does not take, unless it may be dropped
    :raises BadRequest: naming a parameter whose value it does not take
    """
    if isinstance(request, LLMRequest):
        if model.parameters is None:
            return replace(request, model=model.id)
        kept = check_parameters(model.parameters, request.sampling.given(), drop_unsupported=request.drop_unsupported)
        return replace(request, model=model.id, sampling=Sampling(**kept))
    fitted = replace(request, model=model.id)
    if model.parameters:
        rules = {rule.name: rule for rule in model.parameters}
        for name in _CHECKED.get(type(request), ()):
            value: Any = getattr(request, name)
            if value is not None and name in rules:
                rules[name].check(value)
    return fitted
