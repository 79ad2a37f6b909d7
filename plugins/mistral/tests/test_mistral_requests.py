"""What Mistral is sent (https://docs.mistral.ai/api), and what is made of answers that it gave, recorded by pydantic-ai."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from jackfield_mistral import plugin
from jackfield_sdk import (
    AudioPart,
    BadRequest,
    Blob,
    ContextLengthExceeded,
    CredentialsInvalid,
    EmbeddingRequest,
    Feature,
    FilePart,
    ImagePart,
    JackfieldError,
    Message,
    ModelNotFound,
    ModelType,
    ModerationRequest,
    OutputFormat,
    RateLimited,
    ReasoningPart,
    Sampling,
    ServerUnavailable,
    SpeechRequest,
    TextPart,
    TimedText,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    TranscriptionRequest,
    UnsupportedParameter,
    Usage,
    VideoPart,
)
from jackfield_sdk.testing import Answer, Asker, VendorDouble, asking

THINKS, PLAIN, HEARS = "mistral-medium-3-5", "mistral-large-2512", "voxtral-small-2507"
SAID = {"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}
HELLO = Answer.json({"id": "1", "choices": [SAID]})
LONG_ID = "toolu_01A09q90qw90lq917835lq9"


vendor, mistral = asking(plugin, {"api_key": "mistral-canary-key"}, PLAIN, HELLO)


async def test_a_request_is_sent_as_mistral_has_it(mistral: Asker, vendor: VendorDouble) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    await mistral.ask(
        THINKS,
        Message.system("Be brief."),
        Message(
            "user",
            [
                TextPart("Look:"),
                ImagePart(Blob(url="https://a.example/b.png")),
                FilePart(Blob(media_type="application/pdf", data=b"%PDF-", name="a.pdf")),
                FilePart(Blob(media_type="text/plain", data=b"Dummy TXT file")),
                FilePart(Blob(file_id="1b2c3d4e")),
            ],
            name="ann",
        ),
        Message("assistant", [ReasoningPart("hm"), TextPart("I look."), ToolCall(LONG_ID, "find", '{"q": 1}')]),
        Message("tool", [ToolResult(LONG_ID, "found")]),
        Message.user("So?"),
        tools=[Tool("find", "Finds.", schema)],
        tool_choice=ToolChoice("required", parallel=False),
        output=OutputFormat("json_schema", schema, name="a", strict=True),
        sampling=Sampling(max_tokens=9, temperature=0.5, seed=3, stop=["END"], reasoning_effort="low"),
        stream=False,
        user="u-1",
        extra={"prompt_cache_key": "k", "store": False, "safe_prompt": True},
        dialect="openai.chat",
    )
    assert vendor.last.url == "https://api.mistral.ai/v1/chat/completions"
    assert vendor.last.headers["authorization"] == "Bearer mistral-canary-key"
    body = vendor.last.json
    system, user, assistant, tool, between, last = body.pop("messages")
    assert system == {"role": "system", "content": "Be brief."}
    assert user == {
        "role": "user",
        "content": [
            {"type": "text", "text": "Look:"},
            {"type": "image_url", "image_url": {"url": "https://a.example/b.png"}},
            {"type": "document_url", "document_url": "data:application/pdf;base64,JVBERi0=", "document_name": "a.pdf"},
            {"type": "text", "text": "Dummy TXT file"},
            {"type": "file", "file_id": "1b2c3d4e"},
        ],
    }
    (call,) = assistant.pop("tool_calls")
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}
    assert assistant == {"role": "assistant", "content": [thought, {"type": "text", "text": "I look."}]}
    assert call["function"] == {"name": "find", "arguments": '{"q": 1}'}
    assert len(call["id"]) == 9
    assert call["id"].isalnum()
    assert tool == {"role": "tool", "tool_call_id": call["id"], "content": "found"}
    assert between == {"role": "assistant", "content": "OK"}
    assert last == {"role": "user", "content": "So?"}
    assert body == {
        "model": THINKS,
        "tools": [{"type": "function", "function": {"name": "find", "description": "Finds.", "parameters": schema}}],
        "tool_choice": "required",
        "parallel_tool_calls": False,
        "response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": schema, "strict": True}},
        "max_tokens": 9,
        "temperature": 0.5,
        "random_seed": 3,
        "stop": ["END"],
        "reasoning_effort": "high",
        "prompt_cache_key": "k",
        "safe_prompt": True,
    }


async def test_a_stream_is_asked_for_without_options(mistral: Asker, vendor: VendorDouble) -> None:
    """Mistral tells the usage in any case, and refuses `stream_options`."""
    chunk: dict[str, Any] = {"id": "9f9d", "object": "chat.completion.chunk", "model": "magistral-medium-latest"}
    deltas: list[Any] = [
        {"role": "assistant", "content": ""},
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Okay"}]}]},
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": ", the"}]}]},
        {"content": "Look"},
        {"content": "."},
    ]
    chunks = [chunk | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    usage = {"prompt_tokens": 10, "total_tokens": 242, "completion_tokens": 232}
    chunks.append(chunk | {"choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "stop"}], "usage": usage})
    vendor.answers(Answer.sse(chunks, done="[DONE]"))
    result = await mistral.listen(THINKS, Message.user("x"), include_usage=True)
    assert vendor.last.json == {"model": THINKS, "messages": [{"role": "user", "content": "x"}], "stream": True}
    assert result.message.parts == [ReasoningPart("Okay, the"), TextPart("Look.")]
    assert result.usage == Usage(input_tokens=10, output_tokens=232)


async def test_thoughts_of_a_whole_answer(mistral: Asker, vendor: VendorDouble) -> None:
    thinking = {"type": "thinking", "closed": True, "thinking": [{"type": "text", "text": "The user asks for 2+2."}]}
    message = {"role": "assistant", "content": [thinking, {"type": "text", "text": "4"}], "tool_calls": None}
    usage = {"completion_tokens": 35, "prompt_tokens": 28, "prompt_tokens_details": {"cached_tokens": 0}, "total_tokens": 63}
    vendor.answers(
        Answer.json({"id": "0", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": usage})
    )
    result = await mistral.ask(THINKS)
    assert result.message.parts == [ReasoningPart("The user asks for 2+2."), TextPart("4")]
    assert result.usage == Usage(input_tokens=28, output_tokens=35)


@pytest.mark.parametrize(("effort", "sent"), [("none", "none"), ("minimal", "high"), ("high", "high"), (None, None)])
async def test_a_model_thinks_or_does_not(mistral: Asker, vendor: VendorDouble, effort: str | None, sent: str | None) -> None:
    await mistral.ask(THINKS, sampling=Sampling(reasoning_effort=effort))
    assert vendor.last.json.get("reasoning_effort") == sent


async def test_how_likely_tokens_were(mistral: Asker, vendor: VendorDouble) -> None:
    """As Mistral's own client has it, from version 3.7 on."""
    told = {"content": [{"token": "hi", "logprob": -0.5, "bytes": [104, 105], "top_logprobs": []}]}
    vendor.answers(Answer.json({"id": "1", "choices": [SAID | {"logprobs": told}]}))
    result = await mistral.ask(sampling=Sampling(logprobs=True, top_logprobs=2, top_k=3, repetition_penalty=1.5))
    assert result.logprobs == told
    sent = vendor.last.json
    assert [sent[name] for name in ("logprobs", "top_logprobs", "top_k", "repetition_penalty")] == [True, 2, 3, 1.5]


