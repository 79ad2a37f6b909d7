"""The xinference plugin: the kit, and what is particular to it. Answers have the shapes that Xinference 4.1 gave here."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from jackfield_sdk import (
    BadRequest,
    CallContext,
    ContextLengthExceeded,
    Credentials,
    CredentialsInvalid,
    EmbeddingRequest,
    Feature,
    JackfieldError,
    LLMRequest,
    Message,
    ModelNotFound,
    ModelType,
    RankedDocument,
    RerankRequest,
    Sampling,
    ServerUnavailable,
    SpeechRequest,
    UnsupportedParameter,
    Usage,
)
from jackfield_sdk.testing import (
    Answer,
    Caller,
    EmbeddingConformance,
    LLMConformance,
    OpenAIAnswers,
    ProviderConformance,
    RelayConformance,
    RerankConformance,
    SpeechToTextConformance,
    TextToSpeechConformance,
    VendorDouble,
)
from jackfield_xinference import plugin


def running(uid: str = "qwen3", **members: Any) -> dict[str, Any]:
    """What the server says of a model that runs."""
    told = {
        "model_type": "LLM",
        "address": "127.0.0.1:45717",
        "accelerators": [],
        "model_name": "qwen3",
        "model_lang": ["en"],
        "model_ability": ["chat", "tools", "hybrid"],
        "model_format": "ggufv2",
        "model_family": "qwen3",
        "context_length": 40960,
        "model_engine": "llama.cpp",
        "replica": 1,
    }
    return {"id": uid, "object": "model", "created": 0, "owned_by": "xinference", **told, **members}


class Xinference(OpenAIAnswers):
    plugin: ClassVar[object] = plugin

    def credentials(self) -> dict[str, Any]:
        abilities = ("tools", "parallel_tools", "structured_output", "vision", "reasoning")
        values = {"base_url": "http://models.acme.example:9997", "model_uid": "uid-7", "api_key": self.secret}
        return values | {"context_size": 40960, "max_batch": 3, "voices": "anna, bert"} | dict.fromkeys(abilities, True)

    def error(self, status: int, message: str = "something is wrong", headers: dict[str, str] | None = None) -> Answer:
        return Answer.json({"detail": message}, status, headers)


class TestChat(Xinference, LLMConformance):
    model = "qwen3"


class TestEmbedding(Xinference, EmbeddingConformance):
    model = "bge-m3"


class TestRerank(Xinference, RerankConformance):
    model = "bge-reranker"

    def rerank_answer(self, ranking: list[RankedDocument], usage: Usage) -> Answer:
        results = [{"index": one.index, "relevance_score": one.score, "document": None} for one in ranking]
        tokens = {"input_tokens": usage.input_tokens, "output_tokens": usage.input_tokens}
        meta = {"api_version": None, "billed_units": None, "tokens": tokens, "warnings": None}
        return Answer.json({"id": "b1ae217e", "results": results, "meta": meta})


class TestTranscription(Xinference, SpeechToTextConformance):
    model = "whisper-large-v3"


class TestSpeech(Xinference, TextToSpeechConformance):
    model = "CosyVoice2"


class TestRelay(Xinference, RelayConformance):
    model = "uid-7"  # of that name, nothing is changed


class TestProvider(Xinference, ProviderConformance):
    validated_model = ("qwen3", ModelType.LLM)

    def validation_answer(self) -> Answer:
        return Answer.json(running(model_ability=["chat", "tools", "vision", "reasoning"]))

    def models_answer(self, ids: list[str]) -> Answer:
        return Answer.json({"object": "list", "data": [running(one) for one in ids]})


# -- what is sent ----------------------------------------------------------------------------------------------------------

CHAT = Answer.json({"choices": [{"message": {"content": "hi"}, "finish_reason": "stop", "index": 0}]})


def of(caller: Caller, kind: ModelType | None = ModelType.LLM, **values: Any) -> CallContext:
    form = caller.description.model_form
    assert form is not None
    checked = form.check({"base_url": "http://127.0.0.1:9997", **values})
    return caller.context(checked, "ours" if kind else None, kind or ModelType.LLM)


def chat(**members: Any) -> LLMRequest:
    members.setdefault("messages", [Message.user("Hello")])
    return LLMRequest(model="ours", **members)


async def test_a_chat(caller: Caller, vendor: VendorDouble) -> None:
    vendor.answers(CHAT)
    await caller.kernel.invoke_llm(chat(), of(caller))
    assert vendor.last.url == "http://127.0.0.1:9997/v1/chat/completions"
    assert vendor.last.json == {"model": "ours", "messages": [{"role": "user", "content": "Hello"}]}
    assert "authorization" not in vendor.last.headers
    await caller.kernel.invoke_llm(chat(), of(caller, model_uid="uid-7"))
    assert vendor.last.json["model"] == "uid-7"


async def test_a_model_that_only_completes(caller: Caller, vendor: VendorDouble) -> None:
    vendor.answers(Answer.json({"choices": [{"text": "hi", "finish_reason": "stop"}]}))
    context = of(caller, completion=True)
    assert context.model is not None
    assert context.model.dialects == ("openai.completions",)
    await caller.kernel.invoke_llm(chat(), context)
    assert vendor.last.path == "/v1/completions"
    assert vendor.last.json == {"model": "ours", "prompt": "Hello"}


@pytest.mark.parametrize(
    ("effort", "sent"),
    [
        (None, {}),
        ("none", {"chat_template_kwargs": {"enable_thinking": False, "thinking": False}}),
        ("low", {"chat_template_kwargs": {"enable_thinking": True, "thinking": True}, "reasoning_effort": "low"}),
    ],
)
async def test_thinking_is_switched(caller: Caller, vendor: VendorDouble, effort: str | None, sent: dict[str, Any]) -> None:
    vendor.answers(CHAT)
    await caller.kernel.invoke_llm(chat(sampling=Sampling(reasoning_effort=effort)), of(caller))
    assert {name: value for name, value in vendor.last.json.items() if name not in ("model", "messages")} == sent


async def test_what_the_callers_template_says_is_kept(caller: Caller, vendor: VendorDouble) -> None:
    vendor.answers(CHAT)
    extra = {"chat_template_kwargs": {"tone": "dry"}}
    request = chat(sampling=Sampling(reasoning_effort="none"), extra=extra, dialect="openai.chat")
    await caller.kernel.invoke_llm(request, of(caller))
    assert vendor.last.json["chat_template_kwargs"] == {"tone": "dry", "enable_thinking": False, "thinking": False}


@pytest.mark.parametrize(("name", "value"), [("n", 2), ("logit_bias", {"1": 2.0})])
async def test_what_the_server_does_not_heed(caller: Caller, vendor: VendorDouble, name: str, value: Any) -> None:
    with pytest.raises(UnsupportedParameter) as caught:
        await caller.kernel.invoke_llm(chat(sampling=Sampling(**{name: value})), of(caller))
    assert caught.value.param == name
    assert not vendor.requests


async def test_the_other_types(caller: Caller, vendor: VendorDouble) -> None:
    vendor.answers(
        Answer.json({"data": [{"index": 0, "embedding": [1.0]}], "usage": {"prompt_tokens": 37, "total_tokens": 37}})
    )
    embed = EmbeddingRequest(model="ours", inputs=["a"], truncate=True)
    result = await caller.kernel.invoke_text_embedding(embed, of(caller, ModelType.TEXT_EMBEDDING))
    assert result.usage.input_tokens == 37
    assert vendor.last.json["truncate_prompt_tokens"] == -1
    vendor.answers(TestRerank().rerank_answer([RankedDocument(0, 0.5)], Usage(input_tokens=9)))
    rerank = RerankRequest(model="ours", query="q", documents=["a"], top_n=1)
    await caller.kernel.invoke_rerank(rerank, of(caller, ModelType.RERANK))
    assert vendor.last.json == {
        "model": "ours",
        "query": "q",
        "documents": ["a"],
        "top_n": 1,
        "return_documents": False,
        "return_len": True,
    }
    vendor.answers(Answer.content(b"sound", "audio/mpeg"))
    for voices, voice in (("", ""), ("anna, bert", "anna")):
        context = of(caller, ModelType.TEXT_TO_SPEECH, voices=voices)
        spoken = await caller.kernel.invoke_text_to_speech(SpeechRequest(model="ours", text="hi"), context)
        assert b"".join([piece async for piece in spoken.audio]) == b"sound"
        assert vendor.last.json == {"model": "ours", "input": "hi", "voice": voice}


# -- what the server says of its models ------------------------------------------------------------------------------------


async def test_running_models_are_listed_with_what_they_can(caller: Caller, vendor: VendorDouble) -> None:
    entries = [
        running("chat"),
        running("old", model_ability=["generate"], context_length=2048),
        running("omni", model_ability=["chat", "omni"]),
        running("bge", model_type="embedding", model_ability=["embed"], dimensions=1024, max_tokens=8192),
        running("rank", model_type="rerank", model_ability=["rerank"]),
        running("ears", model_type="audio", model_ability=["audio2text"]),
        running("mouth", model_type="audio", model_ability=["text2audio", "text2audio_zero_shot"]),
        running("both", model_type="audio", model_ability=["audio2text", "text2audio"]),
        running("aged-mouth", model_type="audio", model_ability=None, model_family="ChatTTS"),
        running("aged-ears", model_type="audio", model_ability=None, model_family="whisper"),
        running("paint", model_type="image", model_ability=["text2image"]),
        {"id": "bare", "object": "model"},
        {"no": "id"},
    ]
    vendor.answers(Answer.json({"object": "list", "data": entries}))
    models = await caller.kernel.list_models(of(caller, None, api_key="sk-1"))
    assert [(model.id, model.type.value) for model in models] == [
        ("chat", "llm"),
        ("old", "llm"),
        ("omni", "llm"),
        ("bge", "text_embedding"),
        ("rank", "rerank"),
        ("ears", "speech_to_text"),
        ("mouth", "text_to_speech"),
        ("both", "speech_to_text"),
        ("both", "text_to_speech"),
        ("aged-mouth", "text_to_speech"),
        ("aged-ears", "speech_to_text"),
        ("bare", "llm"),
    ]
    assert models[0].features == {Feature.STREAMING, Feature.TOOLS, Feature.REASONING}
    assert models[0].context_window == 40960
    assert models[1].features == {Feature.STREAMING, Feature.COMPLETION}
    assert models[2].features == {Feature.STREAMING, Feature.VISION, Feature.AUDIO_INPUT, Feature.VIDEO_INPUT}
    assert (models[3].dimensions, models[3].context_window) == (1024, 8192)
    assert vendor.last.headers["authorization"] == "Bearer sk-1"


async def test_a_model_is_proved_by_what_the_server_says_of_it(caller: Caller, vendor: VendorDouble) -> None:
    async def prove(kind: ModelType = ModelType.LLM, **values: Any) -> None:
        await caller.kernel.validate_model_credentials("ours", kind, of(caller, None, **values))

    vendor.answers(Answer.json(running()))
    await prove(tools=True, reasoning=True, parallel_tools=True)
    assert (vendor.last.method, vendor.last.url) == ("GET", "http://127.0.0.1:9997/v1/models/ours")
    with pytest.raises(CredentialsInvalid) as caught:
        await prove(tools=True, vision=True)
    assert caught.value.param == "vision"
    with pytest.raises(BadRequest) as mistaken:
        await prove(ModelType.TEXT_EMBEDDING)
    assert "LLM (chat, tools, hybrid)" in mistaken.value.message
    vendor.answers(Answer.json({"detail": "[pid=1] Model not found in the model list, uid: ours"}, 400))
    with pytest.raises(ModelNotFound):
        await prove()
    with pytest.raises(CredentialsInvalid) as unknown:
        await prove(model_uid="uid-8")
    assert unknown.value.param == "model_uid"
    vendor.answers(Answer.json({"hello": "world"}))
    with pytest.raises(CredentialsInvalid) as elsewhere:
        await prove()
    assert elsewhere.value.param == "base_url"


async def test_a_key_that_may_call_but_not_look(caller: Caller, vendor: VendorDouble) -> None:
    vendor.on("GET", "/v1/models/uid-7", Answer.json({"detail": "Not enough permissions"}, 403))
    vendor.on("POST", "/v1/chat/completions", CHAT)
    context = of(caller, None, api_key="sk-1", model_uid="uid-7")
    await caller.kernel.validate_model_credentials("ours", ModelType.LLM, context)
    assert vendor.last.json["model"] == "uid-7"


@pytest.mark.parametrize(
    ("status", "detail", "kind", "param"),
    [
        (404, "[pid=1] Model not found in the model list, uid: x. Available model uids: []", ModelNotFound, None),
        (400, "Model not found in the model list, uid: x", ModelNotFound, None),
        (400, "Only {'qwen3', 'glm-5'} support tool calls", UnsupportedParameter, "tools"),
        (400, "Only {'qwen3', 'glm-5'} support tool messages", UnsupportedParameter, "tools"),
        (500, "[pid=1] Model model_format='ggufv2' is not for creating embedding.", BadRequest, "model"),
        (500, "Requested tokens (5008) exceed context window of 2048", ContextLengthExceeded, None),
        (500, "Internal Server Error: 2 validation errors for CreateChatCompletion", BadRequest, None),
        (501, "Not implemented", UnsupportedParameter, None),
        (401, "Could not validate credentials", CredentialsInvalid, "api_key"),
        (500, "The chat completion request failed. Check the server logs for details.", ServerUnavailable, None),
        (503, "Model is loading, please retry later: x", ServerUnavailable, None),
    ],
)
async def test_errors_are_told_by_their_text(
    caller: Caller, vendor: VendorDouble, status: int, detail: str, kind: type[JackfieldError], param: str | None
) -> None:
    vendor.answers(Answer.json({"detail": detail}, status, {"retry-after": "30"}))
    with pytest.raises(JackfieldError) as caught:
        await caller.kernel.invoke_llm(chat(), of(caller))
    assert type(caught.value) is kind
    assert (caught.value.param, caught.value.vendor_message, caught.value.retry_after) == (param, detail, 30.0)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("The chat completion request failed. Check the server logs for details.", ServerUnavailable),
        ("Requested tokens (5008) exceed context window of 2048", ContextLengthExceeded),
        ("Internal Server Error: 2 validation errors for CreateChatCompletion", BadRequest),
    ],
)
async def test_an_error_in_a_stream_is_a_text(
    caller: Caller, vendor: VendorDouble, said: str, kind: type[JackfieldError]
) -> None:
    vendor.answers(Answer.sse([{"error": said}]))
    with pytest.raises(JackfieldError) as caught:
        async for _ in await caller.kernel.stream_llm(chat(stream=True), of(caller)):
            pass
    assert type(caught.value) is kind
    assert caught.value.vendor_message == said


def test_a_uid_has_no_slash() -> None:
    (described,) = plugin.jackfield_providers()
    assert described.model_form is not None
    for uid in ("a/b", "a?b", "a#b", "a b"):
        with pytest.raises(CredentialsInvalid) as caught:
            described.model_form.check({"base_url": "http://127.0.0.1:9997", "model_uid": uid})
        assert caught.value.param == "model_uid"
    values = Credentials({"base_url": "http://127.0.0.1:9997", "tools": True, "context_size": 8192})
    model = plugin.describe_model("m", ModelType.LLM, dict(values))
    assert model.features == {Feature.STREAMING, Feature.TOOLS}
    assert (model.context_window, model.dialects) == (8192, ("openai.chat",))
