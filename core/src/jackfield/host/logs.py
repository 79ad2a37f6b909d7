"""Logs: structured, on standard error, without secrets and without what people say to models.

Everything goes through one set of processors: what this program logs with structlog, and what libraries log with `logging`.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any

import structlog

from .settings import LogSettings

MASK = "•••"

# Names of fields that hold a secret or a prompt, whoever logs them. A part of the name is enough.
_SECRET_NAMES = re.compile(
    r"(?i)api[_-]?key|authorization|cookie|credential|master_key|passw|private[_-]?key|secret|session_token|access_token|refresh_token|sealed"
)
_PROMPT_NAMES = frozenset(
    {
        "body",
        "completion",
        "content",
        "documents",
        "input",
        "inputs",
        "messages",
        "prompt",
        "query",
        "request_body",
        "response_body",
        "text",
    }
)
# Texts that are secrets wherever they stand: bearer tokens, vendors' and our own keys, passwords in URLs.
_SECRET_TEXTS = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"), rf"\1 {MASK}"),
    (re.compile(r"\b(sk|pk|rk|gsk|hf|xai|jf|r8)[-_][A-Za-z0-9_-]{8,}"), rf"\1-{MASK}"),
    (re.compile(r"\bAIza[A-Za-z0-9_-]{20,}"), MASK),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(\.[A-Za-z0-9_-]*)?"), MASK),
    (re.compile(r"(?i)([?&](?:key|api_key|api-key|token|access_token|signature|sig)=)[^&\s\"']+"), rf"\1{MASK}"),
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://[^/\s:@]*):[^/\s@]+@"), rf"\1:{MASK}@"),
)


class _Handler(logging.StreamHandler[Any]):
    """Ours, to be found again."""


def set_up(settings: LogSettings | None = None) -> None:
    """Send all logs of the process to standard error in the form that the settings ask for; calling it again changes that."""
    settings = settings or LogSettings()
    as_json = settings.format == "json" or (settings.format == "auto" and not sys.stderr.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    rendering: list[structlog.typing.Processor] = (
        [structlog.processors.format_exc_info, redact, structlog.processors.JSONRenderer(ensure_ascii=False, default=str)]
        if as_json
        else [structlog.processors.format_exc_info, redact, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = _Handler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering]
        )
    )
    root = logging.getLogger()
    root.handlers = [one for one in root.handlers if not isinstance(one, _Handler)]
    root.addHandler(handler)
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    root.setLevel(max(level, logging.INFO))  # libraries' debug logs show requests and statements with their values
    logging.getLogger("jackfield").setLevel(level)
    for chatty in ("httpx", "httpcore", "aiosqlite", "alembic", "sqlalchemy", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def redact(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """The last processor before an event is written: masks fields by name, and what looks like a secret in every text."""
    return {name: _clean_field(name, value) for name, value in event.items()}


def clean(text: str) -> str:
    """`text` with what looks like a secret masked."""
    for pattern, mask in _SECRET_TEXTS:
        text = pattern.sub(mask, text)
    return text


def _clean_field(name: str, value: Any) -> Any:
    if name in ("event", "level", "logger", "timestamp"):
        return clean(value) if isinstance(value, str) else value
    if isinstance(value, bool | int | float | None):
        return value
    if name.lower() in _PROMPT_NAMES or _SECRET_NAMES.search(name):
        return MASK
    return _clean_value(value)


def _clean_value(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, bool | int | float | None):
        return value
    if isinstance(value, Mapping):
        return {str(name): _clean_field(str(name), inner) for name, inner in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, bytes | bytearray):
        return [_clean_value(inner) for inner in value]
    return clean(str(value)) if not isinstance(value, bytes | bytearray) else f"<{len(value)} bytes>"
