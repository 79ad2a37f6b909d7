"""What Xinference says when it will not: https://github.com/xorbitsai/inference/blob/main/xinference/api/restful_api.py

All errors are `{"detail": "…"}`, and most have the status 500 whosever fault they are: the text tells them apart.
"""

from __future__ import annotations

from jackfield_sdk import (
    BadRequest,
    ContextLengthExceeded,
    ErrorRow,
    ErrorTable,
    ModelNotFound,
    UnsupportedParameter,
)

_FAULTS = (500, None)
"""Where they stand: with a status, or in a stream, `{"error": "…"}`."""

TABLE = ErrorTable(
    (
        ErrorRow(error=ModelNotFound, message=r"not found in the model list"),
        ErrorRow(error=UnsupportedParameter, status=400, message=r"support tool (calls|messages)", param="tools"),
        ErrorRow(error=BadRequest, status=_FAULTS, message=r"is not for (creating|reranking|transcri|translat)", param="model"),
        ErrorRow(error=BadRequest, status=_FAULTS, message=r"validation errors? for \w"),
        ErrorRow(
            error=ContextLengthExceeded,
            status=_FAULTS,
            message=r"(context|sequence|model)[ _](length|size|window)|maximum context|exceeds? the (available )?context",
        ),
        ErrorRow(error=UnsupportedParameter, status=501),
    )
)
