"""The spark plugin by its websocket, against a real one on loopback that checks the signature as iFlytek does."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import orjson
import pytest
from aiohttp import web
from jackfield_sdk import (
    BadRequest,
    Blob,
    CallContext,
    ConnectionFailed,
    ContentRefused,
    ContextLengthExceeded,
    CredentialsInvalid,
    ImagePart,
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
    StreamCollector,
    TextDelta,
    TextPart,
    Timeout,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    UnsupportedParameter,
    Usage,
)
from jackfield_sdk.testing import Caller, Clock, VendorDouble, open_caller
from jackfield_spark import plugin
from jackfield_spark.signature import signed

KEY, SECRET = "key-canary-0123456789", "secret-canary-0123456789"
Play = Callable[[web.WebSocketResponse], Awaitable[None]]
TOOL = Tool("add", "Adds.", {"type": "object", "properties": {"a": {"type": "integer"}}})


class IFlytek:
    """The vendor's websocket: verifies who asks, keeps what is asked, plays what the test says."""

    def __init__(self) -> None:
        self.url = ""
        self.paths: list[str] = []
        self.asked: list[dict[str, Any]] = []
        self.came = asyncio.Event()
        self.left = asyncio.Event()
        self.play: Play = answers("Hello", ", ", "world")
        self.refusal: int | None = None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if self.refusal is not None:
            return web.json_response({"message": "no"}, status=self.refusal)
        if (status := verify(request)) is not None:
            return web.json_response({"message": "HMAC signature does not match"}, status=status)
        self.paths.append(request.path)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.asked.append(await socket.receive_json())
        self.came.set()
        try:
            await self.play(socket)
        finally:
            self.left.set()
        return socket


def verify(request: web.Request) -> int | None:
    """As https://www.xfyun.cn/doc/spark/general_url_authentication.html has it; the status of a refusal."""
    found = re.fullmatch(
        r'api_key="([^"]+)", algorithm="hmac-sha256", headers="host date request-line", signature="([^"]+)"',
        base64.b64decode(request.query["authorization"]).decode(),
    )
    date = request.query["date"]
    if abs(datetime.now(UTC) - parsedate_to_datetime(date)) > timedelta(minutes=5):
        return 403
    origin = f"host: {request.headers['host']}\ndate: {date}\nGET {request.path} HTTP/1.1"
    proof = base64.b64encode(hmac.new(SECRET.encode(), origin.encode(), hashlib.sha256).digest()).decode()
    known = found is not None and found[1] == KEY and hmac.compare_digest(found[2], proof)
    return None if known and request.query["host"] == request.headers["host"] else 401


def message(status: int, *items: dict[str, Any], code: int = 0, usage: dict[str, int] | None = None) -> dict[str, Any]:
    header = {"code": code, "message": "Success" if code == 0 else "it went wrong", "sid": "cht000cb087", "status": status}
    texts = [{"role": "assistant", "index": 0, **item} for item in items]
    payload: dict[str, Any] = {"choices": {"status": status, "seq": 0, "text": texts}}
    return {"header": header, "payload": payload | ({"usage": {"text": usage}} if usage else {})}


USED = {"question_tokens": 4, "prompt_tokens": 5, "completion_tokens": 9, "total_tokens": 14}


def plays(*messages: dict[str, Any] | str | bytes) -> Play:
    async def play(socket: web.WebSocketResponse) -> None:
        for one in messages:
            match one:
                case bytes():
                    await socket.send_bytes(one)
                case str():
                    await socket.send_str(one)
                case _:
                    await socket.send_json(one)
        await socket.close()

    return play


def answers(*pieces: str, **more: Any) -> Play:
    first = [message(0 if index == 0 else 1, {"content": piece}) for index, piece in enumerate(pieces)]
    return plays(*first, message(2, {"content": "", **more}, usage=USED))


