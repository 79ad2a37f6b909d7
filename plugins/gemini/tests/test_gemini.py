"""The gemini plugin: the kit in Google's own words, and what is particular to it."""

from __future__ import annotations

import base64
from typing import Any, ClassVar

import orjson
import pytest
from jackfield_gemini import plugin
from jackfield_sdk import (
    BadRequest,
    Blob,
    ContentRefused,
    ContextLengthExceeded,
    CredentialsInvalid,
    EmbeddingRequest,
    FilePart,
    ImagePart,
    JackfieldError,
    LLMRequest,
    Message,
    ModelNotFound,
    ModelType,
    OpaqueTool,
    OutputFormat,
    Part,
    PermissionDenied,
    QuotaExceeded,
    RateLimited,
    ReasoningPart,
    RequestTooLarge,
    Sampling,
    ServerUnavailable,
    TextPart,
    Timeout,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    UnsupportedParameter,
    Usage,
)
from jackfield_sdk.dialects import openai_chat
from jackfield_sdk.testing import (
    Answer,
    Asker,
    EmbeddingConformance,
    LLMConformance,
    ProviderConformance,
    Recorded,
    Said,
    Vendor,
    VendorDouble,
    asking,
)

STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
FINISH = {"stop": "STOP", "tool_calls": "STOP", "length": "MAX_TOKENS", "content_filter": "SAFETY"}


class Gemini(Vendor):
    plugin: ClassVar[object] = plugin
    llm_usage: ClassVar[Usage] = Usage(input_tokens=11, output_tokens=7, cache_read_tokens=4, reasoning_tokens=3)
    finish_reasons: ClassVar[tuple[str, ...]] = ("stop", "length", "content_filter")

    def error(self, status: int, message: str = "something is wrong", headers: dict[str, str] | None = None) -> Answer:
        body = {"code": status, "message": message, "status": STATUSES.get(status, ""), "details": []}
        return Answer.json({"error": body}, status, headers)

    def usage(self, usage: Usage) -> dict[str, int]:
        return {
            "promptTokenCount": usage.input_tokens,
            "candidatesTokenCount": usage.output_tokens - usage.reasoning_tokens,
            "thoughtsTokenCount": usage.reasoning_tokens,
            "cachedContentTokenCount": usage.cache_read_tokens,
            "totalTokenCount": usage.total_tokens,
        }

    def chunk(self, said: Said, parts: list[dict[str, Any]], finish: str | None) -> dict[str, Any]:
        candidate = {"index": 0, "content": {"role": "model", "parts": parts}} | ({"finishReason": finish} if finish else {})
        head = {"responseId": "r-1", "modelVersion": "gemini-x"}
        return {"candidates": [candidate], "usageMetadata": self.usage(said.usage), **head}

    def parts(self, said: Said) -> list[dict[str, Any]]:
        calls = [
            {"functionCall": {"id": call.id, "name": call.name, "args": orjson.loads(call.arguments)}}
            for call in said.tool_calls
        ]
        thoughts = [{"text": piece, "thought": True} for piece in said.reasoning]
        return [*thoughts, *({"text": piece} for piece in said.pieces), *calls]

    def llm_answer(self, said: Said) -> Answer:
        return Answer.json(self.chunk(said, self.parts(said), FINISH[said.finish_reason]))

    def llm_stream(self, said: Said) -> Answer:
        last = self.chunk(said, [{"text": ""}], FINISH[said.finish_reason])
        return Answer.sse([*(self.chunk(said, [part], None) for part in self.parts(said)), last])

    def tokens_answer(self, tokens: int) -> Answer:
        return Answer.json({"totalTokens": tokens})


class TestChat(Gemini, LLMConformance):  # type: ignore[misc]
    model = "gemini-3.5-flash"


class TestEmbedding(Gemini, EmbeddingConformance):
    model = "gemini-embedding-001"

    def embedding_inputs(self, request: Recorded) -> list[str]:
        return [one["content"]["parts"][0]["text"] for one in request.json["requests"]]

    def embedding_answer(self, vectors: list[list[float]], usage: Usage) -> Answer:
        body = {"embeddings": [{"values": vector} for vector in vectors]}
        return Answer.json(body | {"usageMetadata": {"promptTokenCount": usage.input_tokens}})


