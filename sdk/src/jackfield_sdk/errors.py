"""From a vendor's answer to the error tree. Each vendor states only its own rows; what every vendor means alike stands here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from jackfield.contract import (
    BadRequest,
    ConnectionFailed,
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
from jackfield.dialects.openai_errors import VendorError

ErrorClass = type[JackfieldError]
_NUMBER = re.compile(r"\s*\d{1,9}(\.\d+)?\s*")

REQUEST_ID_HEADERS = (
    "x-request-id",
    "request-id",
    "x-amzn-requestid",
    "x-ms-request-id",
    "apim-request-id",
    "x-dashscope-request-id",
    "x-debug-trace-id",
    "mistral-correlation-id",
    "trace-id",
    "cf-ray",
)

MESSAGES: dict[ErrorClass, str] = {
    BadRequest: "The vendor refuses the request.",
    ContentRefused: "The vendor's content filter refuses the request.",
    ContextLengthExceeded: "The request is longer than the model's context window.",
    CredentialsInvalid: "The vendor refuses the credential.",
    ModelNotFound: "The vendor does not know this model, or the credential does not reach it.",
    PermissionDenied: "The credential may not use this at the vendor.",
    QuotaExceeded: "The account at the vendor is spent.",
    RateLimited: "The vendor's rate limit is reached.",
    RequestTooLarge: "The request is larger than the vendor takes.",
    ServerUnavailable: "The vendor cannot answer now.",
    ConnectionFailed: "The vendor was not reached.",
    Timeout: "The vendor did not answer in time.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRow:
    """One row of a vendor's error table. What is None matches anything.

    :param error: the class of the tree
    :param status: the HTTP status, or several; None among these is an error inside a good answer or a stream
    :param code: the vendor's code or type, whole, letters' case ignored
    :param message: a regular expression to be found in the vendor's message, letters' case ignored
    :param param: the form field or request member at fault
    """

    error: ErrorClass
    status: int | tuple[int | None, ...] | None = None
    code: str | None = None
    message: str | None = None
    param: str | None = None

    def matches(self, status: int | None, vendor: VendorError) -> bool:
        """Whether the row says something of this answer."""
        if self.status is not None and status not in (self.status if isinstance(self.status, tuple) else (self.status,)):
            return False
        if self.code is not None and self.code.lower() not in {(vendor.code or "").lower(), (vendor.type or "").lower()}:
            return False
        return self.message is None or re.search(self.message, vendor.message, re.IGNORECASE) is not None


_TOO_LONG = r"context[ _-]?(length|window|size)|maximum context|too many (input )?tokens|prompt is too long|input is too long"

COMMON_ROWS: tuple[ErrorRow, ...] = (
    ErrorRow(error=QuotaExceeded, code="insufficient_quota"),
    ErrorRow(error=QuotaExceeded, status=402),
    ErrorRow(error=RateLimited, code="rate_limit_exceeded"),
    ErrorRow(error=ContextLengthExceeded, code="context_length_exceeded"),
    ErrorRow(error=ContextLengthExceeded, status=(400, 413, 422, None), message=_TOO_LONG),
    ErrorRow(error=ContentRefused, code="content_filter"),
    ErrorRow(error=ContentRefused, code="content_policy_violation"),
    ErrorRow(error=CredentialsInvalid, code="invalid_api_key", param="api_key"),
    ErrorRow(error=ModelNotFound, code="model_not_found"),
    ErrorRow(error=CredentialsInvalid, status=401, param="api_key"),
    ErrorRow(error=PermissionDenied, status=403),
    ErrorRow(error=ModelNotFound, status=404),
    ErrorRow(error=Timeout, status=408),
    ErrorRow(error=RequestTooLarge, status=413),
    ErrorRow(error=RateLimited, status=429),
    ErrorRow(error=Timeout, status=504),
)


@dataclass(frozen=True, slots=True)
class ErrorTable:
    """A vendor's rows, which come before the common ones; the first that matches counts."""

    rows: tuple[ErrorRow, ...] = ()

    def error(
        self, vendor: VendorError, *, status: int | None = None, headers: Mapping[str, str] | None = None
    ) -> JackfieldError:
        """The error of the tree for an answer. `vendor.message` must be redacted already.

        :param status: the HTTP status, or None for an error inside a 200 answer or a stream
        """
        headers = headers or {}
        wait = parse_retry_after(headers)
        row = next((row for row in (*self.rows, *COMMON_ROWS) if row.matches(status, vendor)), None)
        unknown: ErrorClass = BadRequest if status is not None and 400 <= status < 500 else ServerUnavailable
        kind = row.error if row is not None else unknown
        return kind(
            MESSAGES.get(kind, "The vendor answered with an error."),
            param=row.param if row and row.param else vendor.param,
            vendor_message=vendor.message[:2000] or None,
            vendor_code=vendor.code,
            vendor_status=status,
            request_id=next((headers[name] for name in REQUEST_ID_HEADERS if name in headers), None) or vendor.request_id,
            retry_after=wait if wait is not None else vendor.retry_after,
        )


def parse_retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait: `retry-after-ms`, or `retry-after` in seconds or as a date (RFC 9110, section 10.2.3).

    None where there is no such header, or where it says nothing that can be understood.
    """
    milliseconds, value = headers.get("retry-after-ms", ""), headers.get("retry-after", "")
    if _NUMBER.fullmatch(milliseconds):
        return float(milliseconds) / 1000
    if _NUMBER.fullmatch(value):
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:  # "-0000": the time is UTC, as all HTTP dates are
        moment = moment.replace(tzinfo=UTC)
    return max((moment - datetime.now(UTC)).total_seconds(), 0.0)
