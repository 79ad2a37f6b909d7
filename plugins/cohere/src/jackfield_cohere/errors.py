"""Cohere's errors: https://docs.cohere.com/reference/errors

The body is `{id, message}`; what a status does not tell, only the message does. A generation that fails half-way is a good
answer whose `finish_reason` says so.
"""

from __future__ import annotations

from typing import Any

from jackfield_sdk import (
    BadRequest,
    ContentRefused,
    ContextLengthExceeded,
    CredentialsInvalid,
    ErrorRow,
    ErrorTable,
    QuotaExceeded,
    ServerUnavailable,
    Timeout,
    VendorError,
)
from jackfield_sdk.dialects import counts

TABLE = ErrorTable(
    (
        ErrorRow(error=BadRequest, status=400, message=r"max.tokens must be less than", param="max_tokens"),
        ErrorRow(error=ContextLengthExceeded, status=400, message=r"too many tokens|size limit exceeded"),
        ErrorRow(error=CredentialsInvalid, status=(401, 403), message=r"api (key|token)", param="api_key"),
        # A trial key has a month's calls beside a minute's: waiting helps with the latter only.
        ErrorRow(error=QuotaExceeded, status=429, message=r"calls */ *month|per month|monthly"),
        ErrorRow(error=ContentRefused, status=498),  # a token on the deny list
        ErrorRow(error=ServerUnavailable, status=499),  # cancelled on Cohere's side
        ErrorRow(error=BadRequest, status=501),
        ErrorRow(error=Timeout, code="TIMEOUT"),
        ErrorRow(error=ServerUnavailable, code="ERROR"),
    )
)


def error_inside(body: dict[str, Any]) -> VendorError | None:
    """The failure in a good answer, or in the last event of a stream."""
    ended = counts.members(body.get("delta")) if body.get("type") == "message-end" else body
    reason, said = ended.get("finish_reason"), ended.get("error")
    if reason not in ("ERROR", "TIMEOUT") and not said:
        return None
    return VendorError(str(said or "The generation failed."), code=reason if reason == "TIMEOUT" else "ERROR")


def raise_failure(ended: dict[str, Any]) -> None:
    """The failure at the end of a stream that has no message with it, which `VendorHTTP` looks for first.

    :raises ServerUnavailable: and Timeout
    """
    if (failure := error_inside(ended)) is not None:
        raise TABLE.error(failure)
