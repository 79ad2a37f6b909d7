"""The older API: its token, its chat, and OpenAI's bodies translated for it."""

from __future__ import annotations

import logging
import uuid
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from jackfield_sdk import (
    BadRequest,
    Blob,
    ContextLengthExceeded,
    CredentialsInvalid,
    EmbeddingRequest,
    ImagePart,
    JackfieldError,
    LLMRequest,
    LLMResult,
    Message,
    ModelNotFound,
    ModelType,
    OpaqueTool,
    OutputFormat,
    PermissionDenied,
    QuotaExceeded,
    RateLimited,
    RelayRequest,
    RelayResponse,
    RerankRequest,
    Sampling,
    ServerUnavailable,
    StreamCollector,
    TextPart,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    UnsupportedParameter,
    Usage,
)
from jackfield_sdk.testing import Answer, Caller, OpenAIAnswers, Recorded, Said, VendorDouble, open_caller
from jackfield_wenxin import plugin

CHAT_URL = "https://aip.baidubce.com/rpc/2.0/ai_custom/v1/wenxinworkshop/chat"
TOKEN = Answer.json({"access_token": "24.canary", "expires_in": 2592000})
USAGE = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
ANSWER = {"id": "as-1", "object": "chat.completion", "created": 1, "result": "hi", "finish_reason": "normal", "usage": USAGE}
EVENTS = [
    ANSWER | {"sentence_id": 0, "is_end": False, "result": "h"},
    ANSWER | {"sentence_id": 1, "is_end": True, "result": "i"},
]


@pytest.fixture
async def double() -> AsyncIterator[tuple[VendorDouble, Caller]]:
    async with VendorDouble() as vendor, open_caller(plugin, vendor) as caller:
        yield vendor, caller


@pytest.fixture
def keys() -> dict[str, str]:
    """Of an application that no other test has a token for."""
    return {"api_key": "canary-application", "secret_key": uuid.uuid4().hex}


def tokens(*refused: str, expired: str = "111") -> Any:
    """A vendor that hands out numbered tokens, and answers chats, but for those with a token in `refused`."""
    handed: list[str] = []

    def answer(request: Recorded) -> Answer:
        if request.path.endswith("/oauth/2.0/token"):
            handed.append(f"24.token-{len(handed) + 1}")
            return Answer.json({"access_token": handed[-1], "expires_in": 2592000, "scope": "public"})
        if request.query["access_token"] in refused:
            return Answer.json({"error_code": int(expired), "error_msg": "Access token expired", "id": "as-0"})
        return Answer.sse(EVENTS) if request.json.get("stream") else Answer.json(ANSWER)

    return answer


def hello(model: str = "ernie-3.5-8k", **members: Any) -> LLMRequest:
    members.setdefault("messages", [Message.user("hello")])
    return LLMRequest(model=model, **members)


async def chat(caller: Caller, request: LLMRequest, keys: dict[str, str]) -> LLMResult:
    context = caller.context(keys, request.model)
    if not request.stream:
        return await caller.kernel.invoke_llm(request, context)
    collector = StreamCollector()
    async for event in await caller.kernel.stream_llm(request, context):
        collector.add(event)
    return collector.result()


# -- the token ----------------------------------------------------------------------------------------------------------------


