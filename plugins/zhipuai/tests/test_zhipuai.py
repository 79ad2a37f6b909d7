"""The zhipuai plugin: the kit, and what is particular to GLM."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from typing import Any, ClassVar

import orjson
import pytest
from jackfield_sdk import (
    BadRequest,
    ContentRefused,
    ContextLengthExceeded,
    CredentialsInvalid,
    EmbeddingRequest,
    JackfieldError,
    LLMRequest,
    Message,
    ModelNotFound,
    ModelType,
    OutputFormat,
    PermissionDenied,
    QuotaExceeded,
    RateLimited,
    ReasoningPart,
    RelayRequest,
    RerankRequest,
    Sampling,
    ServerUnavailable,
    StreamCollector,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    UnsupportedParameter,
)
from jackfield_sdk.testing import (
    Answer,
    Caller,
    EmbeddingConformance,
    LLMConformance,
    OpenAIAnswers,
    ProviderConformance,
    RelayConformance,
    RerankConformance,
    Said,
    VendorDouble,
    open_caller,
)
from jackfield_zhipuai import plugin

KEY = {"api_key": "9f3c.canary0123456789"}


class Zhipu(OpenAIAnswers):
    """As the vendor's own service answered pydantic-ai's recorded tests (test_zai, 2026)."""

    plugin: ClassVar[object] = plugin

    def models_answer(self, ids: list[str]) -> Answer | None:
        return None

    def validation_answer(self) -> Answer:
        return Answer.json({"id": "1", "created": 1, "request_id": "1", "usage": {"prompt_tokens": 6, "total_tokens": 6}})

    def tokens_answer(self, tokens: int) -> Answer:
        return Answer.json({"id": "1", "usage": {"prompt_tokens": tokens, "total_tokens": tokens}})


class TestChat(Zhipu, LLMConformance):
    """A model that sees, thinks and puts its answer between marks."""

    model = "glm-4.6v"


class TestEmbedding(Zhipu, EmbeddingConformance):
    pass


class TestRerank(Zhipu, RerankConformance):
    pass


class TestRelay(Zhipu, RelayConformance):
    dialect = "anthropic.messages"
    model = "glm-4.7"


class TestProvider(Zhipu, ProviderConformance):
    pass


@pytest.fixture
async def double() -> AsyncIterator[tuple[VendorDouble, Caller]]:
    async with VendorDouble() as vendor, open_caller(plugin, vendor) as caller:
        yield vendor, caller


async def sent(request: LLMRequest, *answers: Answer, **credentials: Any) -> tuple[VendorDouble, Any]:
    """What the vendor got for a chat, and what was made of its answer."""
    async with VendorDouble() as vendor, open_caller(plugin, vendor) as caller:
        vendor.answers(list(answers) or OpenAIAnswers().llm_answer(Said()))
        context = caller.context(KEY | credentials, request.model)
        if not request.stream:
            return vendor, await caller.kernel.invoke_llm(request, context)
        collector = StreamCollector()
        async for event in await caller.kernel.stream_llm(request, context):
            collector.add(event)
        return vendor, collector.result()


def hello(model: str = "glm-4.7", **members: Any) -> LLMRequest:
    members.setdefault("messages", [Message.user("hello")])
    return LLMRequest(model=model, **members)


# -- the key ---------------------------------------------------------------------------------------------------------------


async def test_the_key_is_sent_as_it_is() -> None:
    vendor, _ = await sent(hello())
    assert vendor.last.url == "https://open.bigmodel.cn/api/paas/v4/chat/completions"
    assert vendor.last.headers["authorization"] == "Bearer 9f3c.canary0123456789"
    vendor, _ = await sent(hello(), base_url="https://api.z.ai/api/paas/v4/")
    assert vendor.last.url == "https://api.z.ai/api/paas/v4/chat/completions"


async def test_the_key_signs_a_token() -> None:
    vendor, _ = await sent(hello(), signed=True)
    scheme, _, token = vendor.last.headers["authorization"].partition(" ")
    head, claims, signature = (part + "=" * (-len(part) % 4) for part in token.split("."))
    assert scheme == "Bearer"
    assert orjson.loads(base64.urlsafe_b64decode(head)) == {"alg": "HS256", "sign_type": "SIGN", "typ": "JWT"}
    read = orjson.loads(base64.urlsafe_b64decode(claims))
    assert read["api_key"] == "9f3c"
    assert read["exp"] - read["timestamp"] == 210_000
    expected = hmac.new(b"canary0123456789", token.rpartition(".")[0].encode(), hashlib.sha256).digest()
    assert base64.urlsafe_b64decode(signature) == expected
    assert "canary" not in repr(vendor.last.headers)


@pytest.mark.parametrize("key", ["no-dot", ".secret", "id."])
async def test_a_key_that_cannot_sign(key: str) -> None:
    with pytest.raises(CredentialsInvalid) as caught:
        await sent(hello(), api_key=key, signed=True)
    assert caught.value.param == "api_key"


@pytest.mark.parametrize(
    ("base_url", "path", "model"),
    [
        (None, "/api/paas/v4/tokenizer", "glm-4.6"),
        ("https://open.bigmodel.cn/api/coding/paas/v4", "/api/coding/paas/v4/chat/completions", "glm-4.7"),
    ],
)
async def test_how_a_key_is_proved(base_url: str | None, path: str, model: str) -> None:
    async with VendorDouble() as vendor, open_caller(plugin, vendor) as caller:
        vendor.answers(Zhipu().validation_answer())
        values = KEY | ({"base_url": base_url} if base_url else {})
        await caller.kernel.validate_provider_credentials(caller.context(values))
        assert (vendor.last.path, vendor.last.json["model"]) == (path, model)
        vendor.answers(error("1112", 429))
        with pytest.raises(CredentialsInvalid) as caught:
            await caller.kernel.validate_provider_credentials(caller.context(values))
        assert caught.value.param == "api_key"


# -- the chat --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "effort", "members"),
    [
        ("glm-4.7", "none", {"thinking": {"type": "disabled"}, "reasoning_effort": "none"}),
        ("glm-4.7", "low", {"thinking": {"type": "enabled"}, "reasoning_effort": "low"}),
        ("glm-5.2", "xhigh", {"reasoning_effort": "xhigh"}),
        ("glm-5.3", "max", {"reasoning_effort": "max"}),
    ],
)
async def test_thinking(model: str, effort: str, members: dict[str, Any]) -> None:
    vendor, _ = await sent(hello(model, sampling=Sampling(reasoning_effort=effort)))
    assert vendor.last.json == {"model": model, "messages": [{"role": "user", "content": "hello"}], **members}


@pytest.mark.parametrize("effort", ["none", "medium"])
async def test_a_model_that_always_thinks(effort: str) -> None:
    with pytest.raises(BadRequest) as caught:
        await sent(hello("glm-5.3", sampling=Sampling(reasoning_effort=effort)))
    assert caught.value.param == "reasoning_effort"


@pytest.mark.parametrize(
    ("model", "budget", "members"),
    [
        ("glm-4.7", 0, {"thinking": {"type": "disabled"}, "reasoning_effort": "none"}),
        ("glm-4.7", 9000, {"thinking": {"type": "enabled"}, "reasoning_effort": "medium"}),
        ("glm-5.3", 9000, {"reasoning_effort": "high"}),
        ("glm-5.3", 2000, {"reasoning_effort": "low"}),
    ],
)
async def test_a_budget_of_anthropics(model: str, budget: int, members: dict[str, Any]) -> None:
    request = hello(model, sampling=Sampling(reasoning_budget=budget), dialect="anthropic.messages")
    vendor, _ = await sent(request)
    body = vendor.last.json
    assert {name: body[name] for name in body if name not in ("model", "messages")} == members


async def test_glms_own_thinking_object_goes_before() -> None:
    thinking = {"type": "enabled", "clear_thinking": False}
    request = hello(sampling=Sampling(reasoning_effort="none"), extra={"thinking": thinking}, dialect="openai.chat")
    vendor, _ = await sent(request)
    assert vendor.last.json["thinking"] == thinking


async def test_what_was_thought_is_sent_back() -> None:
    call = ToolCall("c1", "f", "{}")
    messages = [
        Message.user("hello"),
        Message("assistant", [ReasoningPart("hm"), call]),
        Message("tool", [ToolResult("c1", "x")]),
    ]
    vendor, _ = await sent(hello(messages=messages, tools=[Tool("f")], stream=True), OpenAIAnswers().llm_stream(Said()))
    assert vendor.last.json["messages"][1]["reasoning_content"] == "hm"
    assert vendor.last.json["tool_stream"] is True


async def test_sampling_and_users() -> None:
    request = hello(sampling=Sampling(temperature=0, top_p=0.5, max_tokens=9, stop=["x"], seed=1), user="bob")
    vendor, _ = await sent(request)
    assert vendor.last.json == {
        "model": "glm-4.7",
        "messages": [{"role": "user", "content": "hello"}],
        "do_sample": False,
        "top_p": 0.5,
        "max_tokens": 9,
        "stop": ["x"],
        "seed": 1,
        "user_id": hashlib.sha256(b"bob").hexdigest(),
    }
    vendor, _ = await sent(hello(user="user-1234"))
    assert vendor.last.json["user_id"] == "user-1234"


@pytest.mark.parametrize(
    ("members", "param", "instead"),
    [
        ({"tools": [Tool("f")], "tool_choice": ToolChoice("required")}, "tool_choice", {"tool_choice": "auto"}),
        ({"tools": [Tool("f")], "tool_choice": ToolChoice("tool", "f")}, "tool_choice", {"tool_choice": "auto"}),
        ({"tools": [Tool("f")], "tool_choice": ToolChoice(parallel=False)}, "parallel_tool_calls", {}),
        ({"tools": [Tool("f", strict=True)]}, "strict", {}),
        (
            {"output": OutputFormat("json_schema", {"type": "object"})},
            "response_format",
            {"response_format": {"type": "json_object"}},
        ),
    ],
)
async def test_what_glm_does_not_do(members: dict[str, Any], param: str, instead: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedParameter) as caught:
        await sent(hello(**members))
    assert caught.value.param == param
    vendor, _ = await sent(hello(**members, drop_unsupported=True))
    body = vendor.last.json
    assert {name: body[name] for name in instead} == instead
    assert "strict" not in repr(body)
    assert "parallel_tool_calls" not in body


async def test_no_tool_is_no_tools() -> None:
    vendor, _ = await sent(hello(tools=[Tool("f")], tool_choice=ToolChoice("none")))
    assert vendor.last.json.keys() == {"model", "messages"}


async def test_marks_around_an_answer_are_taken_out() -> None:
    pieces = ("<|begin_of", "_box|>4", " < 5 <|x|", ">", "<|end_of_box|>", "<|end_o")
    _, whole = await sent(hello("glm-4.6v"), OpenAIAnswers().llm_answer(Said(pieces=pieces)))
    _, streamed = await sent(hello("glm-4.6v", stream=True), OpenAIAnswers().llm_stream(Said(pieces=pieces)))
    assert whole.text == streamed.text == "4 < 5 <|x|><|end_o"
    _, other = await sent(hello("glm-4.7"), OpenAIAnswers().llm_answer(Said(pieces=pieces)))
    assert other.text == "".join(pieces)


@pytest.mark.parametrize(
    ("word", "reason"),
    [("sensitive", "content_filter"), ("network_error", "error"), ("model_context_window_exceeded", "length")],
)
async def test_glms_words_for_the_end(word: str, reason: str) -> None:
    choice = {"index": 0, "finish_reason": word, "message": {"role": "assistant", "content": "he"}}
    _, result = await sent(hello(), Answer.json({"id": "1", "model": "glm-4.7", "choices": [choice]}))
    assert result.finish_reason == reason


# -- the other surfaces ----------------------------------------------------------------------------------------------------


async def test_embeddings_and_rerank() -> None:
    async with VendorDouble() as vendor, open_caller(plugin, vendor) as caller:
        vendor.answers(Answer.json({"data": [{"index": 0, "embedding": [1.0]}], "usage": {"total_tokens": 3}}))
        request = EmbeddingRequest(model="embedding-3", inputs=["a"], dimensions=512, user="bob")
        await caller.kernel.invoke_text_embedding(request, caller.context(KEY, "embedding-3", ModelType.TEXT_EMBEDDING))
        assert vendor.last.json == {"model": "embedding-3", "input": ["a"], "dimensions": 512}
        older = EmbeddingRequest(model="embedding-2", inputs=["a"], dimensions=512)
        with pytest.raises(UnsupportedParameter):
            await caller.kernel.invoke_text_embedding(older, caller.context(KEY, "embedding-2", ModelType.TEXT_EMBEDDING))
        vendor.answers(Answer.json({"results": [{"index": 0, "relevance_score": 0.5}], "usage": {"total_tokens": 3}}))
        ranking = RerankRequest(model="rerank", query="q", documents=["d"], user="user-1234")
        await caller.kernel.invoke_rerank(ranking, caller.context(KEY, "rerank", ModelType.RERANK))
        assert vendor.last.url == "https://open.bigmodel.cn/api/paas/v4/rerank"
        assert vendor.last.json["user_id"] == "user-1234"


async def test_tokens_are_counted_by_the_vendor() -> None:
    async with VendorDouble() as vendor, open_caller(plugin, vendor) as caller:
        vendor.answers(Answer.json({"id": "1", "usage": {"prompt_tokens": 40, "image_tokens": 60, "total_tokens": 100}}))
        request = hello("glm-4.6", tools=[Tool("f")], sampling=Sampling(temperature=0.5))
        assert await caller.kernel.count_tokens(request, caller.context(KEY, "glm-4.6")) == 100
        assert vendor.last.url == "https://open.bigmodel.cn/api/paas/v4/tokenizer"
        assert vendor.last.json.keys() == {"model", "messages", "tools"}
        vendor.answers(Answer.json({"usage": None}))
        with pytest.raises(ServerUnavailable):
            await caller.kernel.count_tokens(hello("glm-4.6"), caller.context(KEY, "glm-4.6"))
        vendor.requests.clear()
        with pytest.raises(BadRequest, match=r"counts no tokens for glm-5\.3"):
            await caller.kernel.count_tokens(hello("glm-5.3"), caller.context(KEY, "glm-5.3"))
        assert not vendor.requests


@pytest.mark.parametrize(
    ("dialect", "base_url", "url"),
    [
        ("openai.chat", None, "https://open.bigmodel.cn/api/paas/v4/chat/completions"),
        ("anthropic.messages", None, "https://open.bigmodel.cn/api/anthropic/v1/messages"),
        ("anthropic.messages", "https://api.z.ai/api/coding/paas/v4", "https://api.z.ai/api/anthropic/v1/messages"),
    ],
)
async def test_where_bodies_are_passed_on(dialect: str, base_url: str | None, url: str) -> None:
    async with VendorDouble() as vendor, open_caller(plugin, vendor) as caller:
        vendor.answers(Answer.json({}))
        values = KEY | ({"base_url": base_url} if base_url else {})
        request = RelayRequest(dialect=dialect, model="glm-4.7", body=b"{}")
        await caller.kernel.relay(request, caller.context(values, "glm-4.7"))
        assert vendor.last.url == url


# -- errors ----------------------------------------------------------------------------------------------------------------


def error(code: str, status: int, message: str = "no") -> Answer:
    return Answer.json({"error": {"code": code, "message": message}}, status)


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("500", 500, ServerUnavailable),
        *((code, 401, CredentialsInvalid) for code in ("1000", "1001", "1002", "1003", "1004", "1111")),
        *((code, 429, PermissionDenied) for code in ("1110", "1112", "1121", "1220", "1300", "1311")),
        ("1113", 429, QuotaExceeded),
        ("1120", 500, ServerUnavailable),
        *((code, 400, BadRequest) for code in ("1210", "1212", "1213", "1214", "1215", "1231")),
        *((code, 400, ModelNotFound) for code in ("1211", "1221", "1222")),
        *((code, 500, ServerUnavailable) for code in ("1200", "1230", "1234")),
        ("1261", 400, ContextLengthExceeded),
        ("1301", 400, ContentRefused),
        *((code, 429, RateLimited) for code in ("1302", "1303", "1305", "1312", "1313")),
        *((code, 429, QuotaExceeded) for code in ("1304", "1308", "1309", "1310")),
    ],
)
async def test_errors_by_their_code(
    double: tuple[VendorDouble, Caller], code: str, status: int, kind: type[JackfieldError]
) -> None:
    vendor, caller = double
    vendor.answers(error(code, status, "the key 9f3c.canary0123456789 is none"))
    with pytest.raises(JackfieldError) as caught:
        await caller.kernel.invoke_llm(hello(), caller.context(KEY, "glm-4.7"))
    assert (type(caught.value), caught.value.vendor_code) == (kind, code)
    assert "canary" not in repr(caught.value.describe())


async def test_an_error_in_mid_stream(double: tuple[VendorDouble, Caller]) -> None:
    vendor, caller = double
    chunk = {"id": "1", "choices": [{"index": 0, "delta": {"content": "he"}}]}
    vendor.answers(Answer.sse([chunk, {"error": {"code": "1301", "message": "sensitive"}}]))
    with pytest.raises(ContentRefused):
        async for _ in await caller.kernel.stream_llm(hello(stream=True), caller.context(KEY, "glm-4.7")):
            pass
