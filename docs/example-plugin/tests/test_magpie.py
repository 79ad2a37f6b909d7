"""Magpie AI: the conformance kit in the vendor's own words, and what is particular to it."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from jackfield_magpie import plugin
from jackfield_sdk import LLMRequest, Message, QuotaExceeded, Usage
from jackfield_sdk.testing import (
    Answer,
    EmbeddingConformance,
    LLMConformance,
    ProviderConformance,
    Said,
    Vendor,
    VendorDouble,
    open_caller,
)

FINISH = {"stop": "done", "length": "limit"}


class Magpie(Vendor):
    """How the vendor answers."""

    plugin: ClassVar[object] = plugin

    def error(self, status: int, message: str = "something is wrong", headers: dict[str, str] | None = None) -> Answer:
        return Answer.json({"problem": {"text": message, "code": "any"}}, status, headers)

    def end(self, said: Said) -> dict[str, Any]:
        tokens = {"in": said.usage.input_tokens, "out": said.usage.output_tokens}
        return {"finish": FINISH[said.finish_reason], "tokens": tokens}

    def llm_answer(self, said: Said) -> Answer:
        return Answer.json({"model": "magpie-large-2", "text": said.text, **self.end(said)})

    def llm_stream(self, said: Said) -> Answer:
        return Answer.sse([*({"text": piece} for piece in said.pieces), self.end(said)])

    def embedding_answer(self, vectors: list[list[float]], usage: Usage) -> Answer:
        return Answer.json({"vectors": vectors, "tokens": usage.input_tokens})

    def models_answer(self, ids: list[str]) -> Answer:
        return Answer.json({"models": [{"name": one} for one in ids]})

    def validation_answer(self) -> Answer:
        return self.models_answer(["magpie-large"])


class TestChat(Magpie, LLMConformance): ...


class TestEmbedding(Magpie, EmbeddingConformance): ...


class TestProvider(Magpie, ProviderConformance): ...


async def test_the_request() -> None:
    async with VendorDouble() as vendor, open_caller(plugin, vendor) as caller:
        vendor.answers(Answer.json({"text": "hi", "finish": "done"}))
        request = LLMRequest(model="magpie-large", messages=[Message.user("hello")])
        result = await caller.kernel.invoke_llm(request, caller.context({"api_key": "sk-test"}, "magpie-large"))
        assert result.text == "hi"
        assert vendor.last.url == "https://api.magpie.example/v1/chat"
        assert vendor.last.headers["x-api-key"] == "sk-test"
        assert vendor.last.json == {
            "model": "magpie-large",
            "stream": False,
            "turns": [{"role": "user", "text": "hello"}],
        }


async def test_the_error_table() -> None:
    async with VendorDouble() as vendor, open_caller(plugin, vendor) as caller:
        vendor.answers(Answer.json({"problem": {"text": "Your balance is 0.", "code": "no_credits"}}, 403))
        with pytest.raises(QuotaExceeded, match="spent"):
            await caller.kernel.validate_provider_credentials(caller.context({"api_key": "sk-test"}))
