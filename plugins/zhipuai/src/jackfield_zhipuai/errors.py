"""The vendor's errors, told by the code in the body: https://docs.bigmodel.cn/cn/api/api-code

The status says little: a spent account and a crowded model are both 429.
"""

from __future__ import annotations

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
)

TABLE = ErrorTable(
    (
        *(ErrorRow(error=CredentialsInvalid, code=code, param="api_key") for code in ("1000", "1001", "1002", "1003", "1004")),
        ErrorRow(error=PermissionDenied, code="1110"),  # the account is not active
        ErrorRow(error=CredentialsInvalid, code="1111", param="api_key"),  # there is no such account
        ErrorRow(error=PermissionDenied, code="1112"),  # locked
        ErrorRow(error=QuotaExceeded, code="1113"),
        ErrorRow(error=ServerUnavailable, code="1120"),
        ErrorRow(error=PermissionDenied, code="1121"),  # locked for what it did
        *(ErrorRow(error=BadRequest, code=code) for code in ("1210", "1212", "1213", "1214", "1215", "1231")),
        ErrorRow(error=ModelNotFound, code="1211"),
        ErrorRow(error=PermissionDenied, code="1220"),
        *(ErrorRow(error=ModelNotFound, code=code) for code in ("1221", "1222")),  # an API that is no more, or never was
        *(ErrorRow(error=ServerUnavailable, code=code) for code in ("1230", "1234")),
        ErrorRow(error=ContextLengthExceeded, code="1261"),
        ErrorRow(error=PermissionDenied, code="1300"),
        ErrorRow(error=ContentRefused, code="1301"),
        # Too many calls at once, too many a minute, a crowded API, a crowded model, an unfair use of a plan: all pass by.
        *(ErrorRow(error=RateLimited, code=code) for code in ("1302", "1303", "1305", "1312", "1313")),
        # What a day, a week or a month has; the last: a plan that ran out.
        *(ErrorRow(error=QuotaExceeded, code=code) for code in ("1304", "1308", "1310", "1309")),
        ErrorRow(error=PermissionDenied, code="1311"),  # a plan without this model
    )
)