class TestProvider(Gemini, ProviderConformance):
    def validation_answer(self) -> Answer:
        return self.models_answer(["gemini-3.5-flash"])

    def models_answer(self, ids: list[str]) -> Answer:
        methods = ["generateContent", "countTokens"]
        limits = {"inputTokenLimit": 1048576, "outputTokenLimit": 65536}
        models = [{"name": f"models/{one}", "supportedGenerationMethods": methods, **limits} for one in ids]
        return Answer.json({"models": models})


KEY = {"api_key": "AIza-canary-0123456789"}
HI = Answer.json({"candidates": [{"content": {"parts": [{"text": "hi"}]}, "finishReason": "STOP"}]})
HELLO = [Message.user("Hello")]
WEATHER = Tool("weather", "Tells the weather.", {"type": "object", "properties": {"city": {"type": "string"}}})
CITY = {"city": "Oslo"}


vendor, gemini = asking(plugin, KEY, "gemini-3.5-flash", HI)


# -- what is sent ---------------------------------------------------------------------------------------------------------


async def test_a_plain_chat(gemini: Asker, vendor: VendorDouble) -> None:
    messages = [Message.system("Be brief."), Message.user("Hello"), Message.assistant("Hi."), Message.user("More"), *HELLO]
    sampling = Sampling(max_tokens=50, temperature=0.5, top_p=0.75, top_k=5, seed=7, stop=["END"])
    await gemini.ask(messages=messages, sampling=sampling, user="u", metadata={"a": "b"})
    assert vendor.last.url == "https://generativelanguage.googleapis.com/v1beta/models/gemini-3.5-flash:generateContent"
    assert vendor.last.headers["x-goog-api-key"] == KEY["api_key"]
    assert vendor.last.json == {
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "contents": [
            {"role": "user", "parts": [{"text": "Hello"}]},
            {"role": "model", "parts": [{"text": "Hi."}]},
            {"role": "user", "parts": [{"text": "More"}, {"text": "Hello"}]},
        ],
        "generationConfig": {
            "maxOutputTokens": 50,
            "temperature": 0.5,
            "topP": 0.75,
            "topK": 5,
            "seed": 7,
            "stopSequences": ["END"],
            "thinkingConfig": {"includeThoughts": True},
        },
    }


@pytest.mark.parametrize("base", ["https://proxy.acme.example/g", "https://proxy.acme.example/g/v1beta/openai/"])
async def test_a_base_url_and_a_stream(gemini: Asker, vendor: VendorDouble, base: str) -> None:
    vendor.answers(Answer.sse([orjson.loads(HI.body)]))
    request = LLMRequest(model="gemini-3.5-flash", messages=HELLO, stream=True)
    context = gemini.context("gemini-3.5-flash", base_url=base)
    assert [type(event).__name__ async for event in await gemini.kernel.stream_llm(request, context)] == [
        "TextDelta",
        "StreamEnd",
    ]
    address = "https://proxy.acme.example/g/v1beta/models/gemini-3.5-flash:streamGenerateContent?alt=sse"
    assert vendor.last.url == address


async def test_images_files_and_a_schema(gemini: Asker, vendor: VendorDouble) -> None:
    parts: list[Part] = [
        ImagePart(Blob(url="https://acme.example/cat.png")),
        ImagePart(Blob(media_type="image/png", data=b"png")),
        FilePart(Blob(media_type="application/pdf", data=b"%PDF"), context="The contract."),
        FilePart(Blob(file_id="files/abc", media_type="application/pdf")),
    ]
    schema = {"type": "object", "properties": {"sum": {"type": "integer"}}}
    await gemini.ask(messages=[Message("user", parts)], output=OutputFormat("json_schema", schema, name="answer"))
    assert vendor.last.json["contents"][0]["parts"] == [
        {"fileData": {"fileUri": "https://acme.example/cat.png"}},
        {"inlineData": {"mimeType": "image/png", "data": "cG5n"}},
        {"text": "The contract."},
        {"inlineData": {"mimeType": "application/pdf", "data": "JVBERg=="}},
        {
            "fileData": {
                "fileUri": "https://generativelanguage.googleapis.com/v1beta/files/abc",
                "mimeType": "application/pdf",
            }
        },
    ]
    config = vendor.last.json["generationConfig"]
    assert (config["responseMimeType"], config["responseJsonSchema"]) == ("application/json", schema)


