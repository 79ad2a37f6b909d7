"""What OpenAI is sent for embeddings, sound and moderation; and what its own errors mean."""

from __future__ import annotations

from typing import Any

import pytest
from jackfield_sdk import (
    BadRequest,
    Blob,
    ContentRefused,
    ContextLengthExceeded,
    CredentialsInvalid,
    EmbeddingRequest,
    ImagePart,
    JackfieldError,
    LLMRequest,
    Message,
    ModelNotFound,
    ModelType,
    ModerationRequest,
    PermissionDenied,
    QuotaExceeded,
    RateLimited,
    RequestTooLarge,
    ServerUnavailable,
    SpeechRequest,
    TextPart,
    TranscriptionRequest,
    UnsupportedParameter,
)
from jackfield_sdk.testing import Answer, Asker, FormFile, VendorDouble

HEARD = Answer.json({"text": "hello", "usage": {"type": "duration", "seconds": 3}})
RECORDING = Blob(data=b"RIFF\x00\r\n--x", media_type="audio/mpeg", name="a.mp3")


async def test_embeddings(openai: Asker, vendor: VendorDouble) -> None:
    vendor.answers(
        Answer.json({"data": [{"index": 1, "embedding": [2.0]}, {"index": 0, "embedding": "AACAPw=="}], "usage": {}})
    )
    model = "text-embedding-3-small"
    request = EmbeddingRequest(model=model, inputs=["a", "b"], dimensions=256, user="u")
    result = await openai.kernel.invoke_text_embedding(request, openai.context(model, ModelType.TEXT_EMBEDDING))
    assert result.embeddings == [[1.0], [2.0]]
    assert vendor.last.json == {
        "model": model,
        "input": ["a", "b"],
        "encoding_format": "float",
        "dimensions": 256,
        "user": "u",
    }
    ada = EmbeddingRequest(model="text-embedding-ada-002", inputs=["a"], dimensions=256)
    with pytest.raises(UnsupportedParameter) as caught:
        await openai.kernel.invoke_text_embedding(ada, openai.context("text-embedding-ada-002", ModelType.TEXT_EMBEDDING))
    assert caught.value.param == "dimensions"


async def test_transcription_and_translation(openai: Asker, vendor: VendorDouble) -> None:
    vendor.answers(HEARD)
    context = openai.context("whisper-1", ModelType.SPEECH_TO_TEXT)
    request = TranscriptionRequest(
        model="whisper-1", audio=RECORDING, language="de", prompt="Jackfield", temperature=0.5, timestamps=frozenset({"word"})
    )
    result = await openai.kernel.invoke_speech_to_text(request, context)
    assert (result.text, result.usage.audio_seconds) == ("hello", 3.0)
    assert vendor.last.url == "https://api.openai.com/v1/audio/transcriptions"
    assert vendor.last.form == {
        "model": "whisper-1",
        "language": "de",
        "prompt": "Jackfield",
        "temperature": "0.5",
        "response_format": "verbose_json",
        "timestamp_granularities[]": "word",
        "file": FormFile("a.mp3", "audio/mpeg", b"RIFF\x00\r\n--x"),
    }
    translation = TranscriptionRequest(model="whisper-1", audio=RECORDING, task="translate")
    await openai.kernel.invoke_speech_to_text(translation, context)
    assert vendor.last.url == "https://api.openai.com/v1/audio/translations"


async def test_what_newer_models_of_transcription_do_not_do(openai: Asker, vendor: VendorDouble) -> None:
    vendor.answers(HEARD)
    context = openai.context("gpt-transcribe", ModelType.SPEECH_TO_TEXT)
    wishes: tuple[dict[str, Any], ...] = ({"timestamps": frozenset({"segment"})}, {"task": "translate"})
    for wish in wishes:
        with pytest.raises(UnsupportedParameter) as caught:
            request = TranscriptionRequest(model="gpt-transcribe", audio=RECORDING, **wish)
            await openai.kernel.invoke_speech_to_text(request, context)
        assert caught.value.param in wish
    assert not vendor.requests
    request = TranscriptionRequest(
        model="gpt-transcribe", audio=RECORDING, timestamps=frozenset({"segment"}), drop_unsupported=True
    )
    await openai.kernel.invoke_speech_to_text(request, context)
    assert vendor.last.form["response_format"] == "json"


