"""Gemini's errors: https://ai.google.dev/gemini-api/docs/troubleshooting, https://cloud.google.com/apis/design/errors"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from jackfield_sdk import (
    BadRequest,
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

_DAILY: Final = "QUOTA_PER_DAY"

TABLE = ErrorTable(
    (
        ErrorRow(error=CredentialsInvalid, code="API_KEY_INVALID", param="api_key"),
        ErrorRow(error=CredentialsInvalid, message=r"api[ _]?key (not valid|not found|expired|was reported)", param="api_key"),
        ErrorRow(error=CredentialsInvalid, code="API_KEY_SERVICE_BLOCKED", param="api_key"),
        ErrorRow(error=ContextLengthExceeded, message=r"input token count.*exceeds"),
        ErrorRow(error=RequestTooLarge, message=r"request payload size exceeds"),
        ErrorRow(error=PermissionDenied, message=r"user location is not supported"),
        ErrorRow(error=QuotaExceeded, code=_DAILY),
        ErrorRow(error=QuotaExceeded, message=r"prepayment credits are depleted|limit: 0\b|enable billing"),
        ErrorRow(error=UnsupportedParameter, message=r"is not enabled for (this model|models/)|not supported (for|by) this"),
        ErrorRow(error=CredentialsInvalid, code="UNAUTHENTICATED", param="api_key"),
        ErrorRow(error=PermissionDenied, code="PERMISSION_DENIED"),
        ErrorRow(error=ModelNotFound, code="NOT_FOUND"),
        ErrorRow(error=RateLimited, code="RESOURCE_EXHAUSTED"),
        ErrorRow(error=Timeout, code="DEADLINE_EXCEEDED"),
        ErrorRow(error=ServerUnavailable, code="UNAVAILABLE"),
        ErrorRow(error=ServerUnavailable, code="INTERNAL"),
        ErrorRow(error=BadRequest, code="INVALID_ARGUMENT"),
        ErrorRow(error=BadRequest, code="FAILED_PRECONDITION"),
    )
)


def read_gemini_error(body: bytes) -> VendorError:
    """`{"error": {code, message, status, details}}`, in a list or not; the details tell the reason and when to come back."""
    try:
        said: Any = json.loads(body)
    except ValueError:
        return read_error(body)
    said = said[0] if isinstance(said, list) and said else said
    error = said.get("error") if isinstance(said, dict) else None
    if not isinstance(error, dict) or not isinstance(error.get("message"), str):
        return read_error(body)
    details = [one for one in error.get("details") or () if isinstance(one, dict)]
    status = error.get("status")
    return VendorError(
        message=error["message"],
        code=status if isinstance(status, str) else None,
        param=next(_fields(details), None),
        type=_reason(details),
        retry_after=_delay(details),
    )


def gemini_error_inside(body: dict[str, Any]) -> VendorError | None:
    """The same for an error in a stream."""
    return read_gemini_error(dump_json(body)) if body.get("error") else None


def _reason(details: list[dict[str, Any]]) -> str | None:
    """Why: `API_KEY_INVALID`, or our own word for a quota that is used up until tomorrow."""
    for one in details:
        violations = one.get("violations")
        for violation in violations if isinstance(violations, list) else ():
            if isinstance(violation, dict) and "PerDay" in str(violation.get("quotaId")):
                return _DAILY
    return next((one["reason"] for one in details if isinstance(one.get("reason"), str)), None)


def _delay(details: list[dict[str, Any]]) -> float | None:
    """`{"@type": "…RetryInfo", "retryDelay": "34.07s"}` in seconds."""
    for one in details:
        delay = one.get("retryDelay")
        if isinstance(delay, str):
            try:
                return float(delay.removesuffix("s"))
            except ValueError:
                continue
    return None


def _fields(details: list[dict[str, Any]]) -> Iterator[str]:
    for one in details:
        violations = one.get("fieldViolations")
        for violation in violations if isinstance(violations, list) else ():
            if isinstance(violation, dict) and isinstance(violation.get("field"), str):
                yield violation["field"]
