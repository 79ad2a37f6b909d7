"""The kit on Ollama: chat and embeddings by the native API, relay to its OpenAI surface."""

from __future__ import annotations

from typing import Any, ClassVar

import orjson
from jackfield_ollama import plugin
from jackfield_sdk import ModelType, Usage
from jackfield_sdk.testing import (
    Answer,
    EmbeddingConformance,
    LLMConformance,
    ProviderConformance,
    RelayConformance,
    Said,
    Vendor,
)


def line(message: dict[str, Any], **members: Any) -> dict[str, Any]:
    head = {"model": "qwen3:8b", "created_at": "2026-11-25T10:00:00.000000Z"}
    return head | {"message": {"role": "assistant", "content": ""} | message, "done": False} | members


class Ollama(Vendor):
    plugin: ClassVar[object] = plugin
    llm_usage: ClassVar[Usage] = Usage(input_tokens=11, output_tokens=7)

    def credentials(self) -> dict[str, Any]:
        abilities = dict.fromkeys(("tools", "vision", "reasoning"), True)
        return {"base_url": "http://gpu.acme.example:11434", "api_key": self.secret, "max_batch": 3, **abilities}

    def error(self, status: int, message: str = "something is wrong", headers: dict[str, str] | None = None) -> Answer:
        return Answer.json({"error": message}, status, headers)

    def end(self, said: Said) -> dict[str, Any]:
        reason = "length" if said.finish_reason == "length" else "stop"
        counts = {"prompt_eval_count": said.usage.input_tokens, "eval_count": said.usage.output_tokens}
        return {"done": True, "done_reason": reason, "total_duration": 12345, **counts}

    def calls(self, said: Said) -> list[dict[str, Any]]:
        return [
            {"id": call.id, "function": {"index": index, "name": call.name, "arguments": orjson.loads(call.arguments)}}
            for index, call in enumerate(said.tool_calls)
        ]

    def llm_answer(self, said: Said) -> Answer:
        beside = {"thinking": "".join(said.reasoning), "tool_calls": self.calls(said)}
        message = {"content": said.text} | {name: value for name, value in beside.items() if value}
        return Answer.json(line(message, **self.end(said)))

    def llm_stream(self, said: Said) -> Answer:
        lines = [line({"thinking": piece}) for piece in said.reasoning]
        lines += [line({"content": piece}) for piece in said.pieces]
        lines += [line({"tool_calls": [call]}) for call in self.calls(said)]
        return Answer.ndjson([*lines, line({}, **self.end(said))])

    def embedding_answer(self, vectors: list[list[float]], usage: Usage) -> Answer:
        body = {"model": "bge-m3", "embeddings": vectors, "total_duration": 12345, "prompt_eval_count": usage.input_tokens}
        return Answer.json(body)


class TestChat(Ollama, LLMConformance):
    model = "qwen3:8b"


class TestEmbedding(Ollama, EmbeddingConformance):
    model = "bge-m3"


class TestRelay(Ollama, RelayConformance):
    model = "qwen3:8b"


class TestProvider(Ollama, ProviderConformance):
    validated_model: ClassVar[tuple[str, ModelType]] = ("qwen3:8b", ModelType.LLM)

    def validation_answer(self) -> Answer:
        return Answer.json({"capabilities": ["completion", "tools"], "model_info": {"general.architecture": "qwen3"}})

    def models_answer(self, ids: list[str]) -> Answer:
        return Answer.json({"models": [{"name": one, "model": one, "details": {}} for one in ids]})
