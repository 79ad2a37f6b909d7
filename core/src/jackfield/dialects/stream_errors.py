"""Errors that come in the middle of a stream, whose HTTP status was 200 already: told by the vendor's code or type alone.

https://platform.openai.com/docs/guides/error-codes, https://docs.anthropic.com/en/api/errors
"""

from __future__ import annotations

from jackfield.contract import (
    BadRequest,
    ContentRefused,
    ContextLengthExceeded,
    CredentialsInvalid,
    JackfieldError,
    ModelNotFound,
    PermissionDenied,
    QuotaExceeded,
    RateLimited,
    RequestTooLarge,
    ServerUnavailable,
    Timeout,
)

from .counts import members

_KINDS: dict[str, type[JackfieldError]] = {
    "400": BadRequest,
    "401": CredentialsInvalid,
    "402": QuotaExceeded,
    "403": PermissionDenied,
    "404": ModelNotFound,
    "408": Timeout,
    "413": RequestTooLarge,
    "429": RateLimited,
    "504": Timeout,
    "authentication_error": CredentialsInvalid,
    "billing_error": QuotaExceeded,
    "content_filter": ContentRefused,
    "content_policy_violation": ContentRefused,
    "context_length_exceeded": ContextLengthExceeded,
    "insufficient_quota": QuotaExceeded,
    "invalid_api_key": CredentialsInvalid,
    "invalid_prompt": ContentRefused,
    "invalid_request_error": BadRequest,
    "json_validate_failed": ServerUnavailable,  # Groq: what the model wrote could not be used
    "model_not_found": ModelNotFound,
    "not_found_error": ModelNotFound,
    "permission_error": PermissionDenied,
    "rate_limit_error": RateLimited,
    "rate_limit_exceeded": RateLimited,
    "request_too_large": RequestTooLarge,
    "timeout_error": Timeout,
    "tool_use_failed": ServerUnavailable,
}


def stream_error(error: object) -> JackfieldError:
    """:param error: the error object of the event, or its text; what its code does not tell is the vendor's trouble"""
    said = members(error)
    code, kind = said.get("code"), said.get("type")
    known = (_KINDS[str(word)] for word in (code, kind) if str(word) in _KINDS)
    message = said.get("message") if said else error
    param = said.get("param")
    return next(known, ServerUnavailable)(
        "The vendor broke the stream off with an error.",
        param=param if isinstance(param, str) else None,
        vendor_code=str(code or kind or "") or None,
        vendor_message=str(message) if message else None,
    )
