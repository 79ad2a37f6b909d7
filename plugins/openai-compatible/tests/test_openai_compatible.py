"""The openai-compatible plugin: the kit for all six types, its own form, and the real C++ server of llama.cpp."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import pytest
from jackfield_openai_compatible import plugin
from jackfield_sdk import CredentialsInvalid, Feature, LLMRequest, Message, ModelDescription, ModelType, Sampling
from jackfield_sdk.testing import (
    Answer,
    EmbeddingConformance,
    LLMConformance,
    ModerationConformance,
    OpenAIAnswers,
    ProviderConformance,
    RelayConformance,
    RerankConformance,
    Said,
    SpeechToTextConformance,
    TextToSpeechConformance,
    VendorDouble,
    open_caller,
)


class Endpoint(OpenAIAnswers):
    plugin: ClassVar[object] = plugin
    model: ClassVar[str] = "qwen"

    def credentials(self) -> dict[str, Any]:
        features = ("tools", "parallel_tools", "structured_output", "vision", "reasoning")
        return {"api_key": self.secret, "base_url": "https://llm.example/v1"} | dict.fromkeys(features, True)


class TestChat(Endpoint, LLMConformance):
    pass


class TestEmbedding(Endpoint, EmbeddingConformance):
    pass


class TestRerank(Endpoint, RerankConformance):
    pass


class TestSpeechToText(Endpoint, SpeechToTextConformance):
    pass


class TestTextToSpeech(Endpoint, TextToSpeechConformance):
    pass


class TestModeration(Endpoint, ModerationConformance):
    pass


class TestRelay(Endpoint, RelayConformance):
    pass


class TestProvider(Endpoint, ProviderConformance):
    validated_model = ("qwen", ModelType.LLM)
    # What does not speak HTTP at an address that the form names is the address's fault, and is told so: not the vendor's.
    garbage: ClassVar[dict[str, Answer]] = {}

    def validation_answer(self) -> Answer:
        return self.llm_answer(Said(pieces=("pong",)))


FORM: dict[str, Any] = {"base_url": "https://llm.example/v1/", "api_key": "sk-canary"}


def describe(**values: Any) -> ModelDescription:
    return plugin.describe_model("qwen", ModelType.LLM, plugin.model_form.check(FORM | values))


def test_a_model_is_what_its_form_says() -> None:
    model = describe(context_size=32768, max_output_tokens=4096, tools=True, vision=True)
    assert (model.context_window, model.max_output_tokens) == (32768, 4096)
    assert model.features == {Feature.STREAMING, Feature.TOOLS, Feature.VISION}
    assert model.dialects == ("openai.chat",)
    assert describe(completion=True).dialects == ("openai.completions",)
    assert describe(path="/chat").dialects == ("openai.chat",)
    assert "sk-canary" not in model.model_dump_json()


@pytest.mark.parametrize(
    "headers",
    ["{", "[]", '{"X": 1}', '{"Authorization": "Bearer x"}', '{"a b": "c"}', '{"X": "a\\r\\nEvil: 1"}', '{"host": "x"}'],
)
def test_headers_that_are_not_ones_own_are_refused(headers: str) -> None:
    with pytest.raises(CredentialsInvalid) as caught:
        describe(headers=headers)
    assert caught.value.param == "headers"


async def test_the_forms_settings_are_in_the_request() -> None:
    async with VendorDouble() as vendor, open_caller(plugin, vendor) as caller:
        values = FORM | {
            "path": "/custom/chat",
            "headers": json.dumps({"X-Team": "blue"}),
            "max_tokens_name": "max_completion_tokens",
            "stream_usage": False,
        }
        context = caller.context(plugin.model_form.check(values), "qwen")
        vendor.answers(Answer.json({"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]}))
        request = LLMRequest(model="qwen", messages=[Message.user("Hello")], sampling=Sampling(max_tokens=5))
        result = await caller.kernel.invoke_llm(request, context)
        assert result.text == "Hi"
        (sent,) = vendor.requests
        assert sent.url == "https://llm.example/v1/custom/chat"
        assert sent.headers["x-team"] == "blue"
        assert sent.headers["authorization"] == "Bearer sk-canary"
        assert sent.json == {
            "model": "qwen",
            "messages": [{"role": "user", "content": "Hello"}],
            "max_completion_tokens": 5,
        }


async def test_an_endpoint_without_a_key_is_sent_none() -> None:
    async with VendorDouble() as vendor, open_caller(plugin, vendor) as caller:
        vendor.answers(Answer.json({"choices": [{"message": {"content": "Hi"}}]}))
        context = caller.context({"base_url": "https://llm.example/v1"}, "qwen")
        await caller.kernel.invoke_llm(LLMRequest(model="qwen", messages=[Message.user("Hello")]), context)
        assert "authorization" not in vendor.requests[0].headers
