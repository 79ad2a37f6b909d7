"""Qianfan's errors: words in today's API, numbers in the older one, which tells them in 200 answers.

https://cloud.baidu.com/doc/qianfan/s/Qmh4su56e, https://cloud.baidu.com/doc/WENXINWORKSHOP/s/tlmyncueh
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
    ModelNotFound,
    PermissionDenied,
    QuotaExceeded,
    RateLimited,
    ServerUnavailable,
    VendorError,
    error_inside,
)

EXPIRED = ("110", "111")
"""The token is not known (any more), or its time is over."""
_TOO_LONG = r"prompt tokens? too long|max (input|length)|(input|prompt|characters|tokens) (is |are )?too long|too many tokens"
_SPENT = r"overdue|arrears?\b|in debt|insufficient balance|欠费|余额不足"
_UNSAFE = ("unsafe_request", "system_unsafe", "user_setting_unsafe", "image_url_unsafe")

TABLE = ErrorTable(
    (
        ErrorRow(error=ContextLengthExceeded, message=_TOO_LONG),
        *(ErrorRow(error=ContextLengthExceeded, code=code) for code in ("characters_too_long", "tokens_too_long")),
        ErrorRow(error=QuotaExceeded, message=_SPENT),
        # Words.
        *(ErrorRow(error=ContentRefused, code=code) for code in _UNSAFE),
        ErrorRow(error=CredentialsInvalid, code="invalid_iam_token", param="api_key"),
        ErrorRow(error=PermissionDenied, code="invalid_model", status=(401, 403)),
        *(ErrorRow(error=PermissionDenied, code=code) for code in ("no_parameter_permission", "access_denied")),
        ErrorRow(error=ModelNotFound, code="invalid_model"),
        *(
            ErrorRow(error=RateLimited, code=f"{what}_rate_limit_exceeded")
            for what in ("rpm", "tpm", "preemptible", "user", "cluster_rpm", "cluster_tpm")
        ),
        *(ErrorRow(error=BadRequest, code=code) for code in ("malformed_json", "invalid_messages", "invalid_argument")),
        *(
            ErrorRow(error=ServerUnavailable, code=code)
            for code in ("internal_error", "dispatch_internal_error", "server_high_load")
        ),
        # Numbers.
        *(ErrorRow(error=ServerUnavailable, code=code) for code in ("1", "2", "336000", "336100")),
        *(ErrorRow(error=ModelNotFound, code=code) for code in ("3", "336005")),
        *(ErrorRow(error=RateLimited, code=code) for code in ("4", "18", "336501", "336502")),
        *(ErrorRow(error=PermissionDenied, code=code) for code in ("6", "336004")),
        *(ErrorRow(error=CredentialsInvalid, code=code, param="api_key") for code in ("13", "14", "15", "100", *EXPIRED)),
        *(ErrorRow(error=QuotaExceeded, code=code) for code in ("17", "19")),  # of a day, of the whole
        *(ErrorRow(error=ContextLengthExceeded, code=code) for code in ("336007", "336103")),
        *(
            ErrorRow(error=BadRequest, code=code)
            for code in ("336001", "336002", "336003", "336006", "336101", "336104", "336105")
        ),
    )
)


def find_error(body: dict[str, Any]) -> VendorError | None:
    """The error in a good answer or in an event: `{"error_code", "error_msg", "id"}`, or OpenAI's."""
    if body.get("error_code"):
        identity = body.get("id")
        return VendorError(
            str(body.get("error_msg") or ""),
            str(body["error_code"]),
            request_id=identity if isinstance(identity, str) else None,
        )
    return error_inside(body)
