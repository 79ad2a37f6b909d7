"""Text to speech: https://www.alibabacloud.com/help/en/model-studio/qwen-tts-api and …/cosyvoice-http-api"""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import AsyncIterator
from typing import Any, Final

import orjson
from jackfield_sdk import (
    ConnectionFailed,
    ModelDescription,
    ServerUnavailable,
    SpeechRequest,
    Usage,
)
from jackfield_sdk.dialects import ServerSentEvent

RATE: Final = 24_000
"""Samples a second: 16 bits, one channel."""
FORMATS: Final = ("wav", "pcm")
"""What every model speaks; the catalog says which speak more."""
_MEDIA_TYPES: Final = {"wav": "audio/wav", "pcm": "audio/pcm", "mp3": "audio/mpeg"}


def default_format(model: ModelDescription | None) -> str:
    """What the model speaks, if no format is asked for: its first."""
    return model.audio_formats[0] if model is not None and model.audio_formats else FORMATS[0]


def media_type(kind: str) -> str:
    """Of a format."""
    return _MEDIA_TYPES[kind]


def build(request: SpeechRequest, voice: str, kind: str, *, cosyvoice: bool) -> dict[str, Any]:
    """The body. Qwen speaks raw samples, whatever is asked for; CosyVoice makes the format itself."""
    spoken: dict[str, Any] = {"text": request.text, "voice": voice}
    if cosyvoice:
        spoken |= {"format": "pcm" if kind == "wav" else kind, "sample_rate": RATE}
        if request.speed is not None:
            spoken["rate"] = request.speed
    if request.instructions is not None:
        spoken["instruction" if cosyvoice else "instructions"] = request.instructions
    return {"model": request.model, "input": spoken}


def wav_head() -> bytes:
    """The head of a WAV file whose length is not known yet (RFC 2361): it is told as the greatest there is."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, RATE, 2 * RATE, 2, 16)
    return b"RIFF" + struct.pack("<I", 0xFFFFFFFF) + b"WAVE" + form + b"data" + struct.pack("<I", 0xFFFFFFFF)


async def parse(events: AsyncIterator[ServerSentEvent], usage: Usage, *, wav: bool) -> AsyncIterator[bytes]:
    """The sound in the events; the last holds the address of the whole file, which is left alone.

    :param usage: what the events tell of it is added
    :raises ServerUnavailable: for an event that is none; ConnectionFailed if the last does not come
    """
    head, ended = wav_head() if wav else b"", False
    async for event in events:
        try:
            body = orjson.loads(event.data)
            output = body["output"]
            sound = base64.b64decode((output.get("audio") or {}).get("data") or "", validate=True)
            ended = ended or output.get("finish_reason") == "stop"
            usage.characters = int((body.get("usage") or {}).get("characters") or usage.characters)
        except (KeyError, TypeError, AttributeError, ValueError, binascii.Error, orjson.JSONDecodeError) as error:
            raise ServerUnavailable(f"The vendor's stream holds an event that is no sound: {error!r}.") from None
        if sound:
            yield head + sound
            head = b""
    if not ended:
        raise ConnectionFailed("The vendor's sound broke off.")
