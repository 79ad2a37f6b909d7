"""The deepseek plugin: the kit, and what is particular to DeepSeek."""

from __future__ import annotations

import hashlib
from typing import Any, ClassVar

import pytest
from jackfield_deepseek import plugin
from jackfield_sdk import (
    BadRequest,
    ContentRefused,
    ContextLengthExceeded,
    CredentialsInvalid,
    Feature,
    JackfieldError,
    Message,
    ModelNotFound,
    OutputFormat,
    QuotaExceeded,
    RateLimited,
    ReasoningPart,
    RelayRequest,
    Sampling,
    ServerUnavailable,
    TextPart,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    UnsupportedParameter,
    Usage,
)
from jackfield_sdk.testing import (
    Answer,
    Asker,
    LLMConformance,
    OpenAIAnswers,
    ProviderConformance,
    RelayConformance,
    VendorDouble,
    asking,
)


class DeepSeek(OpenAIAnswers):
    plugin: ClassVar[object] = plugin

    def usage_object(self, usage: Usage) -> dict[str, Any]:
        kept = usage.cache_read_tokens
        told = {"prompt_cache_hit_tokens": kept, "prompt_cache_miss_tokens": usage.input_tokens - kept}
        return super().usage_object(usage) | told


class TestChat(DeepSeek, LLMConformance):
    model = "deepseek-flash"


class TestRelayOfMessages(DeepSeek, RelayConformance):
    dialect = "anthropic.messages"
    model = "deepseek-v4-pro"


class TestProvider(DeepSeek, ProviderConformance):
    pass


KEY = {"api_key": "sk-canary-0123456789"}
CHAT = Answer.json({"id": "c", "choices": [{"index": 0, "message": {"content": "hi"}, "finish_reason": "stop"}]})
HELLO = [Message.user("Hello")]
WEATHER = Tool("weather", "The weather", {"type": "object", "properties": {}})
OFF = {"thinking": {"type": "disabled"}}


vendor, deepseek = asking(plugin, KEY, "deepseek-flash", CHAT)


# -- what is sent ---------------------------------------------------------------------------------------------------------


async def test_the_request(deepseek: Asker, vendor: VendorDouble) -> None:
    await deepseek.ask(sampling=Sampling(max_tokens=100, top_p=0.95, frequency_penalty=0), user="user_1")
    assert vendor.last.url == "https://api.deepseek.com/chat/completions"
    assert vendor.last.headers["authorization"] == f"Bearer {KEY['api_key']}"
    messages = [{"role": "user", "content": "Hello"}]
    expected = {"model": "deepseek-flash", "messages": messages, "max_tokens": 100, "top_p": 0.95, "user_id": "user_1"}
    assert vendor.last.json == expected


@pytest.mark.parametrize(
    ("sampling", "extra", "sent"),
    [
        (Sampling(), {}, {}),
        (Sampling(reasoning_effort="max"), {}, {"reasoning_effort": "max"}),
        (Sampling(reasoning_budget=2000), {}, {"reasoning_effort": "low"}),
        (Sampling(reasoning_effort="none"), {}, OFF),
        (Sampling(reasoning_budget=0), {}, OFF),
        (Sampling(), OFF, OFF),
    ],
)
async def test_thinking(
    deepseek: Asker, vendor: VendorDouble, sampling: Sampling, extra: dict[str, Any], sent: dict[str, Any]
) -> None:
    await deepseek.ask(sampling=sampling, extra=extra)
    assert {name: vendor.last.json[name] for name in ("thinking", "reasoning_effort") if name in vendor.last.json} == sent


@pytest.mark.parametrize("name", ["temperature", "presence_penalty", "frequency_penalty"])
async def test_what_has_no_effect_on_thoughts(deepseek: Asker, vendor: VendorDouble, name: str) -> None:
    sampling = Sampling()
    setattr(sampling, name, 0.5)
    await deepseek.refused(name, sampling=sampling)
    await deepseek.ask(sampling=sampling, drop_unsupported=True)
    assert name not in vendor.last.json
    await deepseek.ask(sampling=sampling, extra=OFF)
    assert vendor.last.json[name] == 0.5


