"""The minimax plugin: the kit in MiniMax's own words, and what is particular to it."""

from __future__ import annotations

from typing import Any, ClassVar

import orjson
import pytest
from jackfield_minimax import plugin
from jackfield_sdk import (
    BadRequest,
    Blob,
    CallContext,
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
    PermissionDenied,
    QuotaExceeded,
    RateLimited,
    RelayRequest,
    RequestTooLarge,
    Sampling,
    ServerUnavailable,
    SpeechRequest,
    TextPart,
    Timeout,
    UnsupportedParameter,
    Usage,
)
from jackfield_sdk.testing import (
    Answer,
    Caller,
    EmbeddingConformance,
    LLMConformance,
    ProviderConformance,
    RelayConformance,
    Said,
    TextToSpeechConformance,
    Vendor,
    VendorDouble,
    open_caller,
)

STOPS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}
FINE = {"status_code": 0, "status_msg": "success"}


class MiniMax(Vendor):
    plugin: ClassVar[object] = plugin

    def credentials(self) -> dict[str, Any]:
        return {"api_key": self.secret, "region": "global", "group_id": "1782658868262748467"}

    def error(self, status: int, message: str = "something is wrong", headers: dict[str, str] | None = None) -> Answer:
        error = {"type": "api_error", "message": message, "http_code": str(status)}
        return Answer.json({"type": "error", "error": error, "request_id": "0640ba83"}, status, headers)


class TestChat(MiniMax, LLMConformance):
    model = "MiniMax-M2.7"
    llm_usage: ClassVar[Usage] = Usage(input_tokens=15, output_tokens=7, cache_read_tokens=4)

    def usage(self, usage: Usage) -> dict[str, Any]:
        fresh = usage.input_tokens - usage.cache_read_tokens
        return {
            "input_tokens": fresh,
            "cache_read_input_tokens": usage.cache_read_tokens,
            "output_tokens": usage.output_tokens,
        }

    def llm_answer(self, said: Said) -> Answer:
        content: list[dict[str, Any]] = []
        if said.reasoning:
            content.append({"type": "thinking", "thinking": "".join(said.reasoning), "signature": "sig"})
        if said.text:
            content.append({"type": "text", "text": said.text})
        for call in said.tool_calls:
            arguments = orjson.loads(call.arguments)
            content.append({"type": "tool_use", "id": call.id, "name": call.name, "input": arguments})
        head = {"id": "06407ea1", "type": "message", "role": "assistant", "model": "MiniMax-M2.7", "content": content}
        end = {"stop_reason": STOPS[said.finish_reason], "usage": self.usage(said.usage), "base_resp": FINE}
        return Answer.json(head | end)

    def llm_stream(self, said: Said) -> Answer:
        head = {"id": "06407ea1", "type": "message", "role": "assistant", "model": "MiniMax-M2.7", "content": []}
        events: list[dict[str, Any]] = [{"type": "message_start", "message": head | {"usage": self.usage(said.usage)}}]
        blocks: list[tuple[dict[str, Any], list[dict[str, Any]]]] = []
        if said.reasoning:
            thoughts: list[dict[str, Any]] = [{"type": "thinking_delta", "thinking": piece} for piece in said.reasoning]
            blocks.append(({"type": "thinking", "thinking": ""}, [*thoughts, {"type": "signature_delta", "signature": "sig"}]))
        if said.pieces:
            blocks.append(({"type": "text", "text": ""}, [{"type": "text_delta", "text": piece} for piece in said.pieces]))
        for call in said.tool_calls:
            pieces = [{"type": "input_json_delta", "partial_json": piece} for piece in said.fragments(call)]
            blocks.append(({"type": "tool_use", "id": call.id, "name": call.name, "input": {}}, pieces))
        for index, (block, deltas) in enumerate(blocks):
            events.append({"type": "content_block_start", "index": index, "content_block": block})
            events += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
            events.append({"type": "content_block_stop", "index": index})
        usage = {"output_tokens": said.usage.output_tokens}
        events.append({"type": "message_delta", "delta": {"stop_reason": STOPS[said.finish_reason]}, "usage": usage})
        return Answer.sse([*events, {"type": "message_stop"}])


class TestEmbedding(MiniMax, EmbeddingConformance):
    def embedding_answer(self, vectors: list[list[float]], usage: Usage) -> Answer:
        return Answer.json({"vectors": vectors, "total_tokens": usage.input_tokens, "base_resp": FINE})