async def test_a_token_is_got_once(
    double: tuple[VendorDouble, Caller], keys: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    vendor, caller = double
    vendor.answers(tokens())
    with caplog.at_level(logging.DEBUG):
        for _ in range(3):
            assert (await chat(caller, hello(), keys)).text == "hi"
    asked, *calls = vendor.requests
    assert asked.url.startswith("https://aip.baidubce.com/oauth/2.0/token?")
    assert asked.query == {
        "grant_type": "client_credentials",
        "client_id": "canary-application",
        "client_secret": keys["secret_key"],
    }
    assert [one.url for one in calls] == [f"{CHAT_URL}/completions?access_token=24.token-1"] * 3
    assert "authorization" not in calls[0].headers
    assert keys["secret_key"] not in caplog.text
    assert "24.token-1" not in caplog.text


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("code", ["110", "111"])
async def test_a_token_that_is_good_no_more_is_renewed(
    double: tuple[VendorDouble, Caller], keys: dict[str, str], stream: bool, code: str
) -> None:
    vendor, caller = double
    vendor.answers(tokens("24.token-1", expired=code))
    result = await chat(caller, hello(stream=stream), keys)
    assert (result.text, result.usage) == ("hi", Usage(input_tokens=3, output_tokens=4))
    assert [one.query.get("access_token") for one in vendor.requests] == [None, "24.token-1", None, "24.token-2"]
    await chat(caller, hello(), keys)
    assert vendor.last.query["access_token"] == "24.token-2"


async def test_it_is_renewed_only_once(double: tuple[VendorDouble, Caller], keys: dict[str, str]) -> None:
    vendor, caller = double
    vendor.answers(tokens("24.token-1", "24.token-2", expired="110"))
    with pytest.raises(CredentialsInvalid) as caught:
        await chat(caller, hello(), keys)
    assert (caught.value.vendor_code, caught.value.param, caught.value.request_id) == ("110", "api_key", "as-0")
    assert len(vendor.requests) == 4


@pytest.mark.parametrize(
    ("status", "body", "kind", "param"),
    [
        (401, {"error": "invalid_client", "error_description": "unknown client id"}, CredentialsInvalid, "api_key"),
        (
            401,
            {"error": "invalid_client", "error_description": "Client authentication failed"},
            CredentialsInvalid,
            "secret_key",
        ),
        (200, {"error": "invalid_client", "error_description": "unknown client id"}, CredentialsInvalid, "api_key"),
        (200, {"expires_in": 1}, ServerUnavailable, None),
        (500, {}, ServerUnavailable, None),
    ],
)
async def test_keys_that_are_refused(
    double: tuple[VendorDouble, Caller],
    keys: dict[str, str],
    status: int,
    body: dict[str, Any],
    kind: type[JackfieldError],
    param: str | None,
) -> None:
    vendor, caller = double
    vendor.answers(Answer.json(body, status))
    for call in (
        caller.kernel.validate_provider_credentials(caller.context(keys)),
        caller.kernel.invoke_llm(hello(), caller.context(keys, "ernie-3.5-8k")),
    ):
        with pytest.raises(kind) as caught:
            await call
        assert caught.value.param == param


async def test_a_host_of_ones_own(double: tuple[VendorDouble, Caller], keys: dict[str, str]) -> None:
    vendor, caller = double
    vendor.answers(tokens())
    await chat(caller, hello(), keys | {"base_url": "https://baidu.acme.example/"})
    assert {one.host for one in vendor.requests} == {"baidu.acme.example"}
    await vendor.stop()
    with pytest.raises(CredentialsInvalid) as caught:
        await caller.kernel.validate_provider_credentials(caller.context(keys | {"base_url": "https://baidu.acme.example"}))
    assert caught.value.param == "base_url"


async def test_its_models_are_those_of_the_catalog(double: tuple[VendorDouble, Caller], keys: dict[str, str]) -> None:
    vendor, caller = double
    models = {model.id for model in await caller.kernel.list_models(caller.context(keys))}
    assert {"ernie-4.0-8k", "embedding-v1", "bce-reranker-base"} < models
    assert "ernie-5.1" not in models
    assert not vendor.requests


# -- the chat -----------------------------------------------------------------------------------------------------------------


async def test_the_body(double: tuple[VendorDouble, Caller], keys: dict[str, str]) -> None:
    vendor, caller = double
    vendor.answers(tokens())
    request = hello(
        "ernie-4.0-8k",
        messages=[
            Message.system("be brief"),
            Message.user("one"),
            Message.user("two"),
            Message("assistant", [TextPart("three")]),
            Message.system("and kind"),
            Message.user("four"),
        ],
        sampling=Sampling(max_tokens=99, temperature=0, top_p=0.5, repetition_penalty=1.5, stop=["x"]),
        output=OutputFormat("json_object"),
        user="bob",
        metadata={"a": "b"},
        extra={"disable_search": True},
        dialect="openai.chat",
    )
    await chat(caller, request, keys)
    assert vendor.last.url == f"{CHAT_URL}/completions_pro?access_token=24.token-1"
    assert vendor.last.json == {
        "messages": [
            {"role": "user", "content": "one\n\ntwo"},
            {"role": "assistant", "content": "three"},
            {"role": "user", "content": "four"},
        ],
        "system": "be brief\n\nand kind",
        "max_output_tokens": 99,
        "temperature": 0.01,
        "top_p": 0.5,
        "penalty_score": 1.5,
        "stop": ["x"],
        "response_format": "json_object",
        "user_id": "bob",
        "disable_search": True,
    }


async def test_functions(double: tuple[VendorDouble, Caller], keys: dict[str, str]) -> None:
    """Each call stands before its result, also where the assistant made several at once."""
    vendor, caller = double
    call = {"name": "weather", "arguments": '{"city": "Paris"}', "thoughts": "I look it up."}
    answer = ANSWER | {"result": "", "finish_reason": "function_call", "function_call": call}
    vendor.on("POST", "/oauth/2.0/token", TOKEN)
    vendor.answers(Answer.json(answer))
    calls = [ToolCall("c1", "weather", '{"city": "Oslo"}'), ToolCall("c2", "weather", '{"city": "Rome"}')]
    request = hello(
        messages=[
            Message.user("Oslo, Rome, Paris?"),
            Message("assistant", [TextPart("Let me see."), *calls]),
            Message("tool", [ToolResult("c2", "sun")]),
            Message("tool", [ToolResult("c1", "snow")]),
        ],
        tools=[Tool("weather"), Tool("time", "Tells the time.")],
        tool_choice=ToolChoice("tool", "weather", parallel=False),
    )
    result = await chat(caller, request, keys)
    plain = {"type": "object", "properties": {}}
    assert vendor.last.json == {
        "messages": [
            {"role": "user", "content": "Oslo, Rome, Paris?"},
            {
                "role": "assistant",
                "content": "Let me see.",
                "function_call": {"name": "weather", "arguments": '{"city": "Rome"}'},
            },
            {"role": "function", "name": "weather", "content": "sun"},
            {"role": "assistant", "content": "", "function_call": {"name": "weather", "arguments": '{"city": "Oslo"}'}},
            {"role": "function", "name": "weather", "content": "snow"},
        ],
        "functions": [
            {"name": "weather", "description": "weather", "parameters": plain},
            {"name": "time", "description": "Tells the time.", "parameters": plain},
        ],
        "tool_choice": {"type": "function", "function": {"name": "weather"}},
    }
    assert [(one.id, one.name, one.arguments) for one in result.tool_calls] == [("call_as-1", "weather", '{"city": "Paris"}')]
    assert result.finish_reason == "tool_calls"
    await chat(caller, hello(tools=[Tool("weather")], tool_choice=ToolChoice("none")), keys)
    assert vendor.last.json == {"messages": [{"role": "user", "content": "hello"}]}


@pytest.mark.parametrize(
    "messages",
    [
        [Message.user("a"), Message("assistant", [ToolCall("c1", "f", "{}")]), Message.user("b")],
        [Message.user("a"), Message("assistant", [ToolCall("c1", "f", "{}")])],
        [Message.user("a"), Message("tool", [ToolResult("c1", "x")])],
    ],
)
async def test_a_call_and_its_result_go_together(
    double: tuple[VendorDouble, Caller], keys: dict[str, str], messages: list[Message]
) -> None:
    vendor, caller = double
    vendor.answers(tokens())
    with pytest.raises(BadRequest) as caught:
        await chat(caller, hello(messages=messages, tools=[Tool("f")]), keys)
    assert caught.value.param == "messages"


@pytest.mark.parametrize(
    ("members", "param", "instead"),
    [
        ({"tools": [Tool("f")], "tool_choice": ToolChoice("required")}, "tool_choice", {"tool_choice": None}),
        ({"tools": [Tool("f", strict=True)]}, "strict", {}),
        ({"tools": [OpaqueTool("openai.chat", {"type": "custom"})]}, "tools", {"functions": None}),
        ({"output": OutputFormat("json_schema", {})}, "response_format", {"response_format": "json_object"}),
        ({"extra": {"web_search": {}}, "dialect": "openai.chat"}, "web_search", {"web_search": None}),
        (
            {"messages": [Message("user", [TextPart("See:"), ImagePart(Blob(url="https://acme.example/a.png"))])]},
            "messages",
            {"messages": [{"role": "user", "content": "See:"}]},
        ),
    ],
)
async def test_what_it_does_not_know(
    double: tuple[VendorDouble, Caller], keys: dict[str, str], members: dict[str, Any], param: str, instead: dict[str, Any]
) -> None:
    vendor, caller = double
    vendor.answers(tokens())
    with pytest.raises(UnsupportedParameter) as caught:
        await chat(caller, hello(**members), keys)
    assert caught.value.param == param
    await chat(caller, hello(**members, drop_unsupported=True), keys)
    assert {name: vendor.last.json.get(name) for name in instead} == instead


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({}, "stop"),
        ({"is_truncated": True}, "length"),
        ({"need_clear_history": True}, "content_filter"),
        ({"finish_reason": "content_filter"}, "content_filter"),
    ],
)
async def test_how_an_answer_ends(
    double: tuple[VendorDouble, Caller], keys: dict[str, str], members: dict[str, Any], reason: str
) -> None:
    vendor, caller = double
    vendor.on("POST", "/oauth/2.0/token", TOKEN)
    usage = {"prompt_tokens": 3, "total_tokens": 10}
    vendor.answers(Answer.json(ANSWER | {"usage": usage} | members))
    result = await chat(caller, hello(), keys)
    assert (result.finish_reason, result.usage) == (reason, Usage(input_tokens=3, output_tokens=7))


