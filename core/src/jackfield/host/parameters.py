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
    SpeechRequest,
    TranscriptionRequest,
)
from jackfield.dialects.sampling import allowed

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
        return replace(allowed(request, model), model=model.id)
    fitted = replace(request, model=model.id)
    if model.parameters:
        rules = {rule.name: rule for rule in model.parameters}
        for name in _CHECKED.get(type(request), ()):
            value: Any = getattr(request, name)
            if value is not None and name in rules:
                rules[name].check(value)
    return fitted
