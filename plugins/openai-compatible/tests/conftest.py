"""The plugin behind the kernel."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from jackfield_openai_compatible import plugin
from jackfield_sdk.testing import Caller, VendorDouble, open_caller


@pytest.fixture
async def vendor() -> AsyncIterator[VendorDouble]:
    async with VendorDouble() as vendor:
        yield vendor


@pytest.fixture
async def caller(vendor: VendorDouble) -> AsyncIterator[Caller]:
    """Whose requests all lead to the double."""
    async with open_caller(plugin, vendor) as caller:
        yield caller


@pytest.fixture
async def direct() -> AsyncIterator[Caller]:
    """Whose requests go where they are sent."""
    async with open_caller(plugin) as caller:
        yield caller
