"""The conformance kit on the Mistral plugin."""

from __future__ import annotations

import base64
from typing import Any, ClassVar

from jackfield_mistral import plugin
from jackfield_sdk import FinishReason, ModelType, Usage, Verdict
from jackfield_sdk.testing import (
    Answer,
    EmbeddingConformance,
    LLMConformance,
    ModerationConformance,
    OpenAIAnswers,
    ProviderConformance,
    Said,
    SpeechToTextConformance,
    TextToSpeechConformance,
)


class Mistral(OpenAIAnswers):
    plugin: ClassVar[object] = plugin
    llm_usage: ClassVar[Usage] = Usage(input_tokens=11, output_tokens=7, cache_read_tokens=4)
    finish_reasons: ClassVar[tuple[FinishReason, ...]] = ("stop", "length")
    in_its_words: ClassVar[dict[str, Any]] = {"reasoning_effort": "high"}
    tool_ids: ClassVar[bool] = True

    def error(self, status: int, message: str = "something is wrong", headers: dict[str, str] | None = None) -> Answer:
        body = {"object": "error", "message": message, "type": "some_error", "param": None, "code": "1999"}
        return Answer.json(body, status, headers)

    def usage_object(self, usage: Usage) -> dict[str, Any]:
        counted = {"prompt_tokens": usage.input_tokens, "completion_tokens": usage.output_tokens}
        cached = {"prompt_tokens_details": {"cached_tokens": usage.cache_read_tokens}}
        return counted | {"total_tokens": usage.total_tokens} | cached

    def llm_answer(self, said: Said) -> Answer:
        content: Any = said.text
        if said.reasoning:
            content = [self._thinking("".join(said.reasoning)), {"type": "text", "text": said.text}]
        message: dict[str, Any] = {"role": "assistant", "content": content, "tool_calls": None}
        if said.tool_calls:
            message["tool_calls"] = [self.tool_call_object(call, call.arguments) for call in said.tool_calls]
        choice = {"index": 0, "message": message, "finish_reason": said.finish_reason}
        head = {"id": "9abe8b73", "object": "chat.completion", "model": "mistral-medium-latest", "created": 1757111400}
        return Answer.json(head | {"choices": [choice], "usage": self.usage_object(said.usage)})

    def llm_stream(self, said: Said) -> Answer:
        """Thoughts come as parts, the usage with the finish reason."""
        deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
        deltas += [{"content": [self._thinking(piece)]} for piece in said.reasoning]
        deltas += [{"content": piece} for piece in said.pieces]
        for index, call in enumerate(said.tool_calls):
            deltas.append({"tool_calls": [{"index": index, **self.tool_call_object(call, "")}]})
            deltas += [{"tool_calls": [{"index": index, "function": {"arguments": piece}}]} for piece in said.fragments(call)]
        chunks = [self.chunk_object([{"index": 0, "delta": delta, "finish_reason": None}]) for delta in deltas]
        last = {"index": 0, "delta": {"content": ""}, "finish_reason": said.finish_reason}
        chunks.append(self.chunk_object([last]) | {"usage": self.usage_object(said.usage)})
        return Answer.sse(chunks, done="[DONE]")

    def _thinking(self, text: str) -> dict[str, Any]:
        return {"type": "thinking", "thinking": [{"type": "text", "text": text}]}

    def moderation_answer(self, verdicts: list[Verdict]) -> Answer:
        results = [{"categories": one.categories, "category_scores": one.scores} for one in verdicts]
        return Answer.json({"id": "mod-e5cc70bb", "model": "mistral-moderation-2603", "results": results})

    def transcription_answer(self, text: str) -> Answer:
        usage = {"prompt_audio_seconds": 3, "prompt_tokens": 4, "total_tokens": 40, "completion_tokens": 36}
        return Answer.json({"model": "voxtral-mini-2602", "text": text, "language": None, "segments": [], "usage": usage})

    def speech_answer(self, audio: bytes) -> Answer:
        half = len(audio) // 2
        pieces = [base64.b64encode(piece).decode() for piece in (audio[:half], audio[half:])]
        events: list[dict[str, Any]] = [{"type": "speech.audio.delta", "audio_data": piece} for piece in pieces]
        events.append({"type": "speech.audio.done", "usage": {"prompt_tokens": 1, "completion_tokens": 9, "total_tokens": 10}})
        return Answer.sse([(event["type"], event) for event in events])


class TestChat(Mistral, LLMConformance):
    model = "mistral-medium-3-5"


class TestEmbedding(Mistral, EmbeddingConformance):
    pass


class TestModeration(Mistral, ModerationConformance):
    pass


class TestTranscription(Mistral, SpeechToTextConformance):
    pass


class TestSpeech(Mistral, TextToSpeechConformance):
    pass


class TestProvider(Mistral, ProviderConformance):
    pass


def test_every_model_has_a_price() -> None:
    assert all(model.prices is not None for model in plugin.models)
    assert all(model.context_window for model in plugin.models if model.type is ModelType.LLM)