@pytest.mark.parametrize(("model", "path"), [("embedding-v1", "embedding-v1"), ("bge-large-zh", "bge_large_zh")])
async def test_embedding(double: tuple[VendorDouble, Caller], keys: dict[str, str], model: str, path: str) -> None:
    vendor, caller = double
    vendor.on("POST", "/oauth/2.0/token", TOKEN)
    vendor.answers(OpenAIAnswers().embedding_answer([[1.0]], Usage(input_tokens=3)))
    request = EmbeddingRequest(model=model, inputs=["a"], user="bob")
    result = await caller.kernel.invoke_text_embedding(request, caller.context(keys, model, ModelType.TEXT_EMBEDDING))
    assert result.embeddings == [[1.0]]
    assert vendor.last.path == f"/rpc/2.0/ai_custom/v1/wenxinworkshop/embeddings/{path}"
    assert vendor.last.json == {"input": ["a"], "user_id": "bob"}


async def test_rerank(double: tuple[VendorDouble, Caller], keys: dict[str, str]) -> None:
    vendor, caller = double
    vendor.on("POST", "/oauth/2.0/token", TOKEN)
    results = [{"index": 1, "relevance_score": 0.5, "document": "b"}]
    vendor.answers(Answer.json({"id": "as-1", "results": results, "usage": {"total_tokens": 9}}))
    model = "bce-reranker-base"
    request = RerankRequest(model=model, query="q", documents=["a", "b"], top_n=1, user="bob")
    await caller.kernel.invoke_rerank(request, caller.context(keys, model, ModelType.RERANK))
    assert vendor.last.path == "/rpc/2.0/ai_custom/v1/wenxinworkshop/reranker/bce_reranker_base"
    assert vendor.last.json == {"query": "q", "documents": ["a", "b"], "top_n": 1, "user_id": "bob"}


