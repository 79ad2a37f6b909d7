"""The plugin behind the kernel, and OpenAI's double."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from jackfield_openai import plugin
from jackfield_sdk import CallContext, ModelType
from jackfield_sdk.testing import Caller, VendorDouble, open_caller

KEY = {"api_key": "sk-proj-canary-0123456789"}


class OpenAICaller:
    """Calls of the OpenAI plugin with a key."""

    def __init__(self, caller: Caller) -> None:
        self.kernel = caller.kernel
        self._caller = caller

    def context(self, model: str | None = None, model_type: ModelType = ModelType.LLM, **values: Any) -> CallContext:
        """With the form's values beside the key."""
        return self._caller.context(KEY | values, model, model_type)


@pytest.fixture
async def vendor() -> AsyncIterator[VendorDouble]:
    async with VendorDouble() as vendor:
        yield vendor


@pytest.fixture
async def openai(vendor: VendorDouble) -> AsyncIterator[OpenAICaller]:
    async with open_caller(plugin, vendor) as caller:
        yield OpenAICaller(caller)
