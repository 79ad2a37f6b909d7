"""Voice in and out for the playground, by the workspace's default models."""

from __future__ import annotations

from collections.abc import AsyncIterator

from starlette.responses import JSONResponse, Response, StreamingResponse

from jackfield.contract import BadRequest, Blob, SpeechRequest, SpeechResult, TranscriptionRequest
from jackfield.gateway.requests import json_object

from ..registry import PageSet
from ..visit import Visit

MAX_RECORDING = 25 * 1024 * 1024
_ENDINGS = {"audio/webm": "webm", "audio/ogg": "ogg", "audio/mp4": "m4a", "audio/mpeg": "mp3", "audio/wav": "wav"}

pages = PageSet()


@pages.post("/playground/transcribe")
async def transcribe(visit: Visit) -> Response:
    """The body is the recording, in the container that its content type names."""
    data = await visit.body(MAX_RECORDING)
    if not data:
        raise BadRequest("The recording is empty.", advice="Record again, a little longer.")
    media_type = visit.request.headers.get("content-type", "").partition(";")[0].strip() or "audio/webm"
    name = visit.query.get("name") or f"recording.{_ENDINGS.get(media_type, 'webm')}"
    request = TranscriptionRequest(model="default", audio=Blob(media_type=media_type, data=data, name=name))
    return JSONResponse({"text": (await visit.host.calls.transcription(visit.caller, request)).text})


@pages.post("/playground/speak")
async def speak(visit: Visit) -> Response:
    """`{text}` -> sound, as it comes."""
    text = json_object(await visit.body()).get("text")
    if not isinstance(text, str) or not text.strip():
        raise BadRequest("There is nothing to read aloud.")
    result = await visit.host.calls.speech(visit.caller, SpeechRequest(model="default", text=text))
    return StreamingResponse(_sound(result), media_type=result.media_type)


async def _sound(result: SpeechResult) -> AsyncIterator[bytes]:
    try:
        async for piece in result.audio:
            yield piece
    finally:
        close = getattr(result.audio, "aclose", None)
        if close is not None:
            await close()
