"""DeepSeek's errors: https://api-docs.deepseek.com/quick_start/error_codes"""

from __future__ import annotations

from jackfield_sdk import ContentRefused, ErrorRow, ErrorTable, ModelNotFound, QuotaExceeded, UnsupportedParameter

TABLE = ErrorTable(
    (
        # Its code is `invalid_request_error` for all of them: the message tells.
        ErrorRow(error=ModelNotFound, message=r"model not exist"),
        ErrorRow(error=ContentRefused, message=r"content exists risk"),
        ErrorRow(error=UnsupportedParameter, message=r"does not support this tool_choice", param="tool_choice"),
        ErrorRow(error=UnsupportedParameter, message=r"response_format type is unavailable", param="response_format"),
        ErrorRow(error=QuotaExceeded, message=r"insufficient balance"),
    )
)