@pytest.fixture
async def iflytek() -> AsyncIterator[IFlytek]:
    vendor = IFlytek()
    app = web.Application()
    app.router.add_get("/{path:.*}", vendor.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    vendor.url = f"http://{host}:{port}"
    yield vendor
    await runner.cleanup()


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    """Whose websockets go where they are sent; the double, which is not there, would only hear HTTP."""
    async with open_caller(plugin, VendorDouble()) as caller:
        yield caller


def of(caller: Caller, iflytek: IFlytek, model: str = "4.0Ultra", timeout: float = 10, **values: Any) -> CallContext:
    credentials = {"protocol": "websocket", "app_id": "a1b2c3d4", "api_key": KEY, "api_secret": SECRET}
    return caller.context(
        credentials | {"base_url": iflytek.url} | values, model or None, timeout=timeout, idle_timeout=timeout
    )


def chat(model: str = "4.0Ultra", **members: Any) -> LLMRequest:
    members.setdefault("messages", [Message.user("Hello")])
    return LLMRequest(model=model, **members)


@pytest.mark.parametrize("mode", ["whole", "stream"])
async def test_an_answer(caller: Caller, iflytek: IFlytek, mode: str) -> None:
    sampling = Sampling(max_tokens=64, temperature=0.5, top_k=4)
    said = [Message.system("Be brief."), Message.user("Hi"), Message.assistant("Hello"), Message.user("Again")]
    request = chat(messages=said, sampling=sampling, user="u" * 40, stream=mode == "stream")
    context = of(caller, iflytek)
    if mode == "whole":
        result = await caller.kernel.invoke_llm(request, context)
    else:
        collector = StreamCollector()
        async for event in await caller.kernel.stream_llm(request, context):
            collector.add(event)
        result = collector.result()
    assert (result.text, result.finish_reason, result.id) == ("Hello, world", "stop", "cht000cb087")
    assert result.usage == Usage(input_tokens=5, output_tokens=9)
    assert iflytek.paths == ["/v4.0/chat"]
    assert iflytek.asked == [
        {
            "header": {"app_id": "a1b2c3d4", "uid": "u" * 32},
            "parameter": {"chat": {"domain": "4.0Ultra", "max_tokens": 64, "temperature": 0.5, "top_k": 4}},
            "payload": {
                "message": {
                    "text": [
                        {"role": "system", "content": "Be brief."},
                        {"role": "user", "content": "Hi"},
                        {"role": "assistant", "content": "Hello"},
                        {"role": "user", "content": "Again"},
                    ]
                }
            },
        }
    ]


@pytest.mark.parametrize(
    ("model", "domain", "path"),
    [
        ("lite", "lite", "/v1.1/chat"),
        ("generalv3", "generalv3", "/v3.1/chat"),
        ("pro-128k", "pro-128k", "/chat/pro-128k"),
        ("generalv3.5", "generalv3.5", "/v3.5/chat"),
        ("max-32k", "max-32k", "/chat/max-32k"),
        ("spark-x", "spark-x", "/x2"),
        ("spark-x1.5", "spark-x", "/v1/x1"),
    ],
)
async def test_each_model_has_its_address(caller: Caller, iflytek: IFlytek, model: str, domain: str, path: str) -> None:
    await caller.kernel.invoke_llm(chat(model), of(caller, iflytek, model))
    assert iflytek.paths == [path]
    assert iflytek.asked[0]["parameter"] == {"chat": {"domain": domain}}


def test_the_addresses_are_iflyteks_own() -> None:
    url = urlsplit(signed("wss://spark-api.xf-yun.com/v4.0/chat", "k", "s", datetime(2023, 5, 5, 10, 43, 39, tzinfo=UTC)))
    query = dict(parse_qsl(url.query))
    assert (url.netloc, url.path, query["host"]) == ("spark-api.xf-yun.com", "/v4.0/chat", "spark-api.xf-yun.com")
    assert query["date"] == "Fri, 05 May 2023 10:43:39 GMT"
    origin = b"host: spark-api.xf-yun.com\ndate: Fri, 05 May 2023 10:43:39 GMT\nGET /v4.0/chat HTTP/1.1"
    proof = base64.b64encode(hmac.new(b"s", origin, hashlib.sha256).digest()).decode()
    assert base64.b64decode(query["authorization"]).decode().endswith(f'signature="{proof}"')


async def test_thoughts_are_told_apart(caller: Caller, iflytek: IFlytek) -> None:
    thoughts = [message(0, {"reasoning_content": "h", "content": ""}), message(1, {"reasoning_content": "m"})]
    iflytek.play = plays(*thoughts, message(1, {"content": "4"}), message(2, usage=USED))
    request = chat("spark-x", sampling=Sampling(reasoning_effort="none", presence_penalty=1, frequency_penalty=0.02))
    result = await caller.kernel.invoke_llm(request, of(caller, iflytek, "spark-x"))
    assert result.message.parts == [ReasoningPart("hm"), TextPart("4")]
    assert iflytek.asked[0]["parameter"]["chat"] == {
        "domain": "spark-x",
        "presence_penalty": 1,
        "frequency_penalty": 0.02,
        "thinking": {"type": "disabled"},
    }


async def test_a_tool_is_called(caller: Caller, iflytek: IFlytek) -> None:
    iflytek.play = answers("", function_call={"name": "add", "arguments": '{"a": 1}'})
    before = [Message.user("1+1?"), Message("assistant", [ToolCall("c1", "add", "{}")]), Message.user("Again")]
    result = await caller.kernel.invoke_llm(chat(messages=before, tools=[TOOL]), of(caller, iflytek))
    assert [(call.name, call.arguments) for call in result.tool_calls] == [("add", '{"a": 1}')]
    assert result.tool_calls[0].id
    assert result.finish_reason == "tool_calls"
    payload = iflytek.asked[0]["payload"]
    assert payload["functions"] == {"text": [{"name": "add", "description": "Adds.", "parameters": TOOL.parameters}]}
    assert payload["message"]["text"][1]["function_call"] == {"name": "add", "arguments": "{}"}
    none = chat(tools=[TOOL], tool_choice=ToolChoice("none"))
    await caller.kernel.invoke_llm(none, of(caller, iflytek))
    assert "functions" not in iflytek.asked[1]["payload"]


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"output": OutputFormat("json_object")}, "response_format"),
        ({"sampling": Sampling(top_p=0.5)}, "top_p"),
        ({"tools": [TOOL], "tool_choice": ToolChoice("required")}, "tool_choice"),
        ({"messages": [Message("tool", [ToolResult("c1", "2")])]}, "messages"),
        ({"messages": [Message("user", [ImagePart(Blob(url="https://acme.example/cat.png"))])]}, "messages"),
        ({"extra": {"web_search_options": {}}, "dialect": "openai.chat"}, "web_search_options"),
    ],
)
async def test_what_only_http_has(caller: Caller, iflytek: IFlytek, members: dict[str, Any], param: str) -> None:
    with pytest.raises(UnsupportedParameter) as caught:
        await caller.kernel.invoke_llm(chat(**members), of(caller, iflytek))
    assert caught.value.param == param
    assert not iflytek.asked
    if param != "messages":
        await caller.kernel.invoke_llm(chat(drop_unsupported=True, **members), of(caller, iflytek))
        assert iflytek.asked[0]["parameter"]["chat"] == {"domain": "4.0Ultra"}