async def test_tools_and_what_they_returned(gemini: Asker, vendor: VendorDouble) -> None:
    calls = [ToolCall("c1", "weather", '{"city":"Oslo"}'), ToolCall("c2", "weather", "no json")]
    shown: list[TextPart | ImagePart | FilePart] = [TextPart("a picture"), ImagePart(Blob(media_type="image/png", data=b"p"))]
    turns = [
        Message.user("Weather?"),
        Message("assistant", [TextPart("I look."), *calls]),
        Message("tool", [ToolResult("c1", "rain")]),
        Message("tool", [ToolResult("c2", shown, is_error=True)]),
    ]
    await gemini.ask(messages=turns, tools=[WEATHER], tool_choice=ToolChoice("tool", "weather"))
    asked, called, returned, picture = vendor.last.json["contents"]
    assert asked == {"role": "user", "parts": [{"text": "Weather?"}]}
    lost = {"thoughtSignature": "skip_thought_signature_validator"}
    assert called["parts"] == [
        {"text": "I look."},
        {"functionCall": {"id": "c1", "name": "weather", "args": CITY}, **lost},
        {"functionCall": {"id": "c2", "name": "weather", "args": {"arguments": "no json"}}},
    ]
    assert returned == {
        "role": "user",
        "parts": [
            {"functionResponse": {"id": "c1", "name": "weather", "response": {"output": "rain"}}},
            {"functionResponse": {"id": "c2", "name": "weather", "response": {"error": "a picture"}}},
        ],
    }
    assert picture == {"role": "user", "parts": [{"inlineData": {"mimeType": "image/png", "data": "cA=="}}]}
    declared = {"name": "weather", "description": "Tells the weather.", "parametersJsonSchema": WEATHER.parameters}
    assert vendor.last.json["tools"] == [{"functionDeclarations": [declared]}]
    config = {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["weather"]}}
    assert vendor.last.json["toolConfig"] == config


@pytest.mark.parametrize(
    ("choice", "strict", "mode"),
    [(None, None, None), (None, True, "VALIDATED"), (ToolChoice("none"), None, "NONE"), (ToolChoice("required"), True, "ANY")],
)
async def test_the_choice_of_tools(
    gemini: Asker, vendor: VendorDouble, choice: ToolChoice | None, strict: bool | None, mode: str | None
) -> None:
    await gemini.ask(tools=[Tool("weather", strict=strict)], tool_choice=choice)
    config = vendor.last.json.get("toolConfig")
    assert config == ({"functionCallingConfig": {"mode": mode}} if mode else None)


async def test_one_call_at_a_time_cannot_be_had(gemini: Asker, vendor: VendorDouble) -> None:
    await gemini.refused("parallel_tool_calls", tools=[WEATHER], tool_choice=ToolChoice(parallel=False))
    await gemini.ask(tools=[WEATHER], tool_choice=ToolChoice(parallel=False), drop_unsupported=True)
    assert len(vendor.requests) == 1


@pytest.mark.parametrize(
    ("model", "sampling", "config"),
    [
        ("gemini-3.5-flash", Sampling(reasoning_effort="minimal"), {"thinkingLevel": "MINIMAL", "includeThoughts": True}),
        ("gemini-4-hydrogen", Sampling(reasoning_effort="xhigh"), {"thinkingLevel": "XHIGH", "includeThoughts": True}),
        ("gemini-4-hydrogen", Sampling(reasoning_budget=9000), {"thinkingLevel": "MEDIUM", "includeThoughts": True}),
        ("gemini-4-hydrogen", Sampling(reasoning_budget=0), {"thinkingLevel": "LOW", "includeThoughts": True}),
        ("gemini-2.5-flash", Sampling(reasoning_effort="none"), {"thinkingBudget": 0}),
        ("gemini-2.5-flash", Sampling(reasoning_effort="low"), {"thinkingBudget": 2048, "includeThoughts": True}),
        ("gemini-2.5-pro", Sampling(reasoning_budget=0), {"thinkingBudget": 128, "includeThoughts": True}),
        ("gemini-2.5-flash-lite", Sampling(reasoning_budget=99999), {"thinkingBudget": 24576, "includeThoughts": True}),
        ("gemini-2.5-flash-lite", Sampling(), None),
    ],
)
async def test_how_much_it_thinks(
    gemini: Asker, vendor: VendorDouble, model: str, sampling: Sampling, config: dict[str, Any] | None
) -> None:
    await gemini.ask(model, sampling=sampling)
    assert vendor.last.json.get("generationConfig", {}).get("thinkingConfig") == config


