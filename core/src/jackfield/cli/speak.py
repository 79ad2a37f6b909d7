"""`jackfield speak`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from jackfield.contract import BadRequest, ModelType, SpeechRequest, SpeechResult

from .lines import read_text, writing
from .output import AsJson, errors, print_json
from .session import ModelName, open_session
from .state import State

app = typer.Typer(add_completion=False)

_ENDINGS = {"audio/mpeg": "mp3", "audio/wav": "wav", "audio/x-wav": "wav", "audio/wave": "wav", "audio/flac": "flac"}
_ENDINGS |= {"audio/ogg": "ogg", "audio/opus": "opus", "audio/aac": "aac", "audio/pcm": "pcm"}


@app.command()
def speak(
    ctx: typer.Context,
    text: Annotated[list[str] | None, typer.Argument(help="What to say; without it, standard input.")] = None,
    *,
    model: ModelName = None,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", help="Where to write, `-` for standard output; else `speech.…`."),
    ] = None,
    voice: Annotated[str | None, typer.Option("--voice", "-v", help="One of the model's voices.")] = None,
    audio_format: Annotated[str | None, typer.Option("--format", "-f", help="mp3, opus, aac, flac, wav, pcm.")] = None,
    speed: Annotated[float | None, typer.Option(min=0.1, max=10, help="1 is the voice's own.")] = None,
    instructions: Annotated[str | None, typer.Option(help="How to speak, where the model takes it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Have a text spoken, into a file."""
    said = " ".join(text or []) or read_text("-")
    if not said.strip():
        raise BadRequest("There is nothing to say.", param="text", advice="Give a text, or pipe it in.")
    if output == "-" and sys.stdout.isatty():
        raise BadRequest("Sound is not written to a terminal.", param="output", advice="Name a file, or pipe it to a player.")
    if audio_format is None and output not in (None, "-"):
        audio_format = Path(output or "").suffix.removeprefix(".") or None
    request = SpeechRequest(
        model=model or "", text=said, voice=voice, format=audio_format, speed=speed, instructions=instructions
    )
    path, size, media_type = asyncio.run(_run(ctx.ensure_object(State), request, output))
    if as_json and path is not None:
        print_json({"file": str(path), "bytes": size, "media_type": media_type})
    elif path is not None:
        errors().print(f"{path}: {size:,} bytes, {media_type}", markup=False)


async def _run(state: State, request: SpeechRequest, output: str | None) -> tuple[Path | None, int, str]:
    async with open_session(state) as session:
        request.model = await session.model(request.model, ModelType.TEXT_TO_SPEECH)
        with errors().status("speaking"):
            result: SpeechResult = await session.send(request)
            path = None if output == "-" else Path(output or f"speech.{_ENDINGS.get(result.media_type, 'audio')}")
            return path, await _write(result, path), result.media_type


async def _write(result: SpeechResult, path: Path | None) -> int:
    """Piece by piece, so that a player at the other end of a pipe begins at once."""
    size = 0
    with writing(path, sys.stdout.buffer, "wb") as file:
        async for piece in result.audio:
            size += file.write(piece)
            file.flush()
    return size