@pytest.mark.parametrize("choice", [ToolChoice("required"), ToolChoice("tool", "weather")])
async def test_no_tool_is_forced_on_a_model_that_thinks(deepseek: Asker, vendor: VendorDouble, choice: ToolChoice) -> None:
    await deepseek.refused("tool_choice", tools=[WEATHER], tool_choice=choice)
    await deepseek.ask(tools=[WEATHER], tool_choice=choice, drop_unsupported=True)
    assert "tool_choice" not in vendor.last.json
    await deepseek.ask(tools=[WEATHER], tool_choice=choice, extra=OFF)
    assert vendor.last.json["tool_choice"]


async def test_auto_and_none_are_said_without_words(deepseek: Asker, vendor: VendorDouble) -> None:
    for choice, tools in ((ToolChoice("auto"), True), (ToolChoice("none"), False)):
        await deepseek.ask(tools=[WEATHER], tool_choice=choice)
        assert ("tools" in vendor.last.json, "tool_choice" in vendor.last.json) == (tools, False)


async def test_what_deepseek_does_not_do(deepseek: Asker, vendor: VendorDouble) -> None:
    wishes: dict[str, dict[str, Any]] = {
        "response_format": {"output": OutputFormat("json_schema", {"type": "object"}, "answer")},
        "parallel_tool_calls": {"tools": [WEATHER], "tool_choice": ToolChoice(parallel=False)},
        "strict": {"tools": [Tool("weather", None, {"type": "object"}, strict=True)]},
        "seed": {"sampling": Sampling(seed=1)},
        "n": {"sampling": Sampling(n=2)},
    }
    for name, members in wishes.items():
        await deepseek.refused(name, **members)
    await deepseek.ask(**wishes["response_format"], drop_unsupported=True)
    assert vendor.last.json["response_format"] == {"type": "json_object"}


async def test_thoughts_go_back(deepseek: Asker, vendor: VendorDouble) -> None:
    call = ToolCall("call_1", "weather", "{}")
    history = [
        *HELLO,
        Message("assistant", [TextPart("Hi.")]),
        *HELLO,
        Message("assistant", [ReasoningPart("Hm."), call]),
        Message("tool", [ToolResult("call_1", [TextPart("sunny")])]),
    ]
    await deepseek.ask(messages=history[:3])
    assert "reasoning_content" not in vendor.last.json["messages"][1]
    await deepseek.ask(messages=history, tools=[WEATHER])
    sent = [one for one in vendor.last.json["messages"] if one["role"] == "assistant"]
    assert [one["reasoning_content"] for one in sent] == [" ", "Hm."]
    await deepseek.ask(messages=history, tools=[WEATHER], extra=OFF)
    sent = [one for one in vendor.last.json["messages"] if one["role"] == "assistant"]
    assert [one.get("reasoning_content") for one in sent] == [None, "Hm."]


async def test_private_ids_of_users_are_hashed(deepseek: Asker, vendor: VendorDouble) -> None:
    await deepseek.ask(user="anna@example.com")
    assert vendor.last.json["user_id"] == hashlib.sha256(b"anna@example.com").hexdigest()


async def test_completion(deepseek: Asker, vendor: VendorDouble) -> None:
    vendor.answers(Answer.json({"choices": [{"index": 0, "text": " + b", "finish_reason": "stop"}]}))
    result = await deepseek.ask(
        messages=[Message.user("def add(a, b): return a")],
        completion=True,
        dialect="openai.completions",
        sampling=Sampling(temperature=0.1),
        extra={"suffix": "\n"},
    )
    assert result.text == " + b"
    assert vendor.last.url == "https://api.deepseek.com/beta/completions"
    prompt = {"prompt": "def add(a, b): return a", "suffix": "\n", "temperature": 0.1}
    assert vendor.last.json == {"model": "deepseek-flash", **prompt}


@pytest.mark.parametrize("base_url", ["", "https://ds.example", "https://ds.example/v1/", "https://ds.example/beta"])
async def test_where_bodies_are_passed_on_to(deepseek: Asker, vendor: VendorDouble, base_url: str) -> None:
    paths = {
        "openai.chat": "/chat/completions",
        "openai.responses": "/responses",
        "openai.completions": "/beta/completions",
        "anthropic.messages": "/anthropic/v1/messages",
    }
    context = deepseek.context("deepseek-flash", base_url=base_url)
    for dialect, path in paths.items():
        body = b'{"model": "deepseek-flash",   "tomorrow": 1e3}'
        await deepseek.kernel.relay(RelayRequest(dialect=dialect, model="deepseek-flash", body=body), context)
        host = "https://ds.example" if base_url else "https://api.deepseek.com"
        assert (vendor.last.url, vendor.last.body) == (host + path, body)