# -- what goes wrong -------------------------------------------------------------------------------------------------------

CODES = [
    (10000, ServerUnavailable),
    (10001, ServerUnavailable),
    (10002, ServerUnavailable),
    (10003, BadRequest),
    (10004, BadRequest),
    (10005, BadRequest),
    (10006, RateLimited),
    (10007, RateLimited),
    (10008, ServerUnavailable),
    (10009, ServerUnavailable),
    (10010, ServerUnavailable),
    (10011, ServerUnavailable),
    (10012, ServerUnavailable),
    (10013, ContentRefused),
    (10014, ContentRefused),
    (10015, PermissionDenied),
    (10016, PermissionDenied),
    (10017, ServerUnavailable),
    (10018, Timeout),
    (10019, ContentRefused),
    (10110, ServerUnavailable),
    (10163, BadRequest),
    (10222, ServerUnavailable),
    (10223, ServerUnavailable),
    (10404, ModelNotFound),
    (10907, ContextLengthExceeded),
    (11200, PermissionDenied),
    (11201, QuotaExceeded),
    (11202, RateLimited),
    (11203, RateLimited),
    (99999, ServerUnavailable),
]


@pytest.mark.parametrize(("code", "kind"), CODES)
async def test_the_vendors_codes(caller: Caller, iflytek: IFlytek, code: int, kind: type[JackfieldError]) -> None:
    iflytek.play = plays({"header": {"code": code, "message": "it went wrong", "sid": "cht1"}})
    with pytest.raises(JackfieldError) as caught:  # when the stream is opened, so that another credential can be tried
        await caller.kernel.stream_llm(chat(stream=True), of(caller, iflytek))
    failure = caught.value
    assert type(failure) is kind
    assert (failure.vendor_code, failure.vendor_message, failure.request_id) == (str(code), "it went wrong", "cht1")


