"""The promises of speech to text."""

from __future__ import annotations

import contextlib
from typing import ClassVar

import pytest
from jackfield.contract import BadRequest, Blob, CallContext, ModelType, TranscriptionRequest, TranscriptionResult

from ..answers import Answer, Reply
from ..calling import Caller
from ..double import VendorDouble
from ..promises import error_of, promise
from .base import CallConformance
from .faults import GARBAGE


class SpeechToTextConformance(CallConformance):
    """Speech to text. An author says how the vendor answers."""

    model_type: ClassVar[ModelType] = ModelType.SPEECH_TO_TEXT
    garbage: ClassVar[dict[str, Answer]] = {name: GARBAGE[name] for name in GARBAGE if name != "null-members"}

    def transcription_answer(self, text: str) -> Reply:
        """The vendor's answer that says so."""
        raise NotImplementedError

    def good(self, number: int, mode: str) -> Reply:
        return self.transcription_answer(f"heard {self.marker(number)} – 世界")

    def recording(self, number: int) -> Blob:
        """Something like a recording; its bytes hold the marker."""
        return Blob(media_type="audio/wav", data=b"RIFF\x00\xff" + self.marker(number).encode() + b"\r\n--\x00", name="a.wav")

    async def invoke(self, caller: Caller, number: int, mode: str, context: CallContext) -> TranscriptionResult:
        request = TranscriptionRequest(model=self._model(caller), audio=self.recording(number))
        return await caller.kernel.invoke_speech_to_text(request, context)

    def check(self, result: TranscriptionResult, number: int, mode: str) -> None:
        assert result.text == f"heard {self.marker(number)} – 世界", f"the text is {result.text!r}"

    @pytest.mark.asyncio
    async def test_an_address_is_not_fetched(self, vendor: VendorDouble, caller: Caller) -> None:
        vendor.answers(self.good(1, "whole"))
        audio = Blob(url="http://169.254.169.254/latest/meta-data", media_type="audio/wav")
        request = TranscriptionRequest(model=self._model(caller), audio=audio)
        text = "a recording given by its address is passed on or refused, never fetched by the host"
        with contextlib.suppress(BadRequest):
            await caller.kernel.invoke_speech_to_text(request, self.context(caller))
        with promise(text):
            assert not any("169.254" in asked.host for asked in vendor.requests), "the plugin fetched it"

    @pytest.mark.asyncio
    async def test_a_recording_that_is_too_large(self, vendor: VendorDouble, caller: Caller) -> None:
        limit = caller.model(self._model(caller), self.model_type, self.credentials()).max_input_bytes
        if limit is None or limit > 64 << 20:
            pytest.skip("the catalog names no limit of a size that can be tried")
        audio = Blob(media_type="audio/wav", data=bytes(limit + 1), name="a.wav")
        request = TranscriptionRequest(model=self._model(caller), audio=audio)
        text = "a recording larger than the catalog says the model takes is refused before it is sent"
        await error_of(caller.kernel.invoke_speech_to_text(request, self.context(caller)), text, BadRequest)
        with promise(text):
            assert not vendor.requests
