"""What tests of a plugin's own requests are made with, on a plugin that keeps its word and on some that do not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from jackfield_sdk import (
    BadRequest,
    CallContext,
    ConnectionFailed,
    LLMRequest,
    LLMResult,
    LLMStream,
    Message,
    QuotaExceeded,
    RateLimited,
    ReasoningPart,
    Sampling,
    UnsupportedParameter,
)
from jackfield_sdk.testing import Answer, Asker, OpenAIAnswers, Said, VendorDouble, asking, open_caller

from .test_kit_finds_faults import Sound

KEY = {"api_key": "sk-canary-of-the-asker"}
SPENT = Answer.json({"error": {"message": "spent", "code": "insufficient_quota"}}, 429)

vendor, acme = asking(Sound(), KEY, "chat", OpenAIAnswers().llm_answer(Said()))


class RefusesWholeAnswersOnly(Sound):
    async def invoke_llm(self, request: LLMRequest, context: CallContext) -> LLMResult | LLMStream:
        if request.sampling.seed is not None and not request.stream:
            raise UnsupportedParameter("No seed.", param="seed")
        return await super().invoke_llm(request, context)


class RefusesAfterAsking(Sound):
    async def invoke_llm(self, request: LLMRequest, context: CallContext) -> LLMResult | LLMStream:
        await super().invoke_llm(request, context)
        raise BadRequest("No seed.", param="seed")


class FailsOtherwiseInStreams(Sound):
    async def invoke_llm(self, request: LLMRequest, context: CallContext) -> LLMResult | LLMStream:
        try:
            return await super().invoke_llm(request, context)
        except QuotaExceeded as error:
            raise RateLimited(error.message) if request.stream else error from None


@asynccontextmanager
async def asker_of(plugin: object) -> AsyncIterator[Asker]:
    async with VendorDouble() as double, open_caller(plugin, double) as caller:
        double.answers(lambda asked: made(asked.json))
        yield Asker(caller, double, KEY, "chat")


def made(asked: dict[str, Any]) -> Answer:
    said = Said(reasoning=("Hm.",), pieces=("4",))
    return OpenAIAnswers().llm_stream(said) if asked.get("stream") else OpenAIAnswers().llm_answer(said)


async def test_a_chat_of_the_model_with_the_key(acme: Asker, vendor: VendorDouble) -> None:
    assert (await acme.ask()).text == Said().text
    assert vendor.last.json == {"model": "chat", "messages": [{"role": "user", "content": "Hello"}]}
    assert vendor.last.headers["authorization"] == f"Bearer {KEY['api_key']}"
    await acme.ask("chat-2", Message.user("More"), sampling=Sampling(seed=3))
    assert vendor.last.json == {"model": "chat-2", "messages": [{"role": "user", "content": "More"}], "seed": 3}
    assert dict(acme.context(region="eu").credentials) == KEY | {"region": "eu"}


async def test_a_stream_is_put_together() -> None:
    async with asker_of(Sound()) as asker:
        result = await asker.listen()
        assert result.message.parts[0] == ReasoningPart("Hm.")
        assert result.text == "4"
        asker.vendor.answers(Answer.sse([], done="[DONE]"))
        with pytest.raises(ConnectionFailed):
            await asker.listen()


async def test_failures_are_the_same_both_ways(acme: Asker) -> None:
    failure = await acme.failure(SPENT)
    assert (type(failure), failure.vendor_message) == (QuotaExceeded, "spent")
    with pytest.raises(AssertionError, match="one of them did not fail"):
        await acme.failure(made({}))


@pytest.mark.parametrize(
    ("plugin", "says"),
    [
        (Sound(), "it was not refused"),
        (RefusesWholeAnswersOnly(), "it was not refused"),
        (RefusesAfterAsking(), "it was sent all the same"),
    ],
)
async def test_a_refusal_that_is_none_is_found(plugin: Sound, says: str) -> None:
    async with asker_of(plugin) as asker:
        with pytest.raises(AssertionError, match=says):
            await asker.refused("seed", sampling=Sampling(seed=3))


async def test_a_failure_that_differs_in_a_stream_is_found() -> None:
    async with asker_of(FailsOtherwiseInStreams()) as asker:
        with pytest.raises(AssertionError, match="fails alike"):
            await asker.failure(SPENT)
