"""Magpie AI's errors: https://docs.magpie.example/api/errors"""

from __future__ import annotations

import json

from jackfield_sdk import ContentRefused, ErrorRow, ErrorTable, QuotaExceeded, VendorError

TABLE = ErrorTable(
    (
        # Only what is the vendor's own: 401, 429, 5xx and so on are known already.
        ErrorRow(error=QuotaExceeded, code="no_credits"),
        ErrorRow(error=ContentRefused, status=400, code="unsafe"),
    )
)


def read_error(body: bytes) -> VendorError:
    """`{"problem": {"text": …, "code": …}}`; whatever else stands there (a proxy's page) is told as it is."""
    try:
        problem = json.loads(body)["problem"]
        return VendorError(message=str(problem["text"]), code=str(problem["code"]))
    except (ValueError, TypeError, KeyError, RecursionError):
        return VendorError(message=body[:500].decode("utf-8", "replace"))
