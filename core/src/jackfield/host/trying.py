"""A model tried out: one small call of its type, as the caller's own, metered and limited like any other."""

from __future__ import annotations

import io
import time
import wave
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jackfield.contract import (
    Blob,
    EmbeddingRequest,
    LLMRequest,
    Message,
    ModelType,
    ModerationRequest,
    RerankRequest,
    Sampling,
    SpeechRequest,
    TranscriptionRequest,
    Usage,
)

if TYPE_CHECKING:
    from jackfield.tenancy import Principal

    from .calls import Calls

_INPUT = "Say hello in five words."
_DOCUMENTS = ("A greeting in five words.", "The price of tea in winter.")
_MAX_TOKENS = 512
_SECONDS, _RATE = 1, 16_000


@dataclass(slots=True)
class Tried:
    """:param text: what the model said, or in a few words what came of it
    :param audio: what it spoke, with its media type
    """

    text: str
    milliseconds: int
    usage: Usage
    audio: bytes = field(default=b"", repr=False)
    media_type: str = ""


class TryOut:
    """The service. Errors are those of the call."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def run(
        self, caller: Principal, name: str, model_type: ModelType, *, text: str = "", audio: Blob | None = None
    ) -> Tried:
        """Call the model.

        :param text: what it is given; default: a sentence
        :param audio: what a speech-to-text model hears; default: a second of silence
        :raises JackfieldError: as calls do
        """
        began = time.perf_counter()
        tried = await self._call(caller, name, model_type, text or _INPUT, audio)
        tried.milliseconds = round((time.perf_counter() - began) * 1000)
        return tried

    async def _call(self, caller: Principal, name: str, model_type: ModelType, text: str, audio: Blob | None) -> Tried:
        calls = self._calls
        if model_type is ModelType.LLM:
            sampling = Sampling(max_tokens=_MAX_TOKENS)
            request = LLMRequest(model=name, messages=[Message.user(text)], sampling=sampling, drop_unsupported=True)
            said = await calls.llm(caller, request)
            return Tried(said.text, 0, said.usage)
        if model_type is ModelType.TEXT_EMBEDDING:
            found = await calls.embedding(caller, EmbeddingRequest(model=name, inputs=[text]))
            return Tried(f"{len(found.embeddings[0])} dimensions", 0, found.usage)
        if model_type is ModelType.RERANK:
            order = await calls.rerank(caller, RerankRequest(model=name, query=text, documents=list(_DOCUMENTS)))
            lines = [f"{one.score:.4f} {_DOCUMENTS[one.index]}" for one in order.ranking]
            return Tried("\n".join(lines), 0, order.usage)
        if model_type is ModelType.MODERATION:
            judged = await calls.moderation(caller, ModerationRequest(model=name, inputs=[text]))
            return Tried("flagged" if judged.verdicts[0].flagged else "not flagged", 0, judged.usage)
        if model_type is ModelType.SPEECH_TO_TEXT:
            heard = await calls.transcription(caller, TranscriptionRequest(model=name, audio=audio or _silence()))
            return Tried(heard.text, 0, heard.usage)
        spoken = await calls.speech(caller, SpeechRequest(model=name, text=text))
        sound = b"".join([piece async for piece in spoken.audio])
        return Tried(f"{len(sound)} bytes of {spoken.media_type}", 0, spoken.usage, sound, spoken.media_type)


def _silence() -> Blob:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE)
        file.writeframes(bytes(2 * _RATE * _SECONDS))
    return Blob(data=buffer.getvalue(), name="silence.wav", media_type="audio/wav")
