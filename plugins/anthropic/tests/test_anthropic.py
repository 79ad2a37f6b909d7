"""The anthropic plugin: the kit in Anthropic's own words, and what is particular to it."""

from __future__ import annotations

from typing import Any, ClassVar

import orjson
import pytest
from jackfield_anthropic import plugin
from jackfield_sdk import (
    ContextLengthExceeded,
    LLMRequest,
    Message,
    ModelType,
    QuotaExceeded,
    RelayRequest,
    Sampling,
    ServerUnavailable,
    Usage,
)
from jackfield_sdk.testing import (
    Answer,
    LLMConformance,
    ProviderConformance,
    RelayConformance,
    Said,
    Vendor,
    VendorDouble,
    open_caller,
)

STOPS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "refusal": "refusal"}


class Anthropic(Vendor):
    plugin: ClassVar[object] = plugin
    llm_usage: ClassVar[Usage] = Usage(input_tokens=15, output_tokens=7, cache_read_tokens=4)

    def error(self, status: int, message: str = "something is wrong", headers: dict[str, str] | None = None) -> Answer:
        kinds = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 413: "request_too_large"}
        kinds |= {429: "rate_limit_error", 504: "timeout_error", 529: "overloaded_error"}
        kind = kinds.get(status) or ("invalid_request_error" if status < 500 else "api_error")
        return Answer.json(
            {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}, status, headers
        )

    def usage(self, usage: Usage) -> dict[str, Any]:
        return {
            "input_tokens": usage.input_tokens - usage.cache_read_tokens,
            "cache_read_input_tokens": usage.cache_read_tokens,
            "cache_creation_input_tokens": 0,
            "output_tokens": usage.output_tokens,
        }

    def message(self, said: Said, content: list[dict[str, Any]], stop: str | None) -> dict[str, Any]:
        head = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-x", "content": content}
        return head | {"stop_reason": stop, "stop_sequence": None, "usage": self.usage(said.usage)}

    def llm_answer(self, said: Said) -> Answer:
        content: list[dict[str, Any]] = []
        if said.reasoning:
            content.append({"type": "thinking", "thinking": "".join(said.reasoning), "signature": "sig"})
        if said.text:
            content.append({"type": "text", "text": said.text})
        content += [
            {"type": "tool_use", "id": call.id, "name": call.name, "input": orjson.loads(call.arguments)}
            for call in said.tool_calls
        ]
        return Answer.json(self.message(said, content, STOPS[said.finish_reason]))

    def llm_stream(self, said: Said) -> Answer:
        events: list[dict[str, Any]] = [{"type": "message_start", "message": self.message(said, [], None)}]
        blocks: list[tuple[dict[str, Any], list[dict[str, Any]]]] = []
        if said.reasoning:
            thoughts: list[dict[str, Any]] = [{"type": "thinking_delta", "thinking": piece} for piece in said.reasoning]
            thoughts.append({"type": "signature_delta", "signature": "sig"})
            blocks.append(({"type": "thinking", "thinking": "", "signature": ""}, thoughts))
        if said.pieces:
            blocks.append(({"type": "text", "text": ""}, [{"type": "text_delta", "text": piece} for piece in said.pieces]))
        for call in said.tool_calls:
            pieces = [{"type": "input_json_delta", "partial_json": piece} for piece in said.fragments(call)]
            blocks.append(({"type": "tool_use", "id": call.id, "name": call.name, "input": {}}, pieces))
        for index, (block, deltas) in enumerate(blocks):
            events.append({"type": "content_block_start", "index": index, "content_block": block})
            events += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
            events.append({"type": "content_block_stop", "index": index})
        delta = {"stop_reason": STOPS[said.finish_reason], "stop_sequence": None}
        events.append({"type": "message_delta", "delta": delta, "usage": {"output_tokens": said.usage.output_tokens}})
        events.append({"type": "message_stop"})
        return Answer.sse(events)


class TestChat(Anthropic, LLMConformance):
    model = "claude-opus-4-8"


class TestRelay(Anthropic, RelayConformance):
    model = "claude-opus-4-8"


class TestProvider(Anthropic, ProviderConformance):
    def validation_answer(self) -> Answer:
        return self.models_answer(["claude-opus-4-8"])

    def models_answer(self, ids: list[str]) -> Answer:
        data = [{"type": "model", "id": one, "display_name": one, "created_at": "2026-01-01T00:00:00Z"} for one in ids]
        return Answer.json({"data": data, "has_more": False, "first_id": None, "last_id": None})


