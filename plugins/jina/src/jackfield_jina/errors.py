"""Jina's errors, as its API describes itself: https://api.jina.ai/openapi.json

The body is `{code, detail, request_id}`, and of a request that is not well formed `{detail, errors: [{field, message}]}`.
"""

from __future__ import annotations

import dataclasses

import orjson
from jackfield_sdk import (
    ContextLengthExceeded,
    CredentialsInvalid,
    ErrorRow,
    ErrorTable,
    ModelNotFound,
    PermissionDenied,
    QuotaExceeded,
    ServerUnavailable,
    Timeout,
    VendorError,
    read_error,
)
from jackfield_sdk.dialects import counts

_TOO_LONG = r"max(imum)? (token|input|sequence) (limit|length)|exceeds .*tokens"

TABLE = ErrorTable(
    (
        ErrorRow(error=ModelNotFound, code="INPUT_MODEL_NOT_FOUND"),
        ErrorRow(error=CredentialsInvalid, code="AUTH_INVALID_API_KEY", param="api_key"),
        ErrorRow(error=CredentialsInvalid, code="AUTH_INVALID_FORMAT", param="api_key"),
        ErrorRow(error=CredentialsInvalid, code="AUTH_MISSING_API_KEY", param="api_key"),
        ErrorRow(error=QuotaExceeded, code="AUTHZ_INSUFFICIENT_BALANCE"),
        ErrorRow(error=PermissionDenied, code="AUTHZ_RESOURCE_LIMIT_EXCEEDED"),
        ErrorRow(error=ContextLengthExceeded, status=(400, 422), message=_TOO_LONG),
        ErrorRow(error=ServerUnavailable, status=409),  # CONFLICT_RESOURCE_BUSY: to be tried again
        ErrorRow(error=Timeout, code="SERVICE_TIMEOUT"),
    )
)


def read_jina_error(body: bytes) -> VendorError:
    """The body of an error; of several fields at fault the first is named."""
    error = read_error(body)
    try:
        faults = counts.dicts(counts.members(orjson.loads(body)).get("errors"))
    except orjson.JSONDecodeError:
        return error
    if not faults:
        return error
    said = "; ".join(f"{fault.get('field')}: {fault.get('message')}" for fault in faults[:5])
    field = str(faults[0].get("field") or "").removeprefix("body.")
    return dataclasses.replace(error, message=f"{error.message} ({said})" if error.message else said, param=field or None)