async def test_a_model_that_tells_speakers_apart_cuts_the_recording(openai: Asker, vendor: VendorDouble) -> None:
    vendor.answers(HEARD)
    model = "gpt-4o-transcribe-diarize"
    context = openai.context(model, ModelType.SPEECH_TO_TEXT)
    await openai.kernel.invoke_speech_to_text(TranscriptionRequest(model=model, audio=RECORDING), context)
    assert vendor.last.form["chunking_strategy"] == "auto"
    own: dict[str, Any] = {"extra": {"chunking_strategy": "none"}, "dialect": "openai.audio"}
    await openai.kernel.invoke_speech_to_text(TranscriptionRequest(model=model, audio=RECORDING, **own), context)
    assert vendor.last.form["chunking_strategy"] == "none", "the caller's own goes before"
    with pytest.raises(UnsupportedParameter) as caught:
        await openai.kernel.invoke_speech_to_text(TranscriptionRequest(model=model, audio=RECORDING, prompt="x"), context)
    assert caught.value.param == "prompt"


async def test_speech(openai: Asker, vendor: VendorDouble) -> None:
    vendor.answers(Answer.content(b"sound", "audio/opus"))
    model = "gpt-4o-mini-tts"
    context = openai.context(model, ModelType.TEXT_TO_SPEECH)
    request = SpeechRequest(model=model, text="Hi", voice="nova", format="opus", speed=1.5, instructions="Whisper.")
    spoken = await openai.kernel.invoke_text_to_speech(request, context)
    assert b"".join([piece async for piece in spoken.audio]) == b"sound"
    assert (spoken.media_type, spoken.usage.characters) == ("audio/opus", 2)
    assert vendor.last.json == {
        "model": model,
        "input": "Hi",
        "voice": "nova",
        "response_format": "opus",
        "speed": 1.5,
        "instructions": "Whisper.",
    }
    await openai.kernel.invoke_text_to_speech(SpeechRequest(model=model, text="Hi"), context)
    assert vendor.last.json["voice"] == "alloy"
    vendor.requests.clear()
    with pytest.raises(RequestTooLarge):
        await openai.kernel.invoke_text_to_speech(SpeechRequest(model=model, text="x" * 4097), context)
    with pytest.raises(UnsupportedParameter) as caught:
        old = SpeechRequest(model="tts-1", text="Hi", instructions="Whisper.")
        await openai.kernel.invoke_text_to_speech(old, openai.context("tts-1", ModelType.TEXT_TO_SPEECH))
    assert caught.value.param == "instructions"
    assert not vendor.requests


async def test_moderation_of_text_and_image(openai: Asker, vendor: VendorDouble) -> None:
    verdict = {"flagged": False, "categories": {"violence": False}, "category_scores": {"violence": 0.01}}
    vendor.answers(Answer.json({"id": "modr-1", "results": [verdict]}))
    model = "omni-moderation-latest"
    parts: list[TextPart | ImagePart] = [TextPart("look"), ImagePart(Blob(url="https://acme.example/cat.png"))]
    request = ModerationRequest(model=model, inputs=[parts])
    await openai.kernel.invoke_moderation(request, openai.context(model, ModelType.MODERATION))
    assert vendor.last.json == {
        "model": model,
        "input": [
            {"type": "text", "text": "look"},
            {"type": "image_url", "image_url": {"url": "https://acme.example/cat.png"}},
        ],
    }


