"""The conformance kit on the Groq plugin."""

from __future__ import annotations

from typing import Any, ClassVar

from jackfield_groq import plugin
from jackfield_sdk import FinishReason, ModelType, Usage
from jackfield_sdk.testing import (
    Answer,
    LLMConformance,
    OpenAIAnswers,
    ProviderConformance,
    RelayConformance,
    Said,
    SpeechToTextConformance,
    TextToSpeechConformance,
)


class Groq(OpenAIAnswers):
    plugin: ClassVar[object] = plugin
    finish_reasons: ClassVar[tuple[FinishReason, ...]] = ("stop", "length")
    reasoning_member: ClassVar[str] = "reasoning"

    def usage_object(self, usage: Usage) -> dict[str, Any]:
        """With the times that Groq tells beside the tokens, and details where there are some."""
        counted: dict[str, Any] = {
            "queue_time": 0.005,
            "prompt_tokens": usage.input_tokens,
            "prompt_time": 0.56,
            "completion_tokens": usage.output_tokens,
            "completion_time": 0.57,
            "total_tokens": usage.total_tokens,
            "total_time": 1.14,
        }
        if usage.cache_read_tokens:
            counted["prompt_tokens_details"] = {"cached_tokens": usage.cache_read_tokens}
        if usage.reasoning_tokens:
            counted["completion_tokens_details"] = {"reasoning_tokens": usage.reasoning_tokens}
        return counted

    def llm_stream(self, said: Said) -> Answer:
        """The usage comes with the finish reason, in `x_groq`."""
        deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
        deltas += [{"reasoning": piece, "channel": "analysis"} for piece in said.reasoning]
        deltas += [{"content": piece} for piece in said.pieces]
        for index, call in enumerate(said.tool_calls):
            deltas.append({"tool_calls": [{"index": index, **self.tool_call_object(call, call.arguments)}]})
        chunks = [self.chunk_object([{"index": 0, "delta": delta, "finish_reason": None}]) for delta in deltas]
        last = {"index": 0, "delta": {}, "finish_reason": said.finish_reason}
        usage = self.usage_object(said.usage)
        chunks.append(self.chunk_object([last]) | {"x_groq": {"id": "req_01khrvt2r6e9rb7e8qsg86ywkw", "usage": usage}})
        return Answer.sse(chunks, done="[DONE]")

    def transcription_answer(self, text: str) -> Answer:
        told = {"task": "transcribe", "language": "English", "duration": 3.2, "text": text, "segments": []}
        return Answer.json(told | {"x_groq": {"id": "req_01khrvt2r6e9rb7e8qsg86ywkw"}})

    def speech_answer(self, audio: bytes) -> Answer:
        return Answer(headers={"content-type": "audio/wav"}, pieces=(audio[:9], audio[9:]), framing="chunked")


class TestChat(Groq, LLMConformance):
    model = "openai/gpt-oss-120b"


class TestChatOfQwen(Groq, LLMConformance):
    model = "qwen/qwen3.8-27b"
    in_its_words: ClassVar[dict[str, Any]] = {"reasoning_effort": "default"}


class TestRelay(Groq, RelayConformance):
    pass


class TestTranscription(Groq, SpeechToTextConformance):
    pass


class TestSpeech(Groq, TextToSpeechConformance):
    pass


class TestProvider(Groq, ProviderConformance):
    pass


def test_every_model_that_has_a_price_of_its_own_tells_it() -> None:
    assert {model.id for model in plugin.models if model.prices is None} == {"groq/compound", "groq/compound-mini"}
    assert all(model.context_window for model in plugin.models if model.type is ModelType.LLM)
