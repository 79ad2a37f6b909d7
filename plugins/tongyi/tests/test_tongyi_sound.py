"""What DashScope is sent for sound, and what is made of its answers: at once, as a job, as a stream."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest
from jackfield_sdk import (
    BadRequest,
    Blob,
    ConnectionFailed,
    ModelType,
    RequestTooLarge,
    ServerUnavailable,
    SpeechRequest,
    TimedText,
    TranscriptionRequest,
    TranscriptionResult,
    UnsupportedParameter,
)
from jackfield_sdk.testing import Answer, Caller, FormFile, VendorDouble, open_caller
from jackfield_tongyi import plugin

KEY = {"api_key": "sk-canary0123456789"}
RECORDING = Blob(data=b"RIFF\x00\r\n--x", media_type="audio/wav", name="notes/a.wav")
TASK = "/api/v1/tasks/t-1"
POLICY = {
    "policy": "cG9saWN5",
    "signature": "sig",
    "upload_dir": "dashscope-instant/xxx/2026-11-25",
    "upload_host": "https://dashscope-file-xxx.oss-cn-beijing.aliyuncs.com",
    "oss_access_key_id": "LTAI",
    "x_oss_object_acl": "private",
    "x_oss_forbid_overwrite": "true",
}
RESULT = {
    "properties": {"audio_format": "pcm_s16le", "original_duration_in_milliseconds": 3500},
    "transcripts": [
        {
            "channel_id": 0,
            "text": "Hello world.",
            "sentences": [
                {
                    "begin_time": 100,
                    "end_time": 3000,
                    "text": "Hello world.",
                    "words": [
                        {"begin_time": 100, "end_time": 900, "text": "Hello", "punctuation": ""},
                        {"begin_time": 1000, "end_time": 3000, "text": "world", "punctuation": "."},
                    ],
                }
            ],
        }
    ],
}


@pytest.fixture
async def double() -> AsyncIterator[tuple[VendorDouble, Caller]]:
    async with VendorDouble() as vendor, open_caller(plugin, vendor) as caller:
        yield vendor, caller


async def hear(caller: Caller, request: TranscriptionRequest) -> TranscriptionResult:
    return await caller.kernel.invoke_speech_to_text(request, caller.context(KEY, request.model, ModelType.SPEECH_TO_TEXT))


async def speak(caller: Caller, request: SpeechRequest) -> tuple[bytes, Any]:
    context = caller.context(KEY, request.model, ModelType.TEXT_TO_SPEECH)
    spoken = await caller.kernel.invoke_text_to_speech(request, context)
    return b"".join([piece async for piece in spoken.audio]), spoken


# -- speech to text at once ---------------------------------------------------------------------------------------------------


async def test_a_transcription(double: tuple[VendorDouble, Caller]) -> None:
    vendor, caller = double
    message = {"content": [{"text": "hello"}], "annotations": [{"type": "audio_info", "language": "en"}]}
    vendor.answers(Answer.json({"output": {"choices": [{"message": message}]}, "usage": {"seconds": 3}}))
    result = await hear(
        caller, TranscriptionRequest(model="qwen3-asr-flash", audio=RECORDING, language="en", prompt="Jackfield")
    )
    assert (result.text, result.language, result.duration, result.usage.audio_seconds) == ("hello", "en", 3.0, 3.0)
    assert vendor.last.url == "https://dashscope.aliyuncs.com/api/v1/services/aigc/multimodal-generation/generation"
    sound = base64.b64encode(b"RIFF\x00\r\n--x").decode()
    assert vendor.last.json == {
        "model": "qwen3-asr-flash",
        "input": {
            "messages": [
                {"role": "system", "content": [{"text": "Jackfield"}]},
                {"role": "user", "content": [{"audio": f"data:audio/wav;base64,{sound}"}]},
            ]
        },
        "parameters": {"asr_options": {"enable_itn": False, "language": "en"}},
    }
    with pytest.raises(UnsupportedParameter) as caught:
        await hear(caller, TranscriptionRequest(model="qwen3-asr-flash", audio=RECORDING, task="translate"))
    assert caught.value.param == "task"


# -- speech to text as a job ----------------------------------------------------------------------------------------------


def script(vendor: VendorDouble, *states: dict[str, Any]) -> None:
    """The routes of a job that goes through these states."""
    vendor.on("GET", "/api/v1/uploads", Answer.json({"data": POLICY, "request_id": "1"}))
    vendor.on("POST", "/?", Answer.content(b"", "text/plain"))
    vendor.on("POST", "/api/v1/services/audio/asr/transcription", Answer.json({"output": {"task_id": "t-1"}}))
    vendor.on("POST", f"{TASK}/cancel", Answer.json({}))
    vendor.on("GET", TASK, [Answer.json(state) for state in states])
    vendor.on("GET", "/result.json", Answer.json(RESULT))


def state(name: str, **result: str) -> dict[str, Any]:
    return {"output": {"task_id": "t-1", "task_status": name, "results": [result]}, "usage": {"duration": 4}}


SUCCEEDED = state("SUCCEEDED", subtask_status="SUCCEEDED", transcription_url="https://oss.example/result.json?token=1")


async def test_a_recording_is_put_into_the_vendors_storage(
    double: tuple[VendorDouble, Caller], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(plugin), "pause", 0.0)
    vendor, caller = double
    script(vendor, state("PENDING"), state("RUNNING"), SUCCEEDED)
    result = await hear(
        caller,
        TranscriptionRequest(model="paraformer-v2", audio=RECORDING, language="en", timestamps=frozenset({"word", "segment"})),
    )
    assert (result.text, result.duration, result.usage.audio_seconds) == ("Hello world.", 3.5, 4.0)
    assert result.segments == [TimedText("Hello world.", 0.1, 3.0)]
    assert result.words == [TimedText("Hello", 0.1, 0.9), TimedText("world.", 1.0, 3.0)]
    policy, upload, submit, *questions, fetch = vendor.requests
    assert policy.query == {"action": "getPolicy", "model": "paraformer-v2"}
    assert upload.url == POLICY["upload_host"]
    assert "authorization" not in upload.headers
    assert upload.form == {
        "OSSAccessKeyId": "LTAI",
        "Signature": "sig",
        "policy": "cG9saWN5",
        "key": f"{POLICY['upload_dir']}/a.wav",
        "x-oss-object-acl": "private",
        "x-oss-forbid-overwrite": "true",
        "success_action_status": "200",
        "file": FormFile("a.wav", "audio/wav", b"RIFF\x00\r\n--x"),
    }
    assert submit.json == {
        "model": "paraformer-v2",
        "input": {"file_urls": [f"oss://{POLICY['upload_dir']}/a.wav"]},
        "parameters": {"language_hints": ["en"]},
    }
    assert (submit.headers["x-dashscope-async"], submit.headers["x-dashscope-ossresourceresolve"]) == ("enable", "enable")
    assert [question.path for question in questions] == [TASK] * 3
    assert "authorization" not in fetch.headers


async def test_an_address_is_left_to_the_vendor(double: tuple[VendorDouble, Caller]) -> None:
    vendor, caller = double
    script(vendor, SUCCEEDED)
    await hear(caller, TranscriptionRequest(model="fun-asr", audio=Blob(url="https://acme.example/a.mp3")))
    assert vendor.requests[0].json["input"] == {"file_urls": ["https://acme.example/a.mp3"]}
    assert "x-dashscope-ossresourceresolve" not in vendor.requests[0].headers


@pytest.mark.parametrize(
    ("last", "kind"),
    [
        (state("FAILED", subtask_status="FAILED", code="InvalidParameter", message="no sound"), BadRequest),
        (state("SUCCEEDED", subtask_status="FAILED", code="InternalError", message="down"), ServerUnavailable),
        ({"output": {"task_status": "FAILED", "code": "InvalidParameter", "message": "no sound"}}, BadRequest),
        ({"output": {"task_status": "UNKNOWN"}}, ServerUnavailable),
        ({"output": {}}, ServerUnavailable),
        (state("SUCCEEDED", subtask_status="SUCCEEDED"), ServerUnavailable),
    ],
)
async def test_a_job_that_fails(double: tuple[VendorDouble, Caller], last: dict[str, Any], kind: type[Exception]) -> None:
    vendor, caller = double
    script(vendor, last)
    with pytest.raises(kind):
        await hear(caller, TranscriptionRequest(model="fun-asr", audio=Blob(url="https://acme.example/a.mp3")))


async def test_a_cancelled_call_cancels_its_job(double: tuple[VendorDouble, Caller]) -> None:
    vendor, caller = double
    script(vendor, state("PENDING"))
    call = hear(caller, TranscriptionRequest(model="fun-asr", audio=Blob(url="https://acme.example/a.mp3")))
    task = asyncio.ensure_future(call)
    await vendor.received(2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (vendor.last.method, vendor.last.path) == ("POST", f"{TASK}/cancel")


# -- text to speech -----------------------------------------------------------------------------------------------------------


def sound(*pieces: bytes, end: bool = True) -> Answer:
    events: list[dict[str, Any]] = [
        {"output": {"audio": {"data": base64.b64encode(piece).decode()}, "finish_reason": "null"}} for piece in pieces
    ]
    if end:
        last = {"audio": {"data": "", "url": "https://oss.example/a.wav"}, "finish_reason": "stop"}
        events.append({"output": last, "usage": {"characters": 7}})
    return Answer.sse([("result", event) for event in events])


@pytest.mark.parametrize(
    ("format_", "media_type", "head"), [(None, "audio/wav", 44), ("wav", "audio/wav", 44), ("pcm", "audio/pcm", 0)]
)
async def test_speech(double: tuple[VendorDouble, Caller], format_: str | None, media_type: str, head: int) -> None:
    vendor, caller = double
    vendor.answers(sound(b"one", b"two"))
    audio, spoken = await speak(caller, SpeechRequest(model="qwen3-tts-flash", text="你好, hi", format=format_))
    assert audio[head:] == b"onetwo"
    assert audio.startswith(b"RIFF") == bool(head)
    assert (spoken.media_type, spoken.usage.characters) == (media_type, 7)
    assert vendor.last.headers["x-dashscope-sse"] == "enable"
    assert vendor.last.json == {"model": "qwen3-tts-flash", "input": {"text": "你好, hi", "voice": "Cherry"}}


async def test_speech_of_other_models(double: tuple[VendorDouble, Caller]) -> None:
    vendor, caller = double
    vendor.answers(sound(b"one"))
    request = SpeechRequest(model="cosyvoice-v2", text="hi", voice="longwan_v2", speed=1.5)
    audio, spoken = await speak(caller, request)
    assert (audio, spoken.media_type) == (b"one", "audio/mpeg")
    assert vendor.last.url == "https://dashscope.aliyuncs.com/api/v1/services/audio/tts/SpeechSynthesizer"
    spoken_input = {"text": "hi", "voice": "longwan_v2", "format": "mp3", "sample_rate": 24000, "rate": 1.5}
    assert vendor.last.json == {"model": "cosyvoice-v2", "input": spoken_input}
    audio, _ = await speak(caller, SpeechRequest(model="cosyvoice-v2", text="hi", format="wav"))
    assert audio[44:] == b"one"
    assert vendor.last.json["input"]["format"] == "pcm"
    await speak(caller, SpeechRequest(model="qwen3-tts-instruct-flash", text="hi", instructions="whisper"))
    assert vendor.last.json["input"] == {"text": "hi", "voice": "Cherry", "instructions": "whisper"}


@pytest.mark.parametrize(
    ("members", "param"),
    [({"format": "mp3"}, "response_format"), ({"speed": 2.0}, "speed"), ({"instructions": "whisper"}, "instructions")],
)
async def test_what_a_model_does_not_speak(double: tuple[VendorDouble, Caller], members: dict[str, Any], param: str) -> None:
    vendor, caller = double
    vendor.answers(sound(b"one"))
    with pytest.raises(UnsupportedParameter) as caught:
        await speak(caller, SpeechRequest(model="qwen3-tts-flash", text="hi", **members))
    assert caught.value.param == param
    assert not vendor.requests
    await speak(caller, SpeechRequest(model="qwen3-tts-flash", text="hi", drop_unsupported=True, **members))
    assert vendor.last.json["input"] == {"text": "hi", "voice": "Cherry"}


async def test_a_text_that_is_too_long(double: tuple[VendorDouble, Caller]) -> None:
    vendor, caller = double
    with pytest.raises(RequestTooLarge):
        await speak(caller, SpeechRequest(model="qwen3-tts-flash", text="x" * 601))
    assert not vendor.requests


async def test_sound_without_its_end_is_broken(double: tuple[VendorDouble, Caller]) -> None:
    vendor, caller = double
    vendor.answers(sound(b"one", end=False))
    with pytest.raises(ConnectionFailed):
        await speak(caller, SpeechRequest(model="qwen3-tts-flash", text="hi"))