async def test_who_speaks_last(mistral: Asker, vendor: VendorDouble) -> None:
    await mistral.ask(PLAIN, Message.user("A poem?"), Message("assistant", [ReasoningPart("hm"), TextPart("Roses")]))
    assert vendor.last.json["messages"][-1] == {"role": "assistant", "content": "Roses", "prefix": True}
    shown = Message("tool", [ToolResult("abcdefghi", [TextPart("see"), ImagePart(Blob(media_type="image/png", data=b"x"))])])
    await mistral.ask(PLAIN, Message.user("Show"), Message("assistant", [ToolCall("abcdefghi", "show", "{}")]), shown)
    roles = [message["role"] for message in vendor.last.json["messages"]]
    assert roles == ["user", "assistant", "tool", "assistant", "user"]
    assert vendor.last.json["messages"][2]["tool_call_id"] == "abcdefghi"


async def test_sound(mistral: Asker, vendor: VendorDouble) -> None:
    usage = {"prompt_tokens": 40, "completion_tokens": 2, "total_tokens": 42, "prompt_audio_seconds": 3}
    choice = {"index": 0, "message": {"role": "assistant", "content": "A bird."}, "finish_reason": "stop"}
    vendor.answers(Answer.json({"id": "1", "choices": [choice], "usage": usage}))
    heard = AudioPart(Blob(media_type="audio/mpeg", data=b"ID3"))
    result = await mistral.ask(HEARS, Message("user", [heard, TextPart("What is it?")]))
    assert vendor.last.json["messages"][0]["content"][0] == {"type": "input_audio", "input_audio": "SUQz"}
    assert result.usage == Usage(input_tokens=40, output_tokens=2, audio_seconds=3.0)


