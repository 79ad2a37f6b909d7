"""Usage read out of an answer that is passed on as it is.

One meter watches one answer. On the hot path: a piece of a stream is searched for the few bytes that only an event of interest
holds, and nothing is parsed before one is found.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Protocol

import orjson

from jackfield.contract import Usage

from . import anthropic_usage, openai_usage
from .counts import count, members

MAX_LINE_BYTES = 32 * 1024 * 1024
"""What is kept of a line whose end has not come. No event that tells usage is as long."""


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


class WholeMeter:
    """An answer in one JSON body, read when somebody asks.

    :param name: the member of the body that tells the usage; None where the dialect has none
    """

    error: dict[str, Any] | None = None

    def __init__(self, name: str | None, parse: Callable[[object], Usage | None]) -> None:
        self._name = name
        self._parse = parse
        self._pieces: list[bytes] = []
        self._read: tuple[bool, Usage | None] | None = None

    def feed(self, chunk: bytes) -> None:
        """Take in the next bytes."""
        self._pieces.append(chunk)
        self._read = None

    @property
    def usage(self) -> Usage | None:
        """What the body says; None if that is nothing, or the body is no JSON object."""
        return self._reading()[1] if self._name is not None else None

    @property
    def complete(self) -> bool:
        """Whether the body is whole."""
        return self._reading()[0]

    def _reading(self) -> tuple[bool, Usage | None]:
        if self._read is None:
            body = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
            try:
                self._read = True, self._parse(_member(body, self._name))
            except orjson.JSONDecodeError:
                self._read = False, None
        return self._read


def _member(body: bytes, name: str | None) -> object:
    """The value of a member of a JSON object.

    Vendors write the usage behind what it is of, which may be megabytes of vectors. The end of a body, from the name on, is
    by itself the end of an object if and only if the member is one of the outermost; else the body is parsed as a whole.
    """
    start = body.rfind(f'"{name}"'.encode()) if name is not None else -1
    if start > 0:
        try:
            return orjson.loads(b"{" + body[start:])[name]
        except (orjson.JSONDecodeError, KeyError):
            pass
    return members(orjson.loads(body)).get(name or "")


class StreamMeter:
    """A stream of server-sent events whose interesting ones hold one of `needles`.

    Bytes after the last line end are kept, so that an event split between pieces is seen whole. Vendors write each event's
    JSON in one line, and only such are read.
    """

    needles: ClassVar[tuple[bytes, ...]] = ()

    def __init__(self) -> None:
        self._rest: list[bytes] = []
        self._held = 0
        self._usage: Usage | None = None
        self._complete = False
        self._error: dict[str, Any] | None = None

    def feed(self, chunk: bytes) -> None:
        """Take in the next bytes."""
        if self._rest or not chunk.endswith(b"\n"):
            chunk = self._whole_lines(chunk)
        for needle in self.needles:
            if needle in chunk:
                self._look(chunk)
                return

    def _whole_lines(self, chunk: bytes) -> bytes:
        """What is held and `chunk` up to its last line end; what comes behind is held."""
        cut = max(chunk.rfind(b"\n"), chunk.rfind(b"\r")) + 1
        lines = b""
        if cut:
            lines = b"".join([*self._rest, chunk[:cut]])
            self._rest, self._held = [], 0
        if cut < len(chunk):
            self._rest.append(chunk[cut:])
            self._held += len(chunk) - cut
            if self._held > MAX_LINE_BYTES:
                self._rest, self._held = [], 0
        return lines

    def _look(self, lines: bytes) -> None:
        for line in lines.splitlines():
            if not line.startswith(b"data:"):
                continue
            data = line[5:].strip()
            if data == b"[DONE]":
                self._complete = True
            elif any(needle in data for needle in self.needles):
                try:
                    event = orjson.loads(data)
                except orjson.JSONDecodeError:
                    continue  # no event of ours; the client sees the same bytes and judges for itself
                if isinstance(event, dict):
                    self.take(event)

    def _look_at_rest(self) -> None:
        """A stream may end without a last line end."""
        if self._rest:
            self._look(b"".join(self._rest))

    @property
    def usage(self) -> Usage | None:
        """What the stream has said so far."""
        self._look_at_rest()
        return self._usage

    @property
    def complete(self) -> bool:
        """Whether the answer has been given whole."""
        self._look_at_rest()
        return self._complete

    @property
    def error(self) -> dict[str, Any] | None:
        """The vendor's error, if one came."""
        self._look_at_rest()
        return self._error

    def take(self, event: dict[str, Any]) -> None:
        """One event that holds a needle."""
        raise NotImplementedError