async def test_what_a_model_does_not_take(gemini: Asker, vendor: VendorDouble) -> None:
    for model, sampling, name in (
        ("gemini-4-hydrogen", Sampling(temperature=0.2), "temperature"),
        ("gemini-3.5-flash", Sampling(frequency_penalty=0.5), "frequency_penalty"),
        ("gemini-2.5-flash", Sampling(logprobs=True), "logprobs"),
    ):
        assert isinstance(await gemini.refused(name, model, sampling=sampling), UnsupportedParameter)
    await gemini.refused("reasoning_effort", "gemini-3.1-pro-preview", sampling=Sampling(reasoning_effort="minimal"))


async def test_googles_own_members_and_tools(gemini: Asker, vendor: VendorDouble) -> None:
    search = OpaqueTool("gemini.generate", {"googleSearch": {}})
    extra = {"safetySettings": [{"category": "X"}], "generationConfig": {"mediaResolution": "LOW"}}
    await gemini.ask(tools=[search], extra=extra)
    assert vendor.last.json["tools"] == [{"googleSearch": {}}]
    assert vendor.last.json["safetySettings"] == [{"category": "X"}]
    config = vendor.last.json["generationConfig"]
    assert config == {"mediaResolution": "LOW", "thinkingConfig": {"includeThoughts": True}}
    with pytest.raises(UnsupportedParameter):
        await gemini.ask(tools=[OpaqueTool("openai.chat", {"type": "custom"})])


async def test_what_clients_of_the_compatible_surface_say(gemini: Asker, vendor: VendorDouble) -> None:
    google = {"thinking_config": {"thinking_level": "low"}, "cached_content": "cachedContents/1"}
    wire = {"model": "gemini-3.5-flash", "messages": [{"role": "user", "content": "x"}], "extra_body": {"google": google}}
    await gemini.kernel.invoke_llm(openai_chat.parse_request(wire), gemini.context("gemini-3.5-flash"))
    assert vendor.last.json["generationConfig"] == {"thinkingConfig": {"thinking_level": "low"}}
    assert vendor.last.json["cachedContent"] == "cachedContents/1"
    with pytest.raises(UnsupportedParameter):
        strange = openai_chat.parse_request(wire | {"extra_body": {"other": {}}})
        await gemini.kernel.invoke_llm(strange, gemini.context("gemini-3.5-flash"))


# -- signatures -----------------------------------------------------------------------------------------------------------

SIGNED: list[dict[str, Any]] = [
    {"text": "Hm.", "thought": True},
    {"text": "I look.", "thoughtSignature": "sig-of-text"},
    {"functionCall": {"name": "weather", "args": CITY}, "thoughtSignature": "sig-of-call"},
    {"functionCall": {"name": "weather", "args": {}}},
]


def signed(parts: list[dict[str, Any]], finish: str | None = "STOP") -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": parts}}
    return {"candidates": [candidate | ({"finishReason": finish} if finish else {})]}


@pytest.mark.parametrize("stream", [False, True])
async def test_signatures_go_back_in_the_part_they_came_with(gemini: Asker, vendor: VendorDouble, stream: bool) -> None:
    if stream:
        vendor.answers(Answer.sse([*(signed([part], None) for part in SIGNED), signed([])]))
        result = await gemini.listen(tools=[WEATHER])
    else:
        vendor.answers(Answer.json(signed(SIGNED)))
        result = await gemini.ask(tools=[WEATHER])
    assert result.finish_reason == "tool_calls"
    first, second = result.tool_calls
    assert first.extra == {"extra_content": {"google": {"thought_signature": "sig-of-call"}}}
    assert first.id != second.id
    seals = [part.signature for part in result.message.parts if isinstance(part, ReasoningPart)]
    assert "gemini:sig-of-text" in seals
    vendor.answers(HI)
    await gemini.ask(messages=[*HELLO, result.message], tools=[WEATHER])
    sent = vendor.last.json["contents"][1]["parts"]
    assert [part.get("thoughtSignature") for part in sent if "functionCall" in part] == ["sig-of-call", None]
    assert "sig-of-text" in [part.get("thoughtSignature") for part in sent if "text" in part]
    assert not any(part.get("thought") for part in sent), "thoughts themselves are not sent back"


