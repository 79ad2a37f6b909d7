"""The life of a chat: the model brought into memory, the answer worked out in one of its threads, the events handed on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from jackfield_sdk import LLMEvent, LLMRequest, LLMResult, StreamCollector, StreamStart

from ..workers import Stop
from .events import Reader, joined_logprobs
from .loaded import Lease, LoadedModels
from .requests import Abilities, Plan, plan
from .server import LlamaServer, ModelSettings


@dataclass(frozen=True, slots=True)
class Model:
    """Which model is to answer.

    :param find: the settings to load it with; may block
    :param known: the same, where they are known without blocking
    :param capacity: models that may be in memory
    """

    find: Callable[[Stop], ModelSettings]
    abilities: Abilities
    capacity: int
    known: ModelSettings | None = None


async def lease(models: LoadedModels, model: Model) -> Lease:
    """The model, loaded."""
    return await models.lease(model.find, model.capacity, model.known)


async def answer(models: LoadedModels, model: Model, request: LLMRequest) -> LLMResult:
    """The whole answer."""
    wanted = plan(request, model.abilities)
    with await lease(models, model) as held:
        return await held.server.workers.run(lambda stop: _whole(held.server, wanted, request.model, stop))


async def answer_in_pieces(models: LoadedModels, model: Model, request: LLMRequest) -> AsyncIterator[LLMEvent]:
    """The answer's events, the first of them already here: what is wrong with the request is raised now, not in the stream."""
    wanted = plan(request, model.abilities)
    held = await lease(models, model)
    try:

        def work(emit: Callable[[LLMEvent], None], stop: Stop) -> None:
            _run(held.server, wanted, request.model, emit, stop)

        events = held.server.workers.stream(work)
        return await EventStream.begun(events, held)
    except BaseException:
        held.end()
        raise


async def count_tokens(models: LoadedModels, model: Model, request: LLMRequest) -> int:
    """The input tokens of the request, by the model's own template and tokenizer."""
    wanted = plan(request, model.abilities)
    with await lease(models, model) as held:
        server = held.server
        if wanted.completion:
            return await server.counting.run(lambda _: server.count_text(wanted.body["prompt"]))
        return await server.counting.run(lambda _: server.count_chat(wanted.body))


def _whole(server: LlamaServer, wanted: Plan, model: str, stop: Stop) -> LLMResult:
    collector = StreamCollector(model)
    _run(server, wanted, model, collector.add, stop)
    result = collector.result()
    result.logprobs = joined_logprobs(result.logprobs)
    for choice in result.alternatives:
        choice.logprobs = joined_logprobs(choice.logprobs)
    return result


def _run(server: LlamaServer, wanted: Plan, model: str, emit: Callable[[LLMEvent], None], stop: Stop) -> None:
    """Work out the choices one after the other; the engine itself counts the tokens of several choices wrong."""
    reader = Reader(wanted, model)
    for choice in range(wanted.choices):
        body = wanted.body
        if choice:
            reader.next_choice()
            if "seed" in body:
                body = body | {"seed": (body["seed"] + choice) % 2**32}

        def take(chunk: dict[str, object]) -> None:
            for event in reader.read(chunk):
                emit(event)

        server.generate(body, take, stop, completion=wanted.completion)
    for event in reader.finish():
        emit(event)


class EventStream:
    """An answer's events. Closing it, before or after it was read from, stops the engine and gives the model back."""

    def __init__(self, first: list[LLMEvent], rest: AsyncIterator[LLMEvent], held: Lease) -> None:
        self._first = first
        self._rest = rest
        self._held = held

    @classmethod
    async def begun(cls, events: AsyncIterator[LLMEvent], held: Lease) -> EventStream:
        """Waits for the first event that is more than a beginning.

        :raises JackfieldError: what the engine says before it answers
        """
        first: list[LLMEvent] = []
        try:
            while not first or isinstance(first[-1], StreamStart):
                first.append(await anext(events))
            return cls(first, events, held)
        except BaseException:
            await _close(events)
            raise

    def __aiter__(self) -> EventStream:
        return self

    async def __anext__(self) -> LLMEvent:
        if self._first:
            return self._first.pop(0)
        try:
            return await anext(self._rest)
        except BaseException:
            self._held.end()
            raise

    def __del__(self) -> None:
        """A stream that is dropped must not keep its model in memory for ever."""
        self._held.end()

    async def aclose(self) -> None:
        """Stop the engine's work on this answer."""
        self._first.clear()
        await _close(self._rest)
        self._held.end()


async def _close(events: AsyncIterator[LLMEvent]) -> None:
    close = getattr(events, "aclose", None)
    if close is not None:
        await close()
