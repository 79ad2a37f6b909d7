"""What is Ollama's own: its native requests, line by line answers, abilities read from the server, and its errors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from jackfield_ollama import plugin
from jackfield_sdk import (
    AudioPart,
    BadRequest,
    Blob,
    ContextLengthExceeded,
    CredentialsInvalid,
    EmbeddingRequest,
    Feature,
    ImagePart,
    JackfieldError,
    LLMRequest,
    LLMResult,
    Message,
    ModelNotFound,
    ModelType,
    OutputFormat,
    PermissionDenied,
    RateLimited,
    ReasoningPart,
    RelayRequest,
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
from jackfield_sdk.testing import Answer, Caller, Recorded, VendorDouble, open_caller

SERVER = {"base_url": "http://gpu.acme.example:11434"}
DONE = {"model": "m", "message": {"role": "assistant", "content": "hi"}, "done": True, "done_reason": "stop"}
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}


@pytest.fixture
async def vendor() -> AsyncIterator[VendorDouble]:
    async with VendorDouble() as vendor:
        vendor.answers(Answer.json(DONE))
        yield vendor


@pytest.fixture
async def caller(vendor: VendorDouble) -> AsyncIterator[Caller]:
    async with open_caller(plugin, vendor) as caller:
        yield caller


async def chat(caller: Caller, *messages: Message, form: dict[str, Any] | None = None, **members: Any) -> LLMResult:
    request = LLMRequest(model="m", messages=list(messages) or [Message.user("hello")], **members)
    return await caller.kernel.invoke_llm(request, caller.context(SERVER | (form or {}), "m"))


async def test_a_bare_chat(caller: Caller, vendor: VendorDouble) -> None:
    result = await chat(caller)
    assert result.text == "hi"
    assert vendor.last.url == "http://gpu.acme.example:11434/api/chat"
    assert "authorization" not in vendor.last.headers
    messages = [{"role": "user", "content": "hello"}]
    assert vendor.last.json == {"model": "m", "messages": messages, "stream": False, "truncate": False}


@pytest.mark.parametrize("pasted", ["", "/", "/v1", "/api", "/api/"])
async def test_whichever_address_was_pasted(caller: Caller, vendor: VendorDouble, pasted: str) -> None:
    await chat(caller, form={"base_url": f"http://gpu.acme.example/ollama{pasted}", "api_key": "key-of-a-proxy"})
    assert vendor.last.url == "http://gpu.acme.example/ollama/api/chat"
    assert vendor.last.headers["authorization"] == "Bearer key-of-a-proxy"


async def test_the_form_and_the_parameters_become_options(caller: Caller, vendor: VendorDouble) -> None:
    sampling = Sampling(
        max_tokens=9, temperature=0.5, top_p=0.9, top_k=40, min_p=0.1, frequency_penalty=0.2, presence_penalty=0.3,
        repetition_penalty=1.1, seed=7, stop=["x"], n=1, logit_bias={}, logprobs=True, top_logprobs=2,
    )  # fmt: skip
    await chat(caller, form={"context_size": 8192, "keep_alive": "10m", "cut_history": True}, sampling=sampling)
    body = vendor.last.json
    assert body.pop("messages")
    assert body == {
        "model": "m",
        "stream": False,
        "keep_alive": "10m",
        "logprobs": True,
        "top_logprobs": 2,
        "options": {
            "num_ctx": 8192, "num_predict": 9, "temperature": 0.5, "top_p": 0.9, "top_k": 40, "min_p": 0.1,
            "frequency_penalty": 0.2, "presence_penalty": 0.3, "repeat_penalty": 1.1, "seed": 7, "stop": ["x"],
        },
    }  # fmt: skip
    await chat(caller, form={"keep_alive": "-1"})
    assert vendor.last.json["keep_alive"] == -1


@pytest.mark.parametrize(
    ("sampling", "think"),
    [
        (Sampling(reasoning_effort="none"), False),
        (Sampling(reasoning_effort="minimal"), "low"),
        (Sampling(reasoning_effort="high"), "high"),
        (Sampling(reasoning_effort="xhigh"), "max"),
        (Sampling(reasoning_budget=0), False),
        (Sampling(), None),
    ],
)
async def test_how_hard_to_think(caller: Caller, vendor: VendorDouble, sampling: Sampling, think: bool | str | None) -> None:
    await chat(caller, sampling=sampling)
    assert vendor.last.json.get("think") == think


async def test_a_budget_of_anthropics_clients_turns_thinking_on(caller: Caller, vendor: VendorDouble) -> None:
    asked: dict[str, Any] = {"sampling": Sampling(reasoning_budget=2048), "dialect": "anthropic.messages"}
    await chat(caller, form={"reasoning": True}, **asked)
    assert vendor.last.json["think"] is True
    await chat(caller, **asked)
    assert "think" not in vendor.last.json, "a model that does not think would refuse it"


async def test_what_ollama_cannot_do_is_refused_by_its_name(caller: Caller, vendor: VendorDouble) -> None:
    cases: list[tuple[str, dict[str, Any]]] = [
        ("n", {"sampling": Sampling(n=2)}),
        ("logit_bias", {"sampling": Sampling(logit_bias={"1": 1.0})}),
        ("reasoning_budget", {"sampling": Sampling(reasoning_budget=100)}),
        ("reasoning_effort", {"sampling": Sampling(reasoning_effort="furious")}),
        ("tool_choice", {"tools": [Tool("f")], "tool_choice": ToolChoice("required")}),
        ("parallel_tool_calls", {"tools": [Tool("f")], "tool_choice": ToolChoice(parallel=False)}),
        ("verbosity", {"extra": {"verbosity": "low"}, "dialect": "openai.chat"}),
    ]
    for param, members in cases:
        with pytest.raises(UnsupportedParameter) as caught:
            await chat(caller, **members)
        assert caught.value.param == param
    assert not vendor.requests


async def test_ollamas_own_members_pass(caller: Caller, vendor: VendorDouble) -> None:
    extra = {"options": {"mirostat": 1, "num_ctx": 99}, "keep_alive": 0, "think": True}
    await chat(caller, form={"context_size": 8192}, sampling=Sampling(seed=1), extra=extra, dialect="openai.chat")
    body = vendor.last.json
    assert body["options"] == {"num_ctx": 99, "seed": 1, "mirostat": 1}
    assert (body["keep_alive"], body["think"]) == (0, True)


@pytest.mark.parametrize(
    ("output", "format_"),
    [
        (OutputFormat("text"), None),
        (OutputFormat("json_object"), "json"),
        (OutputFormat("json_schema", SCHEMA, name="a", strict=True), SCHEMA),
    ],
)
async def test_formats(caller: Caller, vendor: VendorDouble, output: OutputFormat, format_: Any) -> None:
    await chat(caller, output=output)
    assert vendor.last.json.get("format") == format_


async def test_a_conversation_with_tools_images_and_thoughts(caller: Caller, vendor: VendorDouble) -> None:
    call = ToolCall("call_1", "weather", '{"city": "Oslo"}')
    await chat(
        caller,
        Message.system("Be brief."),
        Message("user", [TextPart("look:"), ImagePart(Blob(media_type="image/png", data=b"png")), TextPart("well?")]),
        Message("assistant", [ReasoningPart("hm"), TextPart("I ask."), call]),
        Message("tool", [ToolResult("call_1", "sun"), ToolResult("call_2", [TextPart("rain")], name="other", is_error=True)]),
        tools=[Tool("weather", "Tells it.", {"type": "object", "properties": {"city": {"type": "string"}}})],
    )
    body = vendor.last.json
    assert body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "look:\nwell?", "images": ["cG5n"]},
        {
            "role": "assistant",
            "content": "I ask.",
            "thinking": "hm",
            "tool_calls": [{"id": "call_1", "function": {"name": "weather", "arguments": {"city": "Oslo"}}}],
        },
        {"role": "tool", "content": "sun", "tool_name": "weather", "tool_call_id": "call_1"},
        {"role": "tool", "content": "Error: rain", "tool_name": "other", "tool_call_id": "call_2"},
    ]
    parameters = {"type": "object", "properties": {"city": {"type": "string"}}}
    function = {"name": "weather", "description": "Tells it.", "parameters": parameters}
    assert body["tools"] == [{"type": "function", "function": function}]
    await chat(caller, tools=[Tool("f")], tool_choice=ToolChoice("none"))
    assert "tools" not in vendor.last.json
    await chat(caller, Message("user", [AudioPart(Blob(media_type="audio/wav", data=b"wav"))]))
    assert vendor.last.json["messages"] == [{"role": "user", "content": "", "images": ["d2F2"]}]


@pytest.mark.parametrize(
    "message",
    [
        Message("user", [ImagePart(Blob(url="https://acme.example/a.png"))]),
        Message("assistant", [ToolCall("1", "f", "not JSON")]),
        Message("assistant", [ToolCall("1", "f", "[1]")]),
        Message("tool", [ToolResult("1", [ImagePart(Blob(data=b"png"))])]),
    ],
)
async def test_messages_that_ollama_has_no_form_for(caller: Caller, vendor: VendorDouble, message: Message) -> None:
    with pytest.raises(BadRequest) as caught:
        await chat(caller, message)
    assert caught.value.param == "messages"
    assert not vendor.requests


async def test_a_completion_goes_to_generate(caller: Caller, vendor: VendorDouble) -> None:
    lines = [{"model": "m", "response": "Once", "done": False}, {"model": "m", "response": "", "done": True, "eval_count": 1}]
    vendor.answers(Answer.ndjson(lines))
    request = LLMRequest(model="m", messages=[Message.user("Tell")], completion=True, stream=True)
    collector = StreamCollector()
    async for event in await caller.kernel.stream_llm(request, caller.context(SERVER | {"completion": True}, "m")):
        collector.add(event)
    assert (collector.result().text, collector.usage) == ("Once", Usage(output_tokens=1))
    assert vendor.last.path == "/api/generate"
    assert vendor.last.json == {"model": "m", "prompt": "Tell", "stream": True, "truncate": False}
    with pytest.raises(BadRequest):
        await chat(caller, Message.system("a"), Message.user("b"), completion=True)


async def test_logprobs_are_as_openais_clients_read_them(caller: Caller, vendor: VendorDouble) -> None:
    token = {"token": "hi", "logprob": -0.1, "bytes": [104, 105], "top_logprobs": []}
    vendor.answers(Answer.json(DONE | {"logprobs": [token]}))
    result = await chat(caller, sampling=Sampling(logprobs=True))
    assert result.logprobs == {"content": [token], "refusal": None}


async def test_calls_without_an_id_get_one(caller: Caller, vendor: VendorDouble) -> None:
    calls = [{"function": {"name": "f", "arguments": {"a": 1}}}, {"function": {"name": "f", "arguments": {"a": 2}}}]
    vendor.answers(Answer.json(DONE | {"message": {"role": "assistant", "content": "", "tool_calls": calls}}))
    result = await chat(caller)
    assert [orjson.loads(call.arguments) for call in result.tool_calls] == [{"a": 1}, {"a": 2}]
    assert len({call.id for call in result.tool_calls}) == 2
    assert result.finish_reason == "tool_calls"
    broken_ones: tuple[Any, ...] = ("f", [{}], [{"function": {"name": 1}}])
    for broken in broken_ones:
        vendor.answers(Answer.json(DONE | {"message": {"role": "assistant", "content": "", "tool_calls": broken}}))
        with pytest.raises(ServerUnavailable):
            await chat(caller)


@pytest.mark.parametrize(
    ("status", "message", "error", "param"),
    [
        (404, "model 'm' not found", ModelNotFound, "model"),
        (400, '"m" does not support thinking', UnsupportedParameter, "reasoning_effort"),
        (400, "registry.ollama.ai/library/m:latest does not support tools", UnsupportedParameter, "tools"),
        (400, '"m" does not support chat', BadRequest, "model"),
        (400, "the input length exceeds the context length", ContextLengthExceeded, None),
        (400, "the prompt is longer than the context length currently available to the model; shorten the prompt",
         ContextLengthExceeded, None),
        (500, "the request exceeds the available context size", ContextLengthExceeded, None),
        (401, "unauthorized", CredentialsInvalid, "api_key"),
        (403, "ollama cloud is disabled: remote inference is unavailable", PermissionDenied, None),
        (429, "you have reached your hourly usage limit", RateLimited, None),
        (503, "server busy, please try again.  maximum pending requests exceeded", RateLimited, None),
        (499, "request canceled", ServerUnavailable, None),
        (500, "model requires more system memory (8.0 GiB) than is available (4.0 GiB)", ServerUnavailable, None),
    ],
)  # fmt: skip
async def test_the_table_of_errors(
    caller: Caller, vendor: VendorDouble, status: int, message: str, error: type[JackfieldError], param: str | None
) -> None:
    vendor.answers(Answer.json({"error": message}, status))
    with pytest.raises(JackfieldError) as caught:
        await chat(caller)
    assert (type(caught.value), caught.value.param, caught.value.vendor_message) == (error, param, message)


async def test_an_error_within_a_stream(caller: Caller, vendor: VendorDouble) -> None:
    begun = {"model": "m", "message": {"role": "assistant", "content": "h"}, "done": False}
    vendor.answers(Answer.ndjson([begun, {"error": "an error was encountered while running the model"}]))
    request = LLMRequest(model="m", messages=[Message.user("hello")], stream=True)
    with pytest.raises(ServerUnavailable) as caught:
        async for _ in await caller.kernel.stream_llm(request, caller.context(SERVER, "m")):
            pass
    assert caught.value.vendor_message == "an error was encountered while running the model"


async def test_embeddings(caller: Caller, vendor: VendorDouble) -> None:
    vendor.answers(Answer.json({"model": "m", "embeddings": [[1.0, 2.0]], "prompt_eval_count": 3}))
    context = caller.context(SERVER | {"context_size": 512, "keep_alive": "0"}, "m", ModelType.TEXT_EMBEDDING)
    request = EmbeddingRequest(model="m", inputs=["a"], dimensions=2, truncate=False, user="someone")
    result = await caller.kernel.invoke_text_embedding(request, context)
    assert (result.embeddings, result.usage) == ([[1.0, 2.0]], Usage(input_tokens=3))
    assert vendor.last.url == "http://gpu.acme.example:11434/api/embed"
    options = {"num_ctx": 512}
    expected = {"model": "m", "input": ["a"], "dimensions": 2, "truncate": False, "options": options, "keep_alive": 0}
    assert vendor.last.json == expected
    with pytest.raises(UnsupportedParameter, match="token ids"):
        await caller.kernel.invoke_text_embedding(EmbeddingRequest(model="m", inputs=[[1, 2]]), context)


@pytest.mark.parametrize(
    ("dialect", "kind", "path"),
    [
        ("openai.chat", ModelType.LLM, "/v1/chat/completions"),
        ("openai.completions", ModelType.LLM, "/v1/completions"),
        ("openai.embeddings", ModelType.TEXT_EMBEDDING, "/v1/embeddings"),
    ],
)
async def test_relay_to_the_openai_surface(
    caller: Caller, vendor: VendorDouble, dialect: str, kind: ModelType, path: str
) -> None:
    body = b'{"model":"m","new":1}'
    await caller.kernel.relay(RelayRequest(dialect=dialect, model="m", body=body), caller.context(SERVER, "m", kind))
    assert (vendor.last.path, vendor.last.body) == (path, body)
    described = caller.kernel.describe_model("ollama", "m", kind, SERVER)
    assert dialect in (described.dialects or ())
    for own in ({"context_size": 8192}, {"keep_alive": "10m"}):
        assert caller.kernel.describe_model("ollama", "m", kind, SERVER | own).dialects == ()


async def test_what_the_server_has(caller: Caller, vendor: VendorDouble) -> None:
    shown = {
        "qwen3:8b": {
            "capabilities": ["completion", "tools", "thinking", "vision"],
            "model_info": {"general.architecture": "qwen3", "qwen3.context_length": 40960, "qwen3.embedding_length": 4096},
        },
        "bge-m3:latest": {
            "capabilities": ["embedding"],
            "model_info": {"general.architecture": "bert", "bert.context_length": 8192, "bert.embedding_length": 1024},
        },
        "old-chat": {"model_info": {}},
        "nomic-embed-text": {},
        "flux": {"capabilities": ["image"]},
    }

    def show(request: Recorded) -> Answer:
        return Answer.json(shown[request.json["model"]])

    vendor.on("POST", "/api/show", show)
    vendor.answers(Answer.json({"models": [{"name": name, "model": name} for name in shown] + [{"name": 3}]}))
    models = await caller.kernel.list_models(caller.context(SERVER))
    assert [(model.id, model.type.value, model.context_window, model.dimensions) for model in models] == [
        ("qwen3:8b", "llm", 40960, None),
        ("bge-m3:latest", "text_embedding", 8192, 1024),
        ("old-chat", "llm", None, None),
        ("nomic-embed-text", "text_embedding", None, None),
    ]
    assert models[0].features == {
        Feature.STREAMING, Feature.STRUCTURED_OUTPUT, Feature.TOOLS, Feature.PARALLEL_TOOLS, Feature.REASONING, Feature.VISION
    }  # fmt: skip
    assert models[2].features == {Feature.STREAMING, Feature.STRUCTURED_OUTPUT}


async def validate(caller: Caller, kind: ModelType = ModelType.LLM, **form: Any) -> None:
    await caller.kernel.validate_model_credentials("m", kind, caller.context(SERVER | form))


async def test_a_model_is_proved_by_what_the_server_shows(caller: Caller, vendor: VendorDouble) -> None:
    vendor.answers(Answer.json({"capabilities": ["completion"]}))
    await validate(caller)
    assert [(request.path, request.json) for request in vendor.requests] == [("/api/show", {"model": "m"})]
    with pytest.raises(ModelNotFound, match="is of type llm"):
        await validate(caller, ModelType.TEXT_EMBEDDING)
    vendor.answers(Answer.json({"error": "model 'm' not found"}, 404))
    with pytest.raises(ModelNotFound) as missing:
        await validate(caller)
    assert "ollama pull m" in missing.value.advice
    vendor.answers(Answer.json({"error": "unauthorized"}, 401))
    with pytest.raises(CredentialsInvalid) as refused:
        await validate(caller, api_key="wrong-key-of-somebody")
    assert refused.value.param == "api_key"
    for elsewhere in (Answer.content("404 page not found", status=404), Answer.content("<html>Sign in</html>", "text/html")):
        vendor.answers(elsewhere)
        with pytest.raises(CredentialsInvalid, match="no Ollama server") as wrong:
            await validate(caller)
        assert wrong.value.param == "base_url"
    await vendor.stop()
    with pytest.raises(CredentialsInvalid) as unreachable:
        await validate(caller)
    assert unreachable.value.param == "base_url"


async def test_in_the_cloud_the_key_is_tried_as_well(caller: Caller, vendor: VendorDouble) -> None:
    vendor.on("POST", "/api/show", Answer.json({"capabilities": ["completion"]}))
    vendor.answers(Answer.json({"error": "unauthorized"}, 401))
    with pytest.raises(CredentialsInvalid) as caught:
        await validate(caller, base_url="https://ollama.com", api_key="wrong-key-of-somebody")
    assert caught.value.param == "api_key"
    assert vendor.last.url == "https://ollama.com/api/chat"
    assert vendor.last.json["options"] == {"num_predict": 1}


async def test_the_description_by_the_form(caller: Caller) -> None:
    form = SERVER | {"context_size": 8192, "max_output_tokens": 512, "tools": True, "completion": True}
    model = caller.kernel.describe_model("ollama", "m", ModelType.LLM, form)
    assert (model.context_window, model.max_output_tokens) == (8192, 512)
    features = {Feature.STREAMING, Feature.STRUCTURED_OUTPUT, Feature.TOOLS, Feature.PARALLEL_TOOLS, Feature.COMPLETION}
    assert model.features == features
