"""Errors as HTTP answers, in the shape of the surface that was called."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from typing import Any

import orjson

from jackfield.contract import HostFault, JackfieldError, PluginFault
from jackfield.dialects import anthropic_messages, openai_errors
from jackfield.dialects.sse import encode

_log = logging.getLogger("jackfield.gateway")

ErrorRenderer = Callable[[JackfieldError], dict[str, Any]]
Headers = list[tuple[bytes, bytes]]


class MethodNotAllowed(JackfieldError):
    """The path is there, but not for this method."""

    code = "method_not_allowed"
    fault = "caller"
    status = 405
    advice = "See /openapi.json."


def openai_error(error: JackfieldError) -> dict[str, Any]:
    """`{"error": {…}}`"""
    return openai_errors.render_error(error)


def anthropic_error(error: JackfieldError) -> dict[str, Any]:
    """`{"type": "error", "error": {…}}`"""
    return anthropic_messages.render_error(error)


def cohere_error(error: JackfieldError) -> dict[str, Any]:
    """Cohere's clients read `message`; the rest is told as on the other surfaces: https://docs.cohere.com/reference/errors"""
    body = openai_errors.render_error(error)
    return {"message": body["error"]["message"], **body}


def openai_event(error: JackfieldError) -> bytes:
    """An error in the middle of a chat's or a completion's stream."""
    return encode(orjson.dumps(openai_error(error)))


def anthropic_event(error: JackfieldError) -> bytes:
    """An error in the middle of a message: https://docs.anthropic.com/en/api/messages-streaming#error-events"""
    return encode(orjson.dumps(anthropic_error(error)), "error")


def responses_event(error: JackfieldError) -> bytes:
    """An error in the middle of a response: https://platform.openai.com/docs/api-reference/responses-streaming/error

    The official client raises for a member `error`, and reads the others where it does not raise.
    """
    body = openai_error(error)["error"]
    event = {"type": "error", "code": body["code"], "message": body["message"], "param": body["param"], "error": body}
    return encode(orjson.dumps(event), "error")


def error_headers(error: JackfieldError) -> Headers:
    """What an error says in headers: when to come back, and how a key is to be sent."""
    headers: Headers = []
    if error.retry_after is not None:
        headers.append((b"retry-after", str(max(0, math.ceil(error.retry_after))).encode()))
        headers.append((b"retry-after-ms", str(max(0, math.ceil(error.retry_after * 1000))).encode()))
    elif not error.retryable:
        # The official clients send again whatever is 408, 409, 429 or 5xx; this tells them where that is in vain.
        headers.append((b"x-should-retry", b"false"))
    if error.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    return headers


def note_fault(error: JackfieldError | None, request_id: str) -> None:
    """Put the traceback of what a plugin did wrong into the log, for its author; the caller has the sentence alone."""
    if isinstance(error, PluginFault):
        _log.error("the plugin %s failed", error.plugin, exc_info=error, extra={"request_id": request_id})


def unexpected(error: Exception, request_id: str) -> HostFault:
    """An exception that nobody foresaw: its traceback goes to the log, and the caller gets the number to ask for."""
    _log.error("a request failed unexpectedly", exc_info=error, extra={"request_id": request_id})
    return HostFault(
        "The host failed to answer the request.",
        advice=f"Its log says why; look for the request id {request_id}.",
    )
