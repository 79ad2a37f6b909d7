"""The promises of chat."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from jackfield.contract import (
    CallContext,
    Feature,
    FinishReason,
    JackfieldError,
    LLMRequest,
    LLMResult,
    Message,
    ModelType,
    Sampling,
    StreamCollector,
    StreamEnd,
    Usage,
)

from ..answers import Answer, Reply
from ..calling import Caller
from ..double import VendorDouble
from ..promises import error_of, promise
from ..scripts import Said
from .base import CallConformance
from .faults import GARBAGE
from .parameters import VALUES, arrives, is_sent, refused

UNICODE = "naïve – 世界 🎉 \u2028\u0085 e\u0301 \U0001f469\u200d\U0001f680 done"


class ChatConformance(CallConformance):
    """Chat, whole and streamed, but for the features that not every model has. An author says how the vendor answers.

    :cvar finish_reasons: those that the vendor can tell
    :cvar llm_usage: what the answers report, with the members that the vendor reports
    :cvar in_its_words: what the vendor is sent in the place of a parameter of `VALUES`, where it has another word for it
        (an effort that becomes a budget of tokens)
    """

    model_type: ClassVar[ModelType] = ModelType.LLM
    finish_reasons: ClassVar[tuple[FinishReason, ...]] = ("stop", "length")
    llm_usage: ClassVar[Usage] = Usage(input_tokens=11, output_tokens=7)
    in_its_words: ClassVar[dict[str, Any]] = {}
    garbage: ClassVar[dict[str, Answer]] = GARBAGE | {
        "no-events": Answer.sse([]),
        "events-of-garbage": Answer.sse(["{", "[1]", "null"]),
        "events-of-nothing": Answer.sse([{}, {}]),
        "comments-only": Answer.content(": ping\n\n: ping\n\n", "text/event-stream"),
    }

    def llm_answer(self, said: Said) -> Reply:
        """The vendor's whole answer that says so."""
        raise NotImplementedError

    def llm_stream(self, said: Said) -> Reply:
        """The vendor's streamed answer that says so, an event in a piece."""
        raise NotImplementedError

    # -- how the kit asks ------------------------------------------------------------------------------------------------

    @pytest.fixture(params=["whole", "stream"])
    def mode(self, request: pytest.FixtureRequest) -> str:
        """How the answer comes."""
        return str(request.param)

    def script(self, said: Said, mode: str) -> Reply:
        """The answer that says so, in either mode."""
        return self.llm_stream(said) if mode == "stream" else self.llm_answer(said)

    def good(self, number: int, mode: str) -> Reply:
        return self.script(Said(pieces=("This is ", self.marker(number), "."), usage=self.llm_usage), mode)

    async def invoke(self, caller: Caller, number: int, mode: str, context: CallContext) -> LLMResult:
        return await self.chat(caller, self.request(caller, self.marker(number)), mode, context)

    def check(self, result: LLMResult, number: int, mode: str) -> None:
        assert result.text == f"This is {self.marker(number)}.", f"the text is {result.text!r}"
        assert result.finish_reason == "stop", f"the finish reason is {result.finish_reason}"

    def request(self, caller: Caller, text: str = "Hello", **members: Any) -> LLMRequest:
        """A request of one user message."""
        members.setdefault("messages", [Message.user(text)])
        return LLMRequest(model=self._model(caller), **members)

    async def chat(
        self, caller: Caller, request: LLMRequest, mode: str = "whole", context: CallContext | None = None
    ) -> LLMResult:
        """The result, put together if it comes as a stream."""
        context = context or self.context(caller)
        if mode == "whole":
            return await caller.kernel.invoke_llm(request, context)
        events = await caller.kernel.stream_llm(request, context)
        collector = StreamCollector()
        ended: list[int] = []
        async for event in events:
            assert not (isinstance(event, StreamEnd) and event.choice in ended), "a choice ends twice"
            if isinstance(event, StreamEnd):
                ended.append(event.choice)
            collector.add(event)
        return collector.result()

    def has(self, caller: Caller, feature: Feature) -> bool:
        """Whether the model has a feature."""
        return feature in caller.model(self._model(caller), ModelType.LLM, self.credentials()).features

    def needs(self, caller: Caller, feature: Feature) -> None:
        """Skip the test for a model without the feature."""
        if not self.has(caller, feature):
            pytest.skip(f"the model is not said to have {feature}")

    # -- the promises ----------------------------------------------------------------------------------------------------

    @pytest.mark.asyncio
    async def test_usage_adds_up(self, vendor: VendorDouble, caller: Caller, mode: str) -> None:
        vendor.answers(self.script(Said(usage=self.llm_usage), mode))
        result = await self.chat(caller, self.request(caller), mode)
        with promise("usage is what the vendor reports"):
            assert result.usage == self.llm_usage

    @pytest.mark.asyncio
    async def test_finish_reasons(self, vendor: VendorDouble, caller: Caller, mode: str) -> None:
        for reason in self.finish_reasons:
            vendor.answers(self.script(Said(finish_reason=reason, usage=self.llm_usage), mode))
            with promise(f"an answer that ended by {reason!r} says so"):
                result = await self.chat(caller, self.request(caller), mode)
                assert result.finish_reason == reason, f"it says {result.finish_reason!r}"

    @pytest.mark.parametrize("size", [1, 3, 64])
    @pytest.mark.asyncio
    async def test_text_is_whole_wherever_bytes_are_cut(self, vendor: VendorDouble, caller: Caller, size: int) -> None:
        said = Said(pieces=(UNICODE[:9], UNICODE[9:], " " + UNICODE), usage=self.llm_usage)
        reply = self.llm_stream(said)
        first, last = ([], reply) if isinstance(reply, Answer) else (list(reply[:-1]), reply[-1])
        vendor.answers([*first, last.split(size)])
        with promise(f"a stream that comes in pieces of {size} bytes is the same text"):
            result = await self.chat(caller, self.request(caller), "stream")
            assert result.text == said.text, f"it is {result.text!r}"
            assert result.usage == self.llm_usage

    @pytest.mark.asyncio
    async def test_long_and_empty_answers(self, vendor: VendorDouble, caller: Caller, mode: str) -> None:
        for pieces, what in ((("世界, " * 20_000, "and " * 50_000), "long"), ((), "empty")):
            said = Said(pieces=pieces, usage=self.llm_usage)
            vendor.answers(self.script(said, mode))
            with promise(f"an answer that is {what} is an answer"):
                result = await self.chat(caller, self.request(caller), mode)
                assert result.text == said.text, f"{len(result.text)} letters came of {len(said.text)}"
                assert result.finish_reason == "stop", f"the finish reason is {result.finish_reason}"

    @pytest.mark.asyncio
    async def test_a_stream_without_its_end_is_broken(self, vendor: VendorDouble, caller: Caller) -> None:
        said = Said(usage=self.llm_usage)
        reply = self.llm_stream(said)
        good = reply if isinstance(reply, Answer) else reply[-1]
        for cut in good.boundaries:
            instead = good.but(framing="close", cut=cut)
            vendor.answers(instead if isinstance(reply, Answer) else [*reply[:-1], instead])
            collector = StreamCollector()
            failure: JackfieldError | None = None
            try:
                async for event in await caller.kernel.stream_llm(self.request(caller), self.context(caller)):
                    collector.add(event)
            except JackfieldError as error:
                failure = error
            with promise(f"a stream that ends after {cut} of {len(good.body)} bytes does not pass for whole"):
                if failure is not None:
                    assert failure.fault == "vendor", f"{failure!r} is the fault of the {failure.fault}"
                else:
                    text = collector.result().text
                    assert collector.complete, "it ended without an error"
                    assert text == said.text, f"it ended without an error, with the text {text!r} of {said.text!r}"

    @pytest.mark.asyncio
    async def test_a_stream_that_is_closed_early(self, vendor: VendorDouble, caller: Caller) -> None:
        reply = self.llm_stream(Said(pieces=("one", "two", "three"), usage=self.llm_usage))
        good = reply if isinstance(reply, Answer) else reply[-1]
        hanging = good.but(hang=len(good.body) - 1)
        for pieces_read in (0, 1):
            vendor.answers(hanging if isinstance(reply, Answer) else [*reply[:-1], hanging])
            events = await caller.kernel.stream_llm(self.request(caller, stream=True), self.context(caller))
            for _ in range(pieces_read):
                await anext(events)
            await events.aclose()  # type: ignore[attr-defined]
            with promise(f"closing a stream after {pieces_read} events closes the connection to the vendor"):
                await vendor.left(pieces_read + 1)

    @pytest.mark.asyncio
    async def test_errors_come_before_the_stream(self, vendor: VendorDouble, caller: Caller) -> None:
        vendor.answers(self.error(503))
        text = "a status that is not good is raised when the stream is opened, so that the host can try another credential"
        await error_of(caller.kernel.stream_llm(self.request(caller, stream=True), self.context(caller)), text)

    @pytest.mark.asyncio
    async def test_no_parameter_is_dropped_in_silence(self, vendor: VendorDouble, caller: Caller, mode: str) -> None:
        for name, value in VALUES.items():
            vendor.requests.clear()
            vendor.answers(self.good(1, mode))
            request = self.request(caller, sampling=Sampling(**{name: value}))
            with promise(f"`{name}` is sent to the vendor, or refused by its name"):
                await arrives(self.chat(caller, request, mode), vendor, name, self.in_its_words.get(name, value))

    @pytest.mark.asyncio
    async def test_what_is_refused_can_be_dropped(self, vendor: VendorDouble, caller: Caller) -> None:
        for name, value in VALUES.items():
            vendor.answers(self.good(1, "whole"))
            request = self.request(caller, sampling=Sampling(**{name: value}))
            if not await refused(self.chat(caller, request), name):
                continue
            vendor.requests.clear()
            with promise(f"`{name}`, which is refused, is dropped if the caller asks for that"):
                again = self.request(caller, sampling=Sampling(**{name: value}), drop_unsupported=True)
                self.check(await self.chat(caller, again), 1, "whole")
                assert vendor.requests
                assert not is_sent(vendor, name, value), f"it was sent all the same: {vendor.last_body.body!r}"

    @pytest.mark.asyncio
    async def test_what_the_contract_does_not_know(self, vendor: VendorDouble, caller: Caller) -> None:
        vendor.answers(self.good(1, "whole"))
        strange: dict[str, Any] = {"extra": {"of_no_dialect": "canary"}, "dialect": "conformance.unknown"}
        with promise("a member of a dialect that the vendor does not speak is refused by its name"):
            assert await refused(self.chat(caller, self.request(caller, **strange)), "of_no_dialect"), "it was not refused"
            assert not vendor.requests, "it was sent all the same"
        with promise("such a member is dropped if the caller asks for that"):
            await self.chat(caller, self.request(caller, drop_unsupported=True, **strange))
            assert b"of_no_dialect" not in vendor.last_body.body
