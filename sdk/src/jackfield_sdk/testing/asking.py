"""What tests of a plugin's own requests have in common: a key, a model, a double that answers, and how calls fail."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest_asyncio
from jackfield.contract import (
    BadRequest,
    CallContext,
    JackfieldError,
    LLMRequest,
    LLMResult,
    Message,
    ModelType,
    StreamCollector,
)

from .answers import Answer
from .calling import Caller, open_caller
from .double import VendorDouble
from .promises import assert_hidden, promise


class Asker:
    """A plugin's calls with a key, of a model if none is named.

    :ivar kernel: for what is not a chat: `asker.kernel.invoke_rerank(request, asker.context(model, ModelType.RERANK))`
    """

    def __init__(self, caller: Caller, vendor: VendorDouble, credentials: Mapping[str, Any], model: str) -> None:
        self.kernel = caller.kernel
        self.vendor = vendor
        self._caller = caller
        self._credentials = dict(credentials)
        self._model = model

    def context(self, model: str | None = None, model_type: ModelType = ModelType.LLM, **values: Any) -> CallContext:
        """The surroundings of a call, with the form's values beside the key; without a model, of one of the provider."""
        return self._caller.context(self._credentials | values, model, model_type)

    def _request(self, model: str | None, messages: tuple[Message, ...], members: dict[str, Any]) -> LLMRequest:
        members = {"messages": list(messages or [Message.user("Hello")])} | members
        return LLMRequest(model=model or self._model, **members)

    async def ask(self, model: str | None = None, *messages: Message, **members: Any) -> LLMResult:
        """The answer to a chat, whole."""
        request = self._request(model, messages, members)
        return await self.kernel.invoke_llm(request, self.context(request.model))

    async def listen(self, model: str | None = None, *messages: Message, **members: Any) -> LLMResult:
        """The answer to a chat, put together from its stream."""
        request = self._request(model, messages, {"stream": True} | members)
        collector = StreamCollector()
        async for event in await self.kernel.stream_llm(request, self.context(request.model)):
            collector.add(event)
        return collector.result()

    async def refused(self, param: str, model: str | None = None, *messages: Message, **members: Any) -> BadRequest:
        """The error of a chat that is refused for `param`, before the vendor is asked, whole or streamed."""
        asked = len(self.vendor.requests)
        for call in (self.ask, self.listen):
            error: BadRequest | None = None
            with promise(f"`{param}` is refused by its name, and nothing is sent"):
                try:
                    await call(model, *messages, **members)
                except BadRequest as raised:
                    error = raised
                assert error is not None, "it was not refused"
                assert error.param == param, f"it is refused for {error.param!r}: {error.message}"
                assert len(self.vendor.requests) == asked, f"it was sent all the same: {self.vendor.last.body[:500]!r}"
        assert error is not None
        return error

    async def failure(self, answer: Answer, model: str | None = None) -> JackfieldError:
        """The error of a chat that is answered so, with a status that is not good: the same whether whole or streamed."""
        self.vendor.answers(answer)
        errors = []
        for call in (self.ask, self.listen):
            try:
                await call(model)
            except JackfieldError as error:
                errors.append(error)
                for value in self._credentials.values():
                    assert_hidden(str(value), error)
        with promise("what fails, fails alike whether it is whole or streamed"):
            assert len(errors) == 2, f"one of them did not fail: {errors}"
            whole, streamed = ((type(error), error.describe()) for error in errors)
            assert whole == streamed
        return errors[0]


def asking(plugin: object, credentials: Mapping[str, Any], model: str, answer: Answer | None = None) -> tuple[Any, Any]:
    """Two fixtures: the double, and an Asker of it. The first must be called `vendor`, the other as you like.

        vendor, acme = asking(plugin, {"api_key": "sk-canary"}, "acme-large", Answer.json({…}))

        async def test_the_request(acme: Asker, vendor: VendorDouble) -> None:
            await acme.ask(sampling=Sampling(seed=3))
            assert vendor.last.json == {…}

    :param answer: what the double says until it is told otherwise
    """

    @pytest_asyncio.fixture
    async def double() -> AsyncIterator[VendorDouble]:
        async with VendorDouble() as vendor:
            if answer is not None:
                vendor.answers(answer)
            yield vendor

    @pytest_asyncio.fixture
    async def asker(vendor: VendorDouble) -> AsyncIterator[Asker]:
        async with open_caller(plugin, vendor) as caller:
            yield Asker(caller, vendor, credentials, model)

    return double, asker
