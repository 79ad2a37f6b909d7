"""Wrappers of other plugins stand around the owner's hooks; what they do wrong is named after them."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import AsyncIterator, Callable, Generator
from typing import Any

import pytest
from jackfield.contract import (
    CallContext,
    ContentRefused,
    LLMEvent,
    LLMRequest,
    LLMResult,
    Message,
    ModelDescription,
    ModelType,
    PluginFault,
    RelayRequest,
    RelayResponse,
    StreamEnd,
    TextDelta,
    Timeout,
    hookimpl,
)
from jackfield.kernel import Kernel

Make = Callable[..., Any]
Wrapper = Generator[None, Any, Any]
MODEL = ModelDescription(id="m", type=ModelType.LLM)


@pytest.fixture
def owner(plugin: Make) -> Any:
    """Answers with the request's text, and with a stream of one piece."""

    async def invoke_llm(request: LLMRequest, context: CallContext) -> Any:
        text = request.messages[-1].text
        if request.stream:
            return events(text)
        if text == "explode":
            raise KeyError("own")
        return LLMResult(message=Message.assistant(text), finish_reason="stop")

    async def relay(request: RelayRequest, context: CallContext) -> RelayResponse:
        return RelayResponse(status=200, headers={}, body=request.body)

    return plugin(dialects=["openai.chat"], invoke_llm=invoke_llm, relay=relay)


async def events(text: str) -> AsyncIterator[LLMEvent]:
    yield TextDelta(text)
    yield StreamEnd("stop")


def request(text: str = "hello") -> LLMRequest:
    return LLMRequest(model="m", messages=[Message.user(text)])


def around(before: Callable[[LLMRequest], None], after: Callable[[Any], Any]) -> Callable[..., Wrapper]:
    def invoke_llm(request: LLMRequest, context: CallContext) -> Wrapper:
        before(request)
        call = yield

        async def guarded() -> Any:
            return after(await call)

        return guarded()

    return invoke_llm


async def test_a_wrapper_sees_request_and_result_and_works_on_a_copy(plugin: Make, owner: Any, context: Make) -> None:
    def redact(request: LLMRequest) -> None:
        request.messages[0].parts[0].text = "[redacted]"  # type: ignore[union-attr]

    def shout(result: LLMResult) -> LLMResult:
        result.message.parts[0].text += "!"  # type: ignore[union-attr]
        return result

    guard = plugin(None, wrappers={"invoke_llm": around(redact, shout)})
    kernel = Kernel.of([("acme", owner), ("guard", guard)])
    assert [record.wraps for record in kernel.plugins if record.name == "guard"] == [("invoke_llm",)]
    sent = request("my card is 4111")
    assert (await kernel.invoke_llm(sent, context())).text == "[redacted]!"
    assert sent.messages[0].text == "my card is 4111"


async def test_wrappers_nest_in_the_order_they_ask_for(plugin: Make, owner: Any, context: Make) -> None:
    order: list[str] = []

    def noting(name: str) -> Any:
        def after(result: Any) -> Any:
            order.append(f"{name} after")
            return result

        return around(lambda _: order.append(f"{name} before"), after)

    outer, inner = plugin(None), plugin(None)
    outer.invoke_llm = hookimpl(wrapper=True, tryfirst=True)(noting("outer"))
    inner.invoke_llm = hookimpl(wrapper=True, trylast=True)(noting("inner"))
    kernel = Kernel.of([("a", outer), ("acme", owner), ("z", inner)])
    await kernel.invoke_llm(request(), context())
    assert order == ["outer before", "inner before", "inner after", "outer after"]


async def test_a_wrapper_may_refuse_or_answer_by_itself(plugin: Make, owner: Any, context: Make) -> None:
    def invoke_llm(request: LLMRequest, context: CallContext) -> Wrapper:
        call = yield

        async def instead() -> LLMResult:
            call.close()
            if request.messages[0].text == "bad":
                raise ContentRefused("Not here.")
            return LLMResult(message=Message.assistant("from the cache"), finish_reason="stop")

        return instead()

    kernel = Kernel.of([("acme", owner), ("cache", plugin(None, wrappers={"invoke_llm": invoke_llm}))])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (await kernel.invoke_llm(request(), context())).text == "from the cache"
        with pytest.raises(ContentRefused) as caught:
            await kernel.invoke_llm(request("bad"), context())
        gc.collect()
    assert (caught.value.provider, caught.value.model) == ("acme", "m")