class TestSpeech(MiniMax, TextToSpeechConformance):
    def speech_answer(self, audio: bytes) -> Answer:
        half = len(audio) // 2
        pieces = [{"data": {"audio": part.hex(), "status": 1}, "base_resp": FINE} for part in (audio[:half], audio[half:])]
        told = {"audio_length": 9900, "usage_characters": 26, "audio_format": "mp3"}
        end = {"data": {"audio": audio.hex(), "status": 2}, "extra_info": told, "trace_id": "01b8", "base_resp": FINE}
        return Answer.sse([*pieces, end])


class TestRelay(MiniMax, RelayConformance):
    dialect = "anthropic.messages"
    model = "MiniMax-M3"


class TestProvider(MiniMax, ProviderConformance):
    def models_answer(self, ids: list[str]) -> Answer:
        return Answer.json({"object": "list", "data": [{"id": one, "object": "model", "owned_by": "minimax"} for one in ids]})

    def validation_answer(self) -> Answer:
        return self.models_answer(["MiniMax-M2.7"])


# -- what is sent ----------------------------------------------------------------------------------------------------------

KEY = {"api_key": "sk-api-canary-0123456789"}
DONE = TestChat().llm_answer(Said())


@pytest.fixture
async def vendor() -> Any:
    async with VendorDouble() as vendor:
        yield vendor


@pytest.fixture
async def caller(vendor: VendorDouble) -> Any:
    async with open_caller(plugin, vendor) as caller:
        yield caller


def of(caller: Caller, model: str, kind: ModelType = ModelType.LLM, **values: Any) -> CallContext:
    return caller.context(KEY | values, model, kind)


def chat(model: str = "MiniMax-M3", **members: Any) -> LLMRequest:
    members.setdefault("messages", [Message.user("Hello")])
    return LLMRequest(model=model, **members)


@pytest.mark.parametrize(
    ("values", "host"),
    [
        ({}, "https://api.minimaxi.com"),
        ({"region": "global"}, "https://api.minimax.io"),
        ({"region": "global", "base_url": "https://api-uw.minimax.io/v1/"}, "https://api-uw.minimax.io"),
        ({"base_url": "https://proxy.acme.example/anthropic"}, "https://proxy.acme.example"),
    ],
)
async def test_a_chat_on_either_platform(caller: Caller, vendor: VendorDouble, values: dict[str, Any], host: str) -> None:
    vendor.answers(DONE)
    await caller.kernel.invoke_llm(
        chat("MiniMax-M2.5", messages=[Message.system("Be brief."), Message.user("Hello")]),
        of(caller, "MiniMax-M2.5", **values),
    )
    assert vendor.last.url == f"{host}/anthropic/v1/messages"
    assert vendor.last.headers["authorization"] == f"Bearer {KEY['api_key']}"
    assert vendor.last.json == {
        "model": "MiniMax-M2.5",
        "max_tokens": 32768,
        "system": [{"type": "text", "text": "Be brief."}],
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}],
    }


@pytest.mark.parametrize(
    ("effort", "thinking"),
    [(None, None), ("none", {"type": "disabled"}), ("low", {"type": "adaptive"}), ("high", {"type": "adaptive"})],
)
async def test_thinking_of_m3(
    caller: Caller, vendor: VendorDouble, effort: str | None, thinking: dict[str, Any] | None
) -> None:
    vendor.answers(DONE)
    sampling = Sampling(reasoning_effort=effort, max_tokens=524_288, temperature=1.5)
    await caller.kernel.invoke_llm(chat(sampling=sampling), of(caller, "MiniMax-M3"))
    assert vendor.last.json.get("thinking") == thinking
    assert (vendor.last.json["max_tokens"], vendor.last.json["temperature"]) == (524_288, 1.5)
    assert "output_config" not in vendor.last.json


async def test_m3_sees(caller: Caller, vendor: VendorDouble) -> None:
    vendor.answers(DONE)
    image = ImagePart(Blob(media_type="image/png", data=b"\x89PNG"))
    await caller.kernel.invoke_llm(chat(messages=[Message("user", [TextPart("What?"), image])]), of(caller, "MiniMax-M3"))
    source = {"type": "base64", "media_type": "image/png", "data": "iVBORw=="}
    assert vendor.last.json["messages"][0]["content"][1] == {"type": "image", "source": source}


