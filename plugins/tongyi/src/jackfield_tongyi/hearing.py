"""Speech to text at once: https://www.alibabacloud.com/help/en/model-studio/qwen-asr-api-reference"""

from __future__ import annotations

from typing import Any

from jackfield_sdk import (
    ServerUnavailable,
    TranscriptionRequest,
    TranscriptionResult,
    Usage,
    blobs,
)


def build(request: TranscriptionRequest) -> dict[str, Any]:
    """The body: what to expect is said in the system's message, and an address is left to the vendor."""
    messages: list[dict[str, Any]] = [{"role": "user", "content": [{"audio": blobs.to_url(request.audio, "file")}]}]
    if request.prompt is not None:
        messages.insert(0, {"role": "system", "content": [{"text": request.prompt}]})
    options: dict[str, Any] = {"enable_itn": False}
    if request.language is not None:
        options["language"] = request.language
    return {"model": request.model, "input": {"messages": messages}, "parameters": {"asr_options": options}}


def parse(body: dict[str, Any]) -> TranscriptionResult:
    """:raises ServerUnavailable: if the answer is no transcription"""
    try:
        message = body["output"]["choices"][0]["message"]
        text = "".join(part["text"] for part in message["content"])
        languages = [note["language"] for note in message.get("annotations") or () if note.get("language")]
        seconds = float((body.get("usage") or {}).get("seconds") or 0)
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
        raise ServerUnavailable(f"The vendor's answer is no transcription: {error!r}.") from None
    return TranscriptionResult(
        text=text, language=languages[0] if languages else None, duration=seconds or None, usage=Usage(audio_seconds=seconds)
    )