async def test_an_error_in_mid_answer(caller: Caller, iflytek: IFlytek) -> None:
    iflytek.play = plays(message(0, {"content": "Hel"}), message(1, code=10014))
    stream = await caller.kernel.stream_llm(chat(stream=True), of(caller, iflytek))
    seen = []
    with pytest.raises(ContentRefused):
        async for event in stream:
            seen.append(event)  # noqa: PERF401 - what came before the error counts
    assert TextDelta("Hel") in seen


@pytest.mark.parametrize(
    ("garbage", "kind"),
    [
        ("{", ServerUnavailable),
        ("[]", ServerUnavailable),
        ("null", ServerUnavailable),
        ("{}", ServerUnavailable),
        ('{"header": 1}', ServerUnavailable),
        ('{"header": {"code": 0}, "payload": 3}', ServerUnavailable),
        ('{"header": {"code": 0}, "payload": {"choices": {"status": 1, "text": "text"}}}', ServerUnavailable),
        (b"\x00\xff", ServerUnavailable),
    ],
)
async def test_garbage_is_the_vendors_fault(
    caller: Caller, iflytek: IFlytek, garbage: str | bytes, kind: type[JackfieldError]
) -> None:
    for before in ((), (message(0, {"content": "Hel"}),)):
        iflytek.play = plays(*before, garbage)
        with pytest.raises(JackfieldError) as caught:
            await caller.kernel.invoke_llm(chat(), of(caller, iflytek))
        assert type(caught.value) is kind
        assert caught.value.fault == "vendor"


async def drop(socket: web.WebSocketResponse) -> None:
    """The connection breaks, without a word."""
    await socket.send_json(message(0, {"content": "Hel"}))
    transport = socket._req.transport if socket._req is not None else None
    assert transport is not None
    transport.abort()


@pytest.mark.parametrize("play", [plays(), plays(message(0, {"content": "Hel"})), drop], ids=["nothing", "no end", "cut"])
@pytest.mark.parametrize("mode", ["whole", "stream"])
async def test_an_answer_that_breaks_off_is_no_answer(caller: Caller, iflytek: IFlytek, play: Play, mode: str) -> None:
    iflytek.play = play
    with pytest.raises((ConnectionFailed, ServerUnavailable)):
        if mode == "whole":
            await caller.kernel.invoke_llm(chat(), of(caller, iflytek))
        else:
            async for _ in await caller.kernel.stream_llm(chat(stream=True), of(caller, iflytek)):
                pass


async def stall(socket: web.WebSocketResponse) -> None:
    """Something, then nothing more, until the client goes away."""
    await socket.send_json(message(0, {"content": "Hel"}))
    await socket.receive()


async def say_nothing(socket: web.WebSocketResponse) -> None:
    await socket.receive()


@pytest.mark.parametrize("play", [stall, say_nothing])
async def test_a_vendor_that_stalls_times_out(caller: Caller, iflytek: IFlytek, play: Play) -> None:
    iflytek.play = play
    call = asyncio.ensure_future(caller.kernel.invoke_llm(chat(), of(caller, iflytek, timeout=60)))
    async with asyncio.timeout(30):
        await iflytek.came.wait()
    await Clock().run_out(call, 120)
    with pytest.raises(Timeout):
        await call
    async with asyncio.timeout(30):
        await iflytek.left.wait()


async def test_cancelling_closes_the_connection(caller: Caller, iflytek: IFlytek) -> None:
    iflytek.play = say_nothing
    task = asyncio.ensure_future(caller.kernel.invoke_llm(chat(), of(caller, iflytek)))
    async with asyncio.timeout(30):
        await iflytek.came.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await iflytek.left.wait()


@pytest.mark.parametrize("pieces_read", [0, 1])
async def test_closing_a_stream_closes_the_connection(caller: Caller, iflytek: IFlytek, pieces_read: int) -> None:
    iflytek.play = stall
    stream = await caller.kernel.stream_llm(chat(stream=True), of(caller, iflytek))
    for _ in range(pieces_read):
        await anext(stream)
    await stream.aclose()  # type: ignore[attr-defined]
    async with asyncio.timeout(30):
        await iflytek.left.wait()