async def test_a_clients_turn_carries_the_signature_of_a_call(gemini: Asker, vendor: VendorDouble) -> None:
    """As the official client of OpenAI's sends it back: the message as it came."""
    vendor.answers(Answer.json(signed(SIGNED[2:3])))
    wire = {"model": "gemini-3.5-flash", "messages": [{"role": "user", "content": "x"}]}
    context = gemini.context("gemini-3.5-flash")
    answer = openai_chat.render_result(await gemini.kernel.invoke_llm(openai_chat.parse_request(wire), context))
    call = answer["choices"][0]["message"]["tool_calls"][0]
    turn = [*wire["messages"], answer["choices"][0]["message"], {"role": "tool", "tool_call_id": call["id"], "content": "rain"}]
    vendor.answers(HI)
    await gemini.kernel.invoke_llm(openai_chat.parse_request(wire | {"messages": turn}), context)
    _, called, returned = vendor.last.json["contents"]
    assert called["parts"][0]["thoughtSignature"] == "sig-of-call"
    assert returned["parts"][0]["functionResponse"]["name"] == "weather"


async def test_foreign_signatures_stay_behind(gemini: Asker, vendor: VendorDouble) -> None:
    thought: list[Part] = [
        ReasoningPart("Hm.", signature="EqoBCkgIChAB" * 9),
        ReasoningPart(redacted="sealed"),
        TextPart("Hi."),
    ]
    await gemini.ask(messages=[*HELLO, Message("assistant", thought)])
    assert vendor.last.json["contents"][1] == {"role": "model", "parts": [{"text": "Hi."}]}


# -- what is answered ------------------------------------------------------------------------------------------------------


async def test_usage_of_googles_tools_is_input(gemini: Asker, vendor: VendorDouble) -> None:
    usage = {"promptTokenCount": 10, "toolUsePromptTokenCount": 5, "candidatesTokenCount": 3, "thoughtsTokenCount": 4}
    vendor.answers(Answer.json(orjson.loads(HI.body) | {"usageMetadata": usage}))
    assert (await gemini.ask()).usage == Usage(input_tokens=15, output_tokens=7, reasoning_tokens=4)


async def test_a_blocked_prompt(gemini: Asker, vendor: VendorDouble) -> None:
    feedback = {"blockReason": "PROHIBITED_CONTENT", "safetyRatings": [{"category": "HARM_CATEGORY_X", "blocked": True}]}
    body = {"promptFeedback": feedback, "usageMetadata": {"promptTokenCount": 3}}
    vendor.answers(Answer.json(body))
    with pytest.raises(ContentRefused) as caught:
        await gemini.ask()
    assert caught.value.vendor_message == "PROHIBITED_CONTENT: HARM_CATEGORY_X"
    vendor.answers(Answer.sse([body]))
    with pytest.raises(ContentRefused):
        await gemini.listen()


@pytest.mark.parametrize(
    ("reason", "finish"),
    [("SAFETY", "content_filter"), ("RECITATION", "content_filter"), ("MAX_TOKENS", "length"), ("CONTINUATION", "length")],
)
async def test_an_answer_that_holds_nothing_but_its_end(gemini: Asker, vendor: VendorDouble, reason: str, finish: str) -> None:
    vendor.answers(Answer.json({"candidates": [{"content": {}, "finishReason": reason}]}))
    result = await gemini.ask()
    assert (result.text, result.finish_reason) == ("", finish)


async def test_a_mishap_of_the_model(gemini: Asker, vendor: VendorDouble) -> None:
    mishap = {"finishReason": "MALFORMED_FUNCTION_CALL", "finishMessage": "Malformed function call: x("}
    vendor.answers(Answer.json({"candidates": [mishap]}))
    with pytest.raises(ServerUnavailable) as caught:
        await gemini.ask()
    assert (caught.value.vendor_code, caught.value.retryable) == ("MALFORMED_FUNCTION_CALL", True)
    assert caught.value.vendor_message == "Malformed function call: x("
    vendor.answers(Answer.json({"candidates": [{"content": {"parts": [{"text": "half"}]}, "finishReason": "OTHER"}]}))
    assert (await gemini.ask()).finish_reason == "error"


