"""The plugin behind the kernel, and Cohere's double."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from jackfield_cohere import plugin
from jackfield_sdk import CallContext, LLMRequest, LLMResult, Message, ModelType, StreamCollector
from jackfield_sdk.testing import Caller, VendorDouble, open_caller

KEY = {"api_key": "cohere-canary-key"}


class CohereCaller:
    """Calls of the Cohere plugin with a key."""

    def __init__(self, caller: Caller) -> None:
        self.kernel = caller.kernel
        self._caller = caller

    def context(self, model: str | None = None, model_type: ModelType = ModelType.LLM, **values: Any) -> CallContext:
        """With the form's values beside the key."""
        return self._caller.context(KEY | values, model, model_type)

    async def ask(self, model: str, *messages: Message, **members: Any) -> LLMResult:
        """The answer to a chat, whole."""
        request = LLMRequest(model=model, messages=list(messages or [Message.user("Hello")]), **members)
        return await self.kernel.invoke_llm(request, self.context(model))

    async def listen(self, model: str) -> LLMResult:
        """The answer to a chat, put together from its stream."""
        request = LLMRequest(model=model, messages=[Message.user("Hello")], stream=True)
        collector = StreamCollector()
        async for event in await self.kernel.stream_llm(request, self.context(model)):
            collector.add(event)
        assert collector.complete
        return collector.result()


@pytest_asyncio.fixture
async def vendor() -> AsyncIterator[VendorDouble]:
    async with VendorDouble() as vendor:
        yield vendor


@pytest_asyncio.fixture
async def api(vendor: VendorDouble) -> AsyncIterator[CohereCaller]:
    async with open_caller(plugin, vendor) as caller:
        yield CohereCaller(caller)
