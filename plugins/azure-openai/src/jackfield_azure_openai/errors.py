"""Azure OpenAI's errors: https://learn.microsoft.com/azure/foundry/openai/concepts/content-filter, …/how-to/quota"""

from __future__ import annotations

import json
from typing import Any

from jackfield_sdk import (
    BadRequest,
    ContentRefused,
    CredentialsInvalid,
    ErrorRow,
    ErrorTable,
    ModelNotFound,
    PermissionDenied,
    RateLimited,
    RequestTooLarge,
    ServerUnavailable,
    UnsupportedParameter,
    VendorError,
    dump_json,
    error_inside,
    read_error,
)

TABLE = ErrorTable(
    (
        ErrorRow(error=ContentRefused, code="content_filter"),
        ErrorRow(error=ContentRefused, code="ResponsibleAIPolicyViolation"),
        ErrorRow(error=ContentRefused, code="invalid_prompt"),
        ErrorRow(error=CredentialsInvalid, message=r"api[ -]?version.*(not supported|not found|invalid)", param="api_version"),
        ErrorRow(error=ModelNotFound, code="DeploymentNotFound"),
        ErrorRow(error=ModelNotFound, code="unknown_model"),
        ErrorRow(error=ModelNotFound, code="OperationNotSupported"),  # a chat asked of an embedding model's deployment
        # The service principal is known, but lacks the role; or a network rule is in the way.
        ErrorRow(error=PermissionDenied, status=401, code="PermissionDenied"),
        ErrorRow(error=PermissionDenied, code="AuthorizationFailed"),
        ErrorRow(error=RateLimited, code="too_many_requests"),
        ErrorRow(error=ServerUnavailable, code="NoCapacity"),
        ErrorRow(error=UnsupportedParameter, code="unsupported_parameter"),
        ErrorRow(error=UnsupportedParameter, code="unknown_parameter"),
        ErrorRow(error=BadRequest, code="unsupported_value"),
        # One request larger than a whole minute's tokens: waiting does not help.
        ErrorRow(error=RequestTooLarge, status=429, message=r"request too large"),
    )
)


def read_azure_error(body: bytes) -> VendorError:
    """The error; of one of the content filter the message says which categories are at fault."""
    vendor = read_error(body)
    filtered = _filtered(body)
    if not filtered:
        return vendor
    message = f"{vendor.message} (filtered: {', '.join(filtered)})"
    return VendorError(message=message, code=vendor.code, param=vendor.param, type=vendor.type)


def azure_error_inside(body: dict[str, Any]) -> VendorError | None:
    """The same for an error in a stream. `content_filter_results` of a good answer may hold an `error`, which is none."""
    return read_azure_error(dump_json(body)) if error_inside(body) is not None else None


def _filtered(body: bytes) -> list[str]:
    try:
        said = json.loads(body)
    except ValueError:
        return []
    for name in ("error", "innererror"):
        said = said.get(name) if isinstance(said, dict) else None
    if not isinstance(said, dict):
        return []
    results = said.get("content_filter_result") or said.get("content_filter_results")
    found = []
    for category, result in results.items() if isinstance(results, dict) else ():
        if isinstance(result, dict) and result.get("filtered") is True:
            severity = result.get("severity")
            found.append(f"{category} {severity}" if severity else str(category))
    return found
