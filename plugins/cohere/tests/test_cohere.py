"""The conformance kit on the Cohere plugin, in Cohere's own words."""

from __future__ import annotations

from typing import Any, ClassVar

import cohere
import httpx
from jackfield_cohere import plugin
from jackfield_sdk import ModelType, RankedDocument, ToolCall, Usage
from jackfield_sdk.testing import (
    Answer,
    EmbeddingConformance,
    LLMConformance,
    ProviderConformance,
    RelayConformance,
    RerankConformance,
    Said,
    Vendor,
    VendorDouble,
)

REASONS = {"stop": "COMPLETE", "length": "MAX_TOKENS", "tool_calls": "TOOL_CALL"}


class Cohere(Vendor):
    plugin: ClassVar[object] = plugin
    llm_usage: ClassVar[Usage] = Usage(input_tokens=11, output_tokens=7, cache_read_tokens=4)
    in_its_words: ClassVar[dict[str, Any]] = {"reasoning_effort": 2048}

    def error(self, status: int, message: str = "something is wrong", headers: dict[str, str] | None = None) -> Answer:
        return Answer.json({"id": "8bd5b608", "message": message}, status, headers)

    def usage(self, usage: Usage) -> dict[str, Any]:
        """500 tokens before the caller's are Cohere's own, and so are 3 that end the answer; nobody pays for those."""
        return {
            "billed_units": {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens},
            "tokens": {"input_tokens": usage.input_tokens + 500, "output_tokens": usage.output_tokens + 3},
            "cached_tokens": usage.cache_read_tokens + 500,
        }

    def llm_answer(self, said: Said) -> Answer:
        content: list[dict[str, Any]] = []
        if said.reasoning:
            content.append({"type": "thinking", "thinking": "".join(said.reasoning)})
        if said.text:
            content.append({"type": "text", "text": said.text})
        message: dict[str, Any] = {"role": "assistant"} | ({"content": content} if content else {})
        if said.tool_calls:
            message["tool_calls"] = [
                {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
                for call in said.tool_calls
            ]
        ended = {"finish_reason": REASONS[said.finish_reason], "usage": self.usage(said.usage)}
        return Answer.json({"id": "c14c80c3", "message": message} | ended)

    def llm_stream(self, said: Said) -> Answer:
        events: list[dict[str, Any]] = [
            {"type": "message-start", "id": "29f14a5a", "delta": {"message": {"role": "assistant"}}}
        ]
        for kind, word, pieces in (("thinking", "thinking", said.reasoning), ("text", "text", said.pieces)):
            if pieces:
                events.append(self._content("content-start", {"type": kind, word: ""}))
                events += [self._content("content-delta", {word: piece}) for piece in pieces]
                events.append({"type": "content-end", "index": 0})
        for index, call in enumerate(said.tool_calls):
            function = {"name": call.name, "arguments": ""}
            events.append(self._call("tool-call-start", index, {"id": call.id, "type": "function", "function": function}))
            events += [
                self._call("tool-call-delta", index, {"function": {"arguments": piece}}) for piece in said.fragments(call)
            ]
            events.append({"type": "tool-call-end", "index": index})
        ended = {"finish_reason": REASONS[said.finish_reason], "usage": self.usage(said.usage)}
        events.append({"type": "message-end", "delta": ended})
        return Answer.sse([(event["type"], event) for event in events])

    def tokens_answer(self, tokens: int) -> Answer:
        return Answer.json({"tokens": list(range(tokens)), "token_strings": ["a"] * tokens})

    def _content(self, kind: str, content: dict[str, Any]) -> dict[str, Any]:
        return {"type": kind, "index": 0, "delta": {"message": {"content": content}}}

    def _call(self, kind: str, index: int, call: dict[str, Any]) -> dict[str, Any]:
        return {"type": kind, "index": index, "delta": {"message": {"tool_calls": call}}}


class TestChat(Cohere, LLMConformance):
    model = "command-a-plus-05-2026"


class TestEmbedding(Cohere, EmbeddingConformance):
    def embedding_answer(self, vectors: list[list[float]], usage: Usage) -> Answer:
        meta = {"api_version": {"version": "2"}, "billed_units": {"input_tokens": usage.input_tokens}}
        return Answer.json({"id": "da6e531f", "embeddings": {"float": vectors}, "texts": [], "meta": meta})


class TestRerank(Cohere, RerankConformance):
    model = "rerank-v4.0-pro"
    rerank_usage: ClassVar[Usage] = Usage(search_units=1)

    def rerank_answer(self, ranking: list[RankedDocument], usage: Usage) -> Answer:
        results = [{"index": one.index, "relevance_score": one.score} for one in ranking]
        meta = {"api_version": {"version": "2"}, "billed_units": {"search_units": usage.search_units}}
        return Answer.json({"id": "07734bd2", "results": results, "meta": meta})


class TestRelay(Cohere, RelayConformance):
    dialect = "cohere.rerank"
    model_type = ModelType.RERANK
    model = "rerank-v5.0-pro"


class TestProvider(Cohere, ProviderConformance):
    def validation_answer(self) -> Answer:
        return Answer.json({"valid": True, "organization_id": "org", "owner_id": "me"})

    def models_answer(self, ids: list[str]) -> Answer:
        return Answer.json({"models": [{"name": one, "endpoints": ["chat"], "context_length": 128000.0} for one in ids]})


async def test_coheres_own_client_understands_these_answers() -> None:
    """So that the double speaks as Cohere does."""
    call = ToolCall("call_1", "get_weather", '{"city": "Paris"}')
    said = Said(reasoning=("I look ", "it up."), tool_calls=(call,), finish_reason="tool_calls")
    ask: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
    async with VendorDouble() as vendor, httpx.AsyncClient() as http:
        client = cohere.AsyncClientV2(api_key="key", base_url=vendor.url, httpx_client=http)
        vendor.answers(Cohere().llm_stream(said))
        events: list[Any] = [event async for event in client.chat_stream(**ask)]
        vendor.answers(Cohere().llm_answer(said))
        answer: Any = await client.chat(**ask)
    streamed = [event.delta.message.content for event in events if event.type == "content-delta"]
    assert "".join(one.thinking or "" for one in streamed) == answer.message.content[0].thinking == "I look it up."
    assert "".join(one.text or "" for one in streamed) == answer.message.content[1].text == said.text
    pieces = [
        event.delta.message.tool_calls.function.arguments
        for event in events
        if event.type in ("tool-call-start", "tool-call-delta")
    ]
    assert "".join(pieces) == answer.message.tool_calls[0].function.arguments == call.arguments
    assert events[-1].delta.finish_reason == answer.finish_reason == "TOOL_CALL"
    assert events[-1].delta.usage == answer.usage


def test_the_catalog_says_what_everything_costs_or_nothing() -> None:
    unpriced = {model.id for model in plugin.models if model.prices is None}
    assert unpriced == {"c4ai-aya-vision-32b", "tiny-aya-global"}
    rerank = {model.id: model.prices for model in plugin.models if model.type is ModelType.RERANK}
    assert all(prices and (prices.input or prices.search_units) for prices in rerank.values())
