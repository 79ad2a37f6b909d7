"""The openllm plugin: the kit, what is particular to it, and llama.cpp's real server, which speaks the same dialect."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from jackfield_openllm import plugin
from jackfield_sdk import (
    BadRequest,
    CallContext,
    ContextLengthExceeded,
    CredentialsInvalid,
    EmbeddingRequest,
    Feature,
    JackfieldError,
    LLMRequest,
    Message,
    ModelNotFound,
    ModelType,
    Sampling,
    StreamCollector,
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
    VendorDouble,
)


class OpenLLM(OpenAIAnswers):
    plugin: ClassVar[object] = plugin

    def credentials(self) -> dict[str, Any]:
        abilities = ("tools", "parallel_tools", "structured_output", "vision", "reasoning")
        values = {"base_url": "http://models.acme.example:3000", "model_id": "acme/llama", "api_key": self.secret}
        return values | {"context_size": 8192, "max_batch": 3} | dict.fromkeys(abilities, True)

    def error(self, status: int, message: str = "something is wrong", headers: dict[str, str] | None = None) -> Answer:
        """vLLM's error object."""
        body = {"object": "error", "message": message, "type": "Error", "param": None, "code": status}
        return Answer.json(body, status, headers)


class TestChat(OpenLLM, LLMConformance):
    model = "llama3.2-1b"


class TestEmbedding(OpenLLM, EmbeddingConformance):
    model = "e5-mistral"


class TestRelay(OpenLLM, RelayConformance):
    model = "acme/llama"  # of that name, nothing is changed


class TestProvider(OpenLLM, ProviderConformance):
    validated_model = ("llama3.2-1b", ModelType.LLM)

    def validation_answer(self) -> Answer:
        return self.llm_answer(Said())


CHAT = Answer.json({"choices": [{"message": {"content": "hi"}, "finish_reason": "stop", "index": 0}]})


def of(caller: Caller, kind: ModelType | None = ModelType.LLM, **values: Any) -> CallContext:
    form = caller.description.model_form
    assert form is not None
    checked = form.check({"base_url": "http://127.0.0.1:3000", **values})
    return caller.context(checked, "ours" if kind else None, kind or ModelType.LLM, timeout=60, idle_timeout=60)


def chat(**members: Any) -> LLMRequest:
    members.setdefault("messages", [Message.user("Hello")])
    return LLMRequest(model="ours", **members)


async def test_a_chat(caller: Caller, vendor: VendorDouble) -> None:
    vendor.answers(CHAT)
    await caller.kernel.invoke_llm(chat(sampling=Sampling(max_tokens=9)), of(caller))
    assert vendor.last.url == "http://127.0.0.1:3000/v1/chat/completions"
    assert vendor.last.json == {"model": "ours", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 9}
    assert "authorization" not in vendor.last.headers
    await caller.kernel.invoke_llm(chat(), of(caller, model_id="acme/llama", api_key="bento-canary"))
    assert vendor.last.json["model"] == "acme/llama"
    assert vendor.last.headers["authorization"] == "Bearer bento-canary"


async def test_a_text_is_gone_on_with(caller: Caller, vendor: VendorDouble) -> None:
    vendor.answers(Answer.json({"choices": [{"text": "time", "finish_reason": "stop"}]}))
    result = await caller.kernel.invoke_llm(chat(completion=True, messages=[Message.user("Once upon a")]), of(caller))
    assert result.text == "time"
    assert vendor.last.path == "/v1/completions"
    assert vendor.last.json == {"model": "ours", "prompt": "Once upon a"}


async def test_models_are_listed_with_their_windows(caller: Caller, vendor: VendorDouble) -> None:
    entries = [
        {"id": "meta-llama/Llama-3.2-1B-Instruct", "object": "model", "owned_by": "vllm", "max_model_len": 131072},
        {"id": "intfloat/e5-mistral-7b-instruct", "object": "model", "owned_by": "vllm", "max_model_len": 32768},
    ]
    vendor.answers(Answer.json({"object": "list", "data": entries}))
    models = await caller.kernel.list_models(of(caller, None))
    assert [(model.id, model.type.value, model.context_window) for model in models] == [
        ("meta-llama/Llama-3.2-1B-Instruct", "llm", 131072),
        ("intfloat/e5-mistral-7b-instruct", "text_embedding", 32768),
    ]


