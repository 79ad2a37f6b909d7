"""The plugin behind the kernel, and Groq's double."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from jackfield_groq import plugin
from jackfield_sdk.testing import Caller, VendorDouble, open_caller


@pytest_asyncio.fixture
async def vendor() -> AsyncIterator[VendorDouble]:
    async with VendorDouble() as vendor:
        yield vendor


@pytest_asyncio.fixture
async def caller(vendor: VendorDouble) -> AsyncIterator[Caller]:
    async with open_caller(plugin, vendor) as caller:
        yield caller