@pytest.mark.parametrize(
    ("model", "members", "param"),
    [
        ("MiniMax-M3", {"output": OutputFormat("json_schema", {"type": "object"})}, "response_format"),
        ("MiniMax-M3", {"output": OutputFormat("json_object")}, "response_format"),
        ("MiniMax-M3", {"sampling": Sampling(stop=["x"])}, "stop"),
        ("MiniMax-M3", {"sampling": Sampling(top_k=3)}, "top_k"),
        ("MiniMax-M3", {"sampling": Sampling(max_tokens=524_289)}, "max_tokens"),
        ("MiniMax-M2.7", {"sampling": Sampling(reasoning_effort="low")}, "reasoning_effort"),
        ("MiniMax-M2.7", {"sampling": Sampling(temperature=1.5)}, "temperature"),
    ],
)
async def test_what_would_not_be_heeded_is_refused(
    caller: Caller, vendor: VendorDouble, model: str, members: dict[str, Any], param: str
) -> None:
    with pytest.raises(BadRequest) as caught:
        await caller.kernel.invoke_llm(chat(model, **members), of(caller, model))
    assert caught.value.param == param
    assert not vendor.requests
    if isinstance(caught.value, UnsupportedParameter):
        vendor.answers(DONE)
        await caller.kernel.invoke_llm(chat(model, drop_unsupported=True, **members), of(caller, model))
        assert set(vendor.last.json) == {"model", "messages", "max_tokens"}


async def test_a_response_is_passed_on(caller: Caller, vendor: VendorDouble) -> None:
    vendor.answers(Answer.json({"id": "r", "output": []}))
    body = b'{"model":"MiniMax-M3","input":"Hi","reasoning":{"effort":"minimal"}}'
    request = RelayRequest(dialect="openai.responses", model="MiniMax-M3", body=body)
    await caller.kernel.relay(request, of(caller, "MiniMax-M3"))
    assert vendor.last.url == "https://api.minimaxi.com/v1/responses"
    assert vendor.last.body == body
    told = {"type": "error", "error": {"type": "bad_request_error", "message": "the context window is exceeded (2013)"}}
    for refusal in (Answer.json(told, 400), Answer.json({"base_resp": {"status_code": 1008, "status_msg": "no money"}}, 400)):
        vendor.answers(refusal)
        with pytest.raises((ContextLengthExceeded, QuotaExceeded)) as caught:
            await caller.kernel.relay(request, of(caller, "MiniMax-M3"))
        assert caught.value.vendor_code in ("2013", "1008")


async def test_embeddings(caller: Caller, vendor: VendorDouble) -> None:
    vendor.answers(TestEmbedding().embedding_answer([[1.0, 2.0]], Usage(input_tokens=3)))
    context = of(caller, "embo-01", ModelType.TEXT_EMBEDDING, group_id="1782658868")
    request = EmbeddingRequest(model="embo-01", inputs=["who?"], purpose="query")
    result = await caller.kernel.invoke_text_embedding(request, context)
    assert (result.embeddings, result.usage) == ([[1.0, 2.0]], Usage(input_tokens=3))
    assert vendor.last.url == "https://api.minimaxi.com/v1/embeddings?GroupId=1782658868"
    assert vendor.last.json == {"model": "embo-01", "texts": ["who?"], "type": "query"}
    parts: list[list[TextPart | ImagePart]] = [[TextPart("they")]]
    document = EmbeddingRequest(model="embo-01", inputs=parts)
    await caller.kernel.invoke_text_embedding(document, of(caller, "embo-01", ModelType.TEXT_EMBEDDING))
    assert vendor.last.url == "https://api.minimaxi.com/v1/embeddings"
    assert vendor.last.json == {"model": "embo-01", "texts": ["they"], "type": "db"}


async def test_long_texts_are_embedded_apart(caller: Caller, vendor: VendorDouble) -> None:
    vendor.answers(lambda asked: TestEmbedding().embedding_answer([[1.0]] * len(asked.json["texts"]), Usage(input_tokens=1)))
    texts = ["a" * 3000, "b" * 1000, "c" * 1000, "d" * 9000]
    request = EmbeddingRequest(model="embo-01", inputs=texts)
    await caller.kernel.invoke_text_embedding(request, of(caller, "embo-01", ModelType.TEXT_EMBEDDING))
    assert sorted(len(asked.json["texts"]) for asked in vendor.requests) == [1, 1, 2]


@pytest.mark.parametrize(
    ("members", "param"),
    [({"dimensions": 64}, "dimensions"), ({"truncate": True}, "truncate"), ({"inputs": [[1, 2]]}, "input")],
)
async def test_what_embeddings_do_not_take(caller: Caller, vendor: VendorDouble, members: dict[str, Any], param: str) -> None:
    request = EmbeddingRequest(**({"model": "embo-01", "inputs": ["a"]} | members))
    with pytest.raises(UnsupportedParameter) as caught:
        await caller.kernel.invoke_text_embedding(request, of(caller, "embo-01", ModelType.TEXT_EMBEDDING))
    assert caught.value.param == param
    assert not vendor.requests


