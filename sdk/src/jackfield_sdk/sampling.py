"""A request held against the model's parameter rules, before anything is sent."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any, TypeVar

from jackfield.contract import (
    CallContext,
    EmbeddingRequest,
    LLMRequest,
    ModerationRequest,
    RequestTooLarge,
    RerankRequest,
    SpeechRequest,
    TranscriptionRequest,
    UnsupportedParameter,
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


def allowed_speech(request: SpeechRequest, context: CallContext, formats: Iterable[str] = ()) -> SpeechRequest:
    """The same for a text to be spoken, held against all that the model's description tells: its rules for `speed` and
    `instructions`, its `audio_formats`, and the letters that it speaks at once, which the catalog has among the `properties` as
    `max_characters`.

    :param formats: those of the vendor, for a model whose description names none; it may name none either
    :raises RequestTooLarge: for a text that is longer
    :raises UnsupportedParameter: and BadRequest, as `allowed`
    """
    request = allowed_members(request, context, "speed", "instructions")
    model = context.model
    limit = model.properties.get("max_characters") if model is not None else None
    if isinstance(limit, int) and len(request.text) > limit:
        message = f"The text has {len(request.text)} letters; the model speaks {limit} at once."
        raise RequestTooLarge(message, param="input", advice="Send it in parts.")
    formats = (model.audio_formats if model is not None else ()) or tuple(formats)
    if not formats or request.format is None or request.format in formats:
        return request
    if not request.drop_unsupported:
        message = f"The model speaks {', '.join(formats)}, not {request.format}."
        raise UnsupportedParameter(message, param="response_format", advice=f"Ask for one of: {', '.join(formats)}.")
    return dataclasses.replace(request, format=None)


def allowed_recording(request: TranscriptionRequest, context: CallContext) -> TranscriptionRequest:
    """The same for a recording: its members against the model's rules, and its size against `max_input_bytes`.

    :raises RequestTooLarge: for a recording that is larger
    :raises UnsupportedParameter: and BadRequest, as `allowed`
    """
    request = allowed_members(request, context, "language", "prompt", "temperature", "timestamps", "task")
    limit, data = (context.model.max_input_bytes if context.model is not None else None), request.audio.data
    if limit is not None and data is not None and len(data) > limit:
        message = f"The recording is larger than the {limit / (1 << 20):.3g} MiB that the model takes."
        raise RequestTooLarge(message, param="file", advice="Send it in parts, or in a format that takes less room.")
    return request


def refuse_extra(request: Extended, *dialects: str) -> Extended:
    """The request without `extra` members that were written in a dialect other than those named.

    :raises UnsupportedParameter: by name, for one that would change the answer, unless `drop_unsupported`
    """
    kept = passed_on(request, *dialects)
    return request if kept == request.extra else dataclasses.replace(request, extra=kept)
