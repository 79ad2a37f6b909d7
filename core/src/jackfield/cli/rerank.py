"""`jackfield rerank`."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Annotated

import typer

from jackfield.contract import BadRequest, ModelType, RerankRequest, RerankResult

from .lines import read_lines
from .output import AsJson, print_json, print_table
from .session import ModelName, open_session
from .state import State

app = typer.Typer(add_completion=False)


@app.command()
def rerank(
    ctx: typer.Context,
    query: Annotated[str, typer.Argument(help="The question that the documents are to answer.")],
    source: Annotated[str, typer.Argument(metavar="FILE", help="A document on each line; `-` for standard input.")] = "-",
    *,
    model: ModelName = None,
    documents: Annotated[
        list[str] | None, typer.Option("--document", "-d", help="A document; may be given many times, instead of a file.")
    ] = None,
    top: Annotated[int | None, typer.Option("--top", "-n", min=1, help="Only so many of the best.")] = None,
    as_json: AsJson = False,
) -> None:
    """Put documents in the order in which they answer a query, the best first."""
    lines = list(enumerate(documents, 1)) if documents else read_lines(source)
    if not lines:
        raise BadRequest("There is no document to rank.", param="file", advice="Give a file with a document on each line.")
    result = asyncio.run(_run(ctx.ensure_object(State), model, query, [text for _, text in lines], top))
    ranked = [(one, *lines[one.index]) for one in result.ranking]
    if as_json:
        ranking = [{"index": r.index, "line": line, "score": r.score, "document": text} for r, line, text in ranked]
        print_json({"model": result.model, "ranking": ranking, "usage": asdict(result.usage)})
        return
    print_table(("SCORE", "LINE", "DOCUMENT"), [(f"{r.score:.4f}", str(line), text) for r, line, text in ranked])


async def _run(state: State, model: str | None, query: str, documents: list[str], top: int | None) -> RerankResult:
    async with open_session(state) as session:
        name = await session.model(model, ModelType.RERANK)
        result: RerankResult = await session.send(RerankRequest(model=name, query=query, documents=documents, top_n=top))
        return result
