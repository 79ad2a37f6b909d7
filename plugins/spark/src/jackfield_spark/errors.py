"""Spark's errors, of which there are two tables: https://www.xfyun.cn/doc/spark/HTTP调用文档.html (section 4) for HTTP, and
https://www.xfyun.cn/doc/spark/Web.html (section 2) for the websocket.

They come as `{"error": {"message", "code"}}` with a status, as `{"code", "message", "sid"}` inside 200 answers and events, and
as `{"header": {"code", "message", "sid"}}` over the websocket.
"""

from __future__ import annotations

from typing import Any, Final

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

NOT_GRANTED: Final = frozenset({"10016", "11200"})
"""The application is known, but was not granted this model, or has used up what it was granted of it."""

_SHARED = (
    ErrorRow(error=RateLimited, code="10007"),  # the question before is still being answered
    ErrorRow(error=ContentRefused, code="10013"),
    ErrorRow(error=ContentRefused, code="10014"),
    ErrorRow(error=ContentRefused, code="10019"),
    ErrorRow(error=ModelNotFound, code="10404"),
    ErrorRow(error=ContextLengthExceeded, code="10907"),
    ErrorRow(error=PermissionDenied, code="11200"),
    ErrorRow(error=QuotaExceeded, code="11201"),  # those of a day
    ErrorRow(error=RateLimited, code="11202"),  # those of a second
    ErrorRow(error=RateLimited, code="11203"),  # those at one time
)

HTTP_TABLE = ErrorTable(
    (
        *_SHARED,
        ErrorRow(error=CredentialsInvalid, message=r"invalid user|HMAC signature", param="api_password"),
        ErrorRow(error=CredentialsInvalid, code="invalid_api_key", param="api_password"),
        ErrorRow(error=CredentialsInvalid, status=401, param="api_password"),
    )
)

SOCKET_TABLE = ErrorTable(
    (
        *_SHARED,
        *(ErrorRow(error=ServerUnavailable, code=code) for code in ("10000", "10001", "10002")),  # the websocket itself
        *(ErrorRow(error=BadRequest, code=code) for code in ("10003", "10004", "10005")),
        ErrorRow(error=RateLimited, code="10006"),  # the same user is connected already
        *(ErrorRow(error=ServerUnavailable, code=code) for code in ("10008", "10009", "10010", "10011", "10012")),
        ErrorRow(error=PermissionDenied, code="10015", param="app_id"),
        ErrorRow(error=PermissionDenied, code="10016"),
        ErrorRow(error=ServerUnavailable, code="10017"),
        ErrorRow(error=Timeout, code="10018"),
        ErrorRow(error=ServerUnavailable, code="10110"),
        ErrorRow(error=BadRequest, code="10163"),
        ErrorRow(error=ServerUnavailable, code="10222"),
        ErrorRow(error=ServerUnavailable, code="10223"),
        # The handshake, https://www.xfyun.cn/doc/spark/general_url_authentication.html: an unknown key or another secret is
        # 401, a clock that is more than five minutes wrong is 403.
        ErrorRow(error=CredentialsInvalid, status=401, param="api_key"),
        ErrorRow(error=PermissionDenied, status=403),
    )
)


def error_inside(body: dict[str, Any]) -> VendorError | None:
    """The error in a 200 answer, an event or a message."""
    return _coded(body) or usual_error_inside(body)


def _coded(body: dict[str, Any]) -> VendorError | None:
    told = body["header"] if isinstance(body.get("header"), dict) else body
    code, sid = told.get("code"), told.get("sid")
    if not isinstance(code, int) or code == 0:
        return None
    return VendorError(str(told.get("message") or ""), str(code), request_id=sid if isinstance(sid, str) and sid else None)
