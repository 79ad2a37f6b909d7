"""OpenAI's error object, as all of its surfaces answer it: https://platform.openai.com/docs/guides/error-codes"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import orjson

from jackfield.contract import JackfieldError

_TITLE = re.compile(r"<title>([^<]*)</title>", re.IGNORECASE)
_TYPES = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 404: "invalid_request_error"}


@dataclass(slots=True, frozen=True)
class VendorError:
    """What a vendor's error body says.

    `request_id` for its support, and `retry_after` in seconds, where they are not told by a header.
    """

    message: str = ""
    code: str | None = None
    param: str | None = None
    type: str | None = None
    request_id: str | None = None
    retry_after: float | None = None


def render_error(error: JackfieldError) -> dict[str, Any]:
    """`{"error": {message, type, param, code}}`; the advice is part of the message, as clients show nothing else."""
    kind = _TYPES.get(error.status) or ("rate_limit_error" if error.status == 429 else None)
    kind = "insufficient_quota" if error.code == "quota_exceeded" else kind
    if kind is None:
        kind = "invalid_request_error" if error.status < 500 else "server_error"
    message = f"{error.message} {error.advice}".strip()
    if error.vendor_message:
        message += f" (The vendor says: {error.vendor_message})"
    members = {"message": message, "type": kind, "param": error.param, "code": error.code}
    return {"error": members | {"jackfield": error.describe()}}


def read_error(body: bytes) -> VendorError:
    """The error object in a vendor's answer, in the several ways in which compatible servers write it.

    OpenAI, Anthropic: `{error: {…}}`; vLLM, Mistral, Cohere: the object itself; Hugging Face, Ollama: `{error: "…"}`;
    FastAPI: `{detail: …}`; Google: `[{error: {…}}]`; a proxy before the server: a page of HTML.
    """
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        return VendorError(message=_plain_text(body))
    if isinstance(parsed, list) and parsed:
        parsed = parsed[0]
    if not isinstance(parsed, dict):
        return VendorError(message=str(parsed)[:500])
    error = parsed.get("error", parsed)
    if isinstance(error, str):
        error = {**parsed, "message": parsed.get("message") or error, "type": parsed.get("error_type") or parsed.get("type")}
    elif not isinstance(error, dict):
        error = parsed
    message = error.get("message") or error.get("msg") or error.get("detail") or parsed.get("message") or ""
    fault = _fault(message)
    code = error.get("code") or error.get("type") or error.get("status")
    return VendorError(
        message=fault[0] if fault else message if isinstance(message, str) else orjson.dumps(message).decode(),
        code=str(code) if code is not None else None,
        param=error["param"] if isinstance(error.get("param"), str) else fault[1] if fault else None,
        type=str(error["type"]) if error.get("type") else None,
        request_id=parsed["request_id"] if isinstance(parsed.get("request_id"), str) else None,
    )


def _fault(detail: object) -> tuple[str, str | None] | None:
    """What FastAPI's list of faults says, and the first member at fault: https://fastapi.tiangolo.com/tutorial/handling-errors/"""
    faults = [one for one in detail if isinstance(one, dict) and "msg" in one] if isinstance(detail, list) else []
    if not faults:
        return None
    steps = [one["loc"] if isinstance(one.get("loc"), list) else [] for one in faults]
    places = [".".join(str(step) for step in place if step != "body") for place in steps]
    said = "; ".join(f"{place}: {one['msg']}" if place else str(one["msg"]) for place, one in zip(places, faults, strict=True))
    return said, places[0] or None


def _plain_text(body: bytes) -> str:
    text = body[:4000].decode("utf-8", "replace").strip()
    title = _TITLE.search(text) if text.startswith("<") else None
    return (title[1] if title else text)[:500].strip()