# -- bodies of other dialects -------------------------------------------------------------------------------------------------


async def relayed(caller: Caller, keys: dict[str, str], dialect: str, body: dict[str, Any] | bytes) -> RelayResponse:
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    stream = isinstance(body, dict) and bool(body.get("stream"))
    model, kind = {
        "openai.embeddings": ("embedding-v1", ModelType.TEXT_EMBEDDING),
        "jina.rerank": ("bce-reranker-base", ModelType.RERANK),
    }.get(dialect, ("ernie-3.5-8k", ModelType.LLM))
    request = RelayRequest(dialect=dialect, model=model, body=content, stream=stream)
    return await caller.kernel.relay(request, caller.context(keys, model, kind))


async def test_openais_chat_is_translated(double: tuple[VendorDouble, Caller], keys: dict[str, str]) -> None:
    vendor, caller = double
    vendor.answers(tokens("24.token-1"))
    body = {"model": "ernie-3.5-8k", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 9}
    response = await relayed(caller, keys, "openai.chat", body)
    assert vendor.last.json == {"messages": [{"role": "user", "content": "hello"}], "max_output_tokens": 9}
    assert isinstance(response.body, bytes)
    answer = orjson.loads(response.body)
    assert answer["choices"][0]["message"]["content"] == "hi"
    assert (answer["object"], answer["model"]) == ("chat.completion", "ernie-3.5-8k")
    response = await relayed(caller, keys, "openai.chat", body | {"stream": True, "stream_options": {"include_usage": True}})
    assert response.headers["content-type"] == "text/event-stream"
    assert not isinstance(response.body, bytes)
    streamed = b"".join([piece async for piece in response.body])
    assert b'"content":"h"' in streamed
    assert b'"prompt_tokens":3' in streamed
    assert streamed.rstrip().endswith(b"data: [DONE]")


async def test_anthropics_messages_are_translated(double: tuple[VendorDouble, Caller], keys: dict[str, str]) -> None:
    vendor, caller = double
    vendor.answers(tokens("24.token-1"))
    said = {"messages": [{"role": "user", "content": "hello"}], "system": "Be brief.", "max_tokens": 9}
    body = said | {"model": "ernie-3.5-8k"}
    response = await relayed(caller, keys, "anthropic.messages", body)
    assert vendor.last.json == {"messages": said["messages"], "system": "Be brief.", "max_output_tokens": 9}
    assert isinstance(response.body, bytes)
    answer = orjson.loads(response.body)
    assert (answer["type"], answer["content"], answer["stop_reason"]) == (
        "message",
        [{"type": "text", "text": "hi"}],
        "end_turn",
    )
    response = await relayed(caller, keys, "anthropic.messages", body | {"stream": True})
    assert not isinstance(response.body, bytes)
    streamed = b"".join([piece async for piece in response.body])
    assert b'"text_delta","text":"h"' in streamed
    assert b"event: message_stop" in streamed