# -- speech ----------------------------------------------------------------------------------------------------------------


async def speak(caller: Caller, **members: Any) -> tuple[bytes, str, Usage]:
    request = SpeechRequest(**({"model": "speech-2.8-hd", "text": "Hi"} | members))
    context = of(caller, request.model, ModelType.TEXT_TO_SPEECH, group_id="1782658868")
    result = await caller.kernel.invoke_text_to_speech(request, context)
    return b"".join([piece async for piece in result.audio]), result.media_type, result.usage


async def test_speech_in_a_stream(caller: Caller, vendor: VendorDouble) -> None:
    vendor.answers(TestSpeech().speech_answer(b"sound"))
    spoken = await speak(caller, voice="English_Graceful_Lady", format="pcm", speed=1.5)
    assert spoken == (b"sound", "audio/pcm", Usage(characters=26, audio_seconds=9.9))
    assert vendor.last.url == "https://api.minimaxi.com/v1/t2a_v2?GroupId=1782658868"
    assert vendor.last.json == {
        "model": "speech-2.8-hd",
        "text": "Hi",
        "voice_setting": {"voice_id": "English_Graceful_Lady", "speed": 1.5},
        "audio_setting": {"format": "pcm", "sample_rate": 24000},
        "stream": True,
        "output_format": "hex",
    }


async def test_speech_that_fits_one_event(caller: Caller, vendor: VendorDouble) -> None:
    end = {"data": {"audio": b"brief".hex(), "status": 2}, "extra_info": {"usage_characters": 2}, "base_resp": FINE}
    vendor.answers(Answer.sse([end]))
    assert (await speak(caller))[0] == b"brief"
    assert vendor.last.json["voice_setting"] == {"voice_id": "male-qn-qingse"}


async def test_a_wav_file_comes_whole(caller: Caller, vendor: VendorDouble) -> None:
    told = {"audio_length": 500, "usage_characters": 4}
    vendor.answers(Answer.json({"data": {"audio": b"RIFF".hex(), "status": 2}, "extra_info": told, "base_resp": FINE}))
    spoken = await speak(caller, format="wav")
    assert spoken == (b"RIFF", "audio/wav", Usage(characters=4, audio_seconds=0.5))
    assert vendor.last.json["stream"] is False
    vendor.answers(Answer.json({"data": None, "base_resp": FINE}))
    with pytest.raises(ServerUnavailable):
        await speak(caller, format="wav")


@pytest.mark.parametrize(
    ("events", "kind"),
    [
        ([{"data": {"audio": "0a"}}], ConnectionFailed),
        ([{"data": {"audio": "0"}}], ServerUnavailable),
        ([{"data": {"audio": "zz"}}], ServerUnavailable),
        (["{"], ServerUnavailable),
        (["[]"], ServerUnavailable),
        ([{"data": {"audio": "0a"}}, {"base_resp": {"status_code": 1027, "status_msg": "sensitive"}}], ContentRefused),
    ],
)
async def test_a_stream_of_sound_that_breaks(
    caller: Caller, vendor: VendorDouble, events: list[Any], kind: type[JackfieldError]
) -> None:
    vendor.answers(Answer.sse(events))
    with pytest.raises(kind):
        await speak(caller)


async def test_what_is_not_spoken(caller: Caller, vendor: VendorDouble) -> None:
    for members, kind, param in (
        ({"format": "opus"}, UnsupportedParameter, "response_format"),
        ({"format": "opus", "model": "speech-of-tomorrow"}, UnsupportedParameter, "response_format"),  # not in the catalog
        ({"speed": 3.0}, BadRequest, "speed"),
        ({"instructions": "Whisper."}, UnsupportedParameter, "instructions"),
        ({"text": "x" * 10_001}, RequestTooLarge, "input"),
        ({"extra": {"stream_format": "sse"}, "dialect": "openai.audio"}, UnsupportedParameter, "stream_format"),
    ):
        with pytest.raises(kind) as caught:
            await speak(caller, **members)
        assert caught.value.param == param
    assert not vendor.requests


# -- errors ----------------------------------------------------------------------------------------------------------------

