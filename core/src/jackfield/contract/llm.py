"""Chat: the request, the whole result, and the events of a stream."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from .messages import (
    AudioPart,
    Blob,
    Message,
    OpaqueTool,
    OutputFormat,
    Part,
    ReasoningPart,
    RefusalPart,
    TextPart,
    Tool,
    ToolCall,
    ToolChoice,
)
from .usage import Usage

FinishReason = Literal["stop", "length", "tool_calls", "content_filter", "refusal", "pause", "error"]


@dataclass(slots=True, kw_only=True)
class Sampling:
    """The sampling parameters of the field; None: the vendor's default. Names are OpenAI's where it has one.

    `reasoning_effort`: none, minimal, low, medium, high (or what the vendor knows); `reasoning_budget`: tokens to think with
    (Anthropic's `budget_tokens`; 0 turns thinking off).
    """

    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    repetition_penalty: float | None = None
    seed: int | None = None
    stop: list[str] | None = None
    n: int | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    logit_bias: dict[str, float] | None = None
    reasoning_effort: str | None = None
    reasoning_budget: int | None = None

    def given(self) -> dict[str, Any]:
        """The parameters that were asked for, by name."""
        return {name: value for name in self.__slots__ if (value := getattr(self, name)) is not None}


@dataclass(slots=True, kw_only=True)
class LLMRequest:
    """One chat (or, with `completion`, OpenAI's older text completion: the prompt is then the single user message).

    :param model: the vendor's name of the model
    :param stream: whether the hook answers with an iterator of events instead of a result
    :param include_usage: whether the client wants the usage in its stream; plugins report it in any case
    :param user: an opaque id of the end user, for the vendor's abuse detection
    :param extra: what the contract does not know, in the wire form of `dialect`; passed on as it is by a plugin that speaks
        that dialect, refused by name (UnsupportedParameter) by one that does not, unless `drop_unsupported`
    """

    model: str
    messages: list[Message]
    tools: list[Tool | OpaqueTool] = field(default_factory=list)
    tool_choice: ToolChoice | None = None
    output: OutputFormat | None = None
    sampling: Sampling = field(default_factory=Sampling)
    stream: bool = False
    include_usage: bool = False
    completion: bool = False
    user: str | None = None
    metadata: dict[str, str] | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    dialect: str | None = None
    drop_unsupported: bool = False


@dataclass(slots=True, kw_only=True)
class LLMResult:
    """A whole answer. `choices` beyond the first only where `n` was asked for."""

    message: Message
    finish_reason: FinishReason
    usage: Usage = field(default_factory=Usage)
    model: str = ""
    id: str = field(default_factory=lambda: f"chat-{uuid.uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))
    stop_sequence: str | None = None
    logprobs: Any = None
    alternatives: list[Choice] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The answer's text."""
        return self.message.text

    @property
    def tool_calls(self) -> list[ToolCall]:
        """The tool calls in the answer."""
        return [part for part in self.message.parts if isinstance(part, ToolCall)]


@dataclass(slots=True, kw_only=True)
class Choice:
    """A further answer to the same request."""

    message: Message
    finish_reason: FinishReason
    logprobs: Any = None


@dataclass(slots=True)
class StreamStart:
    """The first event, where the vendor names the answer before it comes."""

    id: str
    model: str
    usage: Usage | None = None


@dataclass(slots=True)
class TextDelta:
    """More text of choice `choice`."""

    text: str
    choice: int = 0
    logprobs: Any = None
    citations: list[dict[str, Any]] | None = None


@dataclass(slots=True)
class ReasoningDelta:
    """More reasoning; `signature` and `redacted` come once, with or without text, and end a block of reasoning."""

    text: str = ""
    signature: str | None = None
    redacted: str | None = None
    choice: int = 0


@dataclass(slots=True)
class RefusalDelta:
    """More of a refusal."""

    text: str
    choice: int = 0


@dataclass(slots=True)
class ToolCallDelta:
    """More of tool call number `index`: `id` and `name` come with its first event, `arguments` piece by piece.

    `extra` as in ToolCall.
    """

    index: int
    id: str | None = None
    name: str | None = None
    arguments: str = ""
    choice: int = 0
    extra: dict[str, Any] | None = None


@dataclass(slots=True)
class AudioDelta:
    """More spoken sound (raw bytes in the format that was asked for) and of its transcript."""

    data: bytes = field(default=b"", repr=False)
    transcript: str = ""
    id: str | None = None


@dataclass(slots=True)
class StreamEnd:
    """The end of a choice: exactly one for each, and a stream without one is broken (ConnectionFailed)."""

    finish_reason: FinishReason
    choice: int = 0
    stop_sequence: str | None = None


@dataclass(slots=True)
class UsageReport:
    """The usage of the whole call so far; the last one counts. May come after StreamEnd."""

    usage: Usage


LLMEvent = StreamStart | TextDelta | ReasoningDelta | RefusalDelta | ToolCallDelta | AudioDelta | StreamEnd | UsageReport
LLMStream = AsyncIterator[LLMEvent]


@dataclass(slots=True)
class _Draft:
    """One choice while its events come in."""

    parts: list[Part] = field(default_factory=list)
    calls: dict[int, ToolCall] = field(default_factory=dict)
    audio: AudioPart | None = None
    end: StreamEnd | None = None
    logprobs: list[Any] = field(default_factory=list)

    def add(self, event: LLMEvent) -> None:
        last = self.parts[-1] if self.parts else None
        if isinstance(event, TextDelta):
            if not isinstance(last, TextPart):
                last = TextPart("")
                self.parts.append(last)
            last.text += event.text
            last.citations += event.citations or []
            if event.logprobs is not None:
                self.logprobs.append(event.logprobs)
        elif isinstance(event, ReasoningDelta):
            if not isinstance(last, ReasoningPart) or last.signature or last.redacted:
                last = ReasoningPart()
                self.parts.append(last)
            last.text += event.text
            last.signature = event.signature or last.signature
            last.redacted = event.redacted or last.redacted
        elif isinstance(event, RefusalDelta):
            if not isinstance(last, RefusalPart):
                last = RefusalPart("")
                self.parts.append(last)
            last.text += event.text
        elif isinstance(event, ToolCallDelta):
            self._add_to_call(event)
        elif isinstance(event, AudioDelta):
            self._add_audio(event)
        elif isinstance(event, StreamEnd):
            self.end = event

    def _add_to_call(self, event: ToolCallDelta) -> None:
        call = self.calls.get(event.index)
        if call is None:
            call = self.calls[event.index] = ToolCall(id="", name="", arguments="")
            self.parts.append(call)
        call.id = event.id or call.id
        call.name = event.name or call.name
        call.arguments += event.arguments
        call.extra |= event.extra or {}

    def _add_audio(self, event: AudioDelta) -> None:
        if self.audio is None:
            self.audio = AudioPart(Blob(data=b""), transcript="")
            self.parts.append(self.audio)
        self.audio.blob.data = (self.audio.blob.data or b"") + event.data
        self.audio.transcript = (self.audio.transcript or "") + event.transcript
        self.audio.id = event.id or self.audio.id


class StreamCollector:
    """Puts the events of a stream together to the result that a whole answer would have been."""

    def __init__(self, model: str = "") -> None:
        self._drafts: dict[int, _Draft] = {}
        self._id: str | None = None
        self._model = model
        self.usage = Usage()

    def add(self, event: LLMEvent) -> None:
        """Take in one event."""
        if isinstance(event, StreamStart):
            self._id, self._model = event.id, event.model or self._model
            self.usage = event.usage or self.usage
        elif isinstance(event, UsageReport):
            self.usage = event.usage
        else:
            self._drafts.setdefault(getattr(event, "choice", 0), _Draft()).add(event)

    @property
    def complete(self) -> bool:
        """Whether every choice that began has ended."""
        return bool(self._drafts) and all(draft.end for draft in self._drafts.values())

    def result(self) -> LLMResult:
        """What was collected; a choice without an end has the finish reason `error`."""
        choices = [
            Choice(
                message=Message("assistant", draft.parts),
                finish_reason=draft.end.finish_reason if draft.end else "error",
                logprobs=draft.logprobs or None,
            )
            for _, draft in sorted(self._drafts.items())
        ] or [Choice(message=Message("assistant", []), finish_reason="error")]
        first = self._drafts.get(0)
        result = LLMResult(
            message=choices[0].message,
            finish_reason=choices[0].finish_reason,
            logprobs=choices[0].logprobs,
            usage=self.usage,
            model=self._model,
            stop_sequence=first.end.stop_sequence if first and first.end else None,
            alternatives=choices[1:],
        )
        if self._id:
            result.id = self._id
        return result


def collect(events: Iterable[LLMEvent], model: str = "") -> LLMResult:
    """The result of a finished list of events."""
    collector = StreamCollector(model)
    for event in events:
        collector.add(event)
    return collector.result()