async def test_an_unread_stream_can_be_closed(double: tuple[VendorDouble, Caller], keys: dict[str, str]) -> None:
    vendor, caller = double
    vendor.on("POST", "/oauth/2.0/token", TOKEN)
    good = Answer.sse(EVENTS)
    vendor.answers(good.but(hang=good.boundaries[1]))
    body = {"model": "ernie-3.5-8k", "messages": [{"role": "user", "content": "hello"}], "stream": True}
    response = await relayed(caller, keys, "openai.chat", body)
    await response.body.aclose()  # type: ignore[union-attr]
    await vendor.left()


async def test_embeddings_and_rerank_are_translated(double: tuple[VendorDouble, Caller], keys: dict[str, str]) -> None:
    vendor, caller = double
    vendor.on("POST", "/oauth/2.0/token", TOKEN)
    vendor.answers(OpenAIAnswers().embedding_answer([[1.0]], Usage(input_tokens=3)))
    response = await relayed(caller, keys, "openai.embeddings", {"model": "embedding-v1", "input": "a"})
    assert isinstance(response.body, bytes)
    assert orjson.loads(response.body)["data"][0]["embedding"] == [1.0]
    assert vendor.last.json == {"input": ["a"]}
    vendor.answers(Answer.json({"results": [{"index": 0, "relevance_score": 0.5}], "usage": {"total_tokens": 9}}))
    body = {"model": "bce-reranker-base", "query": "q", "documents": ["a"], "return_documents": True}
    response = await relayed(caller, keys, "jina.rerank", body)
    assert isinstance(response.body, bytes)
    assert orjson.loads(response.body)["results"] == [{"index": 0, "relevance_score": 0.5, "document": {"text": "a"}}]


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"model": "x", "messages": []}'])
async def test_what_is_no_body(double: tuple[VendorDouble, Caller], keys: dict[str, str], body: bytes) -> None:
    vendor, caller = double
    with pytest.raises(BadRequest):
        await relayed(caller, keys, "openai.chat", body)
    assert not vendor.requests


# -- errors -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        *((code, "", ServerUnavailable) for code in (1, 2, 336000, 336100)),
        *((code, "", ModelNotFound) for code in (3, 336005)),
        *((code, "", RateLimited) for code in (4, 18, 336501, 336502)),
        *((code, "", PermissionDenied) for code in (6, 336004)),
        *((code, "", CredentialsInvalid) for code in (13, 14, 15, 100)),
        *((code, "", QuotaExceeded) for code in (17, 19)),
        *((code, "", BadRequest) for code in (336001, 336002, 336003, 336101)),
        (336103, "", ContextLengthExceeded),
        (336003, "the max length of current question is 4800", ContextLengthExceeded),
        (4711, "something new", ServerUnavailable),
    ],
)
@pytest.mark.parametrize("mode", ["whole", "stream", "event"])
async def test_errors_in_good_answers(
    double: tuple[VendorDouble, Caller],
    keys: dict[str, str],
    code: int,
    message: str,
    kind: type[JackfieldError],
    mode: str,
) -> None:
    vendor, caller = double
    vendor.on("POST", "/oauth/2.0/token", TOKEN)
    said = {"error_code": code, "error_msg": f"{message} by 24.canary", "id": "as-1"}
    vendor.answers(Answer.sse([EVENTS[0], said]) if mode == "event" else Answer.json(said))
    with pytest.raises(JackfieldError) as caught:
        await chat(caller, hello(stream=mode != "whole"), keys)
    assert (type(caught.value), caught.value.vendor_code, caught.value.request_id) == (kind, str(code), "as-1")
    assert "24.canary" not in repr(caught.value.describe())


async def test_what_is_no_answer(double: tuple[VendorDouble, Caller], keys: dict[str, str]) -> None:
    vendor, caller = double
    vendor.on("POST", "/oauth/2.0/token", TOKEN)
    for answer in (Answer.json({"result": 3}), Answer.json({"id": "as-1", "choices": []}), OpenAIAnswers().llm_answer(Said())):
        vendor.answers(answer)
        with pytest.raises(ServerUnavailable):
            await chat(caller, hello(), keys)