# -- what comes back ------------------------------------------------------------------------------------------------------

# As DeepSeek answered to pydantic-ai's tests.
COUNTED = {
    "prompt_tokens": 563,
    "completion_tokens": 116,
    "total_tokens": 679,
    "prompt_tokens_details": {"cached_tokens": 512},
    "completion_tokens_details": {"reasoning_tokens": 60},
    "prompt_cache_hit_tokens": 512,
    "prompt_cache_miss_tokens": 51,
}


@pytest.mark.parametrize("counted", [COUNTED, {name: COUNTED[name] for name in COUNTED if name != "prompt_tokens_details"}])
async def test_kept_prompts_are_counted_apart(deepseek: Asker, vendor: VendorDouble, counted: dict[str, Any]) -> None:
    message = {"role": "assistant", "content": "hi", "reasoning_content": "Hm."}
    vendor.answers(Answer.json({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": counted}))
    result = await deepseek.ask()
    assert result.usage == Usage(input_tokens=563, output_tokens=116, cache_read_tokens=512, reasoning_tokens=60)
    assert result.message.parts == [ReasoningPart("Hm."), TextPart("hi")]


async def test_an_answer_that_was_cut_off(deepseek: Asker, vendor: VendorDouble) -> None:
    choice = {"index": 0, "message": {"content": "Hel"}, "finish_reason": "insufficient_system_resource"}
    vendor.answers(Answer.json({"choices": [choice]}))
    assert (await deepseek.ask()).finish_reason == "error"


async def test_models_that_the_catalog_does_not_know(deepseek: Asker, vendor: VendorDouble) -> None:
    data = [{"id": one, "object": "model", "owned_by": "deepseek"} for one in ("deepseek-flash", "deepseek-v5")]
    vendor.answers(Answer.json({"object": "list", "data": data}))
    known, new = await deepseek.kernel.list_models(deepseek.context())
    assert vendor.last.url == "https://api.deepseek.com/models"
    assert Feature.VISION in known.features
    assert {Feature.TOOLS, Feature.REASONING} < new.features


def error(status: int, message: str) -> Answer:
    member = {"message": message, "type": "invalid_request_error", "param": None, "code": "invalid_request_error"}
    return Answer.json({"error": member}, status)


TOO_LONG = "This model's maximum context length is 1048576 tokens. However, you requested 1200000 tokens."
ROWS: list[tuple[Answer, type[JackfieldError], str | None]] = [
    (error(400, "Failed to deserialize the JSON body into the target type"), BadRequest, None),
    (error(400, "Model Not Exist"), ModelNotFound, None),
    (error(400, "Content Exists Risk"), ContentRefused, None),
    (error(400, "Thinking mode does not support this tool_choice"), UnsupportedParameter, "tool_choice"),
    (error(400, "This response_format type is unavailable now"), UnsupportedParameter, "response_format"),
    (error(400, TOO_LONG), ContextLengthExceeded, None),
    (error(401, "Authentication Fails, Your api key: ****fcc2 is invalid"), CredentialsInvalid, "api_key"),
    (error(402, "Insufficient Balance"), QuotaExceeded, None),
    (error(422, "Invalid parameter: top_p"), BadRequest, None),
    (error(429, "Rate Limit Reached"), RateLimited, None),
    (error(500, "Server Error"), ServerUnavailable, None),
    (error(503, "Server Overloaded"), ServerUnavailable, None),
]


@pytest.mark.parametrize(("answer", "kind", "param"), ROWS)
async def test_errors_of_deepseek(deepseek: Asker, answer: Answer, kind: type[JackfieldError], param: str | None) -> None:
    failure = await deepseek.failure(answer)
    assert (type(failure), failure.param) == (kind, param)


async def test_balance_that_ends_in_a_stream(deepseek: Asker, vendor: VendorDouble) -> None:
    first = {"id": "c", "choices": [{"index": 0, "delta": {"content": "Hel"}, "finish_reason": None}]}
    vendor.answers(Answer.sse([first, {"error": {"message": "Insufficient Balance", "type": "unknown_error"}}]))
    with pytest.raises(QuotaExceeded):
        await deepseek.listen()
