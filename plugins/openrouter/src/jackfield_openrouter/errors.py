"""OpenRouter's errors: https://openrouter.ai/docs/api/reference/errors-and-debugging"""

from __future__ import annotations

import json
from typing import Any, Final

from jackfield_sdk import (
    BadRequest,
    ContentRefused,
    ContextLengthExceeded,
    CredentialsInvalid,
    ErrorRow,
    ErrorTable,
    ModelNotFound,
    PermissionDenied,
    QuotaExceeded,
    RateLimited,
    RequestTooLarge,
    ServerUnavailable,
    Timeout,
    UnsupportedParameter,
    VendorError,
    dump_json,
    read_error,
)

_FLAGGED: Final = "flagged"
_IN_FLIGHT: Final = "openrouter_in_flight_budget"

TABLE = ErrorTable(
    (
        # OpenRouter's own words for what went wrong, alike on all of its surfaces.
        ErrorRow(error=ContextLengthExceeded, code="context_length_exceeded"),
        ErrorRow(error=ContextLengthExceeded, code="token_limit_exceeded"),
        ErrorRow(error=BadRequest, code="max_tokens_exceeded"),
        ErrorRow(error=ContentRefused, code="content_policy_violation"),
        ErrorRow(error=ContentRefused, code="refusal"),
        ErrorRow(error=ContentRefused, code="invalid_prompt"),
        ErrorRow(error=ContentRefused, code=_FLAGGED),
        ErrorRow(error=RateLimited, code=_IN_FLIGHT),  # what runs now would spend what is left
        ErrorRow(error=CredentialsInvalid, code="authentication", param="api_key"),
        ErrorRow(error=PermissionDenied, code="permission_denied"),
        ErrorRow(error=QuotaExceeded, code="payment_required"),
        ErrorRow(error=RequestTooLarge, code="payload_too_large"),
        ErrorRow(error=ServerUnavailable, code="provider_overloaded"),
        ErrorRow(error=ServerUnavailable, code="provider_unavailable"),
        ErrorRow(error=Timeout, code="timeout"),
        ErrorRow(error=PermissionDenied, message=r"data policy|guardrail"),
        ErrorRow(error=UnsupportedParameter, message=r"no endpoints found that support"),
        ErrorRow(error=ModelNotFound, message=r"not a valid model|no endpoints found|no allowed providers"),
        # Inside a good answer or a stream the code alone says what a status would.
        ErrorRow(error=QuotaExceeded, code="402"),
        ErrorRow(error=ServerUnavailable, status=(500, 502, 503, 529)),
    )
)


def read_openrouter_error(body: bytes) -> VendorError:
    """`{"error": {code, message, metadata}}`; of "Provider returned error" the metadata says which one, and what it said."""
    try:
        said: Any = json.loads(body)
    except ValueError:
        return read_error(body)
    error = said.get("error") if isinstance(said, dict) else None
    if not isinstance(error, dict) or not isinstance(error.get("message"), str):
        return read_error(body)
    metadata = error.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    code = error.get("code")
    return VendorError(
        message=error["message"] + _told_by(metadata),
        code=str(code) if code is not None else None,
        type=_kind(metadata),
    )


def openrouter_error_inside(body: dict[str, Any]) -> VendorError | None:
    """The same in a good answer: beside its choices, or in the first of them, of which something may have come already."""
    choices = body.get("choices")
    first = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    error = body.get("error") or first.get("error")
    return read_openrouter_error(dump_json({"error": error})) if error else None


def _told_by(metadata: dict[str, Any]) -> str:
    raw = metadata.get("raw")
    said = raw if isinstance(raw, str) else json.dumps(raw, ensure_ascii=False) if raw else ""
    reasons = metadata.get("reasons")
    if isinstance(reasons, list) and reasons:
        said = ", ".join(str(reason) for reason in reasons)
    told = ": ".join(part for part in (str(metadata.get("provider_name") or ""), said[:1000]) if part)
    return f" ({told})" if told else ""


def _kind(metadata: dict[str, Any]) -> str | None:
    if metadata.get("limit_source") == _IN_FLIGHT:
        return _IN_FLIGHT
    if metadata.get("flagged_input") is not None or metadata.get("reasons"):
        return _FLAGGED
    kind = metadata.get("error_type")
    return kind if isinstance(kind, str) else None
