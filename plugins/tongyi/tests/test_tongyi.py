"""What DashScope is sent for chats and embeddings, and what its errors mean."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from jackfield_sdk import (
    AudioPart,
    BadRequest,
    Blob,
    ConnectionFailed,
    ContentRefused,
    ContextLengthExceeded,
    CredentialsInvalid,
    EmbeddingRequest,
    ImagePart,
    JackfieldError,
    LLMRequest,
    Message,
    ModelNotFound,
    ModelType,
    OutputFormat,
    Part,
    PermissionDenied,
    QuotaExceeded,
    RateLimited,
    RelayRequest,
    RequestTooLarge,
    RerankRequest,
    Sampling,
    ServerUnavailable,
    StreamCollector,
    TextPart,
    Timeout,
    Tool,
    ToolChoice,
    UnsupportedParameter,
    Usage,
)
from jackfield_sdk.testing import Answer, Caller, OpenAIAnswers, Said, VendorDouble, open_caller
from jackfield_tongyi import plugin

KEY = {"api_key": "sk-canary0123456789"}
CHAT = OpenAIAnswers().llm_answer(Said())
STREAM = OpenAIAnswers().llm_stream(Said())
NATIVE = Answer.json(
    {
        "output": {"choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": "Hello, world!"}}]},
        "usage": {"input_tokens": 11, "output_tokens": 7},
        "request_id": "1",
    }
)


@pytest.fixture
async def double() -> AsyncIterator[tuple[VendorDouble, Caller]]:
    async with VendorDouble() as vendor, open_caller(plugin, vendor) as caller:
        yield vendor, caller


async def sent(request: LLMRequest, answer: Answer = CHAT, **credentials: Any) -> tuple[VendorDouble, Any]:
    """What the vendor got for a chat, and what was made of its answer."""
    async with VendorDouble() as vendor, open_caller(plugin, vendor) as caller:
        vendor.answers(answer)
        context = caller.context(KEY | credentials, request.model)
        if not request.stream:
            return vendor, await caller.kernel.invoke_llm(request, context)
        collector = StreamCollector()
        async for event in await caller.kernel.stream_llm(request, context):
            collector.add(event)
        return vendor, collector.result()


def hello(model: str = "qwen-plus", **members: Any) -> LLMRequest:
    members.setdefault("messages", [Message.user("hello")])
    return LLMRequest(model=model, **members)


# -- where ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "host"),
    [
        ({}, "https://dashscope.aliyuncs.com"),
        ({"region": "singapore"}, "https://dashscope-intl.aliyuncs.com"),
        ({"region": "virginia"}, "https://dashscope-us.aliyuncs.com"),
        ({"region": "hongkong"}, "https://cn-hongkong.dashscope.aliyuncs.com"),
        (
            {"region": "singapore", "base_url": "https://ws-1.cn-beijing.maas.aliyuncs.com"},
            "https://ws-1.cn-beijing.maas.aliyuncs.com",
        ),
        (
            {"base_url": "https://ws-1.cn-beijing.maas.aliyuncs.com/compatible-mode/v1/"},
            "https://ws-1.cn-beijing.maas.aliyuncs.com",
        ),
    ],
)
async def test_regions(values: dict[str, Any], host: str) -> None:
    vendor, _ = await sent(hello(), **values)
    assert vendor.last.url == f"{host}/compatible-mode/v1/chat/completions"
    assert vendor.last.headers["authorization"] == "Bearer sk-canary0123456789"
    vendor, _ = await sent(hello(), NATIVE, api="native", **values)
    assert vendor.last.url == f"{host}/api/v1/services/aigc/text-generation/generation"


@pytest.mark.parametrize(
    ("dialect", "path"),
    [
        ("openai.chat", "/compatible-mode/v1/chat/completions"),
        ("openai.embeddings", "/compatible-mode/v1/embeddings"),
        ("anthropic.messages", "/apps/anthropic/v1/messages"),
        ("jina.rerank", "/compatible-api/v1/reranks"),
    ],
)
async def test_where_bodies_are_passed_on(double: tuple[VendorDouble, Caller], dialect: str, path: str) -> None:
    vendor, caller = double
    vendor.answers(Answer.json({}))
    request = RelayRequest(dialect=dialect, model="qwen-plus", body=b"{}")
    await caller.kernel.relay(request, caller.context(KEY | {"api": "native"}, "qwen-plus"))
    assert vendor.last.path == path


async def test_how_a_key_is_proved(double: tuple[VendorDouble, Caller]) -> None:
    vendor, caller = double
    vendor.answers(CHAT)
    await caller.kernel.validate_provider_credentials(caller.context(KEY))
    assert vendor.last.json == {
        "model": "qwen-flash",
        "messages": [{"role": "user", "content": "ping"}],
        "max_tokens": 1,
        "enable_thinking": False,
    }


@pytest.mark.parametrize(
    ("kind", "path", "members"),
    [
        (ModelType.LLM, "/compatible-mode/v1/chat/completions", {"model", "messages", "max_tokens"}),
        (
            ModelType.TEXT_EMBEDDING,
            "/api/v1/services/embeddings/text-embedding/text-embedding",
            {"model", "input", "parameters"},
        ),
        (ModelType.RERANK, "/api/v1/services/rerank/text-rerank/text-rerank", {"model", "input", "parameters"}),
        (ModelType.TEXT_TO_SPEECH, "/api/v1/services/aigc/multimodal-generation/generation", {"model", "input"}),
        (ModelType.SPEECH_TO_TEXT, "/api/v1/services/aigc/multimodal-generation/generation", {"model", "input", "parameters"}),
    ],
)
async def test_how_an_added_model_is_proved(
    double: tuple[VendorDouble, Caller], kind: ModelType, path: str, members: set[str]
) -> None:
    vendor, caller = double
    vendor.answers(Answer.json({"output": {}}))
    await caller.kernel.validate_model_credentials("my-model", kind, caller.context(KEY))
    assert (vendor.last.path, set(vendor.last.json)) == (path, members)


def test_an_added_model_is_what_its_form_says() -> None:
    values: dict[str, Any] = {"tools": True, "only_streams": True, "context_size": 1000}
    described = plugin.describe_model("my-qwen", ModelType.LLM, values)
    assert (described.context_window, described.properties) == (1000, {"only_streams": True})
    assert "tools" in described.features
    listed = plugin.describe_model("qwen3-max", ModelType.LLM, {"context_size": 1000})
    assert listed.context_window == 262144


# -- the chat ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "sampling", "members"),
    [
        ("qwen-plus", Sampling(reasoning_effort="none"), {"enable_thinking": False}),
        ("qwen-plus", Sampling(reasoning_effort="high"), {"enable_thinking": True, "reasoning_effort": "high"}),
        ("qwen-plus", Sampling(reasoning_budget=512), {"enable_thinking": True, "thinking_budget": 512}),
        ("qwen-plus", Sampling(reasoning_budget=0), {"enable_thinking": False}),
        (
            "qwen3.8-max",
            Sampling(reasoning_effort="low", max_tokens=9),
            {"enable_thinking": True, "reasoning_effort": "low", "max_completion_tokens": 9},
        ),
        ("deepseek-r1", Sampling(reasoning_budget=512), {"thinking_budget": 512}),
        (
            "qwen-plus",
            Sampling(temperature=0.5, top_k=20, repetition_penalty=1.1),
            {"temperature": 0.5, "top_k": 20, "repetition_penalty": 1.1},
        ),
    ],
)
async def test_sampling_and_thinking(model: str, sampling: Sampling, members: dict[str, Any]) -> None:
    vendor, _ = await sent(hello(model, sampling=sampling, metadata={"a": "b"}))
    assert vendor.last.json == {"model": model, "messages": [{"role": "user", "content": "hello"}], **members}


SCHEMA = OutputFormat("json_schema", {"type": "object"})


@pytest.mark.parametrize(
    ("model", "output", "effort", "members"),
    [
        ("qwen-plus", SCHEMA, None, {}),
        ("qwen3.5-plus", OutputFormat("json_object"), None, {"enable_thinking": False}),
        ("qwen3.5-plus", OutputFormat("text"), None, {}),
        ("qwen3.5-plus", OutputFormat("json_object"), "high", {"enable_thinking": True, "reasoning_effort": "high"}),
    ],
)
async def test_json(model: str, output: OutputFormat, effort: str | None, members: dict[str, Any]) -> None:
    """Models that write JSON only while they do not think do not, but where the caller says so."""
    vendor, _ = await sent(hello(model, output=output, sampling=Sampling(reasoning_effort=effort)))
    body = {name: value for name, value in vendor.last.json.items() if name not in ("model", "messages")}
    assert body.pop("response_format")["type"] == output.kind
    assert body == members


async def test_enable_thinking_of_the_callers_own_goes_before() -> None:
    request = hello(sampling=Sampling(reasoning_effort="low"), extra={"enable_thinking": False}, dialect="openai.chat")
    vendor, _ = await sent(request)
    assert vendor.last.json["enable_thinking"] is False


@pytest.mark.parametrize(
    ("members", "param", "instead"),
    [
        ({"tools": [Tool("f")], "tool_choice": ToolChoice("required")}, "tool_choice", {"tool_choice": "auto"}),
        (
            {"output": OutputFormat("json_schema", {"type": "object"})},
            "response_format",
            {"response_format": {"type": "json_object"}},
        ),
        ({"sampling": Sampling(frequency_penalty=0.5)}, "frequency_penalty", {}),
    ],
)
async def test_what_qwen_does_not_do(members: dict[str, Any], param: str, instead: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedParameter) as caught:
        await sent(hello("qwen-turbo", **members))
    assert caught.value.param == param
    vendor, _ = await sent(hello("qwen-turbo", **members, drop_unsupported=True))
    assert {name: vendor.last.json.get(name) for name in instead} == instead


async def test_sound_is_a_data_url() -> None:
    sound = AudioPart(Blob(data=b"RIFF", media_type="audio/wav"))
    request = hello("qwen3-omni-flash", messages=[Message("user", [sound, TextPart("What is it?")])])
    vendor, _ = await sent(request, STREAM)
    audio = vendor.last.json["messages"][0]["content"][0]
    assert audio == {"type": "input_audio", "input_audio": {"data": "data:;base64,UklGRg==", "format": "wav"}}


async def test_a_model_that_only_streams_answers_whole() -> None:
    said = Said(reasoning=("hm",), usage=Usage(input_tokens=3, output_tokens=4, reasoning_tokens=1))
    vendor, result = await sent(hello("qwen3-32b"), OpenAIAnswers().llm_stream(said))
    assert vendor.last.json["stream"] is True
    assert (result.text, result.usage, result.model) == ("Hello, world!", said.usage, "vendor-model-0613")
    with pytest.raises(ConnectionFailed):
        await sent(hello("qwen3-32b"), STREAM.but(framing="close", cut=STREAM.boundaries[3]))


async def test_a_cache_is_asked_for_and_told_apart() -> None:
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": 2,
        "prompt_tokens_details": {"cached_tokens": 30, "cache_creation_input_tokens": 60, "cache_type": "ephemeral"},
    }
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hi"}}
    answer = Answer.json({"id": "1", "choices": [choice], "usage": usage})
    messages = [Message("user", [TextPart("long", cache="default"), TextPart("short")])]
    vendor, result = await sent(hello("qwen3-max", messages=messages), answer)
    assert vendor.last.json["messages"][0]["content"][0]["cache_control"] == {"type": "ephemeral"}
    assert result.usage == Usage(input_tokens=100, output_tokens=2, cache_read_tokens=30, cache_write_tokens=60)
    vendor, _ = await sent(hello("qwen-max", messages=messages), answer)
    assert "cache_control" not in repr(vendor.last.json)


# -- DashScope's own surface ------------------------------------------------------------------------------------------------


async def test_a_native_chat_of_texts() -> None:
    messages = [Message.system("be brief"), Message.user("hello")]
    request = hello(messages=messages, tools=[Tool("f")], sampling=Sampling(max_tokens=9, reasoning_budget=100), user="bob")
    vendor, result = await sent(request, NATIVE, api="native")
    assert vendor.last.json == {
        "model": "qwen-plus",
        "input": {"messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hello"}]},
        "parameters": {
            "result_format": "message",
            "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}],
            "max_tokens": 9,
            "thinking_budget": 100,
            "enable_thinking": True,
        },
    }
    assert "x-dashscope-sse" not in vendor.last.headers
    assert (result.text, result.id, result.usage) == ("Hello, world!", "1", Usage(input_tokens=11, output_tokens=7))


async def test_a_native_stream_of_a_model_that_sees() -> None:
    event = {"output": {"choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": [{"text": "hi"}]}}]}}
    parts: list[Part] = [TextPart("What is it?"), ImagePart(Blob(url="https://acme.example/cat.png"))]
    request = hello("qwen3.8-max", messages=[Message.system("brief"), Message("user", parts)], stream=True)
    vendor, result = await sent(request, Answer.sse([("result", event)]), api="native")
    assert vendor.last.url == "https://dashscope.aliyuncs.com/api/v1/services/aigc/multimodal-generation/generation"
    assert vendor.last.headers["x-dashscope-sse"] == "enable"
    assert vendor.last.json["parameters"] == {"result_format": "message", "incremental_output": True}
    assert vendor.last.json["input"]["messages"] == [
        {"role": "system", "content": [{"text": "brief"}]},
        {"role": "user", "content": [{"text": "What is it?"}, {"image": "https://acme.example/cat.png"}]},
    ]
    assert result.text == "hi"


@pytest.mark.parametrize(
    "answer",
    [
        Answer.json({"code": "DataInspectionFailed", "message": "no", "request_id": "1"}),
        Answer.sse([("error", {"code": "DataInspectionFailed", "message": "no", "request_id": "1"})]),
    ],
)
async def test_an_error_in_a_good_answer(answer: Answer) -> None:
    streams = answer.headers["content-type"] == "text/event-stream"
    with pytest.raises(ContentRefused):
        await sent(hello(stream=streams), answer, api="native")


async def test_tokens_are_counted_by_the_vendor(double: tuple[VendorDouble, Caller]) -> None:
    vendor, caller = double
    vendor.answers(Answer.json({"output": {"token_ids": [1, 2]}, "usage": {"input_tokens": 2}}))
    assert await caller.kernel.count_tokens(hello(), caller.context(KEY, "qwen-plus")) == 2
    assert vendor.last.url == "https://dashscope.aliyuncs.com/api/v1/tokenizer"
    assert vendor.last.json == {"model": "qwen-plus", "input": {"messages": [{"role": "user", "content": "hello"}]}}
    with pytest.raises(UnsupportedParameter):
        await caller.kernel.count_tokens(hello(tools=[Tool("f")]), caller.context(KEY, "qwen-plus"))
    with pytest.raises(BadRequest, match="counts no tokens for qwen3-max"):
        await caller.kernel.count_tokens(hello("qwen3-max"), caller.context(KEY, "qwen3-max"))
    vendor.answers(Answer.json({"usage": []}))
    with pytest.raises(ServerUnavailable):
        await caller.kernel.count_tokens(hello(), caller.context(KEY, "qwen-plus"))


# -- embedding and rerank -----------------------------------------------------------------------------------------------------


async def test_queries_are_told_from_documents(double: tuple[VendorDouble, Caller]) -> None:
    vendor, caller = double
    vendor.answers(
        Answer.json({"output": {"embeddings": [{"text_index": 0, "embedding": [1.0]}]}, "usage": {"total_tokens": 3}})
    )
    model = "text-embedding-v4"
    request = EmbeddingRequest(model=model, inputs=["a"], dimensions=512, purpose="query")
    result = await caller.kernel.invoke_text_embedding(request, caller.context(KEY, model, ModelType.TEXT_EMBEDDING))
    assert vendor.last.url == "https://dashscope.aliyuncs.com/api/v1/services/embeddings/text-embedding/text-embedding"
    assert vendor.last.json == {
        "model": model,
        "input": {"texts": ["a"]},
        "parameters": {"dimension": 512, "text_type": "query"},
    }
    assert (result.embeddings, result.usage, result.model) == ([[1.0]], Usage(input_tokens=3), model)


async def test_texts_and_images(double: tuple[VendorDouble, Caller]) -> None:
    vendor, caller = double
    answer = {"output": {"embeddings": [{"index": 0, "embedding": [1.0]}]}, "usage": {"input_tokens": 3, "image_tokens": 20}}
    vendor.answers(Answer.json(answer))
    model = "multimodal-embedding-v1"
    inputs: list[list[TextPart | ImagePart]] = [[TextPart("a")], [ImagePart(Blob(data=b"x", media_type="image/png"))]]
    context = caller.context(KEY, model, ModelType.TEXT_EMBEDDING)
    result = await caller.kernel.invoke_text_embedding(EmbeddingRequest(model=model, inputs=inputs), context)
    assert [request.json["input"]["contents"] for request in vendor.requests] == [
        [{"text": "a"}],
        [{"image": "data:image/png;base64,eA=="}],
    ]
    assert vendor.last.path == "/api/v1/services/embeddings/multimodal-embedding/multimodal-embedding"
    assert result.usage.input_tokens == 46
    texts = caller.context(KEY, "text-embedding-v4", ModelType.TEXT_EMBEDDING)
    for wrong in (inputs, [[TextPart("a"), TextPart("b")]], [[1, 2]]):
        with pytest.raises(UnsupportedParameter) as caught:
            await caller.kernel.invoke_text_embedding(EmbeddingRequest(model="text-embedding-v4", inputs=wrong), texts)  # type: ignore[arg-type]
        assert caught.value.param == "input"


async def test_rerank(double: tuple[VendorDouble, Caller]) -> None:
    vendor, caller = double
    results = [{"index": 1, "relevance_score": 0.5}]
    vendor.answers(Answer.json({"output": {"results": results}, "usage": {"total_tokens": 9}, "request_id": "r"}))
    request = RerankRequest(model="gte-rerank-v2", query="q", documents=["a", "b"], top_n=1)
    ranking = await caller.kernel.invoke_rerank(request, caller.context(KEY, "gte-rerank-v2", ModelType.RERANK))
    assert vendor.last.json == {
        "model": "gte-rerank-v2",
        "input": {"query": "q", "documents": ["a", "b"]},
        "parameters": {"return_documents": False, "top_n": 1},
    }
    assert (ranking.id, ranking.model, ranking.ranking[0].index) == ("r", "gte-rerank-v2", 1)
    foreign = RerankRequest(model="gte-rerank-v2", query="q", documents=["a"], extra={"max_chunks": 3}, dialect="jina.rerank")
    with pytest.raises(UnsupportedParameter):
        await caller.kernel.invoke_rerank(foreign, caller.context(KEY, "gte-rerank-v2", ModelType.RERANK))


async def test_documents_of_too_many_tokens_are_ranked_in_parts(double: tuple[VendorDouble, Caller]) -> None:
    vendor, caller = double
    vendor.answers(Answer.json({"output": {"results": [{"index": 0, "relevance_score": 0.5}]}, "usage": {"total_tokens": 3}}))
    for model, requests in (("gte-rerank-v2", 2), ("qwen3-rerank", 1)):
        vendor.requests.clear()
        request = RerankRequest(model=model, query="q", documents=["a" * 20_000, "b" * 20_000])
        result = await caller.kernel.invoke_rerank(request, caller.context(KEY, model, ModelType.RERANK))
        assert (len(vendor.requests), result.usage.input_tokens) == (requests, 3 * requests)


# -- errors -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("InvalidApiKey", 401, CredentialsInvalid),
        ("invalid_api_key", 401, CredentialsInvalid),
        *((code, 400, QuotaExceeded) for code in ("Arrearage", "CommodityNotPurchased")),
        ("AllocationQuota.FreeTierOnly", 403, QuotaExceeded),
        *((code, 429, QuotaExceeded) for code in ("PrepaidBillOverdue", "PostpaidBillOverdue")),
        *(
            (code, 429, RateLimited)
            for code in ("Throttling", "Throttling.RateQuota", "Throttling.BurstRate", "insufficient_quota")
        ),
        *((code, 429, RateLimited) for code in ("Throttling.AllocationQuota", "limit_requests", "limit_burst_rate")),
        *((code, 400, ContentRefused) for code in ("DataInspectionFailed", "data_inspection_failed")),
        *((code, 403, PermissionDenied) for code in ("AccessDenied", "Model.AccessDenied", "AccessDenied.Unpurchased")),
        *((code, 404, ModelNotFound) for code in ("ModelNotFound", "model_not_found", "WorkSpaceNotFound")),
        *((code, 400, BadRequest) for code in ("InvalidParameter", "invalid_parameter_error", "InvalidURL")),
        ("BadRequest.TooLarge", 400, RequestTooLarge),
        *((code, 500, Timeout) for code in ("RequestTimeOut", "InternalError.Timeout")),
        *(
            (code, 500, ServerUnavailable)
            for code in ("InternalError", "InternalError.Algo", "SystemError", "ModelServingError")
        ),
        ("ModelUnavailable", 503, ServerUnavailable),
    ],
)
@pytest.mark.parametrize("api", ["native", "compatible"])
async def test_errors_by_their_code(
    double: tuple[VendorDouble, Caller], code: str, status: int, kind: type[JackfieldError], api: str
) -> None:
    vendor, caller = double
    said = {"code": code, "message": "the key sk-canary0123456789 is none", "request_id": "r-1"}
    body = said if api == "native" else {"error": said | {"type": code, "param": None}, "request_id": "r-1"}
    vendor.answers(Answer.json(body, status, {"x-dashscope-request-id": "r-1"}))
    with pytest.raises(JackfieldError) as caught:
        await caller.kernel.invoke_llm(hello(), caller.context(KEY | {"api": api}, "qwen-plus"))
    assert (type(caught.value), caught.value.vendor_code, caught.value.request_id) == (kind, code, "r-1")
    assert "canary" not in repr(caught.value.describe())


@pytest.mark.parametrize(
    ("code", "status", "message", "kind"),
    [
        ("InvalidParameter", 400, "Range of input length should be [1, 129024]", ContextLengthExceeded),
        (
            "invalid_parameter_error",
            400,
            "<400> InternalError.Algo: Range of input length should be [1, 2048]",
            ContextLengthExceeded,
        ),
        ("Throttling.AllocationQuota", 429, "Free allocated quota exceeded.", QuotaExceeded),
    ],
)
async def test_errors_by_their_message(
    double: tuple[VendorDouble, Caller], code: str, status: int, message: str, kind: type[JackfieldError]
) -> None:
    vendor, caller = double
    vendor.answers(Answer.json({"code": code, "message": message}, status))
    with pytest.raises(kind):
        await caller.kernel.invoke_llm(hello(), caller.context(KEY, "qwen-plus"))