KEY = {"api_key": "sk-ant-canary"}


async def test_a_request_is_sent_as_anthropic_has_it() -> None:
    async with VendorDouble() as vendor, open_caller(plugin, vendor) as caller:
        vendor.answers(Anthropic().llm_answer(Said()))
        request = LLMRequest(
            model="claude-opus-4-8",
            messages=[Message.system("Be brief."), Message.user("Hello")],
            sampling=Sampling(reasoning_effort="high"),
        )
        await caller.kernel.invoke_llm(request, caller.context(KEY, "claude-opus-4-8"))
        (sent,) = vendor.requests
        assert sent.url == "https://api.anthropic.com/v1/messages"
        assert (sent.headers["x-api-key"], sent.headers["anthropic-version"]) == ("sk-ant-canary", "2023-06-01")
        assert sent.json == {
            "model": "claude-opus-4-8",
            "max_tokens": 8192,
            "system": [{"type": "text", "text": "Be brief."}],
            "messages": [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}],
            "output_config": {"effort": "high"},
        }


async def test_a_model_without_effort_gets_a_budget() -> None:
    async with VendorDouble() as vendor, open_caller(plugin, vendor) as caller:
        vendor.answers(Anthropic().llm_answer(Said()))
        sampling = Sampling(reasoning_effort="low", max_tokens=4096)
        request = LLMRequest(model="claude-haiku-4-5", messages=[Message.user("Hello")], sampling=sampling)
        await caller.kernel.invoke_llm(request, caller.context(KEY, "claude-haiku-4-5"))
        assert vendor.requests[0].json["thinking"] == {"type": "enabled", "budget_tokens": 2048}


async def test_tokens_are_counted_by_anthropic() -> None:
    async with VendorDouble() as vendor, open_caller(plugin, vendor) as caller:
        vendor.answers(Answer.json({"input_tokens": 42}))
        request = LLMRequest(model="claude-opus-4-8", messages=[Message.user("Hello")])
        context = caller.context(KEY, "claude-opus-4-8")
        assert await caller.kernel.count_tokens(request, context) == 42
        assert vendor.requests[0].url.endswith("/v1/messages/count_tokens")
        assert "max_tokens" not in vendor.requests[0].json
        vendor.answers(Answer.json({"tokens": 42}))
        with pytest.raises(ServerUnavailable):
            await caller.kernel.count_tokens(request, context)


async def test_a_relayed_body_keeps_its_beta_headers_and_its_bytes() -> None:
    async with VendorDouble() as vendor, open_caller(plugin, vendor) as caller:
        vendor.answers(Answer.json({"type": "message", "new_member": 1}))
        body = b'{"model":"claude-opus-4-8","max_tokens":5,"messages":[],"context_management":{"edits":[]}}'
        headers = {"anthropic-beta": "context-management-2025-06-27"}
        request = RelayRequest(dialect="anthropic.messages", model="claude-opus-4-8", body=body, headers=headers)
        response = await caller.kernel.relay(request, caller.context(KEY, "claude-opus-4-8"))
        assert isinstance(response.body, bytes)
        assert orjson.loads(response.body)["new_member"] == 1
        assert vendor.requests[0].body == body
        assert vendor.requests[0].headers["anthropic-beta"] == "context-management-2025-06-27"


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("prompt is too long: 250000 tokens > 200000 maximum", ContextLengthExceeded),
        ("Your credit balance is too low to access the Anthropic API.", QuotaExceeded),
    ],
)
async def test_errors_that_only_their_message_tells(message: str, error: type[Exception]) -> None:
    async with VendorDouble() as vendor, open_caller(plugin, vendor) as caller:
        vendor.answers(Anthropic().error(400, message))
        with pytest.raises(error):
            await caller.kernel.invoke_llm(
                LLMRequest(model="claude-opus-4-8", messages=[Message.user("x")]), caller.context(KEY, "claude-opus-4-8")
            )


def test_the_catalog_is_of_chat_models_with_prices() -> None:
    (description,) = plugin.jackfield_providers()
    assert len(description.models) > 15
    assert all(model.type is ModelType.LLM and model.prices and model.context_window for model in description.models)