async def test_the_description_by_the_form(caller: Caller) -> None:
    model = of(caller, context_size=8192, max_output_tokens=512, tools=True).model
    assert model is not None
    assert model.features == {Feature.STREAMING, Feature.TOOLS}
    assert (model.context_window, model.max_output_tokens) == (8192, 512)
    assert model.dialects == ("openai.chat", "openai.completions")
    vectors = of(caller, ModelType.TEXT_EMBEDDING, dimensions=4096, max_batch=16).model
    assert vectors is not None
    assert (vectors.dimensions, vectors.max_batch, vectors.dialects) == (4096, 16, ("openai.embeddings",))


@pytest.mark.parametrize(
    ("status", "body", "kind", "param"),
    [
        (404, {"object": "error", "message": "The model `x` does not exist.", "type": "NotFoundError"}, ModelNotFound, None),
        (400, {"error": {"message": "The model does not support embeddings", "type": "BadRequestError"}}, BadRequest, "model"),
        (400, {"message": "This model's maximum context length is 2048 tokens.", "code": 400}, ContextLengthExceeded, None),
        (400, {"object": "error", "message": "temperature must be non-negative", "type": "BadRequestError"}, BadRequest, None),
        (401, {"error": "Unauthorized"}, CredentialsInvalid, "api_key"),
    ],
)
async def test_errors(
    caller: Caller, vendor: VendorDouble, status: int, body: dict[str, Any], kind: type[JackfieldError], param: str | None
) -> None:
    vendor.answers(Answer.json(body, status))
    with pytest.raises(JackfieldError) as caught:
        await caller.kernel.invoke_llm(chat(), of(caller))
    assert (type(caught.value), caught.value.param) == (kind, param)


# -- a real server ---------------------------------------------------------------------------------------------------------


async def test_chat_with_a_real_server(direct: Caller, llama_url: str) -> None:
    context = of(direct, base_url=llama_url, api_key="llama-secret-key", context_size=2048)
    request = chat(sampling=Sampling(max_tokens=4, temperature=0.0, seed=1))
    whole = await direct.kernel.invoke_llm(request, context)
    collector = StreamCollector()
    async for event in await direct.kernel.stream_llm(request, context):
        collector.add(event)
    assert whole.text
    assert collector.result().text == whole.text
    assert collector.result().usage.output_tokens == whole.usage.output_tokens > 0


async def test_credentials_are_proved_by_a_real_server(direct: Caller, llama_url: str) -> None:
    good = {"base_url": llama_url, "api_key": "llama-secret-key"}
    await direct.kernel.validate_model_credentials("ours", ModelType.LLM, of(direct, None, **good))
    for wrong, param in (({"api_key": "another-secret-key"}, "api_key"), ({"base_url": "http://127.0.0.1:9"}, "base_url")):
        with pytest.raises(CredentialsInvalid) as caught:
            await direct.kernel.validate_model_credentials("ours", ModelType.LLM, of(direct, None, **good | wrong))
        assert caught.value.param == param
    (model,) = await direct.kernel.list_models(of(direct, None, **good))
    assert model.context_window


async def test_embeddings_of_a_real_server(direct: Caller, llama_embedding_url: str) -> None:
    context = of(direct, ModelType.TEXT_EMBEDDING, base_url=llama_embedding_url, max_batch=2)
    request = EmbeddingRequest(model="ours", inputs=["a cat", "a dog", "a cat"])
    result = await direct.kernel.invoke_text_embedding(request, context)
    assert [len(vector) for vector in result.embeddings] == [576] * 3
    assert result.embeddings[0] == pytest.approx(result.embeddings[2], abs=1e-3)
    assert result.usage.input_tokens > 0
