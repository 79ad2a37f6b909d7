"""What is Replicate's own: which inputs a model is sent, how its prediction is followed, cancelled, and read."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest
from jackfield_replicate import plugin
from jackfield_replicate.schemas import SchemaCache
from jackfield_sdk import (
    BadRequest,
    Blob,
    ContentRefused,
    ContextLengthExceeded,
    CredentialsInvalid,
    ImagePart,
    JackfieldError,
    LLMRequest,
    Message,
    ModelNotFound,
    QuotaExceeded,
    RateLimited,
    ReasoningPart,
    Sampling,
    ServerUnavailable,
    StreamCollector,
    StreamEnd,
    TextPart,
    Timeout,
    Tool,
    ToolResult,
    UnsupportedParameter,
    Usage,
)
from jackfield_sdk.testing import Answer, Caller, VendorDouble

TOKEN = {"api_key": "r8_canaryCanary0123456789"}
VERSION = "7" * 64


def model(*inputs: str, official: bool = True, **typed: dict[str, Any]) -> Answer:
    properties: dict[str, Any] = {name: {} for name in inputs} | typed
    schema = {"components": {"schemas": {"Input": {"properties": properties}}}}
    return Answer.json({"is_official": official, "latest_version": {"id": VERSION, "openapi_schema": schema}})


def prediction(status: str, **members: Any) -> Answer:
    return Answer.json({"id": "p1", "status": status, "urls": {"stream": "https://stream.replicate.com/v1/files/p1"}} | members)


DONE = prediction("succeeded", output=["h", "i"], metrics={"input_token_count": 3, "output_token_count": 2})


def ask(*messages: Message, **members: Any) -> LLMRequest:
    return LLMRequest(model="acme/chat", messages=list(messages) or [Message.user("hello")], **members)


def paths(vendor: VendorDouble) -> list[str]:
    return [f"{request.method} {request.path}" for request in vendor.requests]


async def test_an_official_model_is_run_by_its_name(caller: Caller, vendor: VendorDouble) -> None:
    vendor.answers([prediction("starting"), prediction("processing"), DONE])
    sampling = Sampling(max_tokens=9, temperature=0.5, stop=["a", "b"])
    request = ask(Message.system("Be brief."), Message.user("hello"), sampling=sampling)
    context = caller.context(TOKEN, "acme/chat", timeout=30)
    result = await caller.kernel.invoke_llm(request, context)
    assert (result.text, result.finish_reason, result.id) == ("hi", "stop", "p1")
    assert result.usage == Usage(input_tokens=3, output_tokens=2)
    assert paths(vendor) == [
        "GET /v1/models/acme/chat",
        "POST /v1/models/acme/chat/predictions",
        "GET /v1/predictions/p1",
        "GET /v1/predictions/p1",
    ]
    created = vendor.requests[1]
    assert created.url == "https://api.replicate.com/v1/models/acme/chat/predictions"
    assert created.headers["authorization"] == f"Bearer {TOKEN['api_key']}"
    assert created.headers["cancel-after"] == "30s"
    assert "prefer" not in created.headers
    assert created.json == {
        "input": {
            "prompt": "hello",
            "system_prompt": "Be brief.",
            "max_new_tokens": 9,
            "temperature": 0.5,
            "stop_sequences": "a,b",
        }
    }
    await caller.kernel.invoke_llm(ask(), context)
    assert paths(vendor).count("GET /v1/models/acme/chat") == 1, "the schema is kept"


async def test_an_answer_as_long_as_it_may_be_was_cut(caller: Caller, vendor: VendorDouble) -> None:
    result = await caller.kernel.invoke_llm(ask(sampling=Sampling(max_tokens=2)), caller.context(TOKEN, "acme/chat"))
    assert result.finish_reason == "length"


@pytest.mark.parametrize(
    ("form", "name", "schema_path", "path", "version"),
    [
        ({}, "acme/ours", "/v1/models/acme/ours", "/v1/predictions", VERSION),
        ({"version": "8" * 64}, "acme/ours", f"/v1/models/acme/ours/versions/{'8' * 64}", "/v1/predictions", "8" * 64),
        ({}, f"acme/ours:{'9' * 64}", f"/v1/models/acme/ours/versions/{'9' * 64}", "/v1/predictions", "9" * 64),
        ({"deployment": "acme/fast"}, "acme/ours", "/v1/models/acme/ours", "/v1/deployments/acme/fast/predictions", None),
    ],
)
async def test_others_are_run_by_version_or_deployment(
    caller: Caller, vendor: VendorDouble, form: dict[str, Any], name: str, schema_path: str, path: str, version: str | None
) -> None:
    vendor.on("GET", "/v1/models/acme/ours", model("prompt", official=False))
    schema: dict[str, Any] = {"components": {"schemas": {"Input": {"properties": {"prompt": {}}}}}}
    vendor.on("GET", "/versions/[0-9]+", Answer.json({"id": "x", "openapi_schema": schema}))
    request = LLMRequest(model=name, messages=[Message.user("hello")])
    await caller.kernel.invoke_llm(request, caller.context(TOKEN | form, name))
    assert paths(vendor) == [f"GET {schema_path}", f"POST {path}"]
    assert vendor.last.json.get("version") == version


CONVERSATION = [Message.system("Be brief."), Message.user("a"), Message.assistant("b"), Message.user("c")]


@pytest.mark.parametrize(
    ("inputs", "messages", "sent"),
    [
        (("prompt",), CONVERSATION, {"prompt": "Be brief.\n\nUser: a\n\nAssistant: b\n\nUser: c\n\nAssistant:"}),
        (("prompt", "system_instruction"), CONVERSATION,
         {"prompt": "User: a\n\nAssistant: b\n\nUser: c\n\nAssistant:", "system_instruction": "Be brief."}),
        (("prompt", "messages"), CONVERSATION,
         {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "a"},
                       {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}]}),
        (("prompt", "messages"), [Message.user("a")], {"prompt": "a"}),
        (("prompt", "instructions"), [Message.system("Be brief."), Message.user("a")],
         {"prompt": "a", "instructions": "Be brief."}),
        (("prompt", "system_prompt"), [Message.system("Say a.")], {"prompt": "Say a."}),
        (("prompt",), [Message.user("a"), Message("tool", [ToolResult("1", "sun", is_error=True)])],
         {"prompt": "User: a\n\nTool: Error: sun\n\nAssistant:"}),
    ],
)  # fmt: skip
async def test_a_conversation_by_what_the_model_takes(
    caller: Caller, vendor: VendorDouble, inputs: tuple[str, ...], messages: list[Message], sent: dict[str, Any]
) -> None:
    vendor.on("GET", "/v1/models/acme/chat", model(*inputs))
    await caller.kernel.invoke_llm(ask(*messages), caller.context(TOKEN, "acme/chat"))
    assert vendor.last.json["input"] == sent


@pytest.mark.parametrize(
    ("inputs", "sampling", "sent"),
    [
        (("extended_thinking", "thinking_budget_tokens"), Sampling(reasoning_budget=4096),
         {"extended_thinking": True, "thinking_budget_tokens": 4096}),
        (("extended_thinking", "thinking_budget_tokens"), Sampling(reasoning_effort="low"),
         {"extended_thinking": True, "thinking_budget_tokens": 2048}),
        (("extended_thinking",), Sampling(reasoning_effort="high"), {"extended_thinking": True}),
        (("extended_thinking", "thinking_budget_tokens"), Sampling(reasoning_effort="none"), {"extended_thinking": False}),
        (("extended_thinking", "thinking_budget_tokens"), Sampling(), {}),
        (("thinking_budget",), Sampling(reasoning_budget=4096), {"thinking_budget": 4096}),
        (("reasoning_effort",), Sampling(reasoning_effort="none"), {"reasoning_effort": "none"}),
    ],
)  # fmt: skip
async def test_thinking_by_what_the_model_takes(
    caller: Caller, vendor: VendorDouble, inputs: tuple[str, ...], sampling: Sampling, sent: dict[str, Any]
) -> None:
    """A switch is turned, as a budget alone would have no effect."""
    vendor.on("GET", "/v1/models/acme/chat", model("prompt", *inputs))
    await caller.kernel.invoke_llm(ask(sampling=sampling), caller.context(TOKEN, "acme/chat"))
    assert vendor.last.json["input"] == {"prompt": "hello"} | sent


async def test_images_by_what_the_model_takes(caller: Caller, vendor: VendorDouble) -> None:
    picture = ImagePart(Blob(media_type="image/png", data=b"png"))
    seen = Message("user", [TextPart("what is it?"), picture])
    for schema, sent in (
        (model("prompt", "image"), {"prompt": "what is it?", "image": "data:image/png;base64,cG5n"}),
        (
            model("prompt", image_input={"type": "array"}),
            {"prompt": "what is it?", "image_input": ["data:image/png;base64,cG5n"]},
        ),
    ):
        plugin.schemas = SchemaCache()
        vendor.on("GET", "/v1/models/acme/chat", schema)
        await caller.kernel.invoke_llm(ask(seen), caller.context(TOKEN, "acme/chat"))
        assert vendor.last.json["input"] == sent
    plugin.schemas = SchemaCache()
    vendor.on("GET", "/v1/models/acme/chat", model("prompt", "image"))
    with pytest.raises(UnsupportedParameter, match="one image"):
        await caller.kernel.invoke_llm(ask(Message("user", [picture, picture])), caller.context(TOKEN, "acme/chat"))
    plugin.schemas = SchemaCache()
    vendor.on("GET", "/v1/models/acme/chat", model("prompt"))
    with pytest.raises(UnsupportedParameter, match="images"):
        await caller.kernel.invoke_llm(ask(seen), caller.context(TOKEN, "acme/chat"))


async def test_what_the_model_has_no_input_for(caller: Caller, vendor: VendorDouble) -> None:
    context = caller.context(TOKEN, "acme/chat")
    for param, members in (
        ("seed", {"sampling": Sampling(seed=1)}),
        ("stop", {"sampling": Sampling(stop=["a,b"])}),
        ("tools", {"tools": [Tool("f")]}),
        ("top_a", {"extra": {"top_a": 1}, "dialect": "openai.chat"}),
    ):
        with pytest.raises(UnsupportedParameter) as caught:
            await caller.kernel.invoke_llm(ask(**members), context)
        assert caught.value.param == param
        await caller.kernel.invoke_llm(ask(**members, drop_unsupported=True), context)
        assert param not in vendor.last.json["input"]
    own = {"extra": {"prompt_template": "{prompt}"}, "dialect": "openai.chat"}
    neutral = Sampling(n=1, frequency_penalty=0, logprobs=False)
    await caller.kernel.invoke_llm(ask(sampling=neutral, **own), context)
    assert vendor.last.json["input"] == {"prompt": "hello", "prompt_template": "{prompt}"}


@pytest.mark.parametrize("output", ["hi", ["h", "i"], {"text": "hi"}, {"json_output": {}, "text": "hi"}])
async def test_outputs_that_are_texts(caller: Caller, vendor: VendorDouble, output: Any) -> None:
    vendor.answers(prediction("succeeded", output=output))
    assert (await caller.kernel.invoke_llm(ask(), caller.context(TOKEN, "acme/chat"))).text == "hi"
    vendor.answers(prediction("succeeded", output=[output, 1]))
    with pytest.raises(ServerUnavailable, match="no text"):
        await caller.kernel.invoke_llm(ask(), caller.context(TOKEN, "acme/chat"))


@pytest.mark.parametrize(
    ("status", "said", "error"),
    [
        ("failed", "CUDA out of memory (E1001)", ServerUnavailable),
        (
            "failed",
            "The input or output was flagged as sensitive. Please try again with different inputs. (E005)",
            ContentRefused,
        ),
        ("failed", "This model's maximum context length is 4096 tokens", ContextLengthExceeded),
        ("canceled", None, ServerUnavailable),
        ("aborted", None, Timeout),
    ],
)
async def test_predictions_that_did_not_succeed(
    caller: Caller, vendor: VendorDouble, status: str, said: str | None, error: type[JackfieldError]
) -> None:
    vendor.answers([prediction("starting"), prediction(status, error=said)])
    with pytest.raises(JackfieldError) as caught:
        await caller.kernel.invoke_llm(ask(), caller.context(TOKEN, "acme/chat"))
    assert type(caught.value) is error
    assert (said or status) in (caught.value.vendor_message or "")
    assert not any(request.path.endswith("/cancel") for request in vendor.requests), "it has ended by itself"


@pytest.mark.parametrize(
    ("status", "body", "error", "param"),
    [
        (401, {"title": "Unauthenticated", "detail": "You did not pass a valid authentication token", "status": 401},
         CredentialsInvalid, "api_key"),
        (402, {"title": "Insufficient credit", "detail": "You have insufficient credit to run this model.", "status": 402},
         QuotaExceeded, None),
        (404, {"detail": "The requested resource could not be found.", "status": 404}, ModelNotFound, None),
        (422, {"title": "Invalid version or not permitted", "detail": "The specified version does not exist", "status": 422},
         ModelNotFound, None),
        (422, {"title": "Input validation failed", "detail": "- input.top_p: Must be less than or equal to 1\n", "status": 422,
               "invalid_fields": [{"field": "input.top_p", "description": "Must be …"}]}, BadRequest, "top_p"),
        (429, {"detail": "Request was throttled. Expected available in 1 second."}, RateLimited, None),
        (500, {"detail": "Internal server error"}, ServerUnavailable, None),
    ],
)  # fmt: skip
async def test_the_table_of_errors(
    caller: Caller, vendor: VendorDouble, status: int, body: dict[str, Any], error: type[JackfieldError], param: str | None
) -> None:
    vendor.answers(Answer.json(body, status))
    with pytest.raises(JackfieldError) as caught:
        await caller.kernel.invoke_llm(ask(), caller.context(TOKEN, "acme/chat"))
    assert (type(caught.value), caught.value.param) == (error, param)
    assert body["detail"].strip() in (caught.value.vendor_message or "")


async def stream(caller: Caller, **members: Any) -> StreamCollector:
    collector = StreamCollector()
    request = ask(stream=True, **members)
    async for event in await caller.kernel.stream_llm(request, caller.context(TOKEN, "acme/chat")):
        collector.add(event)
    return collector


async def test_a_stream_of_its_own_events(caller: Caller, vendor: VendorDouble) -> None:
    vendor.on("GET", "/v1/predictions/p1", DONE)
    pieces: list[Any] = [("logs", "loading weights"), ("output", '{"error": '), ("output", "\n\n"), ("output", '"x"}')]
    vendor.answers([prediction("starting"), Answer.sse([*pieces, ("done", "{}")])])
    result = (await stream(caller, sampling=Sampling(max_tokens=2))).result()
    assert (result.text, result.finish_reason) == ('{"error": \n\n"x"}', "length")
    assert result.usage == Usage(input_tokens=3, output_tokens=2)
    followed = vendor.requests[2]
    assert followed.url == "https://stream.replicate.com/v1/files/p1"
    assert followed.headers["accept"] == "text/event-stream"
    assert followed.headers["authorization"] == f"Bearer {TOKEN['api_key']}"
    assert "cancel-after" not in vendor.requests[1].headers, "a stream may last longer than its first piece was waited for"


async def test_a_stream_whose_usage_cannot_be_read_is_whole_all_the_same(caller: Caller, vendor: VendorDouble) -> None:
    vendor.on("GET", "/v1/predictions/p1", Answer.json({"detail": "no"}, 500))
    vendor.answers([prediction("starting"), Answer.sse([("output", "hi"), ("done", "{}")])])
    collector = await stream(caller)
    assert collector.complete
    assert (collector.result().text, collector.usage) == ("hi", Usage())


@pytest.mark.parametrize(
    ("event", "error", "said"),
    [
        (("error", '{"detail": "CUDA out of memory"}'), ServerUnavailable, "CUDA out of memory"),
        (("error", "plain text"), ServerUnavailable, "plain text"),
        (("error", '{"detail": "NSFW content detected"}'), ContentRefused, "NSFW"),
        (("done", '{"reason": "canceled"}'), ServerUnavailable, "canceled"),
        (("done", '{"reason": "error"}'), ServerUnavailable, "error"),
    ],
)
async def test_a_stream_that_ends_otherwise(
    caller: Caller, vendor: VendorDouble, event: tuple[str, str], error: type[JackfieldError], said: str
) -> None:
    vendor.answers([prediction("starting"), Answer.sse([("output", "h"), event])])
    with pytest.raises(JackfieldError) as caught:
        await stream(caller)
    assert type(caught.value) is error
    assert said in (caught.value.vendor_message or "")


async def test_a_model_without_a_stream_answers_in_one_piece(caller: Caller, vendor: VendorDouble) -> None:
    vendor.answers([prediction("starting", urls={}), DONE])
    result = (await stream(caller)).result()
    assert (result.text, result.usage.output_tokens) == ("hi", 2)


async def test_thoughts_are_told_apart(caller: Caller, vendor: VendorDouble) -> None:
    parts = [ReasoningPart("hm"), TextPart("hi")]
    context = caller.context(TOKEN | {"reasoning": True}, "acme/chat")
    vendor.answers(prediction("succeeded", output=["<think>hm</think>", "hi"]))
    assert (await caller.kernel.invoke_llm(ask(), context)).message.parts == parts
    events = Answer.sse([("output", "<thi"), ("output", "nk>hm</think>"), ("output", "hi"), ("done", "{}")])
    for script in ([prediction("starting"), events, DONE], [prediction("succeeded", output="<think>hm</think>hi")]):
        vendor.answers(script)
        collector = StreamCollector()
        async for event in await caller.kernel.stream_llm(ask(stream=True), context):
            collector.add(event)
        assert collector.result().message.parts == parts


async def cancelled(vendor: VendorDouble) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(30):
            while paths(vendor)[-1] != "POST /v1/predictions/p1/cancel":  # noqa: ASYNC110 - nothing tells when
                await asyncio.sleep(0.01)
            return True
    return False


async def test_a_call_that_is_given_up_cancels_its_prediction(caller: Caller, vendor: VendorDouble) -> None:
    vendor.answers([prediction("starting"), Answer(silent=True)])
    task = asyncio.ensure_future(caller.kernel.invoke_llm(ask(), caller.context(TOKEN, "acme/chat")))
    await vendor.received(3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await vendor.left()
    assert await cancelled(vendor)


@pytest.mark.parametrize("pieces_read", [0, 2])
async def test_a_stream_that_is_closed_cancels_its_prediction(caller: Caller, vendor: VendorDouble, pieces_read: int) -> None:
    events = Answer.sse([("output", "a"), ("output", "b"), ("done", "{}")])
    vendor.answers([prediction("starting"), events.but(hang=len(events.body) - 1)])
    opened = await caller.kernel.stream_llm(ask(stream=True), caller.context(TOKEN, "acme/chat"))
    for _ in range(pieces_read):
        await anext(opened)
    await opened.aclose()  # type: ignore[attr-defined]
    await vendor.left()
    assert await cancelled(vendor)


async def test_a_stream_that_has_ended_cancels_nothing(caller: Caller, vendor: VendorDouble) -> None:
    vendor.on("GET", "/v1/predictions/p1", DONE)
    vendor.answers([prediction("starting"), Answer.sse([("output", "a"), ("done", "{}")])])
    opened = await caller.kernel.stream_llm(ask(stream=True), caller.context(TOKEN, "acme/chat"))
    async for event in opened:
        if isinstance(event, StreamEnd):
            break
    await opened.aclose()  # type: ignore[attr-defined]
    await asyncio.sleep(0)
    assert not any(path.endswith("/cancel") for path in paths(vendor))


@pytest.mark.parametrize("body", [{"id": "../x", "status": "starting"}, {"id": "p", "status": "odd"}, {"status": "starting"}])
async def test_what_is_no_prediction(caller: Caller, vendor: VendorDouble, body: dict[str, Any]) -> None:
    vendor.answers(Answer.json(body))
    with pytest.raises(ServerUnavailable, match="no prediction"):
        await caller.kernel.invoke_llm(ask(), caller.context(TOKEN, "acme/chat"))