CODES = [
    (1000, "unknown error", ServerUnavailable, None),
    (1001, "request timeout", Timeout, None),
    (1002, "rate limit exceeded(RPM)", RateLimited, None),
    (1004, "login fail: Please carry the API secret key", CredentialsInvalid, "api_key"),
    (1004, "token not match group", CredentialsInvalid, "group_id"),
    (1008, "insufficient balance", QuotaExceeded, None),
    (1013, "internal error", ServerUnavailable, None),
    (1024, "internal error", ServerUnavailable, None),
    (1026, "input new_sensitive", ContentRefused, None),
    (1027, "output new_sensitive", ContentRefused, None),
    (1028, "quota exhausted", QuotaExceeded, None),
    (1030, "quota exhausted", QuotaExceeded, None),
    (1033, "system error", ServerUnavailable, None),
    (1039, "token limit", RateLimited, None),
    (1041, "conn limit", RateLimited, None),
    (1042, "invisible character ratio limit", BadRequest, "input"),
    (2013, "invalid params, unknown model 'x'", ModelNotFound, None),
    (2013, "invalid params, context window exceeds limit", ContextLengthExceeded, None),
    (2013, "invalid params, binding: expr_path=texts, cause=missing required parameter", BadRequest, "texts"),
    (2038, "no cloning permission", PermissionDenied, None),
    (2042, "you don't have access to this voice_id", PermissionDenied, "voice"),
    (2045, "rate growth limit", RateLimited, None),
    (2049, "invalid API Key", CredentialsInvalid, "api_key"),
    (2056, "usage limit exceeded", QuotaExceeded, None),
    (2061, "your current token plan not support model", PermissionDenied, None),
    (20132, "invalid samples or voice_id", BadRequest, "voice"),
]


@pytest.mark.parametrize(("code", "message", "kind", "param"), CODES)
async def test_the_errors_in_both_their_forms(
    caller: Caller, vendor: VendorDouble, code: int, message: str, kind: type[JackfieldError], param: str | None
) -> None:
    inside = Answer.json({"base_resp": {"status_code": code, "status_msg": message}}, headers={"trace-id": "0640ba83"})
    told = {"type": "bad_request_error", "message": f"{message} ({code})", "http_code": "400"}
    outside = Answer.json({"type": "error", "error": told, "request_id": "0640ba83"}, 400, {"trace-id": "0640ba83"})
    embed = EmbeddingRequest(model="embo-01", inputs=["a"])
    for answer in (inside, outside):
        vendor.answers(answer)
        for call in (
            caller.kernel.invoke_llm(chat(), of(caller, "MiniMax-M3")),
            caller.kernel.stream_llm(chat(stream=True), of(caller, "MiniMax-M3")),
            caller.kernel.invoke_text_embedding(embed, of(caller, "embo-01", ModelType.TEXT_EMBEDDING)),
            speak(caller),
        ):
            with pytest.raises(JackfieldError) as caught:
                await call
            failure = caught.value
            assert type(failure) is kind
            assert (failure.param, failure.vendor_code, failure.request_id) == (param, str(code), "0640ba83")
            assert message in str(failure.vendor_message)


async def test_an_error_in_an_event_has_its_trace(caller: Caller, vendor: VendorDouble) -> None:
    vendor.answers(Answer.sse([{"base_resp": {"status_code": 1008, "status_msg": "no"}, "trace_id": "01b8bf"}]))
    with pytest.raises(QuotaExceeded) as caught:
        await speak(caller)
    assert caught.value.request_id == "01b8bf"


async def test_an_error_in_mid_stream_of_a_chat(caller: Caller, vendor: VendorDouble) -> None:
    good = TestChat().llm_stream(Said()).pieces[:2]
    error = {"type": "error", "error": {"type": "api_error", "message": "output new_sensitive (1027)"}}
    vendor.answers(Answer.sse([error]).but(pieces=(*good, *Answer.sse([("error", error)]).pieces)))
    stream = await caller.kernel.stream_llm(chat(stream=True), of(caller, "MiniMax-M3"))
    with pytest.raises(ContentRefused):
        async for _ in stream:
            pass


async def test_a_key_of_the_other_platform(caller: Caller, vendor: VendorDouble) -> None:
    told = {"type": "authorized_error", "message": "login fail (1004)", "http_code": "401"}
    vendor.answers(Answer.json({"type": "error", "error": told}, 401))
    with pytest.raises(CredentialsInvalid) as caught:
        await caller.kernel.validate_provider_credentials(caller.context(KEY))
    assert caught.value.param == "api_key"
    assert "platform" in caught.value.advice
    assert vendor.last.url == "https://api.minimaxi.com/v1/models"
