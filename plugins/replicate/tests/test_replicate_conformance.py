"""The kit on Replicate: a chat looked at until its end, or streamed; embeddings waited for."""

from __future__ import annotations

import re
from typing import Any, ClassVar

import orjson
import pytest
from jackfield_replicate import plugin
from jackfield_replicate.schemas import Schema
from jackfield_sdk import CallContext, FinishReason, ModelType, Usage
from jackfield_sdk.testing import (
    Answer,
    Caller,
    EmbeddingConformance,
    LLMConformance,
    ProviderConformance,
    Recorded,
    Reply,
    Said,
    Vendor,
    VendorDouble,
)

CHAT, EMBEDDER = "acme/chat", "acme/embedder"
CHAT_INPUTS = ("prompt", "system_prompt", "image", "max_tokens", "temperature", "top_p", "stop_sequences", "seed")
INPUTS: dict[str, dict[str, dict[str, str]]] = {
    CHAT: {name: {} for name in CHAT_INPUTS},
    EMBEDDER: {"texts": {"type": "string"}, "batch_size": {"type": "integer"}},
}


def prediction(status: str, name: str = "p1", **members: Any) -> Answer:
    urls = {
        "get": f"https://api.replicate.com/v1/predictions/{name}",
        "stream": f"https://stream.replicate.com/v1/files/{name}",
    }
    body = {"id": name, "status": status, "output": None, "error": None, "urls": urls, "metrics": {}}
    return Answer.json(body | members, 201 if status == "starting" else 200)


class Replicate(Vendor):
    plugin: ClassVar[object] = plugin
    llm_usage: ClassVar[Usage] = Usage(input_tokens=11, output_tokens=7)
    finish_reasons: ClassVar[tuple[FinishReason, ...]] = ("stop",)
    embedding_usage: ClassVar[Usage] = Usage(input_tokens=5)

    def credentials(self) -> dict[str, Any]:
        return {"api_key": self.secret, "vision": True, "max_batch": 3}

    def error(self, status: int, message: str = "something is wrong", headers: dict[str, str] | None = None) -> Answer:
        return Answer.json({"title": "A problem", "detail": message, "status": status}, status, headers)

    def prepare(self, vendor: VendorDouble) -> None:
        """Predictions that are given up, and what a stream's prediction used."""
        vendor.on("POST", r"/predictions/[^/]+/cancel", prediction("canceled"))
        vendor.on("GET", r"/v1/predictions/streamed[^/]*", prediction("succeeded", metrics=self.metrics(self.llm_usage)))

    @pytest.fixture(autouse=True)
    def _known_schemas(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Read already, as in a host that is running; and nobody waits between two looks."""

        async def schema_of(model: str, context: CallContext, *, fresh: bool = False) -> Schema:
            return Schema("5" * 64, INPUTS[model])

        monkeypatch.setattr(type(plugin), "pauses", (0.0,))
        if not isinstance(self, ProviderConformance):
            monkeypatch.setattr(plugin, "schema_of", schema_of)

    def metrics(self, usage: Usage) -> dict[str, Any]:
        return {"predict_time": 0.5, "input_token_count": usage.input_tokens, "output_token_count": usage.output_tokens}

    def name_of(self, said: Said) -> str:
        """The prediction's id, in which the number of the request stands: what is asked after later has nothing else."""
        found = re.search(r"marker-\d{3}", said.text)
        return found[0] if found else "p1"

    def llm_answer(self, said: Said) -> Reply:
        name, metrics = self.name_of(said), self.metrics(said.usage)
        ended = prediction("succeeded", name, output=list(said.pieces), metrics=metrics)
        return [prediction("starting", name), prediction("processing", name), ended]

    def llm_stream(self, said: Said) -> Reply:
        name = f"streamed-{self.name_of(said)}"
        events: list[Any] = [("output", piece) for piece in said.pieces]
        return [prediction("starting", name), Answer.sse([("logs", "loading"), *events, ("done", "{}")])]

    def embedding_answer(self, vectors: list[list[float]], usage: Usage) -> Answer:
        return prediction("succeeded", output=vectors, metrics=self.metrics(usage) | {"output_token_count": 0})

    def embedding_inputs(self, request: Recorded) -> list[str]:
        return list(orjson.loads(request.json["input"]["texts"]))


class TestChat(Replicate, LLMConformance):
    model = CHAT


class TestEmbedding(Replicate, EmbeddingConformance):
    model = EMBEDDER


class TestProvider(Replicate, ProviderConformance):
    validated_model: ClassVar[tuple[str, ModelType]] = (CHAT, ModelType.LLM)

    def validation_answer(self) -> Answer:
        schema = {"components": {"schemas": {"Input": {"properties": INPUTS[CHAT]}}}}
        return Answer.json({"owner": "acme", "name": "chat", "latest_version": {"id": "5" * 64, "openapi_schema": schema}})

    def models_answer(self, ids: list[str]) -> Answer:
        models = [{"owner": "acme", "name": one} for one in ids]
        return Answer.json({"slug": "language-models", "models": models})

    @pytest.mark.asyncio
    async def test_live_models(self, vendor: VendorDouble, caller: Caller) -> None:
        vendor.answers(self.models_answer(["chat"]))
        models = await caller.kernel.list_models(caller.context(self.credentials()))
        assert [(model.id, model.type) for model in models] == [(CHAT, ModelType.LLM), (CHAT, ModelType.TEXT_EMBEDDING)]
