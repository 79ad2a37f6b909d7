"""`jackfield transcribe`."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from jackfield.contract import ModelType, TimedText, TranscriptionRequest, TranscriptionResult
from jackfield.host.library_arguments import read_audio

from .output import AsJson, errors, print_json
from .session import ModelName, open_session
from .state import State

app = typer.Typer(add_completion=False)


@app.command()
def transcribe(
    ctx: typer.Context,
    recording: Annotated[Path, typer.Argument(help="The recording.", exists=True, dir_okay=False)],
    *,
    model: ModelName = None,
    language: Annotated[str | None, typer.Option("--language", "-l", help="Of the recording, as `en`.")] = None,
    prompt: Annotated[str | None, typer.Option(help="Words to expect, or the text before.")] = None,
    translate: Annotated[bool, typer.Option("--translate", help="Write it down in English.")] = False,
    timestamps: Annotated[bool, typer.Option("--timestamps", help="A line for each segment, with its time.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write down what a recording says."""
    request = TranscriptionRequest(
        model=model or "",
        audio=read_audio(recording),
        task="translate" if translate else "transcribe",
        language=language,
        prompt=prompt,
        timestamps=frozenset({"segment"}) if timestamps else frozenset(),
    )
    result = asyncio.run(_run(ctx.ensure_object(State), request))
    if as_json:
        print_json(asdict(result))
    elif timestamps and result.segments:
        for segment in result.segments:
            print(_timed(segment))
    else:
        print(result.text.strip())


async def _run(state: State, request: TranscriptionRequest) -> TranscriptionResult:
    async with open_session(state) as session:
        request.model = await session.model(request.model, ModelType.SPEECH_TO_TEXT)
        with errors().status("listening"):
            result: TranscriptionResult = await session.send(request)
        return result


def _timed(segment: TimedText) -> str:
    return f"[{_clock(segment.start)} - {_clock(segment.end)}] {segment.text.strip()}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes):02}:{rest:04.1f}"
