"""Speech to text as a job, with the time of each sentence and word.

The recording is put where the vendor finds it, a task is given, asked after until it has ended, and its result is fetched.
https://www.alibabacloud.com/help/en/model-studio/paraformer-recorded-speech-recognition-restful-api
https://www.alibabacloud.com/help/en/model-studio/get-temporary-file-url
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from jackfield_sdk import (
    CallContext,
    JackfieldError,
    ServerUnavailable,
    TimedText,
    TranscriptionRequest,
    TranscriptionResult,
    Usage,
    VendorError,
    VendorHTTP,
    blobs,
)

from .hosts import address

_ENDED = frozenset({"SUCCEEDED", "FAILED", "CANCELED", "UNKNOWN"})


async def transcribe(
    request: TranscriptionRequest, context: CallContext, http: VendorHTTP, headers: Mapping[str, str], pause: float
) -> TranscriptionResult:
    """:param pause: seconds between two questions after a task"""
    url, resolve = await _reachable(request, context, http, headers)
    parameters: dict[str, Any] = {}
    if request.language is not None:
        parameters["language_hints"] = [request.language]
    body = {"model": request.model, "input": {"file_urls": [url]}, "parameters": parameters}
    where = address("transcription", context.credentials)
    given = await http.object(context, "POST", where, headers={**headers, **resolve, "x-dashscope-async": "enable"}, json=body)
    task = address("tasks", context.credentials) + "/" + _text(given, "output", "task_id")
    try:
        ended = await _wait(task, context, http, headers, pause)
    except asyncio.CancelledError:
        with suppress(JackfieldError):  # a task that is at work already cannot be stopped; the call ends all the same
            await http.request(context, "POST", f"{task}/cancel", headers=headers)
        raise
    result = _outcome(ended, context, http)
    words = await http.object(context, "GET", _text(result, "transcription_url"))
    usage = ended.get("usage")
    return _parse(words, usage if isinstance(usage, dict) else {})


async def _reachable(
    request: TranscriptionRequest, context: CallContext, http: VendorHTTP, headers: Mapping[str, str]
) -> tuple[str, dict[str, str]]:
    """An address from which the vendor can take the recording: its own, or that of a file put there for 48 hours."""
    if request.audio.url is not None:
        return request.audio.url, {}
    data = blobs.to_bytes(request.audio, "file")
    params = {"action": "getPolicy", "model": request.model}
    policy = await http.object(context, "GET", address("uploads", context.credentials), headers=headers, params=params)
    name = (request.audio.name or "audio.wav").rsplit("/", 1)[-1]
    key = f"{_text(policy, 'data', 'upload_dir')}/{name}"
    form = {
        "OSSAccessKeyId": _text(policy, "data", "oss_access_key_id"),
        "Signature": _text(policy, "data", "signature"),
        "policy": _text(policy, "data", "policy"),
        "key": key,
        "x-oss-object-acl": _text(policy, "data", "x_oss_object_acl"),
        "x-oss-forbid-overwrite": _text(policy, "data", "x_oss_forbid_overwrite"),
        "success_action_status": "200",
    }
    files = {"file": (name, data, request.audio.media_type or "application/octet-stream")}
    await http.request(context, "POST", _text(policy, "data", "upload_host"), data=form, files=files)
    return f"oss://{key}", {"x-dashscope-ossresourceresolve": "enable"}


async def _wait(task: str, context: CallContext, http: VendorHTTP, headers: Mapping[str, str], pause: float) -> dict[str, Any]:
    while True:
        answer = await http.object(context, "GET", task, headers=headers)
        if _text(answer, "output", "task_status") in _ENDED:
            return answer
        await asyncio.sleep(pause)


def _outcome(answer: dict[str, Any], context: CallContext, http: VendorHTTP) -> dict[str, Any]:
    """The one result of a task that has ended; what went wrong with it is raised by the vendor's table."""
    output = answer["output"]
    results = output.get("results")
    result = results[0] if isinstance(results, list) and results and isinstance(results[0], dict) else {}
    if output["task_status"] == "SUCCEEDED" and result.get("subtask_status", "SUCCEEDED") == "SUCCEEDED":
        return result
    said = result if result.get("code") else output
    code, message = said.get("code"), said.get("message")
    raise http.failure(VendorError(str(message or "The task failed."), str(code) if code else None), context)


def _parse(body: dict[str, Any], usage: dict[str, Any]) -> TranscriptionResult:
    try:
        transcripts = body["transcripts"]
        sentences = [sentence for transcript in transcripts for sentence in transcript.get("sentences") or ()]
        text = "\n".join(str(transcript["text"]) for transcript in transcripts)
        segments = [_timed(sentence, str(sentence["text"])) for sentence in sentences]
        words = [
            _timed(word, str(word["text"]) + str(word.get("punctuation") or ""))
            for sentence in sentences
            for word in sentence.get("words") or ()
        ]
        length = (body.get("properties") or {}).get("original_duration_in_milliseconds")
        seconds = float(usage.get("duration") or (length or 0) / 1000)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ServerUnavailable(f"The vendor's result is no transcription: {error!r}.") from None
    return TranscriptionResult(
        text=text,
        duration=length / 1000 if length else seconds or None,
        segments=segments,
        words=words,
        usage=Usage(audio_seconds=seconds),
    )


def _timed(part: dict[str, Any], text: str) -> TimedText:
    return TimedText(text, part["begin_time"] / 1000, part["end_time"] / 1000)


def _text(body: Any, *names: str) -> str:
    """A text within an answer.

    :raises ServerUnavailable: if it is not there
    """
    for name in names:
        body = body.get(name) if isinstance(body, dict) else None
    if not isinstance(body, str) or not body:
        raise ServerUnavailable(f"The vendor's answer holds no `{'.'.join(names)}`.")
    return body
