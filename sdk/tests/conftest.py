"""A vendor that speaks OpenAI's dialect and nothing else, for the tests of the SDK itself."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from jackfield_sdk.testing import VendorDouble


@pytest.fixture
async def vendor() -> AsyncIterator[VendorDouble]:
    async with VendorDouble() as vendor:
        yield vendor
