"""OpenAI's moderations, both ways: https://platform.openai.com/docs/api-reference/moderations"""

from __future__ import annotations

from typing import Any

from jackfield.contract import (
    BadRequest,
    ImagePart,
    ModerationRequest,
    ModerationResult,
    ServerUnavailable,
    TextPart,
    Verdict,
)

from .extras import given, passed_on
from .openai_chat.parts import build_part, parse_parts
from .openai_errors import render_error

DIALECT = "openai.moderations"

__all__ = ["DIALECT", "build_request", "parse_request", "parse_result", "render_error", "render_result"]


def parse_request(body: dict[str, Any]) -> ModerationRequest:
    """A string, a list of strings, or a list of parts that are judged as one.

    :raises BadRequest: naming the member at fault
    """
    inputs = body.get("input")
    if isinstance(inputs, str):
        inputs = [inputs]
    if not isinstance(inputs, list) or not inputs:
        raise BadRequest("`input` must be a string, or a list of strings or of parts.", param="input")
    if not all(isinstance(text, str) for text in inputs):
        parts = [part for part in parse_parts(inputs, "input") if isinstance(part, TextPart | ImagePart)]
        if len(parts) != len(inputs):
            raise BadRequest("`input` may hold text and images only.", param="input")
        inputs = [parts]
    extra = given(body, frozenset({"model", "input"}))
    return ModerationRequest(model=str(body.get("model") or ""), inputs=inputs, extra=extra, dialect=DIALECT)


def build_request(request: ModerationRequest) -> dict[str, Any]:
    """:raises BadRequest: for an input of parts beside others, as OpenAI judges all parts together; and as `passed_on`"""
    inputs: Any = request.inputs
    if inputs and isinstance(inputs[0], list):
        if len(inputs) > 1:
            raise BadRequest("Inputs of parts are judged one at a time.", param="input")
        inputs = [build_part(part) for part in inputs[0]]
    return {"model": request.model, "input": inputs, **passed_on(request, DIALECT)}


def parse_result(body: dict[str, Any]) -> ModerationResult:
    """:raises ServerUnavailable: if the body is no moderation"""
    try:
        verdicts = [
            Verdict(
                flagged=bool(result["flagged"] if "flagged" in result else any(result["categories"].values())),  # Mistral
                categories={name: bool(value) for name, value in result["categories"].items()},
                scores={name: float(value) for name, value in result["category_scores"].items()},
                extra={name: result[name] for name in ("category_applied_input_types",) if name in result},
            )
            for result in body["results"]
        ]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ServerUnavailable(f"The vendor's answer is no moderation: {error!r}.") from None
    answer = ModerationResult(verdicts=verdicts, model=str(body.get("model") or ""))
    answer.id = str(body.get("id") or answer.id)
    return answer


def render_result(result: ModerationResult, request: ModerationRequest) -> dict[str, Any]:
    """OpenAI's moderation object."""
    return {
        "id": result.id,
        "model": result.model or request.model,
        "results": [
            {"flagged": verdict.flagged, "categories": verdict.categories, "category_scores": verdict.scores, **verdict.extra}
            for verdict in result.verdicts
        ],
    }
