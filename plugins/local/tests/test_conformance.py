"""What the SDK's kit promises of every provider, but for the calls of a vendor's HTTP API: there is none behind this one."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from jackfield_local import plugin
from jackfield_sdk.testing import Answer, ProviderConformance


class TestLocal(ProviderConformance):
    plugin = plugin
    proves_nothing = True

    @pytest.fixture(autouse=True)
    def _without_a_vendor(self, request: pytest.FixtureRequest) -> None:
        if "vendor" in inspect.signature(request.function).parameters:
            pytest.skip("this provider calls no vendor")

    def credentials(self) -> dict[str, Any]:
        return {"path": "/models/some.gguf"}

    def validation_answer(self) -> Answer:
        return Answer.json({})
