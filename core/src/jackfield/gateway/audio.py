"""Speech to text and text to speech: https://platform.openai.com/docs/api-reference/audio"""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import orjson

from jackfield.contract import BadRequest, SpeechResult, TranscriptionRequest, TranscriptionResult
from jackfield.dialects import openai_audio
from jackfield.dialects.sse import encode

from .chats import COMMENT
from .errors import Headers, responses_event
from .exchange import BODY_PATIENCE, Exchange
from .forms import Form, read_form
from .requests import read_pieces
from .streaming import EventStream, Pieces, send_file

_TEXT: Headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"x-content-type-options", b"nosniff")]
_TRUE = ("true", "1", "True")


async def transcriptions(exchange: Exchange) -> None:
    """What a recording says, in its own language."""
    await _transcribe(exchange, translate=False)


async def translations(exchange: Exchange) -> None:
    """What a recording says, in English."""
    await _transcribe(exchange, translate=True)


async def _transcribe(exchange: Exchange, *, translate: bool) -> None:
    await exchange.authenticate()
    form = await _read(exchange)
    members = form.members
    streamed = members.pop("stream", None) in _TRUE
    audio = form.files.get("file")
    if audio is None or not audio.data:
        raise BadRequest("`file` must be a recording, sent as a file of the form.", param="file")
    if not members.get("model"):
        raise BadRequest("`model` must name a model, as `provider/model`, an alias, or `default`.", param="model")
    request = openai_audio.parse_transcription_request(members, audio, translate=translate)
    request.drop_unsupported = exchange.drops
    with exchange.watching():
        if streamed:
            stream = EventStream(exchange, keep_alive=COMMENT, render_error=responses_event)
            await stream.serve(_transcript_events(exchange, request))
            return
        result = await exchange.host.calls.transcription(exchange.principal, request, info=exchange.info)
        await _answer(exchange, request, result, members.get("response_format") or "json")


async def _read(exchange: Exchange) -> Form:
    most = exchange.host.settings.server.max_body_bytes

    async def counted() -> AsyncIterator[bytes]:
        async for piece in read_pieces(exchange.headers, exchange.receive, max_bytes=most, patience=BODY_PATIENCE):
            exchange.bytes_in += len(piece)
            yield piece

    return await read_form(exchange.headers.get(b"content-type"), counted())


async def _answer(exchange: Exchange, request: TranscriptionRequest, result: TranscriptionResult, wanted: str) -> None:
    body = openai_audio.render_transcription_result(result, wanted)
    if isinstance(body, str):
        await exchange.respond(body.encode(), headers=_TEXT)
        return
    if "task" in body:
        body["task"] = request.task
    await exchange.respond_json(body)


async def _transcript_events(exchange: Exchange, request: TranscriptionRequest) -> AsyncGenerator[bytes]:
    """https://platform.openai.com/docs/api-reference/audio/transcript-text-delta-event; models answer whole, so one."""
    result = await exchange.host.calls.transcription(exchange.principal, request, info=exchange.info)
    done: dict[str, Any] = {"type": "transcript.text.done", "text": result.text}
    if result.usage.total_tokens:
        usage = result.usage
        done["usage"] = {
            "type": "tokens",
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "total_tokens": usage.total_tokens,
        }

    async def events() -> AsyncGenerator[bytes]:
        yield encode(orjson.dumps({"type": "transcript.text.delta", "delta": result.text}))
        yield encode(orjson.dumps(done))

    return events()


async def speech(exchange: Exchange) -> None:
    """A text spoken: the sound's bytes as they come, or (`stream_format: sse`) events that hold them."""
    await exchange.authenticate()
    body = await exchange.read_json()
    form = body.pop("stream_format", None)
    if form not in (None, "audio", "sse"):
        raise BadRequest("`stream_format` must be audio or sse.", param="stream_format")
    if not isinstance(body.get("model"), str) or not body["model"]:
        raise BadRequest("`model` must name a model, as `provider/model`, an alias, or `default`.", param="model")
    request = openai_audio.parse_speech_request(body)
    request.drop_unsupported = exchange.drops
    with exchange.watching():
        call = exchange.host.calls.speech(exchange.principal, request, info=exchange.info)
        if form == "sse":

            async def begin() -> Pieces:
                return _speech_events(await call)

            stream = EventStream(exchange, keep_alive=COMMENT, render_error=responses_event)
            await stream.serve(begin())
            return
        result = await call
        kind = result.media_type.encode("latin-1", "replace")
        await send_file(exchange, result.audio, [(b"content-type", kind), (b"x-content-type-options", b"nosniff")])


async def _speech_events(result: SpeechResult) -> AsyncGenerator[bytes]:
    """https://platform.openai.com/docs/api-reference/audio/speech-audio-delta-event"""
    async for piece in result.audio:
        delta = {"type": "speech.audio.delta", "audio": base64.b64encode(piece).decode()}
        yield encode(orjson.dumps(delta))
    usage = result.usage
    total = {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens, "total_tokens": usage.total_tokens}
    yield encode(orjson.dumps({"type": "speech.audio.done", "usage": total}))