async def test_calls_do_not_mix(caller: Caller, iflytek: IFlytek) -> None:
    async def echo(socket: web.WebSocketResponse) -> None:
        said = iflytek.asked[-1]["payload"]["message"]["text"][0]["content"]
        await answers("You said: ", said)(socket)

    iflytek.play = echo
    calls = [
        caller.kernel.invoke_llm(chat(messages=[Message.user(f"number {number}")]), of(caller, iflytek)) for number in range(10)
    ]
    results = await asyncio.gather(*calls)
    assert [result.text for result in results] == [f"You said: number {number}" for number in range(10)]


# -- credentials -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "param"),
    [({"api_key": "another-canary-key"}, "api_key"), ({"api_secret": "another-canary-secret"}, "api_key")],
)
async def test_a_signature_that_is_not_known(caller: Caller, iflytek: IFlytek, wrong: dict[str, Any], param: str) -> None:
    for call in (
        caller.kernel.validate_provider_credentials(of(caller, iflytek, "", **wrong)),
        caller.kernel.invoke_llm(chat(), of(caller, iflytek, **wrong)),
    ):
        with pytest.raises(CredentialsInvalid) as caught:
            await call
        assert (caught.value.param, caught.value.vendor_status) == (param, 401)
        assert "canary" not in repr(caught.value.describe())


async def test_credentials_are_proved_with_the_free_model(caller: Caller, iflytek: IFlytek) -> None:
    await caller.kernel.validate_provider_credentials(of(caller, iflytek, ""))
    assert iflytek.paths == ["/v1.1/chat"]
    assert iflytek.asked[0]["parameter"]["chat"] == {"domain": "lite", "max_tokens": 1}
    iflytek.play = plays({"header": {"code": 11200, "message": "AppIdNoAuthError", "sid": "cht1"}})
    await caller.kernel.validate_provider_credentials(of(caller, iflytek, ""))  # known, but not for this model


@pytest.mark.parametrize(
    ("status", "kind", "param"),
    [
        (401, CredentialsInvalid, "api_key"),
        (403, CredentialsInvalid, "api_key"),
        (404, CredentialsInvalid, "base_url"),
        (429, RateLimited, None),
        (500, ServerUnavailable, None),
        (200, ServerUnavailable, None),
    ],
)
async def test_a_handshake_that_is_refused(
    caller: Caller, iflytek: IFlytek, status: int, kind: type[JackfieldError], param: str | None
) -> None:
    iflytek.refusal = status
    with pytest.raises(kind) as caught:
        await caller.kernel.validate_provider_credentials(of(caller, iflytek, ""))
    assert caught.value.param == param
    if status == 403:
        assert "clock" in caught.value.advice


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "http://127.0.0.1:9/nowhere"])
async def test_an_address_where_nobody_is(caller: Caller, iflytek: IFlytek, address: str) -> None:
    with pytest.raises(CredentialsInvalid) as caught:
        await caller.kernel.validate_provider_credentials(of(caller, iflytek, "", base_url=address))
    assert caught.value.param == "base_url"
    with pytest.raises(ConnectionFailed) as failed:
        await caller.kernel.invoke_llm(chat(), of(caller, iflytek, base_url=address))
    assert not any(secret in repr(failed.value.describe()) for secret in (KEY, SECRET, "authorization"))


async def test_the_hosts_own_session_is_used(iflytek: IFlytek) -> None:
    """Where the host's wire has one, so that its proxies and egress rules hold."""
    asked: list[str] = []

    class Wire:
        def session_for(self, url: str) -> aiohttp.ClientSession:
            asked.append(url)
            raise PermissionDenied("The operator allows no way there.")

    async with open_caller(plugin, VendorDouble()) as caller:
        context = of(caller, iflytek)
        context.wire = Wire()  # type: ignore[assignment]
        with pytest.raises(PermissionDenied):
            await caller.kernel.invoke_llm(chat(), context)
    assert orjson.dumps(asked[0]).startswith(b'"ws://127.0.0.1')
    assert not iflytek.asked
