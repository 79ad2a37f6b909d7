"""What Groq is sent (https://console.groq.com/docs), and what is made of answers that it gave, recorded by pydantic-ai."""

from __future__ import annotations

from typing import Any

import pytest
from jackfield_groq import plugin
from jackfield_sdk import (
    AudioPart,
    Blob,
    CredentialsInvalid,
    Feature,
    FilePart,
    ImagePart,
    JackfieldError,
    Message,
    ModelNotFound,
    ModelType,
    OutputFormat,
    PermissionDenied,
    RateLimited,
    ReasoningPart,
    RefusalPart,
    RelayRequest,
    RequestTooLarge,
    Sampling,
    ServerUnavailable,
    SpeechRequest,
    TextPart,
    TimedText,
    Tool,
    ToolCall,
    ToolResult,
    TranscriptionRequest,
    UnsupportedParameter,
    Usage,
)
from jackfield_sdk.testing import Answer, Asker, VendorDouble, asking

GPT, QWEN, COMPOUND = "openai/gpt-oss-120b", "qwen/qwen3.8-27b", "groq/compound"
OLDER_QWEN = "qwen/qwen3.6-27b"
WHISPER, TURBO, ORPHEUS = "whisper-large-v3", "whisper-large-v3-turbo", "canopylabs/orpheus-v1-english"
HELLO = Answer.json({"id": "1", "choices": [{"index": 0, "message": {"content": "hi"}, "finish_reason": "stop"}]})
SCHEMA = {"type": "object", "properties": {"name": {"type": "string"}}}
BAD_CALL = {
    "message": "Tool call validation failed: tool find did not match schema: errors: [missing properties: 'name']",
    "type": "invalid_request_error",
    "code": "tool_use_failed",
    "failed_generation": '{"name": "find", "arguments": {\n  "foo": "bar"\n}}',
}


vendor, groq = asking(plugin, {"api_key": "groq-canary-key"}, GPT, HELLO)


async def test_a_request_is_sent_as_groq_has_it(groq: Asker, vendor: VendorDouble) -> None:
    await groq.ask(
        GPT,
        Message.system("Be brief."),
        Message("user", [TextPart("Look:"), ImagePart(Blob(url="https://a.example/b.png"))], name="ann"),
        Message("assistant", [ReasoningPart("hm"), TextPart("I look."), ToolCall("fc_1", "find", '{"q": 1}')]),
        Message("tool", [ToolResult("fc_1", "found")]),
        Message("assistant", [RefusalPart("No.")]),
        Message.user("So?"),
        tools=[Tool("find", "Finds.", SCHEMA)],
        output=OutputFormat("json_schema", SCHEMA, name="a", strict=True),
        sampling=Sampling(max_tokens=9, temperature=0.5, seed=3, stop=["END"], reasoning_effort="minimal"),
        user="u-1",
        metadata={"a": "b"},
        extra={"prompt_cache_key": "k", "store": False, "service_tier": "flex"},
        dialect="openai.chat",
    )
    assert vendor.last.url == "https://api.groq.com/openai/v1/chat/completions"
    assert vendor.last.headers["authorization"] == "Bearer groq-canary-key"
    call = {"id": "fc_1", "type": "function", "function": {"name": "find", "arguments": '{"q": 1}'}}
    image = {"type": "image_url", "image_url": {"url": "https://a.example/b.png"}}
    assert vendor.last.json == {
        "model": GPT,
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "Look:"}, image]},
            {"role": "assistant", "content": "I look.", "reasoning": "hm", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "fc_1", "content": "found"},
            {"role": "assistant", "content": "No."},
            {"role": "user", "content": "So?"},
        ],
        "tools": [{"type": "function", "function": {"name": "find", "description": "Finds.", "parameters": SCHEMA}}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": SCHEMA, "strict": True}},
        "max_completion_tokens": 9,
        "temperature": 0.5,
        "seed": 3,
        "stop": ["END"],
        "reasoning_effort": "low",
        "reasoning_format": "parsed",
        "user": "u-1",
        "service_tier": "flex",
    }


async def test_an_answer_with_thoughts(groq: Asker, vendor: VendorDouble) -> None:
    message = {"content": "4", "reasoning": "The user asks for 2+2.", "role": "assistant"}
    usage = {
        "completion_time": 0.574329735,
        "completion_tokens": 96,
        "completion_tokens_details": {"reasoning_tokens": 59},
        "prompt_tokens": 336,
        "prompt_tokens_details": {"cached_tokens": 256},
        "total_tokens": 432,
    }
    choice = {"finish_reason": "stop", "index": 0, "logprobs": None, "message": message}
    head = {"id": "chatcmpl-8b82", "model": GPT, "service_tier": "on_demand", "x_groq": {"id": "req_01kw", "seed": 1}}
    vendor.answers(Answer.json(head | {"choices": [choice], "usage": usage}))
    result = await groq.ask(GPT)
    assert result.message.parts == [ReasoningPart("The user asks for 2+2."), TextPart("4")]
    assert result.usage == Usage(input_tokens=336, output_tokens=96, cache_read_tokens=256, reasoning_tokens=59)


