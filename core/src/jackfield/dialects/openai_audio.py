"""OpenAI's audio surfaces: https://platform.openai.com/docs/api-reference/audio

Transcription requests are multipart forms: here they are plain members and the file's bytes; the transport does the form.
"""

from __future__ import annotations

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

DIALECT = "openai.audio"
RESPONSE_FORMATS = ("json", "text", "srt", "verbose_json", "vtt")
_TRANSCRIPTION = {"model", "file", "language", "prompt", "temperature", "response_format", "timestamp_granularities"}
_SPEECH = {"model", "input", "voice", "response_format", "speed", "instructions"}
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
        extra={name: value for name, value in members.items() if name not in _TRANSCRIPTION},
        dialect=DIALECT,
    )


def build_transcription_form(request: TranscriptionRequest) -> dict[str, Any]:
    """The form's members but for the file."""
    form: dict[str, Any] = {"model": request.model, "response_format": "verbose_json" if request.timestamps else "json"}
    for name in ("language", "prompt"):
        if value := getattr(request, name):
            form[name] = value
    if request.temperature is not None:
        form["temperature"] = str(request.temperature)
    if request.timestamps:
        form["timestamp_granularities[]"] = sorted(request.timestamps)
    return form | request.extra


def parse_transcription_result(body: dict[str, Any]) -> TranscriptionResult:
    """:raises ServerUnavailable: if the body is no transcription"""
    try:
        duration = body.get("duration")
        usage = body.get("usage") or {}
        seconds = usage.get("seconds") if usage.get("type") == "duration" else duration
        return TranscriptionResult(
            text=body["text"],
            language=body.get("language"),
            duration=float(duration) if duration is not None else None,
            segments=[TimedText(one["text"], float(one["start"]), float(one["end"])) for one in body.get("segments") or ()],
            words=[TimedText(one["word"], float(one["start"]), float(one["end"])) for one in body.get("words") or ()],
            usage=Usage(
                input_tokens=usage.get("input_tokens") or 0,
                output_tokens=usage.get("output_tokens") or 0,
                audio_seconds=float(seconds or 0),
            ),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ServerUnavailable(f"The vendor's answer is no transcription: {error!r}.") from None


def render_transcription_result(result: TranscriptionResult, response_format: str = "json") -> str | dict[str, Any]:
    """A JSON object for json and verbose_json, text for the others."""
    if response_format == "text":
        return result.text + "\n"
    if response_format in ("srt", "vtt"):
        return _subtitles(result, vtt=response_format == "vtt")
    if result.usage.audio_seconds or not result.usage.total_tokens:
        usage: dict[str, Any] = {"type": "duration", "seconds": round(result.usage.audio_seconds)}
    else:
        usage = {
            "type": "tokens",
            "input_tokens": result.usage.input_tokens,
            "output_tokens": result.usage.output_tokens,
            "total_tokens": result.usage.total_tokens,
        }
    if response_format == "json":
        return {"text": result.text, "usage": usage}
    body: dict[str, Any] = {
        "task": "transcribe",
        "language": result.language or "",
        "duration": result.duration or 0.0,
        "text": result.text,
        "usage": usage,
        "segments": [_segment(number, one) for number, one in enumerate(result.segments)],
    }
    if result.words:
        body["words"] = [{"word": one.text, "start": one.start, "end": one.end} for one in result.words]
    return body


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
    if voice is not None and not isinstance(voice, str):
        raise BadRequest("`voice` must be a string.", param="voice")
    return SpeechRequest(
        model=str(body.get("model") or ""),
        text=text,
        voice=voice,
        format=body.get("response_format"),
        speed=speed,
        instructions=body.get("instructions"),
        extra={name: value for name, value in body.items() if name not in _SPEECH},
        dialect=DIALECT,
    )


def build_speech_request(request: SpeechRequest) -> dict[str, Any]:
    """The wire body."""
    members = {
        "model": request.model,
        "input": request.text,
        "voice": request.voice,
        "response_format": request.format,
        "speed": request.speed,
        "instructions": request.instructions,
    }
    return {name: value for name, value in members.items() if value is not None} | request.extra