async def test_what_a_grounded_answer_cites(gemini: Asker, vendor: VendorDouble) -> None:
    metadata = {
        "groundingChunks": [{"web": {"uri": "https://acme.example", "title": "Acme"}}],
        "groundingSupports": [{"segment": {"startIndex": 3, "endIndex": 8}, "groundingChunkIndices": [0, 7]}],
    }
    content = {"parts": [{"text": "Å is a letter."}]}
    vendor.answers(Answer.json({"candidates": [{"content": content, "finishReason": "STOP", "groundingMetadata": metadata}]}))
    result = await gemini.ask()
    (part,) = result.message.parts
    assert isinstance(part, TextPart)
    page = {"url": "https://acme.example", "title": "Acme"}
    assert part.citations == [{"type": "url_citation", **page, "start_index": 2, "end_index": 7}]


async def test_code_that_google_ran_and_pictures(gemini: Asker, vendor: VendorDouble) -> None:
    parts = [
        {"executableCode": {"language": "PYTHON", "code": "print(1)"}},
        {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}},
        {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(b"png").decode()}},
    ]
    vendor.answers(Answer.json(signed(parts)))
    result = await gemini.ask()
    assert "```python\nprint(1)\n```" in result.text
    assert result.message.parts[-1] == ImagePart(Blob(media_type="image/png", data=b"png"))


async def test_google_counts_the_tokens(gemini: Asker, vendor: VendorDouble) -> None:
    vendor.answers(Answer.json({"totalTokens": 42}))
    request = LLMRequest(model="gemini-3.5-flash", messages=[Message.system("s"), *HELLO], tools=[WEATHER])
    context = gemini.context("gemini-3.5-flash")
    assert await gemini.kernel.count_tokens(request, context) == 42
    assert vendor.last.path == "/v1beta/models/gemini-3.5-flash:countTokens"
    counted = vendor.last.json["generateContentRequest"]
    assert counted["model"] == "models/gemini-3.5-flash"
    assert {"contents", "systemInstruction", "tools"} <= set(counted)
    vendor.answers(Answer.json({}))
    with pytest.raises(ServerUnavailable):
        await gemini.kernel.count_tokens(request, context)


async def test_the_models_that_can_be_called_come_in_pages(gemini: Asker, vendor: VendorDouble) -> None:
    def entry(name: str, *methods: str, **more: Any) -> dict[str, Any]:
        return {"name": f"models/{name}", "supportedGenerationMethods": list(methods), "inputTokenLimit": 1000, **more}

    first = [
        entry("gemini-9", "generateContent", outputTokenLimit=100, thinking=True),
        entry("gemini-9-tts", "generateContent"),
    ]
    second = [entry("embed-9", "embedContent"), entry("veo-9", "predictLongRunning")]
    vendor.answers([Answer.json({"models": first, "nextPageToken": "t"}), Answer.json({"models": second})])
    models = await gemini.kernel.list_models(gemini.context())
    assert [(model.id, model.type, model.context_window) for model in models] == [
        ("gemini-9", ModelType.LLM, 1000),
        ("embed-9", ModelType.TEXT_EMBEDDING, 1000),
    ]
    assert [asked.query.get("pageToken") for asked in vendor.requests] == [None, "t"]


# -- embeddings -----------------------------------------------------------------------------------------------------------


async def embed(gemini: Asker, model: str, **members: Any) -> Any:
    request = EmbeddingRequest(model=model, **members)
    return await gemini.kernel.invoke_text_embedding(request, gemini.context(model, ModelType.TEXT_EMBEDDING))


async def test_embeddings(gemini: Asker, vendor: VendorDouble) -> None:
    vendor.answers(Answer.json({"embeddings": [{"values": [1.0]}, {"values": [2.0]}]}))
    result = await embed(gemini, "gemini-embedding-001", inputs=["a", "b"], purpose="query", dimensions=768)
    assert (result.embeddings, result.usage) == ([[1.0], [2.0]], Usage())
    assert vendor.last.path == "/v1beta/models/gemini-embedding-001:batchEmbedContents"
    beside = {"model": "models/gemini-embedding-001", "taskType": "RETRIEVAL_QUERY", "outputDimensionality": 768}
    assert vendor.last.json == {"requests": [{"content": {"parts": [{"text": text}]}, **beside} for text in ("a", "b")]}


