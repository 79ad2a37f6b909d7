"""A stream is whole, or ends in an error; silence has an end; closing it ends it at the plugin."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from jackfield.contract import (
    CallContext,
    ConnectionFailed,
    JackfieldError,
    LLMEvent,
    LLMRequest,
    LLMResult,
    Message,
    ModelType,
    PluginFault,
    RelayRequest,
    RelayResponse,
    ServerUnavailable,
    SpeechRequest,
    SpeechResult,
    StreamEnd,
    StreamStart,
    TextDelta,
    Timeout,
    ToolCallDelta,
    Usage,
    UsageReport,
)
from jackfield.kernel import Kernel

Make = Callable[..., Any]
HANG = object()
SECRET = "sk-canary-0123456789"


class Script:
    """A plugin's stream: yields what it is told, raises exceptions, hangs; notes whether it was closed."""

    def __init__(self, *steps: Any) -> None:
        self.steps = steps
        self.closed = asyncio.Event()

    async def play(self) -> AsyncIterator[Any]:
        try:
            for step in self.steps:
                if step is HANG:
                    await asyncio.Event().wait()
                if isinstance(step, BaseException):
                    raise step
                yield step
        finally:
            self.closed.set()


def streaming(plugin: Make, script: Script) -> Kernel:
    async def invoke_llm(request: LLMRequest, context: CallContext) -> AsyncIterator[LLMEvent]:
        assert request.stream
        return script.play()

    async def invoke_text_to_speech(request: SpeechRequest, context: CallContext) -> SpeechResult:
        return SpeechResult(audio=script.play(), media_type="audio/wav")

    async def relay(request: RelayRequest, context: CallContext) -> RelayResponse:
        return RelayResponse(status=200, headers={}, body=script.play())

    made = plugin(
        types=[ModelType.LLM, ModelType.TEXT_TO_SPEECH],
        dialects=["openai.chat"],
        invoke_llm=invoke_llm,
        invoke_text_to_speech=invoke_text_to_speech,
        relay=relay,
    )
    return Kernel.of([("acme", made)])


async def open_stream(kernel: Kernel, kind: str, context: CallContext) -> Any:
    if kind == "chat":
        return await kernel.stream_llm(LLMRequest(model="m-1", messages=[Message.user("x")]), context)
    if kind == "speech":
        return (await kernel.invoke_text_to_speech(SpeechRequest(model="m-1", text="x"), context)).audio
    answer = await kernel.relay(RelayRequest(dialect="openai.chat", model="m-1", body=b"{}", stream=True), context)
    return answer.body


async def read(stream: AsyncIterator[Any], into: list[Any]) -> None:
    """What came before an error counts too."""
    async for piece in stream:
        into.append(piece)  # noqa: PERF401


PIECES: dict[str, list[Any]] = {"chat": [TextDelta("a"), StreamEnd("stop")], "speech": [b"a", b"b"], "relay": [b"a", b"b"]}
kinds = pytest.mark.parametrize("kind", list(PIECES))


async def test_a_whole_stream_passes_as_it_is(plugin: Make, context: Make) -> None:
    events = [
        StreamStart("id", "m"),
        TextDelta("a"),
        ToolCallDelta(0, id="c", name="f", arguments="{}", choice=1),
        StreamEnd("stop"),
        StreamEnd("tool_calls", choice=1),
        UsageReport(Usage(input_tokens=1)),
    ]
    stream = await open_stream(streaming(plugin, Script(*events)), "chat", context())
    assert [event async for event in stream] == events
    assert [event async for event in stream] == []  # it has ended for good


async def test_an_end_said_twice_counts_once(plugin: Make, context: Make) -> None:
    script = Script(TextDelta("a"), StreamEnd("stop"), StreamEnd("length"), UsageReport(Usage()))
    stream = await open_stream(streaming(plugin, script), "chat", context())
    assert [event async for event in stream if isinstance(event, StreamEnd)] == [StreamEnd("stop")]


@pytest.mark.parametrize(
    "events",
    [[], [TextDelta("a")], [StreamStart("i", "m")], [TextDelta("a"), TextDelta("b", choice=1), StreamEnd("stop")]],
    ids=["nothing", "text", "start", "one of two choices"],
)
async def test_a_stream_without_its_end_is_broken(plugin: Make, context: Make, events: list[LLMEvent]) -> None:
    stream = await open_stream(streaming(plugin, Script(*events)), "chat", context())
    seen: list[LLMEvent] = []
    with pytest.raises(ConnectionFailed) as caught:
        await read(stream, seen)
    assert seen == events
    assert (caught.value.provider, caught.value.model) == ("acme", "m-1")


@kinds
@pytest.mark.parametrize("stray", [ValueError("x"), asyncio.CancelledError(), "nonsense", None, 7])
async def test_a_stream_that_breaks_the_contract(plugin: Make, context: Make, kind: str, stray: Any) -> None:
    script = Script(PIECES[kind][0], stray, HANG)
    stream = await open_stream(streaming(plugin, script), kind, context())
    assert await anext(stream) == PIECES[kind][0]
    with pytest.raises(PluginFault) as caught:
        await anext(stream)
    assert caught.value.plugin == "acme"
    assert script.closed.is_set()
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


