"""What a vendor's error says, wherever it says it."""

from __future__ import annotations

import orjson
import pytest
from jackfield_sdk import (
    ContextLengthExceeded,
    ErrorRow,
    ErrorTable,
    JackfieldError,
    QuotaExceeded,
    RateLimited,
    ServerUnavailable,
    VendorError,
    read_error,
)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, "from-the-body"),
        ({"trace-id": "from-the-header"}, "from-the-header"),
    ],
)
def test_the_request_is_named_by_a_header_or_else_by_the_body(headers: dict[str, str], expected: str) -> None:
    told = read_error(orjson.dumps({"error": {"message": "no", "type": "bad"}, "request_id": "from-the-body"}))
    assert ErrorTable().error(told, status=400, headers=headers).request_id == expected


def test_a_request_id_that_is_none_is_left_out() -> None:
    told = read_error(orjson.dumps({"error": {"message": "no"}, "request_id": {"nested": 1}}))
    assert ErrorTable().error(told, status=400).request_id is None


def test_the_faults_of_a_server_of_fastapi() -> None:
    missing = {"loc": ["body", "messages", 0, "role"], "msg": "Field required", "type": "missing"}
    told = read_error(orjson.dumps({"detail": [missing, {"loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]}))
    assert told.message == "messages.0.role: Field required; seed: Extra inputs are not permitted"
    assert told.param == "messages.0.role"
    assert read_error(b'{"detail": [{"loc": 3, "msg": "no"}, "nonsense"]}').message == "no"
    assert read_error(b'{"detail": ["nonsense"]}').message == '["nonsense"]'


@pytest.mark.parametrize(
    ("message", "status", "kind"),
    [
        ("This model's maximum context length is 8192 tokens.", 400, ContextLengthExceeded),
        ("This model's maximum context length is 8192 tokens.", None, ContextLengthExceeded),  # in a stream
        ("Too many input tokens a minute.", 429, RateLimited),
        ("The worker is gone.", None, ServerUnavailable),
        ("No credit is left.", None, QuotaExceeded),
        ("No credit is left.", 500, ServerUnavailable),
    ],
)
def test_a_status_that_there_may_not_be(message: str, status: int | None, kind: type[JackfieldError]) -> None:
    table = ErrorTable((ErrorRow(error=QuotaExceeded, status=(402, None), message="credit"),))
    assert type(table.error(VendorError(message), status=status)) is kind
