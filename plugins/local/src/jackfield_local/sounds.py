"""Speech to text and text to speech."""

from __future__ import annotations

from collections.abc import AsyncIterator

from jackfield_sdk import (
    BadRequest,
    CallContext,
    ModelNotFound,
    SpeechRequest,
    SpeechResult,
    TranscriptionRequest,
    TranscriptionResult,
    Usage,
    allowed_recording,
    allowed_speech,
)

from . import audio
from .extras import further
from .settings import Settings
from .speech import DEFAULT_VOICE, Speaker
from .transcriber import Transcriber
from .weights import WHISPER_TINY_EN
from .workers import Stop, Workers

TRANSCRIPTION_ID = "whisper"
SPEECH_ID = "espeak"
_PIECE = 32_768


class Sounds:
    """Each engine has one thread: eSpeak can do no more, and Whisper uses all cores for one recording."""

    def __init__(self) -> None:
        self._speaker = Speaker()
        self._transcriber = Transcriber(lambda stop: WHISPER_TINY_EN.locate(Settings.from_environment(), stop))
        self._speaking = Workers("espeak")
        self._hearing = Workers("whisper")

    async def transcribe(self, request: TranscriptionRequest, context: CallContext) -> TranscriptionResult:
        """What an English recording says. To translate it into English is to leave it as it is.

        :raises BadRequest: naming what is wrong; :raises MissingExtra: the engine is not installed
        """
        further(request)
        if request.model != TRANSCRIPTION_ID:
            raise ModelNotFound(f"There is no embedded speech-to-text model `{request.model}`.")
        request = allowed_recording(request, context)
        data = request.audio.data
        if data is None:
            raise BadRequest("The local models take a recording's bytes, not its address.", param="file")
        if request.language and request.language.lower().partition("-")[0] not in ("en", "english"):
            raise BadRequest(f"`{TRANSCRIPTION_ID}` hears English only.", param="language")
        threads = Settings.from_environment().threads
        heard = await self._hearing.run(
            lambda stop: self._transcriber.hear(
                data,
                stop,
                threads=threads,
                prompt=request.prompt,
                temperature=request.temperature,
                words="word" in request.timestamps,
            )
        )
        return TranscriptionResult(
            text=heard.text,
            language="en",
            duration=heard.duration,
            segments=heard.segments,
            words=heard.words,
            usage=Usage(audio_seconds=heard.duration),
            model=request.model,
        )

    async def speak(self, request: SpeechRequest, context: CallContext) -> SpeechResult:
        """:raises BadRequest: naming what is wrong; :raises MissingExtra: the engine is not installed"""
        further(request)
        request = allowed_speech(request, context, audio.MEDIA_TYPES)
        if request.model != SPEECH_ID:
            raise ModelNotFound(f"There is no embedded text-to-speech model `{request.model}`.")
        if not request.text.strip():
            raise BadRequest("`input` is empty.", param="input")
        name = request.format or "wav"
        speed = 1.0 if request.speed is None else request.speed
        file, seconds = await self._speaking.run(
            lambda stop: self._file(request.text, request.voice or DEFAULT_VOICE, speed, name, stop)
        )
        return SpeechResult(
            audio=_pieces(file),
            media_type=audio.MEDIA_TYPES[name],
            usage=Usage(characters=len(request.text), audio_seconds=seconds),
            model=request.model,
        )

    def _file(self, text: str, voice: str, speed: float, name: str, stop: Stop) -> tuple[bytes, float]:
        pcm, rate = self._speaker.speak(text, voice, speed, stop)
        return audio.encode(pcm, rate, name), len(pcm) / 2 / rate


async def _pieces(file: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(file), _PIECE):
        yield file[start : start + _PIECE]
