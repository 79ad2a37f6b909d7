"""Groq's errors: https://console.groq.com/docs/errors

The body is OpenAI's, `{error: {message, type, code}}`, with `failed_generation` where the model wrote what could not be used.
"""

from __future__ import annotations

from jackfield_sdk import ErrorRow, ErrorTable, ModelNotFound, PermissionDenied, RateLimited, RequestTooLarge, ServerUnavailable

TABLE = ErrorTable(
    (
        ErrorRow(error=ServerUnavailable, code="tool_use_failed"),  # the model's fault; asked again, it may do better
        ErrorRow(error=ServerUnavailable, code="json_validate_failed"),
        ErrorRow(error=ModelNotFound, code="model_decommissioned"),
        ErrorRow(error=PermissionDenied, code="model_terms_required"),
        ErrorRow(error=PermissionDenied, code="organization_restricted"),
        ErrorRow(error=RequestTooLarge, status=413),  # more than a minute's tokens: its code is that of a rate limit
        ErrorRow(error=RateLimited, status=498),  # the flex tier is full
    )
)
