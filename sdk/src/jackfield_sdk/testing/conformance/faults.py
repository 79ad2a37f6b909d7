"""How a vendor's answer goes wrong: by its status, or by what stands in it."""

from __future__ import annotations

from jackfield.contract import (
    BadRequest,
    Conflict,
    ConnectionFailed,
    CredentialsInvalid,
    JackfieldError,
    ModelNotFound,
    NotFound,
    PermissionDenied,
    QuotaExceeded,
    RateLimited,
    RequestTooLarge,
    ServerUnavailable,
    Timeout,
)

from ..answers import Answer

STATUSES: dict[int, tuple[type[JackfieldError], ...]] = {
    400: (BadRequest,),
    401: (CredentialsInvalid,),
    402: (QuotaExceeded,),
    403: (PermissionDenied, CredentialsInvalid),
    404: (ModelNotFound, NotFound),
    408: (Timeout,),
    409: (BadRequest, Conflict, ServerUnavailable),
    413: (RequestTooLarge,),
    422: (BadRequest,),
    429: (RateLimited,),
    500: (ServerUnavailable,),
    502: (ServerUnavailable, ConnectionFailed),
    503: (ServerUnavailable,),
    504: (Timeout, ServerUnavailable),
    529: (ServerUnavailable, RateLimited),
}
RETRYABLE = frozenset({408, 429, 500, 502, 503, 504, 529})
GARBAGE: dict[str, Answer] = {
    "nothing": Answer.content(b"", "application/json"),
    "half-a-json": Answer.content(b'{"id": "x", "cho', "application/json"),
    "null": Answer.json(None),
    "list": Answer.json([]),
    "empty-object": Answer.json({}),
    "string": Answer.json("hello"),
    "wrong-object": Answer.json({"choices": "none", "data": 3, "results": {"a": 1}, "content": 5, "text": {"b": []}}),
    "null-members": Answer.json(
        dict.fromkeys(("choices", "data", "results", "content", "text", "message", "output", "embeddings"))
    ),
    "deep": Answer.content(b"[" * 5000 + b"]" * 5000, "application/json"),
    "html": Answer.content("<html><body>502 Bad Gateway</body></html>", "text/html"),
    "binary": Answer.content(bytes(range(256)) * 8, "application/octet-stream"),
    "not-http": Answer(raw=b"\x00\x01\x02 nothing of the sort\r\n\r\n"),
    "redirect": Answer.content("", status=302, headers={"location": "http://127.0.0.1:9/elsewhere"}),
}
