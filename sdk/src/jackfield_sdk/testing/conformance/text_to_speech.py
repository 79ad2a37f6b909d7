"""The promises of text to speech."""

from __future__ import annotations

from typing import ClassVar

import pytest
from jackfield.contract import CallContext, ModelDescription, ModelType, RequestTooLarge, SpeechRequest, UnsupportedParameter

from ..answers import Answer, Reply
from ..calling import Caller
from ..double import VendorDouble
from ..promises import error_of, promise
from .base import CallConformance
from .faults import GARBAGE

_NO_SOUND = ("nothing", "not-http", "redirect", "null", "list", "empty-object", "string", "wrong-object", "half-a-json")


class TextToSpeechConformance(CallConformance):
    """Text to speech. An author says how the vendor answers."""

    model_type: ClassVar[ModelType] = ModelType.TEXT_TO_SPEECH
    garbage: ClassVar[dict[str, Answer]] = {name: GARBAGE[name] for name in _NO_SOUND}

    def speech_answer(self, audio: bytes) -> Reply:
        """The vendor's answer with this sound; its media type is that of the model's default format."""
        raise NotImplementedError

    def sound(self, number: int) -> bytes:
        """Something like sound, long enough to come in pieces."""
        return b"ID3\x00\xff\n\r\n" + self.marker(number).encode() * 50

    def good(self, number: int, mode: str) -> Reply:
        return self.speech_answer(self.sound(number))

    async def invoke(self, caller: Caller, number: int, mode: str, context: CallContext) -> bytes:
        request = SpeechRequest(model=self._model(caller), text=self.marker(number), voice=self._voice(caller))
        result = await caller.kernel.invoke_text_to_speech(request, context)
        audio = b"".join([piece async for piece in result.audio])
        assert result.media_type.startswith("audio/"), f"the media type is {result.media_type!r}"
        return audio

    def check(self, result: bytes, number: int, mode: str) -> None:
        assert result == self.sound(number), "the sound is not what the vendor sent"

    def _description(self, caller: Caller) -> ModelDescription:
        return caller.model(self._model(caller), self.model_type, self.credentials())

    def _voice(self, caller: Caller) -> str | None:
        voices = self._description(caller).voices
        return voices[0] if voices else None

    @pytest.mark.asyncio
    async def test_the_voice_is_sent(self, vendor: VendorDouble, caller: Caller) -> None:
        vendor.answers(self.good(1, "whole"))
        voice = self._voice(caller)
        if voice is None:
            pytest.skip("the catalog names no voices")
        with promise("the voice that was asked for is sent to the vendor"):
            await self.ask(caller)
            assert voice in vendor.last.url or voice.encode() in vendor.last.body

    @pytest.mark.asyncio
    async def test_a_format_that_is_not_spoken_is_refused(self, vendor: VendorDouble, caller: Caller) -> None:
        if not self._description(caller).audio_formats:
            pytest.skip("the catalog names no formats")
        request = SpeechRequest(model=self._model(caller), text="hello", voice=self._voice(caller), format="midi")
        text = "a format that the model does not speak is refused by its name, and nothing is sent"
        error = await error_of(caller.kernel.invoke_text_to_speech(request, self.context(caller)), text, UnsupportedParameter)
        with promise(text):
            assert error.param == "response_format"
            assert not vendor.requests

    @pytest.mark.asyncio
    async def test_a_text_that_is_too_long_is_refused(self, vendor: VendorDouble, caller: Caller) -> None:
        limit = self._description(caller).properties.get("max_characters")
        if not isinstance(limit, int):
            pytest.skip("the catalog names no limit")
        request = SpeechRequest(model=self._model(caller), text="a" * (limit + 1), voice=self._voice(caller))
        text = "a text that is longer than the model speaks at once is refused, and nothing is sent"
        error = await error_of(caller.kernel.invoke_text_to_speech(request, self.context(caller)), text, RequestTooLarge)
        with promise(text):
            assert str(limit) in error.message
            assert not vendor.requests
