"""Ollama's errors: `{"error": "…"}`, with a status or as a line of a stream. https://docs.ollama.com/api/errors

What the texts are: https://github.com/ollama/ollama/blob/main/server/images.go, …/llm/llama_server.go, …/server/sched.go
"""

from __future__ import annotations

from jackfield_sdk import (
    BadRequest,
    ContextLengthExceeded,
    ErrorRow,
    ErrorTable,
    ModelNotFound,
    RateLimited,
    ServerUnavailable,
    UnsupportedParameter,
)

TABLE = ErrorTable(
    (
        ErrorRow(
            error=ContextLengthExceeded,
            message=r"exceeds? (the )?(available |maximum )?context|longer than the context length",
        ),
        ErrorRow(error=UnsupportedParameter, message=r"does not support tools", param="tools"),
        ErrorRow(
            error=UnsupportedParameter, message=r"does not support thinking|invalid think value", param="reasoning_effort"
        ),
        ErrorRow(
            error=UnsupportedParameter,
            message=r"does not support (vision|images|audio)|image input is not supported",
            param="messages",
        ),
        ErrorRow(error=BadRequest, message=r"does not support (chat|generate|embeddings?|completion|insert)", param="model"),
        ErrorRow(
            error=ModelNotFound,
            message=r"^model .*not found|invalid model name|this server cannot run this remote model",
            param="model",
        ),
        ErrorRow(error=RateLimited, status=503, message=r"server busy|maximum pending requests"),
        ErrorRow(error=ServerUnavailable, status=499),
    )
)
