"""The conformance kit on the tongyi plugin: both APIs of chats, and each other type."""

from __future__ import annotations

import base64
from typing import Any, ClassVar

from jackfield_sdk import FinishReason, ModelType, RankedDocument, Usage
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
    SpeechToTextConformance,
    TextToSpeechConformance,
)
from jackfield_tongyi import plugin


class Tongyi(OpenAIAnswers):
    plugin: ClassVar[object] = plugin

    def credentials(self) -> dict[str, Any]:
        return {"api_key": self.secret, "region": "singapore"}

    def models_answer(self, ids: list[str]) -> Answer | None:
        return None

    def validation_answer(self) -> Answer:
        return super().llm_answer(Said())

    def tokens_answer(self, tokens: int) -> None:
        """It counts for a few older models only, see test_tongyi."""


class TestChat(Tongyi, LLMConformance):
    """A model that thinks, sees, calls tools and follows schemas."""

    model = "qwen3.8-max"


class TestNativeChat(Tongyi, LLMConformance):
    """https://www.alibabacloud.com/help/en/model-studio/qwen-api-via-dashscope"""

    model = "qwen3-vl-plus"
    finish_reasons: ClassVar[tuple[FinishReason, ...]] = ("stop", "length")

    def credentials(self) -> dict[str, Any]:
        return {"api_key": self.secret, "api": "native"}

    def usage_object(self, usage: Usage) -> dict[str, Any]:
        return {
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "total_tokens": usage.total_tokens,
            "prompt_tokens_details": {"cached_tokens": usage.cache_read_tokens},
            "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens, "text_tokens": 1},
            "image_tokens": 0,
        }

    def answered(self, message: dict[str, Any], said: Said, reason: str = "null") -> dict[str, Any]:
        message = {"role": "assistant", "content": [], **message}
        return {
            "output": {"choices": [{"message": message, "finish_reason": reason}]},
            "usage": self.usage_object(said.usage),
            "request_id": "7574ee8f-38a3-4b1e-9280-11c33ab46e51",
        }

    def llm_answer(self, said: Said) -> Answer:
        message: dict[str, Any] = {"content": [{"text": said.text}] if said.text else []}
        if said.reasoning:
            message["reasoning_content"] = "".join(said.reasoning)
        if said.tool_calls:
            message["tool_calls"] = [self.tool_call_object(call, call.arguments) for call in said.tool_calls]
        return Answer.json(self.answered(message, said, said.finish_reason))

    def llm_stream(self, said: Said) -> Answer:
        messages: list[dict[str, Any]] = [{"reasoning_content": piece} for piece in said.reasoning]
        messages += [{"content": [{"text": piece}]} for piece in said.pieces]
        for index, call in enumerate(said.tool_calls):
            messages.append({"tool_calls": [{"index": index, **self.tool_call_object(call, "")}]})
            more = [{"index": index, "id": "", "type": "function", "function": {"arguments": p}} for p in said.fragments(call)]
            messages += [{"tool_calls": [one]} for one in more]
        events = [("result", self.answered(message, said)) for message in messages]
        return Answer.sse([*events, ("result", self.answered({}, said, said.finish_reason))])


class TestEmbedding(Tongyi, EmbeddingConformance):
    def embedding_inputs(self, request: Recorded) -> list[str]:
        return list(request.json["input"]["texts"])

    def embedding_answer(self, vectors: list[list[float]], usage: Usage) -> Answer:
        entries = [{"text_index": index, "embedding": vector} for index, vector in enumerate(vectors)]
        return Answer.json({"output": {"embeddings": entries[::-1]}, "usage": {"total_tokens": usage.input_tokens}})


class TestRerank(Tongyi, RerankConformance):
    def rerank_documents(self, request: Recorded) -> list[str]:
        return [str(document) for document in request.json["input"]["documents"]]

    def rerank_answer(self, ranking: list[RankedDocument], usage: Usage) -> Answer:
        results = [{"index": one.index, "relevance_score": one.score} for one in ranking]
        return Answer.json({"output": {"results": results}, "usage": {"total_tokens": usage.input_tokens}, "request_id": "1"})


class TestTranscription(Tongyi, SpeechToTextConformance):
    model = "qwen3-asr-flash"

    def transcription_answer(self, text: str) -> Answer:
        note = {"type": "audio_info", "language": "zh", "emotion": "neutral"}
        message = {"role": "assistant", "content": [{"text": text}], "annotations": [note]}
        return Answer.json(
            {"output": {"choices": [{"finish_reason": "stop", "message": message}]}, "usage": {"seconds": 3}, "request_id": "1"}
        )

    def number_in(self, request: Recorded) -> int:
        sound = request.json["input"]["messages"][-1]["content"][0]["audio"].partition(",")[2]
        return super().number_in(Recorded(method="", url="", headers={}, body=base64.b64decode(sound)))


class TestSpeech(Tongyi, TextToSpeechConformance):
    model = "qwen3-tts-flash"

    def speech_answer(self, audio: bytes) -> Answer:
        half = len(audio) // 2
        events = [
            {"output": {"audio": {"data": base64.b64encode(piece).decode(), "url": ""}, "finish_reason": "null"}}
            for piece in (audio[:half], audio[half:])
        ]
        last = {"output": {"audio": {"data": "", "url": "http://x.example/a.wav"}, "finish_reason": "stop"}}
        return Answer.sse([*events, last | {"usage": {"characters": 10}}])

    def check(self, result: bytes, number: int, mode: str) -> None:
        assert result.startswith(b"RIFF")
        super().check(result[44:], number, mode)


class TestRelay(Tongyi, RelayConformance):
    dialect = "anthropic.messages"
    model = "qwen-plus"


class TestProvider(Tongyi, ProviderConformance):
    pass


class TestAddedModel(Tongyi, ProviderConformance):
    validated_model = ("qwen3-235b-a22b-2026", ModelType.LLM)
