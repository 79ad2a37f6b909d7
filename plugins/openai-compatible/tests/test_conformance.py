"""The conformance kit on a server that a workspace added: all six types, and the three ways of a language model."""

from __future__ import annotations

from typing import Any, ClassVar

from jackfield_openai_compatible import plugin
from jackfield_sdk import ModelType
from jackfield_sdk.testing import (
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
)
from jackfield_sdk.testing.answers import Answer


class Server(OpenAIAnswers):
    plugin: ClassVar[object] = plugin

    def credentials(self) -> dict[str, Any]:
        abilities = ("tools", "parallel_tools", "structured_output", "vision", "reasoning")
        return {
            "base_url": "http://models.acme.example:8000/v1",
            "api_key": self.secret,
            "api": "chat",
            "context_size": 32768,
            "max_batch": 3,
            "voices": "anna, bert，carl",
            **dict.fromkeys(abilities, True),
        }


class TestChat(Server, LLMConformance):
    model = "qwen3-8b"

    def credentials(self) -> dict[str, Any]:
        return super().credentials() | {"advanced": True, "counts": "tokenize"}

    def tokens_answer(self, tokens: int) -> Answer:
        return Answer.json({"count": tokens, "max_model_len": 32768, "tokens": [0] * tokens, "token_strs": None})


class TestServerThatDiffers(Server, LLMConformance):
    """Another name, other paths, the key in a header of its own."""

    model = "our-model"

    def credentials(self) -> dict[str, Any]:
        return super().credentials() | {
            "api_key": "",
            "advanced": True,
            "endpoint_model": "/models/qwen3.gguf",
            "headers": f'{{"X-Gateway-Key": "{self.secret}"}}',
            "max_tokens_name": "max_completion_tokens",
            "path": "/v2/talk",
            "counts": "messages",
        }

    def tokens_answer(self, tokens: int) -> Answer:
        return Answer.json({"input_tokens": tokens})


class TestEmbedding(Server, EmbeddingConformance):
    model = "bge-m3"


class TestRerank(Server, RerankConformance):
    model = "bge-reranker"


class TestModeration(Server, ModerationConformance):
    model = "guard"


class TestTranscription(Server, SpeechToTextConformance):
    model = "whisper-large"


class TestSpeech(Server, TextToSpeechConformance):
    model = "kokoro"


class TestRelay(Server, RelayConformance):
    model = "qwen3-8b"


class TestProvider(Server, ProviderConformance):
    validated_model = ("qwen3-8b", ModelType.LLM)

    def validation_answer(self) -> Answer:
        return self.llm_answer(Said())


class TestProofByEmbedding(Server, ProviderConformance):
    validated_model = ("bge-m3", ModelType.TEXT_EMBEDDING)

    def validation_answer(self) -> Answer:
        return self.embedding_answer([[1.0, 2.0]], self.llm_usage)
