"""The openrouter plugin: the kit, and what is particular to OpenRouter."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from jackfield_openrouter import plugin
from jackfield_sdk import (
    BadRequest,
    Blob,
    ContentRefused,
    ContextLengthExceeded,
    CredentialsInvalid,
    Feature,
    JackfieldError,
    LLMRequest,
    Message,
    ModelNotFound,
    ModelType,
    PermissionDenied,
    QuotaExceeded,
    RateLimited,
    ReasoningPart,
    RelayRequest,
    RerankRequest,
    Sampling,
    ServerUnavailable,
    SpeechRequest,
    TextPart,
    TranscriptionRequest,
    UnsupportedParameter,
    Usage,
)
from jackfield_sdk.testing import (
    Answer,
    Asker,
    EmbeddingConformance,
    LLMConformance,
    OpenAIAnswers,
    ProviderConformance,
    RelayConformance,
    RerankConformance,
    SpeechToTextConformance,
    TextToSpeechConformance,
    VendorDouble,
    asking,
)


class Router(OpenAIAnswers):
    plugin: ClassVar[object] = plugin

    def error(self, status: int, message: str = "something is wrong", headers: dict[str, str] | None = None) -> Answer:
        return Answer.json({"error": {"code": status, "message": message}, "user_id": "user_1"}, status, headers)


class TestChat(Router, LLMConformance):
    model = "deepseek/deepseek-v4-pro"


class TestEmbedding(Router, EmbeddingConformance):
    pass


class TestRerank(Router, RerankConformance):
    pass


class TestTranscription(Router, SpeechToTextConformance):
    model = "openai/whisper-large-v3"


class TestSpeech(Router, TextToSpeechConformance):
    model = "openai/gpt-4o-mini-tts"


class TestRelayOfMessages(Router, RelayConformance):
    dialect = "anthropic.messages"
    model = "anthropic/claude-sonnet-5"


class TestProvider(Router, ProviderConformance):
    def validation_answer(self) -> Answer:
        return Answer.json({"data": {"label": "sk-or-v1-0e6...1c96", "limit": None, "usage": 1.5, "is_free_tier": False}})


KEY = {"api_key": "sk-or-v1-canary-0123456789"}
CHAT = Answer.json({"id": "c", "choices": [{"index": 0, "message": {"content": "hi"}, "finish_reason": "stop"}]})
HELLO = [Message.user("Hello")]


vendor, router = asking(plugin, KEY, "anthropic/claude-sonnet-4.6", CHAT)


# -- what is sent ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sampling", "extra", "reasoning"),
    [
        (Sampling(), {}, None),
        (Sampling(reasoning_effort="high"), {}, {"effort": "high"}),
        (Sampling(reasoning_budget=2000), {}, {"max_tokens": 2000}),
        (Sampling(reasoning_budget=0), {}, {"enabled": False}),
        (Sampling(reasoning_effort="low"), {"reasoning": {"exclude": True}}, {"effort": "low", "exclude": True}),
    ],
)
async def test_effort_and_budget_are_one_object(
    router: Asker, vendor: VendorDouble, sampling: Sampling, extra: dict[str, Any], reasoning: dict[str, Any] | None
) -> None:
    await router.ask(sampling=sampling, extra=extra | {"provider": {"sort": "price"}})
    assert vendor.last.url == "https://openrouter.ai/api/v1/chat/completions"
    assert vendor.last.headers["authorization"] == f"Bearer {KEY['api_key']}"
    expected = {
        "model": "anthropic/claude-sonnet-4.6",
        "messages": [{"role": "user", "content": "Hello"}],
        "provider": {"sort": "price"},
    }
    assert vendor.last.json == expected | ({"reasoning": reasoning} if reasoning else {})


async def test_thoughts_go_back_with_their_seals(router: Asker, vendor: VendorDouble) -> None:
    details = [
        {"type": "reasoning.text", "text": "Hm.", "signature": "EqoBCkgI", "format": "anthropic-claude-v1", "index": 0},
        {"type": "reasoning.encrypted", "data": "sealed", "id": "rs_1", "format": "anthropic-claude-v1", "index": 1},
    ]
    message = {"content": "Hi.", "reasoning": "Hm.", "reasoning_details": details}
    vendor.answers(Answer.json({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}))
    result = await router.ask()
    vendor.answers(CHAT)
    await router.ask(messages=[*HELLO, result.message, *HELLO])
    assert vendor.last.json["messages"][1] == {"role": "assistant", "content": "Hi.", "reasoning_details": details}


async def test_seals_of_another_plugin_stay_behind(router: Asker, vendor: VendorDouble) -> None:
    thought = Message("assistant", [ReasoningPart("Hm.", signature="gemini:EqoBCkgI"), TextPart("Hi.")])
    await router.ask("google/gemini-3.5-flash", messages=[*HELLO, thought])
    detail = {"type": "reasoning.text", "text": "Hm.", "index": 0, "format": "google-gemini-v1"}
    assert vendor.last.json["messages"][1]["reasoning_details"] == [detail]


async def test_prefixes_that_may_be_kept_are_marked(router: Asker, vendor: VendorDouble) -> None:
    await router.ask(messages=[Message("user", [TextPart("long", cache="default"), TextPart("short")])])
    assert vendor.last.json["messages"][0]["content"] == [
        {"type": "text", "text": "long", "cache_control": {"type": "ephemeral"}},
        {"type": "text", "text": "short"},
    ]


async def test_what_a_model_does_not_take(router: Asker, vendor: VendorDouble) -> None:
    for model, sampling, name in (
        ("openai/gpt-5.5", Sampling(temperature=0.2), "temperature"),
        ("anthropic/claude-opus-5.5", Sampling(temperature=0.2), "temperature"),
        ("anthropic/claude-sonnet-4.6", Sampling(frequency_penalty=0.5), "frequency_penalty"),
        ("openai/gpt-4o-mini", Sampling(reasoning_effort="low"), "reasoning_effort"),
        ("deepseek/deepseek-v4-pro", Sampling(n=2), "n"),
    ):
        assert isinstance(await router.refused(name, model, sampling=sampling), UnsupportedParameter)


async def test_rerank_speech_and_recordings(router: Asker, vendor: VendorDouble) -> None:
    ranked = [{"index": 1, "relevance_score": 0.9}, {"index": 0, "relevance_score": 0.1}]
    vendor.answers(Answer.json({"results": ranked, "usage": {"search_units": 1, "cost": 0.0025}}))
    request = RerankRequest(model="cohere/rerank-4-pro", query="q", documents=["a", "b"])
    ranking = await router.kernel.invoke_rerank(request, router.context(request.model, ModelType.RERANK))
    assert vendor.last.path == "/api/v1/rerank"
    assert ranking.usage == Usage(search_units=1)
    vendor.answers(Answer.content(b"sound", "audio/mpeg"))
    speech = SpeechRequest(model="openai/gpt-4o-mini-tts", text="Hi", voice="nova")
    spoken = await router.kernel.invoke_text_to_speech(speech, router.context(speech.model, ModelType.TEXT_TO_SPEECH))
    assert b"".join([piece async for piece in spoken.audio]) == b"sound"
    assert vendor.last.json == {"model": speech.model, "input": "Hi", "voice": "nova", "response_format": "mp3"}
    vendor.answers(Answer.json({"text": "hello", "usage": {"seconds": 9.2, "total_tokens": 113, "cost": 0.0005}}))
    audio = Blob(data=b"RIFF", media_type="audio/wav", name="a.wav")
    recording = TranscriptionRequest(model="google/chirp-3", audio=audio)
    context = router.context(recording.model, ModelType.SPEECH_TO_TEXT)
    assert (await router.kernel.invoke_speech_to_text(recording, context)).text == "hello"
    assert vendor.last.path == "/api/v1/audio/transcriptions"


async def test_where_bodies_are_passed_on_to(router: Asker, vendor: VendorDouble) -> None:
    paths = {
        "openai.chat": "/chat/completions",
        "openai.responses": "/responses",
        "openai.completions": "/completions",
        "openai.embeddings": "/embeddings",
        "anthropic.messages": "/messages",
        "jina.rerank": "/rerank",
    }
    for dialect, path in paths.items():
        body = b'{"model": "x/y",   "tomorrow": 1e3}'
        await router.kernel.relay(RelayRequest(dialect=dialect, model="x/y", body=body), router.context("x/y"))
        assert (vendor.last.path, vendor.last.body) == (f"/api/v1{path}", body)


# -- the key and the list -------------------------------------------------------------------------------------------------


async def test_the_key_is_proved_by_what_it_may_do(router: Asker, vendor: VendorDouble) -> None:
    vendor.answers(Answer.json({"data": {}}))
    await router.kernel.validate_provider_credentials(router.context())
    assert vendor.last.url == "https://openrouter.ai/api/v1/key"


ENTRY: dict[str, Any] = {
    "id": "acme/large",
    "name": "Acme: Large",
    "context_length": 1000,
    "architecture": {"input_modalities": ["text", "image", "file"], "output_modalities": ["text"]},
    "top_provider": {"max_completion_tokens": 2000},
    "pricing": {"prompt": "0.00000125", "completion": "0.00001", "input_cache_read": "0.000000125", "request": "0"},
    "supported_parameters": ["max_tokens", "temperature", "tools", "reasoning", "structured_outputs", "top_a"],
    "reasoning": {"mandatory": True, "supported_efforts": ["high", "low", None]},
    "expiration_date": "2027-01-31",
}


async def test_the_list_tells_all_of_a_model(router: Asker, vendor: VendorDouble) -> None:
    vendor.answers(Answer.json({"data": [ENTRY]}))
    (model,) = await router.kernel.list_models(router.context())
    assert vendor.last.url == "https://openrouter.ai/api/v1/models?output_modalities=all"
    assert (model.id, str(model.label), model.context_window, model.max_output_tokens) == (
        "acme/large",
        "Acme: Large",
        1000,
        1000,
    )
    assert model.features == {
        Feature.STREAMING,
        Feature.TOOLS,
        Feature.REASONING,
        Feature.STRUCTURED_OUTPUT,
        Feature.VISION,
        Feature.FILE_INPUT,
        Feature.PROMPT_CACHING,
    }
    assert model.prices is not None
    assert (model.prices.input, model.prices.output, model.prices.cache_read) == (
        Decimal("1.25"),
        Decimal(10),
        Decimal("0.125"),
    )
    assert model.prices.request is None
    rules = {rule.name: rule for rule in model.parameters or ()}
    assert set(rules) == {"max_tokens", "temperature", "reasoning_effort", "reasoning_budget"}
    assert rules["reasoning_effort"].options == ("high", "low")
    assert model.deprecated_on == date(2027, 1, 31)


@pytest.mark.parametrize(
    ("outputs", "kind"),
    [
        (["text", "image"], ModelType.LLM),
        (["embeddings"], ModelType.TEXT_EMBEDDING),
        (["rerank"], ModelType.RERANK),
        (["transcription"], ModelType.SPEECH_TO_TEXT),
        (["speech"], ModelType.TEXT_TO_SPEECH),
        (["image"], None),
        (["video"], None),
    ],
)
async def test_the_type_is_what_comes_out(
    router: Asker, vendor: VendorDouble, outputs: list[str], kind: ModelType | None
) -> None:
    entry = {"id": "a/b", "architecture": {"output_modalities": outputs}, "supported_voices": ["anna", "anna", "bert"]}
    vendor.answers(Answer.json({"data": [entry, entry | {"id": "broken", "architecture": 3, "pricing": {"prompt": "x"}}]}))
    models = await router.kernel.list_models(router.context())
    assert [model.type for model in models] == ([kind] if kind else [])
    assert [model.voices for model in models if kind is ModelType.TEXT_TO_SPEECH] in ([], [("anna", "bert")])


async def test_a_router_has_no_price(router: Asker, vendor: VendorDouble) -> None:
    vendor.answers(Answer.json({"data": [ENTRY | {"id": "a/router", "pricing": {"prompt": "-1", "completion": "-1"}}]}))
    (model,) = await router.kernel.list_models(router.context())
    assert model.prices is None


# -- errors ---------------------------------------------------------------------------------------------------------------


def error(status: int, message: str, **metadata: Any) -> Answer:
    return Answer.json({"error": {"code": status, "message": message, "metadata": metadata}}, status)


ROWS: list[tuple[Answer, type[JackfieldError]]] = [
    (error(401, "No auth credentials found"), CredentialsInvalid),
    (error(402, "Insufficient credits"), QuotaExceeded),
    (error(402, "Budget in flight", limit_source="openrouter_in_flight_budget"), RateLimited),
    (error(403, "Input flagged", reasons=["violence"], flagged_input="…", provider_name="OpenAI"), ContentRefused),
    (error(403, "Blocked by guardrail"), PermissionDenied),
    (error(404, "No endpoints found matching your data policy"), PermissionDenied),
    (error(404, "No endpoints found that support tool use"), UnsupportedParameter),
    (error(404, "No endpoints found for acme/none."), ModelNotFound),
    (error(400, "acme/none is not a valid model ID"), ModelNotFound),
    (error(400, "Too long", error_type="context_length_exceeded"), ContextLengthExceeded),
    (error(400, "This endpoint's maximum context length is 8192 tokens."), ContextLengthExceeded),
    (error(429, "Provider returned error", provider_name="Google", raw="slow down"), RateLimited),
    (error(502, "Provider returned error", provider_name="Acme", raw={"error": "down"}), ServerUnavailable),
    (error(503, "No available provider", error_type="provider_unavailable"), ServerUnavailable),
]


@pytest.mark.parametrize(("answer", "kind"), ROWS)
async def test_errors_of_openrouter(router: Asker, answer: Answer, kind: type[JackfieldError]) -> None:
    failure = await router.failure(answer)
    assert (type(failure), failure.vendor_status) == (kind, answer.status)


async def test_the_provider_behind_is_named(router: Asker) -> None:
    limited = error(429, "Provider returned error", provider_name="Google", raw="temporarily rate-limited upstream")
    failure = await router.failure(limited)
    assert failure.vendor_message == "Provider returned error (Google: temporarily rate-limited upstream)"


@pytest.mark.parametrize(
    ("code", "kind"), [(429, RateLimited), (402, QuotaExceeded), (502, ServerUnavailable), (400, BadRequest)]
)
async def test_errors_inside_good_answers(router: Asker, vendor: VendorDouble, code: int, kind: type[JackfieldError]) -> None:
    failure = {"code": code, "message": "Provider disconnected"}
    in_choice = {"choices": [{"index": 0, "message": {"content": "Hel"}, "finish_reason": "error", "error": failure}]}
    for body in ({"error": failure}, in_choice):
        vendor.answers(Answer.json(body))
        with pytest.raises(JackfieldError) as caught:
            await router.ask()
        assert type(caught.value) is kind
    first = {"id": "gen-1", "choices": [{"index": 0, "delta": {"content": "Hel"}, "finish_reason": None}]}
    last = {"id": "gen-1", "error": failure, "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}]}
    vendor.answers(Answer.sse([first, last]))
    request = LLMRequest(model="openai/gpt-4o-mini", messages=HELLO, stream=True)
    seen = []
    with pytest.raises(JackfieldError) as caught:
        async for event in await router.kernel.stream_llm(request, router.context(request.model)):
            seen.append(type(event).__name__)  # noqa: PERF401 - what came before the error counts
    assert (type(caught.value), seen) == (kind, ["StreamStart", "TextDelta"])
