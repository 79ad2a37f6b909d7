"""`jackfield chat`."""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from jackfield.contract import (
    BadRequest,
    LLMRequest,
    LLMResult,
    Message,
    ModelType,
    OutputFormat,
    ReasoningDelta,
    ReasoningPart,
    RefusalDelta,
    Sampling,
    StreamCollector,
    TextDelta,
)

from .attachments import attach
from .conversation import Conversation
from .lines import in_terminal, read_piped
from .output import AsJson, errors, print_json
from .session import ModelName, Session, open_session
from .state import State

app = typer.Typer(add_completion=False)


@app.command()
def chat(
    ctx: typer.Context,
    prompt: Annotated[list[str] | None, typer.Argument(help="What to say; without it, a conversation.")] = None,
    *,
    model: ModelName = None,
    system: Annotated[str | None, typer.Option("--system", "-s", help="How the model is to behave.")] = None,
    files: Annotated[
        list[Path] | None,
        typer.Option("--attach", "-a", help="An image, a recording, a document to go along.", exists=True),
    ] = None,
    temperature: Annotated[float | None, typer.Option("--temperature", "-t", min=0)] = None,
    max_tokens: Annotated[int | None, typer.Option("--max-tokens", min=1, help="The longest answer.")] = None,
    effort: Annotated[str | None, typer.Option("--effort", help="How much to reason: none, low, medium, high.")] = None,
    schema: Annotated[
        Path | None, typer.Option("--schema", help="A JSON Schema that the answer must follow.", exists=True, dir_okay=False)
    ] = None,
    stream: Annotated[bool, typer.Option(help="Show the answer as it comes.")] = True,
    reasoning: Annotated[bool, typer.Option("--reasoning", help="Show the model's reasoning, on standard error.")] = False,
    usage: Annotated[bool, typer.Option("--usage", "-u", help="Show the tokens used, on standard error.")] = False,
    as_json: AsJson = False,
) -> None:
    """Ask a model, or talk to it.

    What is piped in is sent along: `cat report.txt | jackfield chat "Sum it up"`. With no prompt, in a terminal, a conversation
    begins; `/help` there says what else it can do. Ctrl-C stops an answer.
    """
    text = "\n\n".join(part for part in (" ".join(prompt or []), read_piped().rstrip("\n")) if part)
    asking = Asking(
        sampling=Sampling(temperature=temperature, max_tokens=max_tokens, reasoning_effort=effort),
        output=_read_schema(schema),
        stream=stream and not as_json,
        reasoning=reasoning,
        usage=usage,
    )
    if text or files:
        asyncio.run(_once(ctx.ensure_object(State), asking, model, _opening(system, text, files or []), as_json=as_json))
    elif as_json or not in_terminal():
        raise BadRequest("There is nothing to say.", param="prompt", advice="Give a prompt, or pipe it in.")
    else:
        _talk(ctx.ensure_object(State), asking, model, system)


class Asking:
    """How the options say that the model is to be asked, and how its answer is shown."""

    def __init__(self, *, sampling: Sampling, output: OutputFormat | None, stream: bool, reasoning: bool, usage: bool) -> None:
        self._sampling = sampling
        self._output = output
        self._stream = stream
        self._reasoning = reasoning
        self._usage = usage

    async def ask(self, session: Session, model: str, messages: list[Message], *, shown: bool = True) -> LLMResult:
        """The answer, written to standard output while it comes."""
        request = LLMRequest(model=model, messages=messages, sampling=self._sampling, output=self._output, stream=self._stream)
        answer = await session.send(request)
        result = await self._show_stream(answer, model) if self._stream else answer
        if shown and not self._stream:
            self._show_whole(result)
        if self._usage:
            used = result.usage
            errors().print(f"{used.input_tokens} tokens in, {used.output_tokens} out", style="dim")
        return result

    async def _show_stream(self, events: Any, model: str) -> LLMResult:
        collector = StreamCollector(model)
        ended = True
        try:
            async for event in events:
                collector.add(event)
                if isinstance(event, TextDelta | RefusalDelta) and event.choice == 0:
                    sys.stdout.write(event.text)
                    sys.stdout.flush()
                    ended = event.text.endswith("\n")
                elif isinstance(event, ReasoningDelta) and self._reasoning:
                    errors().print(event.text, end="", style="dim", markup=False)
        finally:
            await events.aclose()
            if not ended:
                print()
        return collector.result()

    def _show_whole(self, result: LLMResult) -> None:
        if self._reasoning:
            for part in result.message.parts:
                if isinstance(part, ReasoningPart):
                    errors().print(part.text, style="dim", markup=False)
        print(result.text)


async def _once(state: State, asking: Asking, model: str | None, messages: list[Message], *, as_json: bool) -> None:
    async with open_session(state) as session:
        result = await asking.ask(session, await session.model(model, ModelType.LLM), messages, shown=not as_json)
    if as_json:
        print_json(describe(result))


def _talk(state: State, asking: Asking, model: str | None, system: str | None) -> None:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        session = runner.run(stack.enter_async_context(open_session(state)))
        try:
            name = runner.run(session.model(model, ModelType.LLM))
            Conversation(runner, session, asking, name, system).run()
        finally:
            runner.run(stack.aclose())


def _opening(system: str | None, text: str, files: list[Path]) -> list[Message]:
    messages = [Message.system(system)] if system else []
    return [*messages, attach(Message.user(text) if text else Message("user", []), files)]


def _read_schema(path: Path | None) -> OutputFormat | None:
    if path is None:
        return None
    import json  # noqa: PLC0415

    try:
        schema = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadRequest(f"{path} holds no JSON Schema: {error}.", param="schema") from error
    return OutputFormat("json_schema", schema=schema, name=path.stem)


def describe(result: LLMResult) -> dict[str, Any]:
    """The answer as JSON."""
    from dataclasses import asdict  # noqa: PLC0415

    return {
        "id": result.id,
        "model": result.model,
        "text": result.text,
        "reasoning": "".join(part.text for part in result.message.parts if isinstance(part, ReasoningPart)) or None,
        "tool_calls": [asdict(call) for call in result.tool_calls],
        "finish_reason": result.finish_reason,
        "usage": asdict(result.usage),
    }