@pytest.mark.parametrize(
    ("model", "effort", "sent"),
    [
        (GPT, "xhigh", "high"),
        (GPT, "medium", "medium"),
        (GPT, "none", "none"),  # which Groq refuses, in its words
        (QWEN, "none", "none"),
        (QWEN, "low", "low"),
        (QWEN, "max", "high"),
        (OLDER_QWEN, "low", "default"),
        (QWEN, None, None),
    ],
)
async def test_efforts_in_the_words_of_the_family(
    groq: Asker, vendor: VendorDouble, model: str, effort: str | None, sent: str | None
) -> None:
    await groq.ask(model, sampling=Sampling(reasoning_effort=effort))
    assert vendor.last.json.get("reasoning_effort") == sent


async def test_how_thoughts_come(groq: Asker, vendor: VendorDouble) -> None:
    await groq.ask(QWEN, extra={"reasoning_format": "hidden"}, dialect="openai.chat")
    assert vendor.last.json["reasoning_format"] == "hidden"
    await groq.ask(QWEN, extra={"include_reasoning": False}, dialect="openai.chat")
    assert "reasoning_format" not in vendor.last.json
    await groq.ask(COMPOUND, Message.user("x"), Message("assistant", [ReasoningPart("hm"), TextPart("y")]), Message.user("z"))
    assert "reasoning_format" not in vendor.last.json
    assert vendor.last.json["messages"][1] == {"role": "assistant", "content": "y"}


@pytest.mark.parametrize(("model", "sent"), [(GPT, None), (QWEN, "none")])
async def test_no_budget_to_think_with(groq: Asker, vendor: VendorDouble, model: str, sent: str | None) -> None:
    await groq.ask(model, sampling=Sampling(reasoning_budget=0), dialect="anthropic.messages")
    assert vendor.last.json.get("reasoning_effort") == sent


