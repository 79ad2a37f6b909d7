"""The spark plugin by HTTP: the kit in Spark's own words, and what is particular to it."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from jackfield_sdk import (
    BadRequest,
    CallContext,
    ContentRefused,
    ContextLengthExceeded,
    CredentialsInvalid,
    JackfieldError,
    LLMRequest,
    Message,
    ModelNotFound,
    OutputFormat,
    PermissionDenied,
    QuotaExceeded,
    RateLimited,
    ReasoningPart,
    Sampling,
    ServerUnavailable,
    TextPart,
    Tool,
    ToolCall,
    UnsupportedParameter,
    Usage,
)
from jackfield_sdk.testing import (
    Answer,
    Caller,
    LLMConformance,
    ProviderConformance,
    Said,
    Vendor,
    VendorDouble,
)
from jackfield_spark import plugin

HEAD = {"code": 0, "message": "Success", "sid": "cha000b0003@dx1905cd86d6bb86d552"}


class Spark(Vendor):
    plugin: ClassVar[object] = plugin

    def credentials(self) -> dict[str, Any]:
        return {"protocol": "http", "api_password": self.secret}

    def error(self, status: int, message: str = "something is wrong", headers: dict[str, str] | None = None) -> Answer:
        error = {"message": message, "type": "api_error", "param": None, "code": None}
        return Answer.json({"error": error}, status, headers)

    def usage(self, said: Said) -> dict[str, int]:
        used = said.usage
        return {
            "prompt_tokens": used.input_tokens,
            "completion_tokens": used.output_tokens,
            "total_tokens": used.total_tokens,
        }

    def llm_answer(self, said: Said) -> Answer:
        message: dict[str, Any] = {"role": "assistant", "content": said.text}
        if said.reasoning:
            message["reasoning_content"] = "".join(said.reasoning)
        if said.tool_calls:
            message["tool_calls"] = [self.call(call, call.arguments) for call in said.tool_calls]
        return Answer.json(HEAD | {"choices": [{"message": message, "index": 0}], "usage": self.usage(said)})

    def llm_stream(self, said: Said) -> Answer:
        deltas: list[dict[str, Any]] = [{"role": "assistant", "reasoning_content": piece} for piece in said.reasoning]
        deltas += [{"role": "assistant", "content": piece} for piece in said.pieces]
        for call in said.tool_calls:
            deltas.append({"tool_calls": [{"index": 0, **self.call(call, "")}]})
            deltas += [{"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in said.fragments(call)]
        chunks = [HEAD | {"id": HEAD["sid"], "choices": [{"delta": delta, "index": 0}]} for delta in deltas]
        end = {"choices": [{"delta": {"role": "assistant", "content": ""}, "index": 0}], "usage": self.usage(said)}
        return Answer.sse([*chunks, HEAD | {"id": HEAD["sid"]} | end], done="[DONE]")

    def call(self, call: ToolCall, arguments: str) -> dict[str, Any]:
        return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


class TestChat(Spark, LLMConformance):
    model = "4.0Ultra"
    finish_reasons = ("stop",)  # it tells none


class TestProvider(Spark, ProviderConformance):
    def validation_answer(self) -> Answer:
        return self.llm_answer(Said())


# -- what is sent ----------------------------------------------------------------------------------------------------------

KEY = {"protocol": "http", "api_password": "password-canary-0123456789"}
HI = Spark().llm_answer(Said(pieces=("hi",)))
TOOL = Tool("add", "Adds.", {"type": "object", "properties": {"a": {"type": "integer"}}})


def of(caller: Caller, model: str = "4.0Ultra", **values: Any) -> CallContext:
    return caller.context(KEY | values, model)


def chat(model: str = "4.0Ultra", **members: Any) -> LLMRequest:
    members.setdefault("messages", [Message.user("Hello")])
    return LLMRequest(model=model, **members)


@pytest.mark.parametrize(
    ("model", "name", "url"),
    [
        ("lite", "lite", "https://spark-api-open.xf-yun.com/v1/chat/completions"),
        ("4.0Ultra", "4.0Ultra", "https://spark-api-open.xf-yun.com/v1/chat/completions"),
        ("spark-x", "spark-x", "https://spark-api-open.xf-yun.com/x2/chat/completions"),
        ("spark-x1.5", "spark-x", "https://spark-api-open.xf-yun.com/v2/chat/completions"),
    ],
)
async def test_each_model_has_its_address(caller: Caller, vendor: VendorDouble, model: str, name: str, url: str) -> None:
    vendor.answers(HI)
    result = await caller.kernel.invoke_llm(chat(model), of(caller, model))
    assert (result.text, result.id, result.extra) == ("hi", HEAD["sid"], {})
    assert vendor.last.url == url
    assert vendor.last.headers["authorization"] == f"Bearer {KEY['api_password']}"
    assert vendor.last.json == {"model": name, "messages": [{"role": "user", "content": "Hello"}]}


async def test_a_proxy_may_end_in_the_version(caller: Caller, vendor: VendorDouble) -> None:
    vendor.answers(HI)
    await caller.kernel.invoke_llm(chat(), of(caller, base_url="https://proxy.acme.example/spark/v1/"))
    assert vendor.last.url == "https://proxy.acme.example/spark/v1/chat/completions"


@pytest.mark.parametrize(
    ("effort", "kind"),
    [("none", "disabled"), ("auto", "auto"), ("low", "enabled"), ("high", "enabled")],
)
async def test_thinking_in_the_vendors_words(caller: Caller, vendor: VendorDouble, effort: str, kind: str) -> None:
    vendor.answers(Spark().llm_answer(Said(reasoning=("hm",), pieces=("4",))))
    said = [Message.user("2+2?"), Message("assistant", [ReasoningPart("hm"), TextPart("4")]), Message.user("Sure?")]
    request = chat("spark-x", messages=said, sampling=Sampling(reasoning_effort=effort, temperature=1.2))
    result = await caller.kernel.invoke_llm(request, of(caller, "spark-x"))
    assert result.message.parts == [ReasoningPart("hm"), TextPart("4")]
    assert vendor.last.json == {
        "model": "spark-x",
        "messages": [
            {"role": "user", "content": "2+2?"},
            {"role": "assistant", "content": "4"},
            {"role": "user", "content": "Sure?"},
        ],
        "temperature": 1.2,
        "thinking": {"type": kind},
    }


async def test_a_stream_of_thoughts(caller: Caller, vendor: VendorDouble) -> None:
    vendor.answers(Spark().llm_stream(Said(reasoning=("h", "m"), pieces=("4",))))
    result = await TestChat().chat(caller, chat("spark-x", stream=True), "stream", of(caller, "spark-x"))
    assert result.message.parts == [ReasoningPart("hm"), TextPart("4")]


@pytest.mark.parametrize("mode", ["whole", "stream"])
async def test_a_tool_call_that_stands_alone(caller: Caller, vendor: VendorDouble, mode: str) -> None:
    call = {"id": "", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}
    name = "message" if mode == "whole" else "delta"
    said = {name: {"role": "assistant", "content": "", "tool_calls": call}, "index": 0}
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    body = HEAD | {"choices": [said], "usage": usage}
    vendor.answers(Answer.json(body) if mode == "whole" else Answer.sse([body], done="[DONE]"))
    result = await TestChat().chat(caller, chat(tools=[TOOL], stream=mode == "stream"), mode, of(caller))
    assert [(one.name, one.arguments) for one in result.tool_calls] == [("add", '{"a": 1}')]
    assert all(one.id for one in result.tool_calls)
    assert (result.finish_reason, result.usage) == ("tool_calls", Usage(input_tokens=3, output_tokens=2))
    assert vendor.last.json["tool_calls_switch"] is True


async def test_system_messages_of_models_that_know_none(caller: Caller, vendor: VendorDouble) -> None:
    messages = [Message.system("Be brief."), Message.user("Hello")]
    with pytest.raises(UnsupportedParameter) as caught:
        await caller.kernel.invoke_llm(chat("lite", messages=messages), of(caller, "lite"))
    assert caught.value.param == "messages"
    assert not vendor.requests
    vendor.answers(HI)
    await caller.kernel.invoke_llm(chat("lite", messages=messages, drop_unsupported=True), of(caller, "lite"))
    assert vendor.last.json["messages"] == [{"role": "user", "content": "Be brief.\n\nHello"}]
    await caller.kernel.invoke_llm(chat(messages=messages), of(caller))
    assert vendor.last.json["messages"][0] == {"role": "system", "content": "Be brief."}
    with pytest.raises(BadRequest):
        alone = chat("lite", messages=[Message.system("Be brief.")], drop_unsupported=True)
        await caller.kernel.invoke_llm(alone, of(caller, "lite"))


async def test_what_the_models_take(caller: Caller, vendor: VendorDouble) -> None:
    vendor.answers(HI)
    sampling = Sampling(max_tokens=8192, temperature=0.5, top_k=4, presence_penalty=1, frequency_penalty=1)
    await caller.kernel.invoke_llm(chat(sampling=sampling, output=OutputFormat("json_object"), user="u"), of(caller))
    assert vendor.last.json == {
        "model": "4.0Ultra",
        "messages": [{"role": "user", "content": "Hello"}],
        "max_tokens": 8192,
        "temperature": 0.5,
        "top_k": 4,
        "presence_penalty": 1,
        "frequency_penalty": 1,
        "response_format": {"type": "json_object"},
        "user": "u",
    }
    for wrong in ({"max_tokens": 4097}, {"top_k": 7}, {"temperature": 1.5}, {"stop": ["x"]}, {"reasoning_effort": "low"}):
        with pytest.raises(BadRequest) as caught:
            await caller.kernel.invoke_llm(chat("lite", sampling=Sampling(**wrong)), of(caller, "lite"))
        assert caught.value.param in wrong


async def test_what_would_pass_unheeded(caller: Caller, vendor: VendorDouble) -> None:
    schema = OutputFormat("json_schema", {"type": "object"})
    for members, param in (({"output": schema}, "response_format"), ({"tools": [Tool("f", strict=True)]}, "strict")):
        with pytest.raises(UnsupportedParameter) as caught:
            await caller.kernel.invoke_llm(chat(**members), of(caller))
        assert caught.value.param == param
    assert not vendor.requests
    vendor.answers(HI)
    await caller.kernel.invoke_llm(chat(output=schema, drop_unsupported=True), of(caller))
    assert vendor.last.json["response_format"] == {"type": "json_object"}


# -- errors ----------------------------------------------------------------------------------------------------------------

CODES = [
    (10007, RateLimited),
    (10013, ContentRefused),
    (10014, ContentRefused),
    (10019, ContentRefused),
    (10404, ModelNotFound),
    (10907, ContextLengthExceeded),
    (11200, PermissionDenied),
    (11201, QuotaExceeded),
    (11202, RateLimited),
    (11203, RateLimited),
    (10110, ServerUnavailable),
]


@pytest.mark.parametrize(("code", "kind"), CODES)
async def test_codes_wherever_they_stand(caller: Caller, vendor: VendorDouble, code: int, kind: type[JackfieldError]) -> None:
    inside = {"code": code, "message": "it went wrong", "sid": "cha1"}
    with_status = {"error": {"message": "it went wrong", "type": "api_error", "code": str(code)}}
    for answer in (Answer.json(inside), Answer.json(with_status, 500), Answer.json(inside, 400), Answer.sse([inside])):
        vendor.answers(answer)
        with pytest.raises(JackfieldError) as caught:
            await caller.kernel.stream_llm(chat(stream=True), of(caller))
        failure = caught.value
        assert type(failure) is kind or (code == 10110 and answer.status == 400)
        assert (failure.vendor_code, failure.vendor_message) == (str(code), "it went wrong")
        assert failure.request_id == ("cha1" if answer.status != 500 else None)


async def test_an_error_in_mid_stream(caller: Caller, vendor: VendorDouble) -> None:
    good = Spark().llm_stream(Said()).pieces[:2]
    bad = Answer.sse([{"code": 10014, "message": "sensitive", "sid": "cha1"}])
    vendor.answers(bad.but(pieces=(*good, *bad.pieces)))
    stream = await caller.kernel.stream_llm(chat(stream=True), of(caller))
    with pytest.raises(ContentRefused):
        async for _ in stream:
            pass


async def test_a_password_is_proved_with_the_free_model(caller: Caller, vendor: VendorDouble) -> None:
    vendor.answers(HI)
    await caller.kernel.validate_provider_credentials(caller.context(KEY))
    assert vendor.last.json == {"model": "lite", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 1}
    vendor.answers(Answer.json({"error": {"message": "AppIdNoAuthError", "code": "11200"}}, 403))
    await caller.kernel.validate_provider_credentials(caller.context(KEY))  # it is known, but not for this model
    vendor.answers(Answer.json({"error": {"message": "invalid user", "type": "api_error", "code": None}}, 400))
    with pytest.raises(CredentialsInvalid) as caught:
        await caller.kernel.validate_provider_credentials(caller.context(KEY))
    assert caught.value.param == "api_password"


def test_the_form_asks_for_one_way_or_the_other() -> None:
    (described,) = plugin.jackfield_providers()
    form = described.provider_form
    assert form is not None
    assert form.check({"api_password": "secret"}) == {"protocol": "http", "api_password": "secret"}
    three = {"app_id": "a1b2c3d4", "api_key": "key", "api_secret": "secret"}
    assert form.check({"protocol": "websocket", **three}) == {"protocol": "websocket", **three}
    for missing in (*three, "api_password"):
        values = {"protocol": "websocket", **three} if missing in three else {"api_password": ""}
        values.pop(missing, None)
        with pytest.raises(CredentialsInvalid) as caught:
            form.check(values)
        assert missing in caught.value.problems
