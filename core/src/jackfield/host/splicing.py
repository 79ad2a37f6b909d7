"""A client's body with another `model` in it, and nothing else touched, at the cost of a search instead of a re-encoding.

Untouched is more than fast: numbers beyond 64 bits, the order of members and what the vendor added yesterday arrive as written.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import orjson

_KEY = b'"model"'
_ESCAPED_LETTER = b"\\u006"  # the only way to spell a letter of `model` otherwise (JSON escapes are \u00XX for ASCII)
_BACKSLASH = ord("\\")
_COLON = re.compile(rb"\s*:\s*")
_USAGE_ASKED = b'"stream_options":{"include_usage":true},'


def with_model(raw: bytes, body: dict[str, Any], model: str) -> bytes:
    """`raw`, the JSON text of `body`, with the top-level member `model` set to `model`.

    The splice is made only where it is proved to hit that member: its name stands in the text exactly once as a whole string
    token and is not hidden behind an escape; then it is the member that the parser saw. Else the body is encoded anew.
    """
    old = body.get("model")
    if old == model:
        return raw
    key = raw.find(_KEY)
    if isinstance(old, str) and key > 0 and raw.find(_KEY, key + 7) < 0 and _ESCAPED_LETTER not in raw:
        member, value = _written(old)
        if raw.startswith(member, key):
            start = key + len(_KEY) + 1
        else:
            colon = _COLON.match(raw, key + len(_KEY))
            start = colon.end() if colon and raw.startswith(value, colon.end()) else 0
        if start and raw[key - 1] != _BACKSLASH:
            return b"%b%b%b" % (raw[:start], _written(model)[1], raw[start + len(value) :])
    return orjson.dumps({**body, "model": model})


@lru_cache(maxsize=4096)
def _written(name: str) -> tuple[bytes, bytes]:
    """The member as a compact body has it, and its value."""
    value = orjson.dumps(name)
    return _KEY + b":" + value, value


def asks_for_usage(body: dict[str, Any]) -> bool:
    """Whether an OpenAI chat or completion stream was asked for its usage by the client itself."""
    options = body.get("stream_options")
    return isinstance(options, dict) and options.get("include_usage") is True


def with_usage_asked(raw: bytes, body: dict[str, Any]) -> bytes:
    """`raw` with `stream_options.include_usage` switched on. `body` is its content but for a `model` spliced in before.

    https://platform.openai.com/docs/api-reference/chat/create#chat-create-stream_options
    """
    if "stream_options" not in body:
        start = raw.index(b"{") + 1
        return raw[:start] + _USAGE_ASKED + raw[start:]
    options = body["stream_options"] or {}
    if not isinstance(options, dict):
        return raw  # wrong, and the vendor's to refuse in its own words
    current: dict[str, Any] = orjson.loads(raw)
    return orjson.dumps({**current, "stream_options": {**options, "include_usage": True}})


class UsageWithheld:
    """Takes out of an OpenAI stream the one chunk that was sent because the host, not the client, asked for usage.

    It is known by `choices` being empty and `usage` being there. Whole events are passed on at once; the beginning of one is
    kept until its end has come, so that what is dropped is dropped whole.
    """

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> bytes:
        """What may be passed on now; may be empty."""
        if self._rest:
            chunk = self._rest + chunk
            self._rest = b""
        if not chunk.endswith(b"\n\n"):
            chunk, self._rest = _whole_events(chunk)
        if b'"usage"' not in chunk or _NO_CHOICES.search(chunk) is None:
            return chunk
        return b"".join(event for event in _EVENT.findall(chunk) if not _is_usage_only(event))

    def end(self) -> bytes:
        """What is left when the stream has ended."""
        rest, self._rest = self._rest, b""
        return rest


_NO_CHOICES = re.compile(rb'"choices"\s*:\s*\[\s*\]')
_EVENT = re.compile(rb".*?(?:\r?\n){2}|.+", re.DOTALL)


def _whole_events(chunk: bytes) -> tuple[bytes, bytes]:
    plain, carriage = chunk.rfind(b"\n\n"), chunk.rfind(b"\r\n\r\n")
    end = max(plain + 2 if plain >= 0 else 0, carriage + 4 if carriage >= 0 else 0)
    return chunk[:end], chunk[end:]


def _is_usage_only(event: bytes) -> bool:
    if _NO_CHOICES.search(event) is None:
        return False
    data = b"".join(line[5:] for line in event.splitlines() if line.startswith(b"data:"))
    try:
        content = orjson.loads(data)
    except orjson.JSONDecodeError:
        return False
    return isinstance(content, dict) and content.get("choices") == [] and isinstance(content.get("usage"), dict)
