"""Usage read out of an answer that is passed on as it is.

One meter watches one answer. On the hot path: a piece of a stream is searched for the few bytes that only an event of interest
holds, and nothing is parsed before one is found.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import orjson

from jackfield.contract import Usage

from . import anthropic_usage
from .openai_chat.results import parse_usage as parse_chat_usage


class UsageMeter(Protocol):
    """What the relay feeds with the answer's bytes."""

    @property
    def usage(self) -> Usage | None:
        """What the answer said; None while it has said nothing."""
        ...

    @property
    def complete(self) -> bool:
        """Whether the answer ended as its dialect says it must."""
        ...

    @property
    def error(self) -> dict[str, Any] | None:
        """The vendor's error event, if one came in mid-stream."""
        ...

    def feed(self, chunk: bytes) -> None:
        """Take in the next bytes."""
        ...


def parse_responses_usage(usage: object) -> Usage:
    """The `usage` of OpenAI's responses: https://platform.openai.com/docs/api-reference/responses/object"""
    if not isinstance(usage, dict):
        return Usage()
    read, wrote = usage.get("input_tokens_details") or {}, usage.get("output_tokens_details") or {}
    return Usage(
        input_tokens=usage.get("input_tokens") or 0,
        output_tokens=usage.get("output_tokens") or 0,
        cache_read_tokens=read.get("cached_tokens") or 0,
        cache_write_tokens=read.get("cache_write_tokens") or 0,
        reasoning_tokens=wrote.get("reasoning_tokens") or 0,
    )


def parse_rerank_usage(usage: object) -> Usage:
    """The `usage` of Jina's rerank and embeddings: `{total_tokens, prompt_tokens}`."""
    return Usage(input_tokens=(usage.get("total_tokens") or 0) if isinstance(usage, dict) else 0)


class WholeMeter:
    """An answer in one JSON body; parsed once, when somebody asks."""

    def __init__(self, parse: Callable[[dict[str, Any]], Usage | None]) -> None:
        self._pieces: list[bytes] = []
        self._parse = parse
        self._parsed = False
        self._usage: Usage | None = None
        self._whole = False
        self.error: dict[str, Any] | None = None

    def feed(self, chunk: bytes) -> None:
        self._pieces.append(chunk)
        self._parsed = False

    @property
    def usage(self) -> Usage | None:
        self._read()
        return self._usage

    @property
    def complete(self) -> bool:
        self._read()
        return self._whole

    def _read(self) -> None:
        if self._parsed:
            return
        self._parsed = True
        try:
            body = orjson.loads(self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces))
            self._usage = self._parse(body) if isinstance(body, dict) else None
            self._whole = True
        except (orjson.JSONDecodeError, IndexError, TypeError, AttributeError):
            self._whole = False


class StreamMeter:
    """A stream of events whose interesting ones hold one of `needles`.

    Bytes after the last line end are kept, so that an event split between pieces is seen whole.
    """

    needles: tuple[bytes, ...] = ()
    done_needle: bytes = b""

    def __init__(self) -> None:
        self._rest = b""
        self.usage: Usage | None = None
        self.complete = False
        self.error: dict[str, Any] | None = None

    def feed(self, chunk: bytes) -> None:
        buffer = self._rest + chunk if self._rest else chunk
        cut = max(buffer.rfind(b"\n"), buffer.rfind(b"\r")) + 1
        if not cut:
            self._rest = buffer
            return
        self._rest = buffer[cut:]
        if self.done_needle in buffer:
            self._look(buffer[:cut])
            return
        for needle in self.needles:
            if needle in buffer:
                self._look(buffer[:cut])
                return

    def _look(self, lines: bytes) -> None:
        for line in lines.splitlines():
            if not line.startswith(b"data:"):
                continue
            data = line[5:].strip()
            if data == b"[DONE]":
                self.complete = True
            elif self.done_needle in data or any(needle in data for needle in self.needles):
                try:
                    event = orjson.loads(data)
                except orjson.JSONDecodeError:
                    continue  # no event of ours; the client sees the same bytes and judges for itself
                if isinstance(event, dict):
                    self.take(event)

    def take(self, event: dict[str, Any]) -> None:
        """One event that holds a needle."""
        raise NotImplementedError


class ChatStreamMeter(StreamMeter):
    """openai.chat and openai.completions: usage in the last chunk, the end marked by `[DONE]`."""

    needles = (b'"usage":{', b'"usage": {', b'"error":', b'"x_groq"')
    done_needle = b"[DONE]"

    def take(self, event: dict[str, Any]) -> None:
        usage = event.get("usage") or (event.get("x_groq") or {}).get("usage")
        if isinstance(usage, dict):
            self.usage = parse_chat_usage(usage)
        if isinstance(event.get("error"), dict):
            self.error = event["error"]


class ResponsesStreamMeter(StreamMeter):
    """openai.responses: usage and end in `response.completed` (or incomplete, failed)."""

    needles = (b'"response.incomplete"', b'"response.failed"', b'"type":"error"', b'"type": "error"')
    done_needle = b'"response.completed"'

    def take(self, event: dict[str, Any]) -> None:
        kind, response = event.get("type"), event.get("response")
        if kind in ("response.completed", "response.incomplete", "response.failed") and isinstance(response, dict):
            self.complete = True
            if response.get("usage"):
                self.usage = parse_responses_usage(response["usage"])
            if kind == "response.failed":
                self.error = response.get("error")
        elif kind == "error":
            self.error = event


class MessagesStreamMeter(StreamMeter):
    """anthropic.messages: input usage in message_start, the rest in message_delta, the end in message_stop."""

    needles = (b'"message_start"', b'"message_delta"', b'"error"')
    done_needle = b'"message_stop"'

    def __init__(self) -> None:
        super().__init__()
        self._wire: dict[str, Any] = {}

    def take(self, event: dict[str, Any]) -> None:
        match event.get("type"):
            case "message_start":
                self._merge((event.get("message") or {}).get("usage"))
            case "message_delta":
                self._merge(event.get("usage"))
            case "message_stop":
                self.complete = True
            case "error":
                self.error = event.get("error")

    def _merge(self, usage: object) -> None:
        if isinstance(usage, dict):
            self._wire |= {name: value for name, value in usage.items() if value is not None}
            self.usage = anthropic_usage.parse_usage(self._wire)


_WHOLE: dict[str, Callable[[object], Usage]] = {
    "openai.chat": parse_chat_usage,
    "openai.completions": parse_chat_usage,
    "openai.embeddings": parse_chat_usage,
    "openai.responses": parse_responses_usage,
    "anthropic.messages": anthropic_usage.parse_usage,
    "jina.rerank": parse_rerank_usage,
}
_STREAMED: dict[str, type[StreamMeter]] = {
    "openai.chat": ChatStreamMeter,
    "openai.completions": ChatStreamMeter,
    "openai.responses": ResponsesStreamMeter,
    "anthropic.messages": MessagesStreamMeter,
}


def usage_meter(dialect: str, stream: bool) -> UsageMeter:
    """A meter for one answer. A dialect that reports no usage has a meter that finds none."""
    if stream and dialect in _STREAMED:
        return _STREAMED[dialect]()
    if dialect == "cohere.rerank":
        return WholeMeter(_cohere_usage)
    parse = _WHOLE.get(dialect)
    return WholeMeter(lambda body: parse(body["usage"]) if parse and isinstance(body.get("usage"), dict) else None)


def _cohere_usage(body: dict[str, Any]) -> Usage | None:
    units = ((body.get("meta") or {}).get("billed_units") or {}).get("search_units")
    return Usage(search_units=int(units)) if units is not None else None
