"""What a vendor's error says, wherever it says it."""

from __future__ import annotations

import orjson
import pytest
from jackfield_sdk import ErrorTable, read_error


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