def error(status: int, code: str | None = None, message: str = "no", param: str | None = None, **headers: str) -> Answer:
    body = {"error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}}
    return Answer.json(
        body, status, {"x-request-id": "req_42", **{name.replace("_", "-"): text for name, text in headers.items()}}
    )


@pytest.mark.parametrize(
    ("answer", "kind", "param"),
    [
        (error(401, "invalid_api_key", "Incorrect API key provided: sk-proj-canary-0123456789"), CredentialsInvalid, "api_key"),
        (error(401, "invalid_organization", "No such organization: org-1."), CredentialsInvalid, "organization"),
        (error(401, None, "OpenAI-Project header should match project for API key"), CredentialsInvalid, "project"),
        (error(403, "unsupported_country_region_territory"), PermissionDenied, None),
        (error(404, "model_not_found", "The model `x` does not exist"), ModelNotFound, None),
        (error(400, "context_length_exceeded", param="messages"), ContextLengthExceeded, "messages"),
        (error(400, "invalid_prompt"), ContentRefused, None),
        (error(400, "unsupported_parameter", param="stop"), UnsupportedParameter, "stop"),
        (error(400, "unsupported_value", param="temperature"), BadRequest, "temperature"),
        (error(413, None, "Maximum content size limit exceeded"), RequestTooLarge, None),
        (error(429, "insufficient_quota"), QuotaExceeded, None),
        (error(429, "rate_limit_exceeded", retry_after="7"), RateLimited, None),
        (error(429, "rate_limit_exceeded", "Request too large for gpt-4.1 on tokens per min"), RequestTooLarge, None),
        (error(500, "server_error"), ServerUnavailable, None),
        (error(503, None, "The engine is currently overloaded"), ServerUnavailable, None),
    ],
)
async def test_errors_of_openai(
    openai: Asker, vendor: VendorDouble, answer: Answer, kind: type[JackfieldError], param: str | None
) -> None:
    vendor.answers(answer)
    request = LLMRequest(model="gpt-4.1", messages=[Message.user("Hello")])
    with pytest.raises(JackfieldError) as caught:
        await openai.kernel.invoke_llm(request, openai.context("gpt-4.1"))
    failure = caught.value
    assert type(failure) is kind
    assert failure.param == param
    assert (failure.request_id, failure.vendor_status) == ("req_42", answer.status)
    assert failure.retry_after == (7.0 if "retry-after" in answer.headers else None)
    assert "canary" not in repr(failure.describe())


@pytest.mark.parametrize(
    ("events", "kind"),
    [
        ([{"error": {"message": "slow down", "code": "rate_limit_exceeded", "type": "tokens"}}], RateLimited),
        ([{"error": {"message": "spent", "code": "insufficient_quota", "type": "insufficient_quota"}}], QuotaExceeded),
        ([("error", {"error": {"message": "down", "type": "server_error", "code": None}})], ServerUnavailable),
    ],
)
async def test_an_error_in_mid_stream(
    openai: Asker, vendor: VendorDouble, events: list[Any], kind: type[JackfieldError]
) -> None:
    first = {"choices": [{"index": 0, "delta": {"content": "Hel"}, "finish_reason": None}]}
    vendor.answers(Answer.sse([first, *events]))
    request = LLMRequest(model="gpt-4.1", messages=[Message.user("Hello")], stream=True)
    stream = await openai.kernel.stream_llm(request, openai.context("gpt-4.1"))
    seen = []
    with pytest.raises(JackfieldError) as caught:
        async for event in stream:
            seen.append(event)  # noqa: PERF401 - what came before the error counts
    assert type(caught.value) is kind
    assert len(seen) == 1


async def test_a_failed_response_is_an_error(openai: Asker, vendor: VendorDouble) -> None:
    failed = {"id": "r", "status": "failed", "error": {"code": "rate_limit_exceeded", "message": "slow"}, "output": []}
    request = LLMRequest(model="o3-pro", messages=[Message.user("Hello")])
    vendor.answers(Answer.json(failed))
    with pytest.raises(RateLimited):
        await openai.kernel.invoke_llm(request, openai.context("o3-pro"))
    vendor.answers(Answer.sse([("response.failed", {"type": "response.failed", "response": failed})]))
    with pytest.raises(RateLimited):
        async for _ in await openai.kernel.stream_llm(request, openai.context("o3-pro")):
            pass
