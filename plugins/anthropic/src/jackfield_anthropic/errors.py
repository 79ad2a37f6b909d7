"""Anthropic's errors: https://docs.anthropic.com/en/api/errors"""

from __future__ import annotations

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
)

TABLE = ErrorTable(
    (
        ErrorRow(
            error=ContextLengthExceeded, code="invalid_request_error", message=r"prompt is too long|context (limit|window)"
        ),
        ErrorRow(error=QuotaExceeded, message=r"credit balance is too low"),
        ErrorRow(error=QuotaExceeded, code="billing_error"),
        ErrorRow(error=CredentialsInvalid, code="authentication_error", param="api_key"),
        ErrorRow(error=PermissionDenied, code="permission_error"),
        ErrorRow(error=ModelNotFound, code="not_found_error"),
        ErrorRow(error=RequestTooLarge, code="request_too_large"),
        ErrorRow(error=RateLimited, code="rate_limit_error"),
        ErrorRow(error=Timeout, code="timeout_error"),
        ErrorRow(error=ServerUnavailable, code="overloaded_error"),
        ErrorRow(error=ServerUnavailable, code="api_error"),
        ErrorRow(error=BadRequest, code="invalid_request_error", status=400),
    )
)
