"""Speech: https://docs.mistral.ai/studio-api/audio/text_to_speech/speech

Sound comes in base64, event by event; the last event says that it was all.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncIterator
from typing import Any, Final

import orjson
from jackfield_sdk import ConnectionFailed, ServerUnavailable, SpeechRequest
from jackfield_sdk.dialects import ServerSentEvent, counts, extras, openai_audio

MEDIA_TYPES: Final = {name: openai_audio.MEDIA_TYPES[name] for name in ("mp3", "opus", "flac", "wav", "pcm")}


def build_request(request: SpeechRequest) -> dict[str, Any]:
    """The wire body. Without a voice it must hold a sample of one, `ref_audio`.

    :raises UnsupportedParameter: as `extras.passed_on`
    """
    body = {"model": request.model, "input": request.text, "stream": True, "response_format": request.format or "mp3"}
    voice = {"voice_id": request.voice} if request.voice is not None else {}
    return body | voice | extras.passed_on(request, openai_audio.DIALECT)


async def parse_stream(events: AsyncIterator[ServerSentEvent]) -> AsyncIterator[bytes]:
    """The pieces of the sound.

    :raises ServerUnavailable: for what is no event of speech; ConnectionFailed: if the last event does not come
    """
    async for event in events:
        if event.data == "[DONE]":
            continue
        try:
            body = counts.members(orjson.loads(event.data))
            piece = base64.b64decode(body["audio_data"], validate=True) if body["type"] == "speech.audio.delta" else b""
        except (orjson.JSONDecodeError, KeyError, TypeError, binascii.Error, ValueError) as error:
            raise ServerUnavailable(f"The vendor's stream holds what is no event of speech: {error!r}.") from None
        if body["type"] == "speech.audio.done":
            return
        if piece:
            yield piece
    raise ConnectionFailed("The vendor's stream of sound ended half-way.")
