"""The anthropic plugin: the kit in Anthropic's own words, and what is particular to it."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

import orjson
import pytest
from jackfield_anthropic import plugin
from jackfield_sdk import (
    BadRequest,
    ContextLengthExceeded,
    Feature,
    LLMRequest,
    Message,
    ModelType,
    OutputFormat,
    QuotaExceeded,
    RelayRequest,
    Sampling,
    Tool,
    ToolChoice,
    UnsupportedParameter,
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

    def tokens_answer(self, tokens: int) -> Answer:
        return Answer.json({"input_tokens": tokens})


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
            sampling=Sampling(reasoning_effort="high", temperature=1, top_p=1),
        )
        await caller.kernel.invoke_llm(request, caller.context(KEY, "claude-opus-4-8"))
        (sent,) = vendor.requests
        assert sent.url == "https://api.anthropic.com/v1/messages"
        assert (sent.headers["x-api-key"], sent.headers["anthropic-version"]) == ("sk-ant-canary", "2023-06-01")
        assert sent.json == {
            "model": "claude-opus-4-8",
            "max_tokens": 16000,
            "system": [{"type": "text", "text": "Be brief."}],
            "messages": [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}],
            "thinking": {"type": "adaptive", "display": "summarized"},
            "output_config": {"effort": "high"},
        }


SHOWN = {"type": "adaptive", "display": "summarized"}
LOW = {"effort": "low"}


async def body_of(model: str, **members: Any) -> dict[str, Any]:
    """What Anthropic is sent."""
    async with VendorDouble() as vendor, open_caller(plugin, vendor) as caller:
        vendor.answers(Anthropic().llm_answer(Said()))
        request = LLMRequest(model=model, messages=[Message.user("Hello")], **members)
        await caller.kernel.invoke_llm(request, caller.context(KEY, model))
        body: dict[str, Any] = vendor.last.json
        return body


# https://platform.claude.com/docs/en/build-with-claude/thinking#configuring-thinking
@pytest.mark.parametrize(
    ("model", "unasked", "low", "none"),
    [
        ("claude-haiku-4-5", None, ({"type": "enabled", "budget_tokens": 2048}, None), {"type": "disabled"}),
        ("claude-opus-4-5", None, ({"type": "enabled", "budget_tokens": 2048}, LOW), {"type": "disabled"}),
        ("claude-sonnet-4-6", None, ({"type": "adaptive"}, LOW), {"type": "disabled"}),
        ("claude-opus-4-7", None, (SHOWN, LOW), {"type": "disabled"}),
        ("claude-haiku-5-5", SHOWN, (SHOWN, LOW), {"type": "disabled"}),
        ("claude-sonnet-5-5", SHOWN, (SHOWN, LOW), {"type": "between_tools"}),
        ("claude-opus-5-5", SHOWN, (SHOWN, LOW), None),
        ("claude-fable-5-2", SHOWN, (SHOWN, LOW), None),
    ],
)
async def test_each_generation_is_asked_to_think_in_its_own_way(
    model: str, unasked: Any, low: tuple[Any, Any], none: dict[str, Any] | None
) -> None:
    assert (await body_of(model)).get("thinking") == unasked
    body = await body_of(model, sampling=Sampling(reasoning_effort="low"))
    assert (body.get("thinking"), body.get("output_config")) == low
    for off in (Sampling(reasoning_effort="none"), Sampling(reasoning_budget=0)):
        if none is not None:
            assert (await body_of(model, sampling=off))["thinking"] == none
            continue
        with pytest.raises(BadRequest) as caught:
            await body_of(model, sampling=off)
        assert caught.value.param in ("reasoning_effort", "reasoning_budget")


async def test_a_budget_is_an_effort_to_a_model_that_knows_none() -> None:
    body = await body_of("claude-opus-5", sampling=Sampling(reasoning_budget=9000))
    assert (body["thinking"], body["output_config"]) == (SHOWN, {"effort": "medium"})
    own: dict[str, Any] = {"sampling": Sampling(reasoning_budget=9000), "dialect": "anthropic.messages"}
    assert (await body_of("claude-opus-4-6", **own))["thinking"] == {"type": "enabled", "budget_tokens": 9000}


@pytest.mark.parametrize("effort", ["xhigh", "max"])
async def test_an_effort_that_the_model_does_not_know_is_refused(effort: str) -> None:
    with pytest.raises(BadRequest) as caught:
        await body_of("claude-opus-4-5", sampling=Sampling(reasoning_effort=effort))
    assert caught.value.param == "reasoning_effort"
    assert (await body_of("claude-opus-4-7", sampling=Sampling(reasoning_effort=effort)))["output_config"] == {"effort": effort}


@pytest.mark.parametrize(
    ("model", "sampling", "param", "left"),
    [
        ("claude-opus-4-7", Sampling(temperature=0.5), "temperature", {}),
        ("claude-sonnet-5-5", Sampling(top_p=0.5), "top_p", {}),
        ("claude-haiku-5-5", Sampling(top_k=5), "top_k", {}),
        ("claude-opus-4-6", Sampling(temperature=0.5, top_p=0.5), "top_p", {"temperature": 0.5}),
        ("claude-opus-4-6", Sampling(temperature=0.5, reasoning_effort="low"), "temperature", {}),
        ("claude-haiku-4-5", Sampling(top_k=5, reasoning_budget=2000), "top_k", {}),
        ("claude-haiku-4-5", Sampling(top_p=0.5, reasoning_budget=2000), "top_p", {}),
        ("claude-haiku-4-5", Sampling(top_p=0.96, reasoning_budget=2000), None, {"top_p": 0.96}),
        ("claude-haiku-4-5", Sampling(temperature=0.5, top_p=1), None, {"temperature": 0.5}),
        ("claude-haiku-4-5", Sampling(temperature=1, top_p=0.5), None, {"top_p": 0.5}),
        ("claude-opus-5-5", Sampling(temperature=1, top_p=1), None, {}),
    ],
)
async def test_sampling_that_a_model_does_not_take(
    model: str, sampling: Sampling, param: str | None, left: dict[str, float]
) -> None:
    if param is not None:
        with pytest.raises(UnsupportedParameter) as caught:
            await body_of(model, sampling=sampling)
        assert caught.value.param == param
    body = await body_of(model, sampling=sampling, drop_unsupported=True)
    assert {name: body[name] for name in ("temperature", "top_p", "top_k") if name in body} == left


async def test_models_that_cannot_be_forced_to_call_a_tool() -> None:
    wish: dict[str, Any] = {"tools": [Tool("now")], "tool_choice": ToolChoice("required", parallel=False)}
    assert (await body_of("claude-haiku-5-5", **wish))["tool_choice"] == {"type": "any", "disable_parallel_tool_use": True}
    with pytest.raises(UnsupportedParameter) as caught:
        await body_of("claude-sonnet-5-5", **wish)
    assert caught.value.param == "tool_choice"
    body = await body_of("claude-sonnet-5-5", **wish, drop_unsupported=True)
    assert body["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}


async def test_what_is_counted_is_what_would_be_sent() -> None:
    async with VendorDouble() as vendor, open_caller(plugin, vendor) as caller:
        vendor.answers(Answer.json({"input_tokens": 42}))
        schema = OutputFormat("json_schema", {"type": "object", "properties": {}})
        request = LLMRequest(model="claude-opus-5-5", messages=[Message.user("Hello")], tools=[Tool("now")], output=schema)
        assert await caller.kernel.count_tokens(request, caller.context(KEY, "claude-opus-5-5")) == 42
        assert vendor.last.url == "https://api.anthropic.com/v1/messages/count_tokens"
        assert vendor.last.json == {
            "model": "claude-opus-5-5",
            "messages": [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}],
            "tools": [{"name": "now", "input_schema": {"type": "object", "properties": {}}}],
            "thinking": SHOWN,
            "output_config": {
                "format": {
                    "type": "json_schema",
                    "schema": {"type": "object", "properties": {}, "additionalProperties": False},
                }
            },
        }


async def test_a_model_that_is_newer_than_the_catalog_is_what_the_list_says() -> None:
    supported, missing = {"supported": True}, {"supported": False}
    can = {
        "image_input": supported,
        "pdf_input": missing,
        "structured_outputs": supported,
        "effort": supported | {"low": supported},
        "thinking": supported | {"types": {"adaptive": supported, "enabled": missing, "disabled": missing}},
    }
    newer: dict[str, Any] = {"type": "model", "id": "claude-next", "display_name": "Claude Next", "capabilities": can}
    newer |= {"max_input_tokens": 2_000_000, "max_tokens": 256_000, "retires_at": "2028-01-02T00:00:00Z"}
    async with VendorDouble() as vendor, open_caller(plugin, vendor) as caller:
        vendor.answers(Answer.json({"data": [newer, {"id": "claude-bare"}, {"id": 3}, "x"], "has_more": False}))
        found, bare = await caller.kernel.list_models(caller.context(KEY))
    assert (found.id, str(found.label), found.context_window, found.max_output_tokens) == (
        "claude-next",
        "Claude Next",
        2_000_000,
        256_000,
    )
    assert found.deprecated_on == date(2028, 1, 2)
    assert {Feature.VISION, Feature.REASONING, Feature.TOOLS, Feature.STRUCTURED_OUTPUT} <= found.features
    assert Feature.FILE_INPUT not in found.features
    assert found.properties == {"thinking": "adaptive", "effort": True, "off": "never"}
    assert (bare.id, bare.properties, bare.deprecated_on) == ("claude-bare", {}, None)


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
