"""The kit on Hugging Face's ways of serving: chats by TGI, embeddings and reranks by TEI, relay and proof by the router."""

from __future__ import annotations

from typing import Any, ClassVar

import orjson
from jackfield_huggingface_hub import plugin
from jackfield_sdk import ModelType, RankedDocument, Usage
from jackfield_sdk.testing import (
    Answer,
    EmbeddingConformance,
    LLMConformance,
    OpenAIAnswers,
    ProviderConformance,
    Recorded,
    RelayConformance,
    RerankConformance,
    Said,
)


class Router(OpenAIAnswers):
    plugin: ClassVar[object] = plugin


class Server(Router):
    """TGI or TEI on a dedicated endpoint: their own error body, no details in the usage."""

    llm_usage: ClassVar[Usage] = Usage(input_tokens=11, output_tokens=7)

    def credentials(self) -> dict[str, Any]:
        abilities = ("tools", "parallel_tools", "structured_output", "vision")
        address = {"base_url": "https://abc123.us-east-1.aws.endpoints.huggingface.cloud", "max_batch": 3}
        return {"api_key": self.secret, **address, **dict.fromkeys(abilities, True)}

    def error(self, status: int, message: str = "something is wrong", headers: dict[str, str] | None = None) -> Answer:
        return Answer.json({"error": message, "error_type": "of_the_server"}, status, headers)

    def usage_object(self, usage: Usage) -> dict[str, Any]:
        tokens = {"prompt_tokens": usage.input_tokens, "completion_tokens": usage.output_tokens}
        return tokens | {"total_tokens": usage.total_tokens}

    def tokens_answer(self, tokens: int) -> Answer:
        return Answer.json({"tokenize_response": [{"id": 1, "text": "a", "start": 0, "stop": 1}] * tokens})

    def of_tei(self, body: Any, usage: Usage) -> Answer:
        headers = {"content-type": "application/json", "x-compute-tokens": str(usage.input_tokens)}
        return Answer(headers=headers, pieces=(orjson.dumps(body),))

    def embedding_answer(self, vectors: list[list[float]], usage: Usage) -> Answer:
        return self.of_tei(vectors, usage)

    def embedding_inputs(self, request: Recorded) -> list[str]:
        return list(request.json["inputs"])

    def rerank_answer(self, ranking: list[RankedDocument], usage: Usage) -> Answer:
        return self.of_tei([{"index": one.index, "score": one.score} for one in ranking], usage)


class TestChat(Server, LLMConformance):
    model = "meta-llama/Llama-3.1-8B-Instruct"


class TestEmbedding(Server, EmbeddingConformance):
    model = "BAAI/bge-m3"


class TestRerank(Server, RerankConformance):
    model = "BAAI/bge-reranker-v2-m3"


class TestRelay(Router, RelayConformance):
    model = "openai/gpt-oss-120b"


class TestProvider(Router, ProviderConformance):
    validated_model: ClassVar[tuple[str, ModelType]] = ("openai/gpt-oss-120b", ModelType.LLM)

    def validation_answer(self) -> Answer:
        return self.llm_answer(Said())