@pytest.mark.parametrize(
    ("model", "members", "param"),
    [
        (PLAIN, {"sampling": Sampling(reasoning_effort="high")}, "reasoning_effort"),
        (PLAIN, {"sampling": Sampling(temperature=2)}, "temperature"),
        (PLAIN, {"sampling": Sampling(min_p=0.5)}, "min_p"),
        (PLAIN, {"sampling": Sampling(logit_bias={"1": 2})}, "logit_bias"),
        (PLAIN, {"messages": [Message("user", [VideoPart(Blob(url="https://a.example/b.mp4"))])]}, "messages"),
        (PLAIN, {"messages": [Message("assistant", [AudioPart(Blob(), id="a")])]}, "messages"),
    ],
)
async def test_what_mistral_cannot_take(mistral: Asker, model: str, members: dict[str, Any], param: str) -> None:
    await mistral.refused(param, model, **members)


@pytest.mark.parametrize(
    ("status", "body", "error", "param"),
    [
        (400, {"type": "invalid_model", "message": "Invalid model: x", "code": "1500"}, ModelNotFound, None),
        (
            400,
            {"type": "invalid_request_message_order", "message": "Unexpected role", "code": "3230"},
            BadRequest,
            "messages",
        ),
        (400, {"message": "Prompt contains 40000 tokens, too large for model with 32768 maximum"}, ContextLengthExceeded, None),
        (
            400,
            {"type": "invalid_request_prompt", "message": "Too many tokens overall, split into more batches.", "code": "3210"},
            ContextLengthExceeded,
            None,
        ),
        (401, {"detail": "Unauthorized"}, CredentialsInvalid, "api_key"),
        (422, {"detail": [{"loc": ["body", "user"], "msg": "Extra inputs are not permitted"}]}, BadRequest, "user"),
        (429, {"type": "service_tier_capacity_exceeded", "message": "Capacity exceeded", "code": "3505"}, RateLimited, None),
        (503, {"message": "overloaded"}, ServerUnavailable, None),
    ],
)
async def test_the_error_table(mistral: Asker, status: int, body: Any, error: type[JackfieldError], param: str | None) -> None:
    failure = await mistral.failure(Answer.json(body, status, {"mistral-correlation-id": "019f7ef0"}))
    assert (type(failure), failure.param, failure.request_id) == (error, param, "019f7ef0")


async def test_vectors_of_any_length(mistral: Asker, vendor: VendorDouble) -> None:
    vendor.answers(Answer.json({"data": [{"index": 0, "embedding": [0.5]}], "usage": {"prompt_tokens": 2, "total_tokens": 2}}))
    request = EmbeddingRequest(model="codestral-embed", inputs=["x"], dimensions=256, user="u")
    await mistral.kernel.invoke_text_embedding(request, mistral.context("codestral-embed", ModelType.TEXT_EMBEDDING))
    assert vendor.last.json == {"model": "codestral-embed", "input": ["x"], "encoding_format": "float", "output_dimension": 256}
    request = EmbeddingRequest(model="mistral-embed", inputs=["x"], dimensions=256)
    with pytest.raises(UnsupportedParameter):
        await mistral.kernel.invoke_text_embedding(request, mistral.context("mistral-embed", ModelType.TEXT_EMBEDDING))


async def test_texts_of_too_many_tokens_go_in_parts(mistral: Asker, vendor: VendorDouble) -> None:
    """Of all texts of a request Mistral takes 16,384 tokens."""
    vendor.answers(lambda asked: Answer.json({"data": [{"embedding": [1.0]} for _ in asked.json["input"]]}))
    request = EmbeddingRequest(model="mistral-embed", inputs=["x" * 9000, "y" * 6000, "z" * 9000])
    await mistral.kernel.invoke_text_embedding(request, mistral.context("mistral-embed", ModelType.TEXT_EMBEDDING))
    assert sorted(len(asked.json["input"]) for asked in vendor.requests) == [1, 2]