class ChatStreamMeter(StreamMeter):
    """openai.chat and openai.completions: usage in the last chunk (Groq: in `x_groq`, Moonshot: in the choice).

    The end is marked by `[DONE]`; servers that send none are taken at their finish reason.
    """

    needles = (b'"usage":{', b'"usage": {', b'"finish_reason":"', b'"finish_reason": "', b"[DONE]", b'"error"')

    def take(self, event: dict[str, Any]) -> None:
        """One chunk."""
        choices = event.get("choices")
        for choice in choices if isinstance(choices, list) else ():
            if members(choice).get("finish_reason"):
                self._complete = True
                self._count(members(choice).get("usage"))
        self._count(members(event.get("x_groq")).get("usage"))
        self._count(event.get("usage"))
        self._error = error_in(event) or self._error

    def _count(self, usage: object) -> None:
        if isinstance(usage, dict) and usage:
            self._usage = openai_usage.parse_chat_usage(usage)


class ResponsesStreamMeter(StreamMeter):
    """openai.responses: usage and end in `response.completed` (or incomplete, failed)."""

    needles = (
        b'"response.completed"', b'"response.incomplete"', b'"response.failed"',
        b'"type":"error"', b'"type": "error"', b'{"error"',
    )  # fmt: skip
    _ENDS: ClassVar[frozenset[str]] = frozenset({"response.completed", "response.incomplete", "response.failed"})

    def take(self, event: dict[str, Any]) -> None:
        """One event."""
        kind, response = event.get("type"), members(event.get("response"))
        if kind in self._ENDS:
            self._complete = True
            if isinstance(response.get("usage"), dict):
                self._usage = openai_usage.parse_responses_usage(response["usage"])
            if kind == "response.failed":
                self._error = dict(members(response.get("error")))
        elif kind == "error" or "type" not in event:
            self._error = error_in(event) or self._error


class MessagesStreamMeter(StreamMeter):
    """anthropic.messages: input usage in message_start, the rest in message_delta, the end in message_stop."""

    needles = (b'"message_start"', b'"message_delta"', b'"message_stop"', b'"error"')

    def __init__(self) -> None:
        super().__init__()
        self._wire: dict[str, Any] = {}

    def take(self, event: dict[str, Any]) -> None:
        """One event."""
        match event.get("type"):
            case "message_start":
                self._merge(members(event.get("message")).get("usage"))
            case "message_delta":
                self._merge(event.get("usage"))
            case "message_stop":
                self._complete = True
            case "error":
                self._error = error_in(event)

    def _merge(self, usage: object) -> None:
        if isinstance(usage, dict):
            self._wire |= {name: value for name, value in usage.items() if value is not None}
            self._usage = anthropic_usage.parse_usage(self._wire)


def error_in(event: dict[str, Any]) -> dict[str, Any] | None:
    """The error object of an event, in the several ways in which servers write one."""
    error = event.get("error")
    if isinstance(error, dict):
        return error
    if error:
        return {"message": str(error)}
    return event if "error" in (event.get("type"), event.get("object")) else None


def _cohere_usage(meta: object) -> Usage | None:
    """https://docs.cohere.com/reference/rerank#response.body.meta"""
    billed = members(members(meta).get("billed_units"))
    if not billed:
        return None
    return Usage(search_units=count(billed.get("search_units")), input_tokens=count(billed.get("input_tokens")))


def _if_said(parse: Callable[[object], Usage]) -> Callable[[object], Usage | None]:
    return lambda usage: parse(usage) if isinstance(usage, dict) else None


_WHOLE: dict[str, tuple[str, Callable[[object], Usage | None]]] = {
    "openai.chat": ("usage", _if_said(openai_usage.parse_chat_usage)),
    "openai.completions": ("usage", _if_said(openai_usage.parse_chat_usage)),
    "openai.embeddings": ("usage", _if_said(openai_usage.parse_input_usage)),
    "openai.responses": ("usage", _if_said(openai_usage.parse_responses_usage)),
    "anthropic.messages": ("usage", _if_said(anthropic_usage.parse_usage)),
    "jina.rerank": ("usage", _if_said(openai_usage.parse_input_usage)),
    "cohere.rerank": ("meta", _cohere_usage),
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
    name, parse = _WHOLE.get(dialect, (None, lambda _: None))
    return WholeMeter(name, parse)
