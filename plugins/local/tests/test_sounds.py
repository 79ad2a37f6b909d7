"""Text to speech and speech to text, the one heard by the other."""

from __future__ import annotations

import asyncio
import io
import itertools
import wave
from typing import TYPE_CHECKING, Any

import pytest
from jackfield_sdk import (
    BadRequest,
    Blob,
    ModelType,
    RequestTooLarge,
    SpeechRequest,
    TranscriptionRequest,
    UnsupportedParameter,
)

if TYPE_CHECKING:
    from .conftest import Local

SPEECH, HEARING = "espeak", "whisper"
SENTENCE = "Please send the report to the office on Monday morning."


async def speak(local: Local, text: str = SENTENCE, **members: Any) -> bytes:
    request = SpeechRequest(model=SPEECH, text=text, **members)
    result = await local.kernel.invoke_text_to_speech(request, local.context(SPEECH, ModelType.TEXT_TO_SPEECH))
    return b"".join([piece async for piece in result.audio])


async def hear(local: Local, data: bytes, name: str = "speech.wav", **members: Any) -> Any:
    request = TranscriptionRequest(model=HEARING, audio=Blob(data=data, name=name), **members)
    return await local.kernel.invoke_speech_to_text(request, local.context(HEARING, ModelType.SPEECH_TO_TEXT))


def seconds(file: bytes) -> float:
    with wave.open(io.BytesIO(file)) as reader:
        return float(reader.getnframes() / reader.getframerate())


@pytest.mark.parametrize("name", ["wav", "mp3", "opus", "flac", "aac"])
async def test_what_is_spoken_is_heard(local: Local, name: str) -> None:
    heard = await hear(local, await speak(local, format=name), f"speech.{name}")
    assert heard.text == SENTENCE
    assert heard.language == "en"
    assert 2 < heard.duration < 4
    assert heard.usage.audio_seconds == heard.duration


async def test_segments_and_words_have_their_times(local: Local) -> None:
    heard = await hear(local, await speak(local), timestamps=frozenset({"word", "segment"}))
    assert [word.text.strip(".") for word in heard.words] == SENTENCE.strip(".").split()
    times = [time for word in heard.words for time in (word.start, word.end)]
    assert times == sorted(times)
    assert " ".join(segment.text for segment in heard.segments) == SENTENCE
    assert heard.segments[-1].end <= heard.duration

    plain = await hear(local, await speak(local))
    assert plain.words == []


async def test_silence_says_nothing(local: Local) -> None:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(2)
        writer.setsampwidth(2)
        writer.setframerate(8000)
        writer.writeframes(bytes(8000 * 4 * 3))
    heard = await hear(local, file.getvalue())
    assert (heard.text, heard.segments, round(heard.duration)) == ("", [], 3)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"this is no recording" * 100,
        b"RIFF\x24\x00\x00\x00WAVEfmt ",
        b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile /etc/hostname\n",
    ],
    ids=["empty", "text", "cut", "playlist", "script"],
)
async def test_what_is_no_recording_is_refused(local: Local, data: bytes) -> None:
    with pytest.raises(BadRequest, match="not a recording") as caught:
        await hear(local, data)
    assert caught.value.param == "file"


async def test_bad_transcriptions_are_refused_by_name(local: Local) -> None:
    file = await speak(local, "Hello.")
    with pytest.raises(BadRequest) as language:
        await hear(local, file, language="de")
    assert language.value.param == "language"
    with pytest.raises(BadRequest) as temperature:
        await hear(local, file, temperature=2)
    assert temperature.value.param == "temperature"
    with pytest.raises(UnsupportedParameter) as extra:
        await hear(local, file, extra={"hotwords": "x"})
    assert extra.value.param == "hotwords"
    with pytest.raises(RequestTooLarge):
        await hear(local, bytes(101 << 20))
    address = TranscriptionRequest(model=HEARING, audio=Blob(url="https://example.com/a.wav"))
    with pytest.raises(BadRequest):
        await local.kernel.invoke_speech_to_text(address, local.context(HEARING, ModelType.SPEECH_TO_TEXT))


async def test_raw_samples_have_the_rate_that_clients_take_them_to_have(local: Local) -> None:
    spoken, raw = await speak(local, format="wav"), await speak(local, format="pcm")
    assert len(raw) / 2 / 24_000 == pytest.approx(seconds(spoken), abs=0.01)


async def test_speed_makes_it_shorter_or_longer(local: Local) -> None:
    slow, plain, fast = [seconds(await speak(local, speed=speed)) for speed in (0.5, None, 2)]
    assert slow > plain * 1.4 > fast * 2


async def test_there_are_voices_of_many_languages_and_those_of_openai(local: Local) -> None:
    model = local.kernel.provider("local").model(SPEECH, ModelType.TEXT_TO_SPEECH)
    assert model is not None
    assert len(model.voices) > 60
    for voice in model.voices:
        assert seconds(await speak(local, "1 2 3", voice=voice)) > 0.3, voice
    assert seconds(await speak(local, "你好，世界。今天天气很好。", voice="zh")) > 1
    for voice in ("alloy", "echo", "fable", "onyx", "nova", "shimmer", "Alloy"):
        assert seconds(await speak(local, voice=voice)) == pytest.approx(2.8, abs=0.6), voice


async def test_many_speakers_at_once_do_not_mix(local: Local) -> None:
    """eSpeak has one state for the whole process. It never says the same twice to the sample, hence the lengths."""
    voices = ["de", "en-us", "cmn", "fr-fr"] * 5
    alone = {voice: seconds(await speak(local, "one two three", voice=voice)) for voice in set(voices)}
    assert min(abs(alone[one] - alone[two]) for one, two in itertools.combinations(alone, 2)) > 0.03
    together = await asyncio.gather(*(speak(local, "one two three", voice=voice) for voice in voices))
    for voice, file in zip(voices, together, strict=True):
        assert seconds(file) == pytest.approx(alone[voice], abs=0.015), voice


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"text": "  "}, "input"),
        ({"text": "a" * 20_001}, "input"),
        ({"text": "\ud83d"}, "input"),
        ({"voice": "klingon-opera"}, "voice"),
        ({"voice": "en-us+../../x"}, "voice"),
        ({"format": "midi"}, "response_format"),
        ({"speed": 5}, "speed"),
        ({"instructions": "Sing."}, "instructions"),
        ({"extra": {"pitch": 1}}, "pitch"),
    ],
)
async def test_bad_speeches_are_refused_by_name(local: Local, members: dict[str, Any], param: str) -> None:
    with pytest.raises(BadRequest) as caught:
        await speak(local, **members)
    assert caught.value.param == param
