"""OpenAI's errors: https://developers.openai.com/api/docs/guides/error-codes"""

from __future__ import annotations

from jackfield_sdk import (
    BadRequest,
    ContentRefused,
    CredentialsInvalid,
    ErrorRow,
    ErrorTable,
    ModelNotFound,
    PermissionDenied,
    QuotaExceeded,
    RequestTooLarge,
    UnsupportedParameter,
)

TABLE = ErrorTable(
    (
        ErrorRow(error=CredentialsInvalid, status=401, message=r"organi[sz]ation", param="organization"),
        ErrorRow(error=CredentialsInvalid, code="mismatched_organization", param="organization"),
        ErrorRow(error=CredentialsInvalid, code="invalid_organization", param="organization"),
        ErrorRow(error=CredentialsInvalid, status=401, message=r"\bproject\b", param="project"),
        ErrorRow(error=CredentialsInvalid, code="mismatched_project", param="project"),
        ErrorRow(error=CredentialsInvalid, code="account_deactivated", param="api_key"),
        ErrorRow(error=QuotaExceeded, code="billing_hard_limit_reached"),
        ErrorRow(error=QuotaExceeded, code="billing_not_active"),
        ErrorRow(error=PermissionDenied, code="unsupported_country_region_territory"),
        ErrorRow(error=ModelNotFound, code="model_not_found"),
        ErrorRow(error=UnsupportedParameter, code="unsupported_parameter"),
        ErrorRow(error=UnsupportedParameter, code="unknown_parameter"),
        ErrorRow(error=BadRequest, code="unsupported_value"),
        ErrorRow(error=ContentRefused, code="invalid_prompt"),  # reasoning models: flagged by the usage policy
        ErrorRow(error=ContentRefused, code="moderation_blocked"),
        # One request larger than a whole minute's tokens: waiting does not help.
        ErrorRow(error=RequestTooLarge, status=429, message=r"request too large"),
    )
)
