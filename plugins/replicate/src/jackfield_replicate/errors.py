"""Replicate's errors: https://replicate.com/docs/reference/http, https://replicate.com/docs/reference/error-codes

An answer that is not good is a problem of RFC 7807, `{title, detail, status}`, to which 422 adds `invalid_fields`. What goes
wrong with a prediction stands as a text in its `error`, with a code (`E1001`) where Replicate itself is at fault.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import orjson
from jackfield_sdk import (
    ContentRefused,
    ContextLengthExceeded,
    ErrorRow,
    ErrorTable,
    ModelNotFound,
    ServerUnavailable,
    Timeout,
    VendorError,
    read_error,
)

TABLE = ErrorTable(
    (
        ErrorRow(error=ModelNotFound, status=422, message=r"invalid version|version (does not|doesn't) exist|not permitted"),
        ErrorRow(error=Timeout, code="aborted"),
        ErrorRow(error=ServerUnavailable, code="canceled"),
        ErrorRow(error=ContentRefused, message=r"nsfw|flagged as sensitive|content policy|safety (filter|checker)"),
        ErrorRow(
            error=ContextLengthExceeded,
            message=r"context (length|window)|maximum context|(prompt|input) (is |length )?(too long|exceeds)|too many tokens",
        ),
    )
)


def read_problem(body: bytes) -> VendorError:
    """The detail, behind its title; the member of the input that is at fault is the parameter."""
    vendor = read_error(body)
    try:
        problem = orjson.loads(body)
    except orjson.JSONDecodeError:
        return vendor
    if not isinstance(problem, dict):
        return vendor
    title, message = problem.get("title"), vendor.message
    if isinstance(title, str) and title and title not in message:
        message = f"{title}: {message}" if message else title
    return dataclasses.replace(vendor, message=message, code=None, param=_field(problem) or vendor.param)


def _field(problem: dict[str, Any]) -> str | None:
    fields = problem.get("invalid_fields")
    first = fields[0] if isinstance(fields, list) and fields else None
    name = first.get("field") if isinstance(first, dict) else None
    return name.removeprefix("input.") if isinstance(name, str) else None


def no_error_inside(_: dict[str, Any]) -> None:
    """A prediction's `error` is read with its status; and a model may well write JSON with an `error` into a stream."""
