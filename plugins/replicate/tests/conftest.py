"""The plugin behind the kernel, and Replicate's double; nobody waits between two looks at a prediction."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from jackfield_replicate import plugin
from jackfield_replicate.schemas import SchemaCache
from jackfield_sdk.testing import Answer, Caller, VendorDouble, open_caller

LLAMA = ("prompt", "system_prompt", "max_new_tokens", "temperature", "top_p", "top_k", "stop_sequences", "prompt_template")


@pytest.fixture
async def vendor(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[VendorDouble]:
    """Which has the official model acme/chat, and answers what else is asked with a prediction that has succeeded."""
    monkeypatch.setattr(plugin, "schemas", SchemaCache())
    monkeypatch.setattr(type(plugin), "pauses", (0.0,))
    properties: dict[str, dict[str, str]] = {name: {} for name in LLAMA}
    schema = {"components": {"schemas": {"Input": {"properties": properties}}}}
    known = {"is_official": True, "latest_version": {"id": "7" * 64, "openapi_schema": schema}}
    metrics = {"input_token_count": 3, "output_token_count": 2}
    async with VendorDouble() as vendor:
        vendor.on("GET", "/v1/models/acme/chat", Answer.json(known))
        vendor.on("POST", "/cancel", Answer.json({"id": "p1", "status": "canceled"}))
        vendor.answers(Answer.json({"id": "p1", "status": "succeeded", "output": ["h", "i"], "metrics": metrics}))
        yield vendor


@pytest.fixture
async def caller(vendor: VendorDouble) -> AsyncIterator[Caller]:
    """With nothing but the plugin."""
    async with open_caller(plugin, vendor) as caller:
        yield caller
