"""Speech to text by faster-whisper, on Whisper's tiny English model."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jackfield_sdk import TimedText

from . import audio
from .engines import engine
from .workers import Stop, Stopped

_lock = threading.Lock()


@dataclass(slots=True)
class Heard:
    """:param duration: of the recording, in seconds; :param words: only where they were asked for"""

    text: str
    duration: float
    segments: list[TimedText] = field(default_factory=list)
    words: list[TimedText] = field(default_factory=list)


class Transcriber:
    """Loads on first use. Its methods block: call them in a worker.

    :param find: where the model's files are; may fetch them
    """

    def __init__(self, find: Callable[[Stop], Path]) -> None:
        self._find = find
        self._model: Any = None

    def hear(
        self,
        data: bytes,
        stop: Stop,
        *,
        threads: int,
        prompt: str | None = None,
        temperature: float | None = None,
        words: bool = False,
    ) -> Heard:
        """:raises BadRequest: the bytes are no recording that can be read
        :raises RequestTooLarge: it is longer than two hours
        :raises MissingExtra: faster-whisper or the model's files are not here
        """
        engine("faster_whisper", extra="transcription")
        samples = audio.decode(data, stop)
        model = self._load(stop, threads)
        options: dict[str, Any] = {} if temperature is None else {"temperature": temperature}
        # Without the voice filter Whisper hears words in silence and in noise.
        segments, _ = model.transcribe(
            samples, language="en", initial_prompt=prompt, word_timestamps=words, vad_filter=True, **options
        )
        heard = Heard("", samples.size / audio.WHISPER_RATE)
        texts: list[str] = []
        for segment in segments:  # each is worked out when it is asked for
            if stop.is_set():
                raise Stopped
            texts.append(segment.text)
            heard.segments.append(_timed(segment.text, segment, heard.duration))
            heard.words += [_timed(word.word, word, heard.duration) for word in segment.words or ()]
        heard.text = "".join(texts).strip()
        return heard

    def _load(self, stop: Stop, threads: int) -> Any:
        with _lock:
            if self._model is None:
                whisper = engine("faster_whisper", extra="transcription")
                folder = self._find(stop)
                self._model = whisper.WhisperModel(
                    str(folder), device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True
                )
            return self._model


def _timed(text: str, span: Any, duration: float) -> TimedText:
    """Whisper rounds the end of the last words up, past the end of the recording."""
    return TimedText(text.strip(), float(span.start), min(float(span.end), duration))
