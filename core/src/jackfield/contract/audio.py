"""Speech to text and text to speech."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Literal

from .messages import Blob
from .usage import Usage


@dataclass(slots=True, kw_only=True)
class TranscriptionRequest:
    """:param audio: the recording: `data`, `media_type` and a `name` whose ending tells the container
    :param task: `transcribe` in the language spoken, or `translate` to English
    :param language: of the recording, ISO 639-1
    :param prompt: words to expect, or the text before
    :param timestamps: whether segments and words are wanted with their times
    """

    model: str
    audio: Blob
    task: Literal["transcribe", "translate"] = "transcribe"
    language: str | None = None
    prompt: str | None = None
    temperature: float | None = None
    timestamps: frozenset[Literal["segment", "word"]] = frozenset()
    user: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    dialect: str | None = None
    drop_unsupported: bool = False


@dataclass(slots=True)
class TimedText:
    """A segment or word; `start` and `end` in seconds from the beginning."""

    text: str
    start: float
    end: float


@dataclass(slots=True, kw_only=True)
class TranscriptionResult:
    """:param duration: of the recording, in seconds, where it is known"""

    text: str
    language: str | None = None
    duration: float | None = None
    segments: list[TimedText] = field(default_factory=list)
    words: list[TimedText] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    model: str = ""
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class SpeechRequest:
    """:param format: the container or codec wanted: mp3, opus, aac, flac, wav, pcm
    :param speed: 1.0 is the voice's own
    :param instructions: how to speak, where the model takes it
    """

    model: str
    text: str
    voice: str | None = None
    format: str | None = None
    speed: float | None = None
    instructions: str | None = None
    user: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    dialect: str | None = None
    drop_unsupported: bool = False


@dataclass(slots=True, kw_only=True)
class SpeechResult:
    """:param audio: pieces of the file in order, as they come; the iterator raises the error of a broken stream
    :param media_type: e.g. `audio/wav`
    :param usage: filled in by the time `audio` has ended
    """

    audio: AsyncIterator[bytes]
    media_type: str
    usage: Usage = field(default_factory=Usage)
    model: str = ""
