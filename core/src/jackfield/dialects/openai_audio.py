"""OpenAI's audio surfaces: https://platform.openai.com/docs/api-reference/audio

Transcription requests are multipart forms: here they are plain members and the file's bytes; the transport does the form.
"""

from __future__ import annotations

from math import isfinite
from typing import Any

from jackfield.contract import (
    BadRequest,
    Blob,
    ServerUnavailable,
    SpeechRequest,
    TimedText,
    TranscriptionRequest,
    TranscriptionResult,
    Usage,
)

from .counts import count, dicts
from .counts import members as as_members
from .extras import given, passed_on

DIALECT = "openai.audio"
RESPONSE_FORMATS = ("json", "text", "srt", "verbose_json", "vtt")
_TRANSCRIPTION = frozenset({
    "model", "file", "language", "prompt", "temperature", "response_format", "timestamp_granularities",
})  # fmt: skip
_SPEECH = frozenset({"model", "input", "voice", "response_format", "speed", "instructions"})
_RESULT = {"text", "task", "language", "duration", "segments", "words", "usage"}
MEDIA_TYPES = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}


def parse_transcription_request(members: dict[str, Any], audio: Blob, *, translate: bool = False) -> TranscriptionRequest:
    """:param members: the form's other members; values are strings, `timestamp_granularities` a list

    :raises BadRequest: naming the member at fault
    """
    wanted = members.get("response_format") or "json"
    if wanted not in RESPONSE_FORMATS:
        raise BadRequest(f"`response_format` must be one of: {', '.join(RESPONSE_FORMATS)}.", param="response_format")
    try:
        temperature = float(members["temperature"]) if members.get("temperature") not in (None, "") else None
    except (TypeError, ValueError):
        raise BadRequest("`temperature` must be a number.", param="temperature") from None
    stamps = set(members.get("timestamp_granularities") or ())
    if not stamps <= {"word", "segment"}:
        raise BadRequest("`timestamp_granularities` may be word and segment.", param="timestamp_granularities")
    if wanted in ("srt", "vtt") or (wanted == "verbose_json" and not stamps):
        stamps.add("segment")
    return TranscriptionRequest(
        model=str(members.get("model") or ""),
        audio=audio,
        task="translate" if translate else "transcribe",
        language=members.get("language") or None,
        prompt=members.get("prompt") or None,
        temperature=temperature,
        timestamps=frozenset(stamps),
        extra=given(members, _TRANSCRIPTION),
        dialect=DIALECT,
    )


def build_transcription_form(request: TranscriptionRequest) -> dict[str, Any]:
    """The form's members but for the file.

    :raises UnsupportedParameter: as `passed_on`
    """
    form: dict[str, Any] = {"model": request.model, "response_format": "verbose_json" if request.timestamps else "json"}
    for name in ("language", "prompt"):
        if value := getattr(request, name):
            form[name] = value
    if request.temperature is not None:
        form["temperature"] = str(request.temperature)
    if request.timestamps:
        form["timestamp_granularities[]"] = sorted(request.timestamps)
    return form | passed_on(request, DIALECT)


def parse_transcription_result(body: dict[str, Any]) -> TranscriptionResult:
    """:raises ServerUnavailable: if the body is no transcription"""
    if not isinstance(body.get("text"), str):
        raise ServerUnavailable("The vendor's answer is no transcription: it has no text.")
    try:
        seconds = _seconds(body["duration"]) if body.get("duration") is not None else None
        segments = [_timed(one, "text") for one in body.get("segments") or ()]
        words = [_timed(one, "word") for one in body.get("words") or ()]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ServerUnavailable(f"The vendor's answer is no transcription: {error!r}.") from None
    extra = {name: value for name, value in body.items() if name not in _RESULT and value is not None}
    if any("avg_logprob" in one for one in dicts(body.get("segments"))):
        extra["segments"] = body["segments"]
    return TranscriptionResult(
        text=body["text"],
        language=body["language"] if isinstance(body.get("language"), str) else None,
        duration=seconds,
        segments=segments,
        words=words,
        usage=_parse_usage(body.get("usage"), seconds),
        extra=extra,
    )


def _timed(one: dict[str, Any], name: str) -> TimedText:
    return TimedText(str(one[name]), _seconds(one["start"]), _seconds(one["end"]))


def _seconds(value: Any) -> float:
    """A time as a number; some servers write it as text."""
    seconds = float(value)
    if not isfinite(seconds):
        raise ValueError(f"{value!r} is no time")
    return seconds


