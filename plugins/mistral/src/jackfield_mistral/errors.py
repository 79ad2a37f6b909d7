"""Mistral's errors: https://docs.mistral.ai/resources/error-glossary

The body is `{object, message, type, param, code}`, whose code is a number; of a wrong key it is `{detail}`.
"""

from __future__ import annotations

from jackfield_sdk import BadRequest, ContextLengthExceeded, ErrorRow, ErrorTable, ModelNotFound, RateLimited

TABLE = ErrorTable(
    (
        ErrorRow(error=ModelNotFound, code="invalid_model"),
        ErrorRow(error=ModelNotFound, code="unknown_model"),
        ErrorRow(error=ContextLengthExceeded, code="3210"),  # too many tokens in one request of embeddings
        ErrorRow(error=ContextLengthExceeded, status=(400, 422), message=r"too large for model|exceeds? .*context"),
        ErrorRow(error=BadRequest, code="invalid_request_message_order", param="messages"),
        ErrorRow(error=BadRequest, code="invalid_function_call", param="messages"),
        ErrorRow(error=RateLimited, code="rate_limited"),
        ErrorRow(error=RateLimited, code="service_tier_capacity_exceeded"),
    )
)