async def test_a_dropped_call_closes_the_wrapper_inside(plugin: Make, owner: Any, context: Make) -> None:
    def invoke_llm(request: LLMRequest, context: CallContext) -> Wrapper:
        call = yield
        call.close()

        async def instead() -> LLMResult:
            return LLMResult(message=Message.assistant("cached"), finish_reason="stop")

        return instead()

    cache = plugin(None)
    cache.invoke_llm = hookimpl(wrapper=True, tryfirst=True)(invoke_llm)
    inside = plugin(None, wrappers={"invoke_llm": around(lambda _: None, lambda result: result)})
    kernel = Kernel.of([("acme", owner), ("cache", cache), ("inside", inside)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (await kernel.invoke_llm(request(), context())).text == "cached"
        gc.collect()


def no_yield(request: LLMRequest, context: CallContext) -> Wrapper:
    if request.model == "never":
        yield
    return None


def two_yields(request: LLMRequest, context: CallContext) -> Wrapper:
    yield
    yield
    return None


def no_awaitable(request: LLMRequest, context: CallContext) -> Wrapper:
    yield
    return LLMResult(message=Message.assistant("x"), finish_reason="stop")


def raises_before(request: LLMRequest, context: CallContext) -> Wrapper:
    if request.model:
        raise LookupError("before")
    yield


def raises_after(request: LLMRequest, context: CallContext) -> Wrapper:
    yield
    raise LookupError("after")


def raises_inside(request: LLMRequest, context: CallContext) -> Wrapper:
    call = yield

    async def guarded() -> Any:
        await call
        raise LookupError("inside")

    return guarded()


def wrong_answer(request: LLMRequest, context: CallContext) -> Wrapper:
    call = yield

    async def guarded() -> Any:
        return (await call).text

    return guarded()


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (no_yield, "did not yield"),
        (two_yields, "yielded more than once"),
        (no_awaitable, "answered a LLMResult instead of an awaitable"),
        (raises_before, "raised LookupError: before"),
        (raises_after, "raised LookupError: after"),
        (raises_inside, "raised LookupError: inside"),
        (wrong_answer, "answered a str instead of a LLMResult"),
    ],
)
@pytest.mark.parametrize("position", ["tryfirst", "trylast"])
async def test_a_broken_wrapper_is_named(
    plugin: Make, owner: Any, context: Make, broken: Callable[..., Wrapper], says: str, position: str
) -> None:
    innocent = plugin(None, wrappers={"invoke_llm": around(lambda _: None, lambda result: result)})
    guilty = plugin(None)
    options: dict[str, bool] = {position: True}
    guilty.invoke_llm = hookimpl(wrapper=True, **options)(broken)  # type: ignore[call-overload]
    kernel = Kernel.of([("acme", owner), ("guilty", guilty), ("innocent", innocent)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(PluginFault, match=says) as caught:
            await kernel.invoke_llm(request(), context())
        gc.collect()
    assert (caught.value.plugin, caught.value.hook, caught.value.provider) == ("guilty", "invoke_llm", "acme")


async def test_the_owners_fault_stays_the_owners_inside_wrappers(plugin: Make, owner: Any, context: Make) -> None:
    innocent = plugin(None, wrappers={"invoke_llm": around(lambda _: None, lambda result: result)})
    kernel = Kernel.of([("acme", owner), ("innocent", innocent)])
    with pytest.raises(PluginFault, match="KeyError: 'own'") as caught:
        await kernel.invoke_llm(request("explode"), context())
    assert caught.value.plugin == "acme"


async def test_a_wrapped_stream(plugin: Make, owner: Any, context: Make) -> None:
    def upper(stream: AsyncIterator[LLMEvent]) -> AsyncIterator[Any]:
        async def changed() -> AsyncIterator[Any]:
            async for event in stream:
                yield TextDelta(event.text.upper()) if isinstance(event, TextDelta) else event

        return changed()

    def spoil(stream: AsyncIterator[LLMEvent]) -> AsyncIterator[Any]:
        async def changed() -> AsyncIterator[Any]:
            yield await anext(stream)
            yield "nonsense"

        return changed()

    for after, fault in ((upper, None), (spoil, "guard")):
        kernel = Kernel.of([("acme", owner), ("guard", plugin(None, wrappers={"invoke_llm": around(lambda _: None, after)}))])
        stream = await kernel.stream_llm(request(), context())
        if fault is None:
            assert [event async for event in stream] == [TextDelta("HELLO"), StreamEnd("stop")]
            continue
        with pytest.raises(PluginFault) as caught:
            _ = [event async for event in stream]
        assert caught.value.plugin == fault


async def test_time_runs_for_wrappers_too(plugin: Make, owner: Any, context: Make) -> None:
    def invoke_llm(request: LLMRequest, context: CallContext) -> Wrapper:
        call = yield

        async def slow() -> Any:
            await asyncio.Event().wait()
            return await call

        return slow()

    kernel = Kernel.of([("acme", owner), ("slow", plugin(None, wrappers={"invoke_llm": invoke_llm}))])
    with pytest.raises(Timeout):
        await kernel.invoke_llm(request(), context(timeout=0.01))


async def test_no_guard_is_walked_around_by_relay(plugin: Make, owner: Any, context: Make) -> None:
    through = around(lambda _: None, lambda result: result)

    def relay(request: RelayRequest, context: CallContext) -> Wrapper:
        call = yield

        async def guarded() -> Any:
            answer = await call
            answer.body += b" seen"
            return answer

        return guarded()

    def relays(*plugins: tuple[str, Any]) -> bool:
        return Kernel.of([("acme", owner), *plugins]).can_relay("acme", "openai.chat", MODEL)

    guard = ("guard", plugin(None, wrappers={"invoke_llm": through}))
    full = ("full", plugin(None, wrappers={"invoke_llm": through, "relay": relay}))
    other = ("other", plugin(None, wrappers={"invoke_rerank": through}))
    assert relays()
    assert not relays(guard)
    assert relays(full)
    assert not relays(full, guard)
    assert relays(other)
    kernel = Kernel.of([("acme", owner), full])
    answer = await kernel.relay(RelayRequest(dialect="openai.chat", model="m", body=b"{}"), context())
    assert answer.body == b"{} seen"
    assert not kernel.can_relay("acme", "anthropic.messages", MODEL)
    assert not kernel.can_relay("nobody", "openai.chat", MODEL)
    assert not kernel.can_relay("acme", "openai.chat", MODEL.model_copy(update={"dialects": ()}))


async def test_another_plugins_own_hooks_are_not_called(plugin: Make, owner: Any, context: Make) -> None:
    async def invoke_llm(request: LLMRequest, context: CallContext) -> LLMResult:
        raise AssertionError("not mine")

    kernel = Kernel.of([("acme", owner), ("other", plugin("other", invoke_llm=invoke_llm))])
    assert (await kernel.invoke_llm(request(), context())).text == "hello"