def _parse_usage(usage: object, duration: float | None) -> Usage:
    """Tokens or seconds, Mistral's in `prompt_audio_seconds`; servers that tell neither tell how long the recording is."""
    given_usage = as_members(usage)
    told = given_usage.get("prompt_audio_seconds", duration)
    seconds = given_usage.get("seconds") if given_usage.get("type") == "duration" else told
    return Usage(
        input_tokens=count(given_usage.get("input_tokens")),
        output_tokens=count(given_usage.get("output_tokens")),
        audio_seconds=float(seconds) if isinstance(seconds, int | float) and seconds > 0 else 0.0,
    )


def render_transcription_result(
    result: TranscriptionResult, response_format: str = "json", task: str = "transcribe"
) -> str | dict[str, Any]:
    """A JSON object for json and verbose_json, text for the others."""
    if response_format == "text":
        return result.text + "\n"
    if response_format in ("srt", "vtt"):
        return _subtitles(result, vtt=response_format == "vtt")
    extra = {name: value for name, value in result.extra.items() if name != "segments"}
    if response_format == "json":
        return extra | {"text": result.text, "usage": _render_usage(result.usage)}
    raw = dicts(result.extra.get("segments"))
    whole = len(raw) == len(result.segments)
    body: dict[str, Any] = extra | {
        "task": task,
        "language": result.language or "",
        "duration": result.duration or 0.0,
        "text": result.text,
        "usage": _render_usage(result.usage),
        "segments": [_segment(number, one) | (raw[number] if whole else {}) for number, one in enumerate(result.segments)],
    }
    if result.words:
        body["words"] = [{"word": one.text, "start": one.start, "end": one.end} for one in result.words]
    return body


def _render_usage(usage: Usage) -> dict[str, Any]:
    if usage.audio_seconds or not usage.total_tokens:
        return {"type": "duration", "seconds": round(usage.audio_seconds)}
    return {
        "type": "tokens",
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "total_tokens": usage.total_tokens,
    }


def _segment(number: int, one: TimedText) -> dict[str, Any]:
    times = {"id": number, "seek": 0, "start": one.start, "end": one.end, "text": one.text, "tokens": []}
    return times | {"temperature": 0.0, "avg_logprob": 0.0, "compression_ratio": 0.0, "no_speech_prob": 0.0}


def _subtitles(result: TranscriptionResult, *, vtt: bool) -> str:
    """SubRip, or WebVTT (https://www.w3.org/TR/webvtt1/)."""
    segments = result.segments or [TimedText(result.text, 0.0, result.duration or 0.0)]
    cues = []
    for number, one in enumerate(segments, 1):
        times = f"{_clock(one.start, vtt=vtt)} --> {_clock(one.end, vtt=vtt)}\n{one.text.strip()}\n"
        cues.append(times if vtt else f"{number}\n{times}")
    return ("WEBVTT\n\n" if vtt else "") + "\n".join(cues)


def _clock(seconds: float, *, vtt: bool) -> str:
    milliseconds = round(seconds * 1000)
    minutes, milliseconds = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{milliseconds // 1000:02}{'.' if vtt else ','}{milliseconds % 1000:03}"


def parse_speech_request(body: dict[str, Any]) -> SpeechRequest:
    """:raises BadRequest: naming the member at fault"""
    text, speed, voice = body.get("input"), body.get("speed"), body.get("voice")
    if not isinstance(text, str) or not text.strip():
        raise BadRequest("`input` must be a string with something to say.", param="input")
    if speed is not None and (isinstance(speed, bool) or not isinstance(speed, int | float) or not 0.25 <= speed <= 4):
        raise BadRequest("`speed` must be a number from 0.25 to 4.", param="speed")
    if isinstance(voice, dict):
        voice = voice.get("id")
    for name, value in (("voice", voice), *((name, body.get(name)) for name in ("response_format", "instructions"))):
        if value is not None and not isinstance(value, str):
            raise BadRequest(f"`{name}` must be a string.", param=name)
    return SpeechRequest(
        model=str(body.get("model") or ""),
        text=text,
        voice=voice,
        format=body.get("response_format"),
        speed=speed,
        instructions=body.get("instructions"),
        extra=given(body, _SPEECH),
        dialect=DIALECT,
    )


def build_speech_request(request: SpeechRequest) -> dict[str, Any]:
    """:raises UnsupportedParameter: as `passed_on`"""
    members = {
        "model": request.model,
        "input": request.text,
        "voice": request.voice,
        "response_format": request.format,
        "speed": request.speed,
        "instructions": request.instructions,
    }
    return {name: value for name, value in members.items() if value is not None} | passed_on(request, DIALECT)
