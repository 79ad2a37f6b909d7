"""The azure_openai plugin: the kit on deployments, and what is particular to Azure."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from typing import Any, ClassVar

import pytest
from jackfield_azure_openai import plugin
from jackfield_azure_openai.base_models import base_model, catalog
from jackfield_sdk import (
    BadRequest,
    Blob,
    ContentRefused,
    ContextLengthExceeded,
    CredentialsInvalid,
    EmbeddingRequest,
    Feature,
    JackfieldError,
    LLMRequest,
    Message,
    ModelNotFound,
    ModelType,
    PermissionDenied,
    RateLimited,
    RelayRequest,
    Sampling,
    ServerUnavailable,
    SpeechRequest,
    Tool,
    TranscriptionRequest,
    UnsupportedParameter,
)
from jackfield_sdk.testing import (
    Answer,
    Caller,
    EmbeddingConformance,
    LLMConformance,
    OpenAIAnswers,
    ProviderConformance,
    RelayConformance,
    Said,
    SpeechToTextConformance,
    TextToSpeechConformance,
    VendorDouble,
    open_caller,
)


class Azure(OpenAIAnswers):
    plugin: ClassVar[object] = plugin

    def credentials(self) -> dict[str, Any]:
        return {"base_url": "https://acme.openai.azure.com", "auth": "api_key", "api_key": self.secret}

    def models_answer(self, ids: list[str]) -> None:
        """What is deployed cannot be listed."""


class TestChat(Azure, LLMConformance):
    model = "gpt-5.1"


class TestEmbedding(Azure, EmbeddingConformance):
    model = "text-embedding-3-small"


class TestTranscription(Azure, SpeechToTextConformance):
    model = "whisper"


class TestSpeech(Azure, TextToSpeechConformance):
    model = "tts-hd"


class TestRelay(Azure, RelayConformance):
    model = "gpt-5.1"


class TestProvider(Azure, ProviderConformance):
    validated_model = ("gpt-5.1", ModelType.LLM)

    def validation_answer(self) -> Answer:
        return self.llm_answer(Said())


RESOURCE = "https://acme.openai.azure.com"
KEY = {"base_url": RESOURCE, "auth": "api_key", "api_key": "azure-canary-0123456789"}
CHAT = Answer.json({"id": "c", "choices": [{"index": 0, "message": {"content": "hi"}, "finish_reason": "stop"}]})
RESPONSE = Answer.json({"id": "r", "status": "completed", "output": [], "usage": {}})
HELLO = [Message.user("Hello")]
WEATHER = Tool("weather")


@pytest.fixture
async def vendor() -> AsyncIterator[VendorDouble]:
    async with VendorDouble() as vendor:
        yield vendor


@pytest.fixture
async def azure(vendor: VendorDouble) -> AsyncIterator[Caller]:
    async with open_caller(plugin, vendor) as caller:
        yield caller


async def chat(azure: Caller, credentials: dict[str, Any], model: str, **members: Any) -> Any:
    request = LLMRequest(model=model, messages=HELLO, **members)
    return await azure.kernel.invoke_llm(request, azure.context(credentials, model))


# -- where ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        ({}, "/openai/v1/chat/completions"),
        ({"api_version": "v1"}, "/openai/v1/chat/completions"),
        ({"api_version": "preview"}, "/openai/v1/chat/completions?api-version=preview"),
        ({"base_url": f"{RESOURCE}/openai/v1/"}, "/openai/v1/chat/completions"),
        ({"base_url": f"{RESOURCE}/openai/v1", "api_version": "2024-10-21"}, "/openai/v1/chat/completions"),
        ({"api_version": "2024-10-21"}, "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"),
        (
            {"api_version": "2024-10-21", "deployment": "eu_chat"},
            "/openai/deployments/eu_chat/chat/completions?api-version=2024-10-21",
        ),
        (
            {
                "base_url": f"{RESOURCE}/openai/deployments/gpt-4o/chat/completions?api-version=2023-05-15",
                "api_version": "2024-10-21",
            },
            "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21",
        ),
    ],
)
async def test_the_address(azure: Caller, vendor: VendorDouble, fields: dict[str, str], url: str) -> None:
    vendor.answers(CHAT)
    await chat(azure, KEY | fields, "gpt-4o")
    assert vendor.last.url == RESOURCE + url
    assert vendor.last.headers["api-key"] == KEY["api_key"]
    assert "authorization" not in vendor.last.headers
    assert vendor.last.json["model"] == fields.get("deployment", "gpt-4o")


async def test_a_gateway_before_the_resource_keeps_its_path(azure: Caller, vendor: VendorDouble) -> None:
    vendor.answers(CHAT)
    await chat(azure, KEY | {"base_url": "https://openai.acme.example/azure/"}, "gpt-4o")
    assert vendor.last.url == "https://openai.acme.example/azure/openai/v1/chat/completions"


async def test_responses_have_no_deployment_in_their_path(azure: Caller, vendor: VendorDouble) -> None:
    vendor.answers(RESPONSE)
    dated = KEY | {"api_version": "2025-04-01-preview", "base_model": "gpt-5.3-codex"}
    await chat(azure, dated, "coder", sampling=Sampling(reasoning_effort="high"))
    assert vendor.last.url == f"{RESOURCE}/openai/responses?api-version=2025-04-01-preview"
    assert (vendor.last.json["model"], vendor.last.json["reasoning"]) == ("coder", {"effort": "high"})


@pytest.mark.parametrize(
    ("fields", "members", "path"),
    [
        ({}, {"tools": [WEATHER]}, "/openai/v1/responses"),
        ({}, {"tools": [WEATHER], "sampling": Sampling(reasoning_effort="none")}, "/openai/v1/chat/completions"),
        ({}, {}, "/openai/v1/chat/completions"),
        ({"api_version": "2024-10-21"}, {"tools": [WEATHER]}, "/openai/deployments/gpt-5.5/chat/completions"),
    ],
)
async def test_tools_beside_reasoning_go_to_responses(
    azure: Caller, vendor: VendorDouble, fields: dict[str, str], members: dict[str, Any], path: str
) -> None:
    vendor.answers(RESPONSE if path.endswith("responses") else CHAT)
    await chat(azure, KEY | fields, "gpt-5.5", **members)
    assert vendor.last.path == path


# -- what is sent ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "name"), [("gpt-5", "max_completion_tokens"), ("gpt-4o", "max_tokens"), ("gpt-5.2-chat", "max_completion_tokens")]
)
async def test_the_limit_of_the_output(azure: Caller, vendor: VendorDouble, model: str, name: str) -> None:
    vendor.answers(CHAT)
    await chat(azure, KEY, model, sampling=Sampling(max_tokens=50))
    assert vendor.last.json == {"model": model, "messages": [{"role": "user", "content": "Hello"}], name: 50}


@pytest.mark.parametrize(
    ("version", "known"), [("2024-08-01-preview", False), ("2024-06-01", False), ("2024-10-21", True), ("", True)]
)
async def test_streams_of_old_versions_tell_no_usage(azure: Caller, vendor: VendorDouble, version: str, known: bool) -> None:
    vendor.answers(Answer.sse([{"choices": [{"index": 0, "delta": {"content": "x"}, "finish_reason": "stop"}]}], done="[DONE]"))
    fields = KEY | ({"api_version": version} if version else {})
    request = LLMRequest(model="gpt-4o", messages=HELLO, stream=True)
    async for _ in await azure.kernel.stream_llm(request, azure.context(fields, "gpt-4o")):
        pass
    assert ("stream_options" in vendor.last.json) == known
    described = azure.kernel.describe_model("azure_openai", "gpt-4o", ModelType.LLM, fields)
    assert ("openai.chat" in (described.dialects or ())) == known


async def test_what_a_model_does_not_take(azure: Caller, vendor: VendorDouble) -> None:
    vendor.answers(CHAT)
    with pytest.raises(UnsupportedParameter) as caught:
        await chat(azure, KEY, "gpt-5", sampling=Sampling(temperature=0.2))
    assert caught.value.param == "temperature"
    with pytest.raises(BadRequest):
        await chat(azure, KEY, "gpt-5", sampling=Sampling(reasoning_effort="xhigh"))
    assert not vendor.requests


async def test_embeddings_of_a_dated_version(azure: Caller, vendor: VendorDouble) -> None:
    vendor.answers(Answer.json({"data": [{"index": 0, "embedding": [1.0]}], "usage": {"prompt_tokens": 2, "total_tokens": 2}}))
    fields = KEY | {"api_version": "2024-02-01", "deployment": "vectors"}
    model = "text-embedding-3-large"
    request = EmbeddingRequest(model=model, inputs=["a"], dimensions=256)
    result = await azure.kernel.invoke_text_embedding(request, azure.context(fields, model, ModelType.TEXT_EMBEDDING))
    assert (result.embeddings, result.usage.input_tokens) == ([[1.0]], 2)
    assert vendor.last.url == f"{RESOURCE}/openai/deployments/vectors/embeddings?api-version=2024-02-01"
    assert vendor.last.json == {"model": "vectors", "input": ["a"], "dimensions": 256}


async def test_recordings_and_speech(azure: Caller, vendor: VendorDouble) -> None:
    vendor.answers(Answer.json({"text": "hello"}))
    audio = Blob(data=b"RIFF", media_type="audio/wav", name="a.wav")
    model = "gpt-4o-transcribe-diarize"
    context = azure.context(KEY, model, ModelType.SPEECH_TO_TEXT)
    await azure.kernel.invoke_speech_to_text(TranscriptionRequest(model=model, audio=audio, language="de"), context)
    assert vendor.last.url == f"{RESOURCE}/openai/v1/audio/transcriptions"
    assert (vendor.last.form["chunking_strategy"], vendor.last.form["language"]) == ("auto", "de")
    vendor.answers(Answer.content(b"sound", "audio/mpeg"))
    context = azure.context(KEY | {"api_version": "2025-03-01-preview"}, "tts-1-hd", ModelType.TEXT_TO_SPEECH)
    spoken = await azure.kernel.invoke_text_to_speech(SpeechRequest(model="tts-1-hd", text="Hi"), context)
    assert b"".join([piece async for piece in spoken.audio]) == b"sound"
    assert vendor.last.url == f"{RESOURCE}/openai/deployments/tts-1-hd/audio/speech?api-version=2025-03-01-preview"
    assert vendor.last.json == {"model": "tts-1-hd", "input": "Hi", "voice": "alloy"}


async def test_a_relayed_body_names_the_deployment(azure: Caller, vendor: VendorDouble) -> None:
    vendor.answers(Answer.json({}))
    request = RelayRequest(dialect="openai.responses", model="ours", body=b'{"model":"ours","input":"x","tomorrow":1}')
    await azure.kernel.relay(request, azure.context(KEY | {"deployment": "theirs", "base_model": "gpt-5"}, "ours"))
    assert vendor.last.url == f"{RESOURCE}/openai/v1/responses"
    assert vendor.last.json == {"model": "theirs", "input": "x", "tomorrow": 1}


# -- the content filter ----------------------------------------------------------------------------------------------------

SAFE = {"hate": {"filtered": False, "severity": "safe"}}
DOWN = {"error": {"code": "content_filter_error", "message": "The contents are not filtered"}}
REFUSED = {
    "error": {
        "message": "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
        "type": None,
        "param": "prompt",
        "code": "content_filter",
        "status": 400,
        "innererror": {
            "code": "ResponsibleAIPolicyViolation",
            "content_filter_result": {
                **SAFE,
                "jailbreak": {"filtered": True, "detected": True},
                "violence": {"filtered": True, "severity": "medium"},
            },
        },
    }
}


async def test_a_refused_prompt_says_why(azure: Caller, vendor: VendorDouble) -> None:
    vendor.answers(Answer.json(REFUSED, 400, {"apim-request-id": "req-42"}))
    with pytest.raises(ContentRefused) as caught:
        await chat(azure, KEY, "gpt-4o")
    assert (caught.value.vendor_message or "").endswith("policy. (filtered: jailbreak, violence medium)")
    assert (caught.value.param, caught.value.vendor_code, caught.value.request_id) == ("prompt", "content_filter", "req-42")


async def test_a_filter_that_did_not_work_is_no_error(azure: Caller, vendor: VendorDouble) -> None:
    choice = {"index": 0, "message": {"content": "hi"}, "finish_reason": "stop", "content_filter_results": DOWN}
    body = {"id": "c", "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": SAFE}], "choices": [choice]}
    vendor.answers(Answer.json(body))
    result = await chat(azure, KEY, "gpt-4o")
    assert result.text == "hi"
    assert result.extra["content_filter_results"] == [DOWN]
    assert result.extra["prompt_filter_results"] == body["prompt_filter_results"]


async def test_annotations_in_a_stream(azure: Caller, vendor: VendorDouble) -> None:
    """The prompt's come first, in a chunk without choices; an asynchronous filter's stand in chunks without text."""
    annotated = {"index": 0, "finish_reason": None, "content_filter_offsets": {}, "content_filter_results": SAFE}
    chunks: list[dict[str, Any]] = [
        {"id": "", "choices": [], "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": SAFE}]},
        {"id": "c", "choices": [{"index": 0, "delta": {"content": "Hel"}, "content_filter_results": DOWN}]},
        {"id": "", "choices": [annotated]},
        {"id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": "content_filter"}]},
    ]
    vendor.answers(Answer.sse(chunks, done="[DONE]"))
    request = LLMRequest(model="gpt-4o", messages=HELLO, stream=True)
    events = [event async for event in await azure.kernel.stream_llm(request, azure.context(KEY, "gpt-4o"))]
    assert [type(event).__name__ for event in events] == ["StreamStart", "TextDelta", "StreamEnd"]
    vendor.answers(Answer.sse([chunks[1], REFUSED]))
    with pytest.raises(ContentRefused, match="content filter"):
        async for _ in await azure.kernel.stream_llm(request, azure.context(KEY, "gpt-4o")):
            pass


# -- errors and proofs -----------------------------------------------------------------------------------------------------


def error(status: int, code: str, message: str, **headers: str) -> Answer:
    heads = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer.json({"error": {"code": code, "message": message}}, status, heads)


ROWS: list[tuple[Answer, type[JackfieldError], str | None]] = [
    (error(401, "401", "Access denied due to invalid subscription key or wrong API endpoint."), CredentialsInvalid, "api_key"),
    (
        Answer.json({"statusCode": 401, "message": "Unauthorized. Access token is missing, invalid."}, 401),
        CredentialsInvalid,
        "api_key",
    ),
    (error(401, "PermissionDenied", "Principal does not have access to API/Operation."), PermissionDenied, None),
    (error(403, "403", "Access denied due to Virtual Network/Firewall rules."), PermissionDenied, None),
    (error(404, "DeploymentNotFound", "The API deployment for this resource does not exist."), ModelNotFound, None),
    (error(400, "OperationNotSupported", "The chatCompletion operation does not work with the model."), ModelNotFound, None),
    (error(400, "BadRequest", "API version not supported"), CredentialsInvalid, "api_version"),
    (error(400, "context_length_exceeded", "This model's maximum context length is 8192"), ContextLengthExceeded, None),
    (error(429, "429", "Requests have exceeded call rate limit.", retry_after="6"), RateLimited, None),
    (error(429, "too_many_requests", "Too Many Requests"), RateLimited, None),
    (error(429, "NoCapacity", "The system is experiencing high demand"), ServerUnavailable, None),
    (error(500, "InternalServerError", "oops"), ServerUnavailable, None),
]


@pytest.mark.parametrize(("answer", "kind", "param"), ROWS)
async def test_errors_of_azure(
    azure: Caller, vendor: VendorDouble, answer: Answer, kind: type[JackfieldError], param: str | None
) -> None:
    vendor.answers(answer)
    with pytest.raises(JackfieldError) as caught:
        await chat(azure, KEY, "gpt-4o")
    assert (type(caught.value), caught.value.param) == (kind, param)
    assert caught.value.retry_after == (6.0 if "retry-after" in answer.headers else None)


async def prove(azure: Caller, model: str, kind: ModelType = ModelType.LLM, **fields: str) -> None:
    await azure.kernel.validate_model_credentials(model, kind, azure.context(KEY | fields))


@pytest.mark.parametrize(
    ("model", "kind", "path", "answer"),
    [
        ("gpt-5.3-codex", ModelType.LLM, "/openai/v1/responses", RESPONSE),
        ("gpt-35-turbo-instruct", ModelType.LLM, "/openai/v1/completions", Answer.json({"choices": []})),
        ("gpt-4o", ModelType.LLM, "/openai/v1/chat/completions", CHAT),
        ("text-embedding-3-small", ModelType.TEXT_EMBEDDING, "/openai/v1/embeddings", Answer.json({"data": []})),
        ("whisper", ModelType.SPEECH_TO_TEXT, "/openai/v1/audio/transcriptions", Answer.json({"text": ""})),
        ("tts", ModelType.TEXT_TO_SPEECH, "/openai/v1/audio/speech", Answer.content(b"x", "audio/mpeg")),
    ],
)
async def test_a_deployment_is_proved_by_its_own_call(
    azure: Caller, vendor: VendorDouble, model: str, kind: ModelType, path: str, answer: Answer
) -> None:
    vendor.answers(answer)
    await prove(azure, model, kind)
    assert [asked.path for asked in vendor.requests] == [path]


async def test_what_a_proof_tells(azure: Caller, vendor: VendorDouble) -> None:
    vendor.answers(error(404, "404", "Resource not found"))
    with pytest.raises(CredentialsInvalid) as invalid:
        await prove(azure, "gpt-4o")
    assert invalid.value.param == "base_url"
    vendor.answers(error(404, "DeploymentNotFound", "The API deployment for this resource does not exist."))
    with pytest.raises(ModelNotFound):
        await prove(azure, "gpt-4o")
    vendor.answers(
        error(
            400, "invalid_request_error", "Could not finish the message because max_tokens or model output limit was reached."
        )
    )
    await prove(azure, "gpt-5")


# -- Microsoft Entra ID ----------------------------------------------------------------------------------------------------


def principal(**fields: str) -> dict[str, Any]:
    """One that no other test has: tokens are kept for the whole process."""
    signed = {"tenant_id": "acme.onmicrosoft.com", "client_id": str(uuid.uuid4()), "client_secret": "entra-canary-987654321"}
    return {"base_url": RESOURCE, "auth": "entra", **signed, **fields}


def token(text: str, lifetime: int = 3599) -> Answer:
    return Answer.json({"token_type": "Bearer", "expires_in": lifetime, "access_token": text})


@pytest.mark.parametrize(
    ("cloud", "authority", "scope"),
    [
        (None, "https://login.microsoftonline.com", "https://cognitiveservices.azure.com/.default"),
        ("us_government", "https://login.microsoftonline.us", "https://cognitiveservices.azure.us/.default"),
        ("china", "https://login.chinacloudapi.cn", "https://cognitiveservices.azure.cn/.default"),
    ],
)
async def test_a_token_signs_the_calls(
    azure: Caller, vendor: VendorDouble, cloud: str | None, authority: str, scope: str
) -> None:
    vendor.on("POST", "/token", [token("first-token"), token("second-token")])
    vendor.answers(CHAT)
    fields = principal(**({"cloud": cloud} if cloud else {}))
    for _ in range(2):
        await chat(azure, fields, "gpt-4o")
        assert vendor.last.headers["authorization"] == "Bearer first-token"
        assert "api-key" not in vendor.last.headers
    asked, *calls = vendor.requests
    assert asked.url == f"{authority}/acme.onmicrosoft.com/oauth2/v2.0/token"
    assert asked.form == {
        "grant_type": "client_credentials",
        "client_id": fields["client_id"],
        "client_secret": "entra-canary-987654321",
        "scope": scope,
    }
    assert len(calls) == 2, "the token is not kept"
    await azure.kernel.validate_model_credentials("gpt-4o", ModelType.LLM, azure.context(fields))
    assert vendor.last.headers["authorization"] == "Bearer second-token", "a proof must not trust a token that is kept"


async def test_a_token_that_ends_is_renewed(azure: Caller, vendor: VendorDouble) -> None:
    vendor.on("POST", "/token", [token("short-token", 0), token("next-token")])
    vendor.answers(CHAT)
    fields = principal()
    for name in ("short-token", "next-token", "next-token"):
        await chat(azure, fields, "gpt-4o")
        assert vendor.last.headers["authorization"] == f"Bearer {name}"


async def test_relay_is_signed_too_and_no_token_is_shown(azure: Caller, vendor: VendorDouble) -> None:
    vendor.on("POST", "/token", token("canary-token-123456"))
    vendor.answers(Answer.json({"error": {"code": "x", "message": "bad token canary-token-123456"}}, 401))
    request = RelayRequest(dialect="openai.chat", model="gpt-4o", body=b'{"model":"gpt-4o"}')
    with pytest.raises(CredentialsInvalid) as caught:
        await azure.kernel.relay(request, azure.context(principal(), "gpt-4o"))
    assert vendor.last.headers["authorization"] == "Bearer canary-token-123456"
    assert "canary-token" not in repr(caught.value.describe())


@pytest.mark.parametrize(
    ("status", "code", "says", "param"),
    [
        (401, "invalid_client", "AADSTS7000215: Invalid client secret provided.", "client_secret"),
        (401, "invalid_client", "AADSTS7000222: The provided client secret keys are expired.", "client_secret"),
        (400, "unauthorized_client", "AADSTS700016: Application with identifier 'x' was not found.", "client_id"),
        (400, "invalid_request", "AADSTS90002: Tenant 'acme' not found.", "tenant_id"),
        (400, "invalid_request", "AADSTS900023: Specified tenant identifier is not valid.", "tenant_id"),
    ],
)
async def test_a_sign_in_that_is_refused(
    azure: Caller, vendor: VendorDouble, status: int, code: str, says: str, param: str
) -> None:
    description = f"{says} entra-canary-987654321\r\nTrace ID: 1\r\nCorrelation ID: 2"
    vendor.answers(Answer.json({"error": code, "error_description": description, "error_codes": [1]}, status))
    with pytest.raises(CredentialsInvalid) as caught:
        await azure.kernel.validate_model_credentials("gpt-4o", ModelType.LLM, azure.context(principal()))
    assert caught.value.param == param
    assert (caught.value.vendor_message or "").startswith(says)
    assert "canary" not in repr(caught.value.describe())
    assert "Trace" not in (caught.value.vendor_message or "")


async def test_a_sign_in_that_fails_otherwise(azure: Caller, vendor: VendorDouble) -> None:
    incomplete = {name: value for name, value in principal().items() if name != "client_secret"}
    with pytest.raises(CredentialsInvalid) as caught:
        await chat(azure, incomplete, "gpt-4o")
    assert set(caught.value.problems) == {"client_secret"}
    assert not vendor.requests
    for answer in (Answer.json({"expires_in": 9}), Answer.content("<html>", status=503)):
        vendor.answers(answer)
        with pytest.raises(ServerUnavailable):
            await chat(azure, principal(), "gpt-4o")


async def test_a_role_that_is_missing_is_the_principals(azure: Caller, vendor: VendorDouble) -> None:
    vendor.on("POST", "/token", token("good-token-123456"))
    vendor.answers(error(401, "401", "Unauthorized. Access token is missing, invalid, or have expired."))
    with pytest.raises(CredentialsInvalid) as caught:
        await azure.kernel.validate_model_credentials("gpt-4o", ModelType.LLM, azure.context(principal()))
    assert (caught.value.param, set(caught.value.problems)) == ("client_id", {"client_id"})


# -- what stands behind a deployment ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind", "found"),
    [
        ("gpt-4o", ModelType.LLM, "gpt-4o"),
        ("gpt-4o-2024-08-06", ModelType.LLM, "gpt-4o"),
        ("GPT-4o-mini-europe", ModelType.LLM, "gpt-4o-mini"),
        ("gpt-3.5-turbo", ModelType.LLM, "gpt-35-turbo"),
        ("gpt-4-0125-preview", ModelType.LLM, "gpt-4-turbo"),
        ("gpt-5.3-chat", ModelType.LLM, "gpt-chat-latest"),
        ("gpt-4o-transcribe", ModelType.SPEECH_TO_TEXT, "gpt-4o-transcribe"),
        ("whisper-1", ModelType.SPEECH_TO_TEXT, "whisper"),
        ("tts-1-hd", ModelType.TEXT_TO_SPEECH, "tts-hd"),
        ("gpt-4.5-preview", ModelType.LLM, None),
        ("our-chat", ModelType.LLM, None),
    ],
)
def test_a_base_model_by_its_name(name: str, kind: ModelType, found: str | None) -> None:
    base = base_model(name, kind)
    assert (base.id if base else None) == found


async def test_a_model_that_is_not_known_is_what_the_form_says(azure: Caller) -> None:
    fields = KEY | {"base_model": "grok-9", "context_size": 131072, "tools": True}
    described = azure.kernel.describe_model("azure_openai", "ours", ModelType.LLM, fields)
    assert (described.context_window, described.features) == (131072, frozenset({Feature.STREAMING, Feature.TOOLS}))
    assert (described.dialects, described.parameters) == (("openai.chat",), None)
    known = azure.kernel.describe_model("azure_openai", "ours", ModelType.LLM, KEY | {"base_model": "gpt-5.4"})
    assert (known.id, str(known.label), known.context_window) == ("ours", "ours (gpt-5.4)", 1050000)


def test_the_base_models_are_whole() -> None:
    models = catalog().models
    assert {model.type for model in models} == set(plugin.model_types)
    assert all(model.context_window and model.features for model in models if model.type is ModelType.LLM)
    assert all(model.voices for model in models if model.type is ModelType.TEXT_TO_SPEECH)
