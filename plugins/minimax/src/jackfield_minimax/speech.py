"""MiniMax's text to speech: https://platform.minimaxi.com/docs/api-reference/speech-t2a-http

Sound comes as hexadecimal digits, in one JSON object or event by event. The last event tells what was used, and holds the whole
sound once more.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from jackfield_sdk import (
    ConnectionFailed,
    ModelDescription,
    ServerUnavailable,
    SpeechRequest,
    Usage,
    event_object,
)
from jackfield_sdk.dialects import ServerSentEvent

MEDIA_TYPES: Final = {"mp3": "audio/mpeg", "pcm": "audio/pcm", "flac": "audio/flac", "wav": "audio/wav"}
VOICE: Final = "male-qn-qingse"


def build(request: SpeechRequest, model: ModelDescription | None) -> dict[str, Any]:
    """The body. A WAV file tells its length at its beginning, so it does not come in a stream."""
    sound = request.format or "mp3"
    voices = model.voices if model is not None else ()
    voice: dict[str, Any] = {"voice_id": request.voice or (voices[0] if voices else VOICE)}
    if request.speed is not None:
        voice["speed"] = request.speed
    audio: dict[str, Any] = {"format": sound}
    if sound == "pcm":
        audio["sample_rate"] = 24000  # as OpenAI's has, and its clients expect
    body: dict[str, Any] = {"model": request.model, "text": request.text, "voice_setting": voice, "audio_setting": audio}
    body |= {"stream": sound != "wav", "output_format": "hex"}
    return body | request.extra


def _sound(body: dict[str, Any]) -> bytes:
    data = body.get("data")
    digits = data.get("audio") if isinstance(data, dict) else None
    try:
        return bytes.fromhex(digits or "")
    except (TypeError, ValueError):
        raise ServerUnavailable("The vendor's sound is not in hexadecimal digits.") from None


def _read_usage(body: dict[str, Any], usage: Usage) -> None:
    """What is billed, a Chinese letter as two, and how long it lasts."""
    told = body.get("extra_info")
    told = told if isinstance(told, dict) else {}
    if isinstance(letters := told.get("usage_characters"), int):
        usage.characters = letters
    if isinstance(milliseconds := told.get("audio_length"), int | float):
        usage.audio_seconds = milliseconds / 1000


async def whole(body: dict[str, Any], usage: Usage) -> AsyncIterator[bytes]:
    """The sound of a whole answer; nothing, if there is none in it."""
    _read_usage(body, usage)
    if sound := _sound(body):
        yield sound


def reader(
    usage: Usage, check: Callable[[dict[str, Any]], None]
) -> Callable[[AsyncIterator[ServerSentEvent]], AsyncIterator[bytes]]:
    """What makes sound of events, and fills in `usage`.

    :param check: raises the error that an event holds
    """

    async def read(events: AsyncIterator[ServerSentEvent]) -> AsyncIterator[bytes]:
        said = ended = False
        async for event in events:
            body = event_object(event)
            check(body)
            if "extra_info" in body:
                _read_usage(body, usage)
                ended = True
            if (sound := _sound(body)) and not (ended and said):  # the last event says all of it again
                said = True
                yield sound
        if said and not ended:
            raise ConnectionFailed("The vendor's sound broke off before its end.")

    return read
