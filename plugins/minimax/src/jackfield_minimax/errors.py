"""MiniMax's errors: https://platform.minimax.io/docs/api-reference/errorcode

They come in two forms. Chats answer with a status, and the code stands at the end of the message:
`{"type": "error", "error": {"type", "message": "… (2013)"}}`. Everything else answers 200, with the code in
`{"base_resp": {"status_code", "status_msg"}}`.
"""

from __future__ import annotations

import dataclasses
import re
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
    Timeout,
    VendorError,
)
from jackfield_sdk import error_inside as usual_error_inside

_CODE = re.compile(r"\((\d{4,6})\)\s*$")
_MEMBER = re.compile(r"expr_path=(\w+)")

TABLE = ErrorTable(
    (
        ErrorRow(error=ServerUnavailable, code="1000"),
        ErrorRow(error=Timeout, code="1001"),
        ErrorRow(error=RateLimited, code="1002"),
        ErrorRow(error=CredentialsInvalid, code="1004", message=r"\bgroup", param="group_id"),
        ErrorRow(error=CredentialsInvalid, code="1004", param="api_key"),
        ErrorRow(error=QuotaExceeded, code="1008"),
        ErrorRow(error=ServerUnavailable, code="1013"),
        ErrorRow(error=ServerUnavailable, code="1024"),
        ErrorRow(error=ContentRefused, code="1026"),
        ErrorRow(error=ContentRefused, code="1027"),
        ErrorRow(error=QuotaExceeded, code="1028"),
        ErrorRow(error=QuotaExceeded, code="1030"),
        ErrorRow(error=ServerUnavailable, code="1033"),
        ErrorRow(error=RateLimited, code="1039"),  # tokens in a minute
        ErrorRow(error=RateLimited, code="1041"),  # connections at one time
        ErrorRow(error=BadRequest, code="1042", param="input"),  # too many letters that cannot be seen
        ErrorRow(error=ModelNotFound, code="2013", message=r"unknown model|model .*not (exist|found)"),
        ErrorRow(error=ContextLengthExceeded, code="2013", message=r"context window"),
        ErrorRow(error=BadRequest, code="2013"),
        ErrorRow(error=PermissionDenied, code="2038"),  # an account that has not proved who it is
        ErrorRow(error=PermissionDenied, code="2042", param="voice"),
        ErrorRow(error=RateLimited, code="2045"),  # more requests too suddenly
        ErrorRow(error=CredentialsInvalid, code="2049", param="api_key"),
        ErrorRow(error=QuotaExceeded, code="2056"),  # what the plan holds for these five hours
        ErrorRow(error=PermissionDenied, code="2061"),  # a model that is not in the plan
        ErrorRow(error=BadRequest, code="20132", param="voice"),
    )
)


def error_inside(body: dict[str, Any]) -> VendorError | None:
    """The error in a 200 answer or in an event."""
    usual = usual_error_inside(body)
    return _base_resp(body) or (_with_code(usual) if usual is not None else None)


def _base_resp(body: dict[str, Any]) -> VendorError | None:
    told = body.get("base_resp")
    code = told.get("status_code") if isinstance(told, dict) else None
    if not isinstance(told, dict) or not isinstance(code, int) or code == 0:
        return None
    message = str(told.get("status_msg") or "")
    trace = body.get("trace_id")
    return VendorError(message, str(code), _member(message), request_id=trace if isinstance(trace, str) else None)


def _with_code(vendor: VendorError) -> VendorError:
    found = _CODE.search(vendor.message)
    return dataclasses.replace(vendor, code=found[1], param=_member(vendor.message)) if found else vendor


def _member(message: str) -> str | None:
    """The member of the request at fault, where the message names it."""
    found = _MEMBER.search(message)
    return found[1] if found else None
