"""The errors of the router and of the servers behind it.

- The router: `{"error": {message, type, param, code}}` as OpenAI's, or `{"error": "…"}`.
- TGI: `{"error": "…", "error_type": "validation"}`, and in a stream `{"error": {"message": "…", "http_status_code": 422}}`,
  which says 422 whatever went wrong: https://github.com/huggingface/text-generation-inference/blob/main/router/src/infer/mod.rs
- TEI: `{"error": "…", "error_type": "Validation"}`, on its OpenAI surface `{message, code, type}`:
  https://github.com/huggingface/text-embeddings-inference/blob/main/router/src/http/server.rs
- A dedicated endpoint that is paused: status 400, "Invalid state"; one that wakes up: 503
  (https://huggingface.co/docs/inference-endpoints/guides/autoscaling).
"""

from __future__ import annotations

import dataclasses
from typing import Any

from jackfield_sdk import (
    ContextLengthExceeded,
    ErrorRow,
    ErrorTable,
    ModelNotFound,
    QuotaExceeded,
    RateLimited,
    RequestTooLarge,
    ServerUnavailable,
    VendorError,
)
from jackfield_sdk import error_inside as common_error_inside

TABLE = ErrorTable(
    (
        ErrorRow(error=ModelNotFound, code="model_not_supported"),
        ErrorRow(
            error=ModelNotFound, status=400, message=r"model .*not supported by (any )?provider|not supported by provider"
        ),
        ErrorRow(error=QuotaExceeded, message=r"exceeded your monthly included credits|pre-paid credits|depleted your"),
        ErrorRow(error=ContextLengthExceeded, message=r"`inputs` (tokens \+|must have less than)"),
        ErrorRow(error=RequestTooLarge, message=r"batch size \d+ > maximum allowed batch size"),
        ErrorRow(error=RateLimited, code="overloaded"),
        ErrorRow(error=RateLimited, message=r"model is overloaded"),
        ErrorRow(error=ServerUnavailable, status=424),
        ErrorRow(error=ServerUnavailable, message=r"request failed during generation|incomplete generation"),
        ErrorRow(error=ServerUnavailable, status=400, message=r"invalid state|endpoint is paused"),
    )
)


def error_inside(body: dict[str, Any]) -> VendorError | None:
    """The error in an event of a stream: TGI writes the status beside its text."""
    vendor = common_error_inside(body)
    error = body.get("error")
    if vendor is not None and vendor.code is None and isinstance(error, dict) and error.get("http_status_code"):
        return dataclasses.replace(vendor, code=str(error["http_status_code"]))
    return vendor