async def test_the_newer_model_is_told_the_purpose_in_the_text_and_sees_images(gemini: Asker, vendor: VendorDouble) -> None:
    vendor.answers(Answer.json({"embeddings": [{"values": [1.0]}]}))
    image = ImagePart(Blob(media_type="image/png", data=b"png"))
    await embed(gemini, "gemini-embedding-2", inputs=[[TextPart("a"), image]], purpose="document")
    parts = [{"text": "title: none | text: a"}, {"inlineData": {"mimeType": "image/png", "data": "cG5n"}}]
    assert vendor.last.json == {"requests": [{"model": "models/gemini-embedding-2", "content": {"parts": parts}}]}
    vendor.requests.clear()
    for inputs, more, name in (([[image]], {}, "input"), ([[1, 2]], {}, "input"), (["a"], {"truncate": False}, "truncate")):
        with pytest.raises(UnsupportedParameter) as caught:
            await embed(gemini, "gemini-embedding-001", inputs=inputs, **more)
        assert caught.value.param == name
    assert not vendor.requests


# -- errors ---------------------------------------------------------------------------------------------------------------


def error(status: int, name: str, message: str, *details: dict[str, Any], listed: bool = False) -> Answer:
    body = {"error": {"code": status, "message": message, "status": name, "details": list(details)}}
    return Answer.json([body] if listed else body, status)


INFO = {"@type": "type.googleapis.com/google.rpc.ErrorInfo"}
RETRY = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"}
DAILY = {"violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]}
MINUTE = {"violations": [{"quotaId": "GenerateRequestsPerMinutePerProjectPerModel"}]}
ROWS: list[tuple[Answer, type[JackfieldError], str | None]] = [
    (
        error(400, "INVALID_ARGUMENT", "API key not valid.", INFO | {"reason": "API_KEY_INVALID"}),
        CredentialsInvalid,
        "api_key",
    ),
    (error(400, "INVALID_ARGUMENT", "API key expired. Please renew the API key."), CredentialsInvalid, "api_key"),
    (error(403, "PERMISSION_DENIED", "Your API key was reported as leaked."), CredentialsInvalid, "api_key"),
    (error(403, "PERMISSION_DENIED", "The caller does not have permission"), PermissionDenied, None),
    (error(400, "FAILED_PRECONDITION", "User location is not supported for the API use."), PermissionDenied, None),
    (error(404, "NOT_FOUND", "models/x is not found for API version v1beta", listed=True), ModelNotFound, None),
    (
        error(
            400, "INVALID_ARGUMENT", "The input token count (1048577) exceeds the maximum number of tokens allowed (1048576)."
        ),
        ContextLengthExceeded,
        None,
    ),
    (error(400, "INVALID_ARGUMENT", "Request payload size exceeds the limit: 20971520 bytes."), RequestTooLarge, None),
    (error(400, "INVALID_ARGUMENT", "Penalty is not enabled for models/gemini-2.5-flash"), UnsupportedParameter, None),
    (
        error(400, "INVALID_ARGUMENT", "Bad.", {"fieldViolations": [{"field": "contents[0]", "description": "no"}]}),
        BadRequest,
        "contents[0]",
    ),
    (error(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota", MINUTE, RETRY), RateLimited, None),
    (error(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota", DAILY, RETRY), QuotaExceeded, None),
    (error(429, "RESOURCE_EXHAUSTED", "Your prepayment credits are depleted."), QuotaExceeded, None),
    (error(503, "UNAVAILABLE", "The model is overloaded."), ServerUnavailable, None),
    (error(504, "DEADLINE_EXCEEDED", "Deadline expired"), Timeout, None),
]


@pytest.mark.parametrize(("answer", "kind", "param"), ROWS)
async def test_errors_of_google(gemini: Asker, answer: Answer, kind: type[JackfieldError], param: str | None) -> None:
    failure = await gemini.failure(answer)
    assert (type(failure), failure.param, failure.vendor_status) == (kind, param, answer.status)
    assert failure.retry_after == (34.5 if b"34.5s" in answer.body else None)


async def test_an_error_in_mid_stream(gemini: Asker, vendor: VendorDouble) -> None:
    vendor.answers(
        Answer.sse([signed([{"text": "Hel"}], None), orjson.loads(error(429, "RESOURCE_EXHAUSTED", "no", RETRY).body)])
    )
    with pytest.raises(RateLimited) as caught:
        await gemini.listen()
    assert caught.value.retry_after == 34.5


def test_the_catalog_says_how_each_model_thinks() -> None:
    chats = [model for model in plugin.models if model.type is ModelType.LLM]
    assert all(("thinking_levels" in model.properties) != ("thinking_budget" in model.properties) for model in chats)
    assert all(model.prices is not None for model in plugin.models)