@kinds
async def test_an_error_of_the_contract_in_mid_stream(plugin: Make, context: Make, kind: str) -> None:
    stream = await open_stream(streaming(plugin, Script(PIECES[kind][0], ServerUnavailable("gone"))), kind, context())
    await anext(stream)
    with pytest.raises(ServerUnavailable) as caught:
        await anext(stream)
    assert (caught.value.provider, caught.value.model) == ("acme", "m-1")


@kinds
async def test_a_stream_that_never_begins(plugin: Make, context: Make, kind: str) -> None:
    script = Script(HANG)
    stream = await open_stream(streaming(plugin, script), kind, context(timeout=0.02))
    with pytest.raises(Timeout, match=r"did not answer within 0\.02 s"):
        await anext(stream)
    assert script.closed.is_set()
    assert task_is_untouched()


@kinds
async def test_a_stream_that_falls_silent(plugin: Make, context: Make, kind: str) -> None:
    script = Script(PIECES[kind][0], HANG)
    stream = await open_stream(streaming(plugin, script), kind, context(idle_timeout=0.02))
    await anext(stream)
    with pytest.raises(Timeout, match=r"did not go on within 0\.02 s"):
        await anext(stream)
    assert script.closed.is_set()
    assert task_is_untouched()


async def test_a_model_that_names_itself_and_then_reasons_unseen_has_the_time_for_a_first_answer(
    plugin: Make, context: Make
) -> None:
    class Reasoning(Script):
        async def play(self) -> AsyncIterator[Any]:
            yield StreamStart("id", "m")
            await asyncio.sleep(0.05)
            yield TextDelta("a")
            await asyncio.sleep(1)

    stream = await open_stream(streaming(plugin, Reasoning()), "chat", context(idle_timeout=0.02, timeout=5))
    assert await anext(stream) == StreamStart("id", "m")
    assert await anext(stream) == TextDelta("a")
    with pytest.raises(Timeout, match="did not go on"):
        await anext(stream)


@kinds
async def test_a_slow_consumer_is_not_the_vendors_silence(plugin: Make, context: Make, kind: str) -> None:
    stream = await open_stream(streaming(plugin, Script(*PIECES[kind])), kind, context(timeout=0.02, idle_timeout=0.02))
    seen = []
    async for piece in stream:
        await asyncio.sleep(0.05)
        seen.append(piece)
    assert seen == PIECES[kind]


@kinds
async def test_closing_a_stream_ends_it_at_the_plugin(plugin: Make, context: Make, kind: str) -> None:
    script = Script(PIECES[kind][0], HANG)
    stream = await open_stream(streaming(plugin, script), kind, context())
    await anext(stream)
    await stream.aclose()
    assert script.closed.is_set()
    await stream.aclose()


@kinds
async def test_cancelling_the_consumer_ends_it_at_the_plugin(plugin: Make, context: Make, kind: str) -> None:
    script = Script(PIECES[kind][0], HANG)
    stream = await open_stream(streaming(plugin, script), kind, context())
    begun = asyncio.Event()

    async def consume() -> None:
        async for _ in stream:
            begun.set()

    task = asyncio.ensure_future(consume())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert script.closed.is_set()


async def test_a_result_where_a_stream_was_asked_for(plugin: Make, context: Make) -> None:
    async def invoke_llm(request: LLMRequest, context: CallContext) -> LLMResult:
        return LLMResult(message=Message.assistant("x"), finish_reason="stop")

    kernel = Kernel.of([("acme", plugin(invoke_llm=invoke_llm))])
    with pytest.raises(PluginFault, match="a LLMResult instead of an async iterator"):
        await open_stream(kernel, "chat", context())


async def test_a_stream_where_a_result_was_asked_for_is_closed(plugin: Make, context: Make) -> None:
    closed = []

    class Stream:
        def __aiter__(self) -> Stream:
            return self

        async def __anext__(self) -> LLMEvent:
            raise AssertionError

        async def aclose(self) -> None:
            closed.append(True)

    async def invoke_llm(request: LLMRequest, context: CallContext) -> Any:
        return Stream()

    kernel = Kernel.of([("acme", plugin(invoke_llm=invoke_llm))])
    with pytest.raises(PluginFault, match=r"a .*Stream instead of a LLMResult"):
        await kernel.invoke_llm(LLMRequest(model="m", messages=[]), context())
    assert closed == [True]


async def test_an_error_while_closing_is_not_the_callers(plugin: Make, context: Make, caplog: pytest.LogCaptureFixture) -> None:
    class Stream:
        def __aiter__(self) -> Stream:
            return self

        async def __anext__(self) -> LLMEvent:
            raise ServerUnavailable("first")

        async def aclose(self) -> None:
            raise RuntimeError(f"second {SECRET}")

    async def invoke_llm(request: LLMRequest, context: CallContext) -> Any:
        return Stream()

    kernel = Kernel.of([("acme", plugin(invoke_llm=invoke_llm))])
    stream = await open_stream(kernel, "chat", context())
    with pytest.raises(JackfieldError, match="first"):
        await anext(stream)
    assert "second" in caplog.text
    assert SECRET not in caplog.text


def task_is_untouched() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() == 0
