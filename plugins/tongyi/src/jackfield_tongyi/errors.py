"""DashScope's errors, in native words (`InvalidApiKey`) and in OpenAI's (`invalid_api_key`).

https://www.alibabacloud.com/help/en/model-studio/error-code
"""

from __future__ import annotations

from typing import Any

import orjson
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
    VendorError,
    error_inside,
    read_error,
)

_SPENT = (
    "Arrearage",
    "AllocationQuota.FreeTierOnly",  # the free quota is used up, and the workspace uses nothing else
    "PrepaidBillOverdue",
    "PostpaidBillOverdue",
    "CommodityNotPurchased",
)
_CROWDED = (
    "Throttling",
    "Throttling.RateQuota",
    "Throttling.BurstRate",
    "Throttling.AllocationQuota",
    "Throttling.User",
    "LimitRequests",
    "limit_requests",
    "limit_burst_rate",
    # What OpenAI calls a spent account is here the tokens of one minute.
    "insufficient_quota",
)
_REFUSED = ("DataInspectionFailed", "data_inspection_failed", "InvalidParameter.DataInspection")
_FORBIDDEN = ("AccessDenied", "access_denied", "AccessDenied.Unpurchased", "Model.AccessDenied", "Workspace.AccessDenied")
_UNKNOWN = ("ModelNotFound", "model_not_found", "WorkSpaceNotFound", "model_not_supported", "NotFound")
_DOWN = (
    "InternalError",
    "internal_error",
    "InternalError.Algo",
    "InternalError.FileUpload",
    "SystemError",
    "ServiceUnavailable",
)
_BUSY = ("ServiceUnavailable", "ModelServingError", "ModelUnavailable", "ModelServiceFailed", "InvalidBackendResponse")
_LATE = ("RequestTimeOut", "InternalError.Timeout", "ResponseTimeout", "request_timeout")
_WRONG = ("InvalidParameter", "invalid_parameter_error", "InvalidURL", "UnsupportedOperation")

TABLE = ErrorTable(
    (
        ErrorRow(error=ContextLengthExceeded, message=r"range of input length|input length should be|maximum context"),
        ErrorRow(error=QuotaExceeded, message=r"free (tier|quota)|free allocated quota"),
        *(ErrorRow(error=QuotaExceeded, code=code) for code in _SPENT),
        *(ErrorRow(error=CredentialsInvalid, code=code, param="api_key") for code in ("InvalidApiKey", "invalid_api_key")),
        *(ErrorRow(error=RateLimited, code=code) for code in _CROWDED),
        *(ErrorRow(error=ContentRefused, code=code) for code in _REFUSED),
        *(ErrorRow(error=PermissionDenied, code=code) for code in _FORBIDDEN),
        *(ErrorRow(error=ModelNotFound, code=code) for code in _UNKNOWN),
        ErrorRow(error=RequestTooLarge, code="BadRequest.TooLarge"),
        *(ErrorRow(error=Timeout, code=code) for code in _LATE),
        *(ErrorRow(error=ServerUnavailable, code=code) for code in (*_DOWN, *_BUSY)),
        *(ErrorRow(error=BadRequest, code=code) for code in _WRONG),
    )
)


def find_error(body: dict[str, Any]) -> VendorError | None:
    """The error in a good answer or in an event: `{"code", "message", "request_id"}`, or OpenAI's."""
    if body.get("code") and isinstance(body.get("message"), str) and not body.get("output"):
        return read_error(orjson.dumps(body))
    return error_inside(body)