async def test_a_bad_call_in_a_stream(groq: Asker, vendor: VendorDouble) -> None:
    chunk = {"id": "chatcmpl-4f39", "object": "chat.completion.chunk", "model": GPT}
    deltas: list[Any] = [{"role": "assistant", "content": ""}, {"reasoning": "We", "channel": "analysis"}]
    events: list[Any] = [chunk | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    vendor.answers(Answer.sse([*events, ("error", {"error": BAD_CALL | {"status_code": 400}})]))
    with pytest.raises(ServerUnavailable) as caught:
        await groq.listen(tools=[Tool("find", None, SCHEMA)])
    assert caught.value.vendor_code == "tool_use_failed"
    assert vendor.last.json["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize(
    ("model", "members", "param"),
    [
        (COMPOUND, {"sampling": Sampling(reasoning_effort="high")}, "reasoning_effort"),
        (GPT, {"sampling": Sampling(frequency_penalty=1)}, "frequency_penalty"),
        (GPT, {"sampling": Sampling(n=2)}, "n"),
        (GPT, {"sampling": Sampling(temperature=3)}, "temperature"),
        ("allam-2-7b", {"sampling": Sampling(logprobs=True)}, "logprobs"),
        (QWEN, {"messages": [Message("user", [FilePart(Blob(media_type="application/pdf", data=b"%PDF-"))])]}, "messages"),
        (QWEN, {"messages": [Message("assistant", [AudioPart(Blob(), id="a")])]}, "messages"),
    ],
)
async def test_what_groq_cannot_take(groq: Asker, model: str, members: dict[str, Any], param: str) -> None:
    await groq.refused(param, model, **members)


@pytest.mark.parametrize(
    ("status", "error", "kind", "param"),
    [
        (400, BAD_CALL, ServerUnavailable, None),
        (400, {"code": "json_validate_failed", "message": "Failed to generate JSON."}, ServerUnavailable, None),
        (400, {"code": "model_decommissioned", "message": "The model `x` has been decommissioned"}, ModelNotFound, None),
        (400, {"code": "model_terms_required", "message": "The model requires terms acceptance."}, PermissionDenied, None),
        (401, {"code": "invalid_api_key", "message": "Invalid API Key"}, CredentialsInvalid, "api_key"),
        (404, {"code": "model_not_found", "message": "The model `x` does not exist"}, ModelNotFound, None),
        (413, {"code": "rate_limit_exceeded", "message": "Request too large for model `x`"}, RequestTooLarge, None),
        (429, {"code": "rate_limit_exceeded", "message": "Rate limit reached for model `x`"}, RateLimited, None),
        (498, {"message": "Flex tier capacity exceeded"}, RateLimited, None),
    ],
)
async def test_the_error_table(
    groq: Asker, status: int, error: dict[str, Any], kind: type[JackfieldError], param: str | None
) -> None:
    failure = await groq.failure(Answer.json({"error": error}, status, {"x-request-id": "req_01jx", "retry-after": "0"}))
    assert type(failure) is kind
    assert (failure.param, failure.request_id, failure.vendor_message) == (param, "req_01jx", error["message"])


async def test_what_is_passed_on(groq: Asker, vendor: VendorDouble) -> None:
    """GPT-OSS tells its thoughts apart, Qwen does not unless it is asked to."""
    body = b'{"model":"openai/gpt-oss-120b","messages":[{"role":"user","content":"x","name":"ann"}],"brand_new":1}'
    await groq.kernel.relay(RelayRequest(dialect="openai.chat", model=GPT, body=body), groq.context(GPT))
    assert vendor.last.body == body
    by_id = {model.id: model for model in plugin.models}
    assert (by_id[GPT].dialects, by_id[QWEN].dialects) == (None, ())


async def test_a_recording_with_its_times(groq: Asker, vendor: VendorDouble) -> None:
    segments = [{"id": 0, "start": 0, "end": 1.5, "text": " Hello.", "avg_logprob": -0.2, "no_speech_prob": 0.01}]
    words = [{"word": "Hello.", "start": 0, "end": 0.6}]
    told = {
        "task": "transcribe",
        "language": "English",
        "duration": 30.5,
        "text": " Hello.",
        "segments": segments,
        "words": words,
    }
    vendor.answers(Answer.json(told | {"x_groq": {"id": "req_01jx"}}))
    audio = Blob(media_type="audio/wav", data=b"RIFF", name="a.wav")
    context = groq.context(TURBO, ModelType.SPEECH_TO_TEXT)
    request = TranscriptionRequest(model=TURBO, audio=audio, language="en", timestamps=frozenset({"word"}))
    result = await groq.kernel.invoke_speech_to_text(request, context)
    assert vendor.last.url == "https://api.groq.com/openai/v1/audio/transcriptions"
    form = vendor.last.form
    assert (form["response_format"], form["language"], form["timestamp_granularities[]"]) == ("verbose_json", "en", "word")
    assert result.words == [TimedText("Hello.", 0.0, 0.6)]
    assert (result.duration, result.usage) == (30.5, Usage(audio_seconds=30.5))
    with pytest.raises(UnsupportedParameter):
        await groq.kernel.invoke_speech_to_text(TranscriptionRequest(model=TURBO, audio=audio, task="translate"), context)


async def test_a_short_recording_is_translated(groq: Asker, vendor: VendorDouble) -> None:
    """Its length is asked for in any case, and ten seconds are billed."""
    vendor.answers(Answer.json({"task": "translate", "language": "English", "duration": 2.5, "text": "Hello.", "segments": []}))
    audio = Blob(media_type="audio/wav", data=b"RIFF", name="a.wav")
    request = TranscriptionRequest(model=WHISPER, audio=audio, task="translate", timestamps=frozenset({"segment"}))
    context = groq.context(WHISPER, ModelType.SPEECH_TO_TEXT)
    result = await groq.kernel.invoke_speech_to_text(request, context)
    assert vendor.last.url.endswith("/audio/translations")
    assert set(vendor.last.form) == {"model", "response_format", "file"}
    assert (result.text, result.duration, result.usage) == ("Hello.", 2.5, Usage(audio_seconds=10.0))


async def test_a_text_is_spoken(groq: Asker, vendor: VendorDouble) -> None:
    vendor.answers(Answer.content("RIFF", "audio/wav"))
    context = groq.context(ORPHEUS, ModelType.TEXT_TO_SPEECH)
    request = SpeechRequest(
        model=ORPHEUS, text="[cheerful] Hello", speed=1.1, extra={"sample_rate": 24000}, dialect="openai.audio"
    )
    spoken = await groq.kernel.invoke_text_to_speech(request, context)
    assert b"".join([piece async for piece in spoken.audio]) == b"RIFF"
    assert (spoken.media_type, spoken.usage) == ("audio/wav", Usage(characters=16))
    said = {"input": "[cheerful] Hello", "voice": "autumn", "response_format": "wav", "speed": 1.1, "sample_rate": 24000}
    assert vendor.last.json == said | {"model": ORPHEUS}
    with pytest.raises(UnsupportedParameter):
        await groq.kernel.invoke_text_to_speech(SpeechRequest(model=ORPHEUS, text="x", instructions="Sad."), context)


async def test_the_models_that_groq_lists(groq: Asker, vendor: VendorDouble) -> None:
    head = {"object": "model", "owned_by": "OpenAI", "active": True, "public_apps": None}
    listed: list[dict[str, Any]] = [
        head | {"id": GPT, "context_window": 131072, "max_completion_tokens": 65536},
        head | {"id": "allam-2-7b", "context_window": 4096, "max_completion_tokens": 4096},
        head | {"id": "whisper-next", "context_window": 448, "max_completion_tokens": 448},
        head | {"id": "playai-tts", "context_window": 8192, "max_completion_tokens": 8192, "active": False},
    ]
    vendor.answers(Answer.json({"object": "list", "data": listed}))
    models = await groq.kernel.list_models(groq.context())
    assert [(model.id, model.type.value, model.context_window, model.max_output_tokens) for model in models] == [
        (GPT, "llm", 131072, 65536),
        ("allam-2-7b", "llm", 4096, 4096),
        ("whisper-next", "speech_to_text", 448, None),
    ]
    assert models[1].features == {Feature.STREAMING}