async def test_a_text_is_flagged_by_a_category(mistral: Asker, vendor: VendorDouble) -> None:
    results = [
        {"categories": {"pii": False, "selfharm": False}, "category_scores": {"pii": 0.01, "selfharm": 0.02}},
        {"categories": {"pii": False, "selfharm": True}, "category_scores": {"pii": 0.01, "selfharm": 0.98}},
    ]
    vendor.answers(Answer.json({"id": "mod-e5cc", "model": "mistral-moderation-2603", "results": results}))
    model = "mistral-moderation-2603"
    request = ModerationRequest(model=model, inputs=["fine", "not fine"])
    result = await mistral.kernel.invoke_moderation(request, mistral.context(model, ModelType.MODERATION))
    assert [verdict.flagged for verdict in result.verdicts] == [False, True]


async def test_a_recording_with_its_times(mistral: Asker, vendor: VendorDouble) -> None:
    segments = [{"type": "transcription_segment", "text": "Hello.", "start": 0.0, "end": 1.5, "score": None}]
    usage = {"prompt_audio_seconds": 2, "prompt_tokens": 4, "completion_tokens": 9, "total_tokens": 13}
    vendor.answers(Answer.json({"model": "m", "text": "Hello.", "language": "en", "segments": segments, "usage": usage}))
    model = "voxtral-mini-2602"
    audio = Blob(media_type="audio/wav", data=b"RIFF", name="a.wav")
    request = TranscriptionRequest(model=model, audio=audio, timestamps=frozenset({"segment"}))
    context = mistral.context(model, ModelType.SPEECH_TO_TEXT)
    result = await mistral.kernel.invoke_speech_to_text(request, context)
    form = vendor.last.form
    assert (form["model"], form["timestamp_granularities"]) == (model, "segment")
    assert set(form) == {"model", "timestamp_granularities", "file"}
    assert result.segments == [TimedText("Hello.", 0.0, 1.5)]
    assert result.usage.audio_seconds == 2.0
    with pytest.raises(UnsupportedParameter):
        await mistral.kernel.invoke_speech_to_text(TranscriptionRequest(model=model, audio=audio, prompt="names"), context)


async def test_a_text_is_spoken(mistral: Asker, vendor: VendorDouble) -> None:
    sound = base64.b64encode(b"ID3").decode()
    events: list[dict[str, Any]] = [
        {"type": "speech.audio.delta", "audio_data": sound},
        {"type": "speech.audio.done", "usage": {}},
    ]
    vendor.answers(Answer.sse([(event["type"], event) for event in events]))
    model = "voxtral-mini-tts-2603"
    context = mistral.context(model, ModelType.TEXT_TO_SPEECH)
    request = SpeechRequest(model=model, text="Hello", voice="v-1", format="wav")
    spoken = await mistral.kernel.invoke_text_to_speech(request, context)
    assert b"".join([piece async for piece in spoken.audio]) == b"ID3"
    assert (spoken.media_type, spoken.usage) == ("audio/wav", Usage(characters=5))
    said = {"model": model, "input": "Hello", "voice_id": "v-1", "response_format": "wav", "stream": True}
    assert vendor.last.json == said
    for odd, param in (({"format": "aac"}, "response_format"), ({"speed": 2.0}, "speed")):
        members: dict[str, Any] = {"text": "Hello", **odd}
        with pytest.raises(UnsupportedParameter) as caught:
            await mistral.kernel.invoke_text_to_speech(SpeechRequest(model=model, **members), context)
        assert caught.value.param == param


async def test_the_models_that_mistral_lists(mistral: Asker, vendor: VendorDouble) -> None:
    chats = {"completion_chat": True, "function_calling": True, "vision": True}
    listed: list[dict[str, Any]] = [
        {"id": "mistral-large-2512", "capabilities": chats, "max_context_length": 262144},
        {"id": "mistral-next", "capabilities": chats | {"audio": True}, "max_context_length": 131072},
        {"id": "voxtral-next", "capabilities": {"audio_transcription": True}},
        {"id": "mistral-ocr-next", "capabilities": {"ocr": True}},
        {"id": "mistral-embed-next", "capabilities": {}},
    ]
    vendor.answers(Answer.json({"object": "list", "data": listed}))
    models = await mistral.kernel.list_models(mistral.context())
    assert [(model.id, model.type.value, model.context_window) for model in models] == [
        ("mistral-large-2512", "llm", 256000),
        ("mistral-next", "llm", 131072),
        ("voxtral-next", "speech_to_text", None),
        ("mistral-embed-next", "text_embedding", None),
    ]
    assert {Feature.TOOLS, Feature.VISION, Feature.AUDIO_INPUT, Feature.STREAMING} <= models[1].features
