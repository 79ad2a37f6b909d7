"""`jackfield embed`."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import IO, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from jackfield.contract import BadRequest, EmbeddingRequest, ModelType

from .lines import read_lines, writing
from .output import AsJson, errors
from .session import ModelName, Session, open_session
from .state import State

app = typer.Typer(add_completion=False)


class Purpose(StrEnum):
    """What the vectors are for."""

    QUERY = "query"
    DOCUMENT = "document"
    CLASSIFICATION = "classification"
    CLUSTERING = "clustering"
    SIMILARITY = "similarity"


@app.command()
def embed(
    ctx: typer.Context,
    source: Annotated[str, typer.Argument(metavar="FILE", help="A text on each line; `-` for standard input.")] = "-",
    *,
    model: ModelName = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to write; else to standard output.", dir_okay=False)
    ] = None,
    dimensions: Annotated[int | None, typer.Option(min=1, help="Of the vectors, where the model can shorten them.")] = None,
    purpose: Annotated[Purpose | None, typer.Option(help="What they are for, where the model tells it apart.")] = None,
    batch: Annotated[int, typer.Option(min=1, max=2048, help="Texts in one call.")] = 64,
    parallel: Annotated[int, typer.Option(min=1, max=64, help="Calls at the same time.")] = 4,
    with_text: Annotated[bool, typer.Option("--text/--no-text", help="Write the texts beside the vectors.")] = True,
    as_json: AsJson = False,
) -> None:
    """Turn each line of a file into a vector; writes a line of JSON for each, in the order of the file.

    Empty lines are left out; `line` is the number of the line in the file. (`--json` changes nothing here but the errors.)
    """
    lines = read_lines(source)
    if not lines:
        raise BadRequest("There is no text to embed.", param="file", advice="Give a file with a text on each line.")
    template = EmbeddingRequest(model=model or "", inputs=[], dimensions=dimensions, purpose=purpose.value if purpose else None)
    plan = Plan(template, lines, batch, parallel)
    with writing(output, sys.stdout, "w") as file:
        asyncio.run(_run(ctx.ensure_object(State), plan, file, with_text=with_text))


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be embedded, and in which pieces.

    :param template: the request, without its inputs
    :param lines: numbers and texts
    :param batch: texts in a call
    :param parallel: calls at the same time
    """

    template: EmbeddingRequest
    lines: list[tuple[int, str]]
    batch: int
    parallel: int


async def _run(state: State, plan: Plan, file: IO[str], *, with_text: bool) -> None:
    columns = (TextColumn("embedding"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = errors()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("embedding", total=len(plan.lines))
        async with open_session(state) as session:
            plan.template.model = await session.model(plan.template.model, ModelType.TEXT_EMBEDDING)
            async for number, text, vector in _vectors(session, plan):
                line = {"line": number, "embedding": vector} | ({"text": text} if with_text else {})
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
                progress.advance(task)


async def _vectors(session: Session, plan: Plan) -> AsyncIterator[tuple[int, str, list[float]]]:
    """In the order of the lines, with so many calls under way; the first failure ends them all."""

    async def send(chunk: list[tuple[int, str]]) -> list[list[float]]:
        request = dataclasses.replace(plan.template, inputs=[text for _, text in chunk])
        vectors: list[list[float]] = (await session.send(request)).embeddings
        return vectors

    remaining = iter(plan.lines)
    under_way: list[tuple[list[tuple[int, str]], asyncio.Task[list[list[float]]]]] = []
    try:
        while True:
            while len(under_way) < plan.parallel and (chunk := list(islice(remaining, plan.batch))):
                under_way.append((chunk, asyncio.ensure_future(send(chunk))))
            if not under_way:
                return
            chunk, task = under_way.pop(0)
            for (number, text), vector in zip(chunk, await task, strict=True):
                yield number, text, vector
    finally:
        for _, task in under_way:
            task.cancel()
        await asyncio.gather(*(task for _, task in under_way), return_exceptions=True)
