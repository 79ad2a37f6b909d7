"""How a vendor that speaks OpenAI's dialect answers: all that the kit asks of an author, said once."""

from __future__ import annotations

from typing import Any, ClassVar

from jackfield.contract import FinishReason, RankedDocument, ToolCall, Usage, Verdict

from .answers import Answer
from .conformance.base import Vendor
from .scripts import Said

_REPORTED = Usage(input_tokens=11, output_tokens=7, cache_read_tokens=4, reasoning_tokens=3)


class OpenAIAnswers(Vendor):
    """Put before the test classes: `class TestChat(Acme, LLMConformance)` where `class Acme(OpenAIAnswers)`.

    Members that a vendor does not have are left out by overriding `usage_object`, `message`, and so on.
    """

    llm_usage: ClassVar[Usage] = _REPORTED
    finish_reasons: ClassVar[tuple[FinishReason, ...]] = ("stop", "length", "content_filter")
    reasoning_member: ClassVar[str] = "reasoning_content"

    def error(self, status: int, message: str = "something is wrong", headers: dict[str, str] | None = None) -> Answer:
        """OpenAI's error object."""
        body = {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None}}
        return Answer.json(body, status, headers)

    def usage_object(self, usage: Usage) -> dict[str, Any]:
        """The `usage` of a chat or a completion."""
        return {
            "prompt_tokens": usage.input_tokens,
            "completion_tokens": usage.output_tokens,
            "total_tokens": usage.total_tokens,
            "prompt_tokens_details": {"cached_tokens": usage.cache_read_tokens, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens, "audio_tokens": 0},
        }

    def llm_answer(self, said: Said) -> Answer:
        """A `chat.completion`."""
        message: dict[str, Any] = {"role": "assistant", "content": said.text or None, "refusal": None}
        if said.reasoning:
            message[self.reasoning_member] = "".join(said.reasoning)
        if said.tool_calls:
            message["tool_calls"] = [self.tool_call_object(call, call.arguments) for call in said.tool_calls]
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": said.finish_reason}
        return Answer.json(
            {
                "id": "chatcmpl-123",
                "object": "chat.completion",
                "created": 1_790_000_000,
                "model": "vendor-model-0613",
                "choices": [choice],
                "usage": self.usage_object(said.usage),
            }
        )

    def llm_stream(self, said: Said) -> Answer:
        """The chunks of a chat: role, reasoning, text, tool calls in fragments, finish reason, usage."""
        deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
        deltas += [{self.reasoning_member: piece} for piece in said.reasoning]
        deltas += [{"content": piece} for piece in said.pieces]
        for index, call in enumerate(said.tool_calls):
            deltas.append({"tool_calls": [{"index": index, **self.tool_call_object(call, "")}]})
            deltas += [{"tool_calls": [{"index": index, "function": {"arguments": piece}}]} for piece in said.fragments(call)]
        chunks = [self.chunk_object([{"index": 0, "delta": delta, "finish_reason": None}]) for delta in deltas]
        chunks.append(self.chunk_object([{"index": 0, "delta": {}, "finish_reason": said.finish_reason}]))
        chunks.append(self.chunk_object([]) | {"usage": self.usage_object(said.usage)})
        return Answer.sse(chunks, done="[DONE]")

    def tool_call_object(self, call: ToolCall, arguments: str) -> dict[str, Any]:
        return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}

    def chunk_object(self, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": "chatcmpl-123",
            "object": "chat.completion.chunk",
            "created": 1_790_000_000,
            "model": "vendor-model-0613",
            "choices": choices,
            "usage": None,
        }

    def embedding_answer(self, vectors: list[list[float]], usage: Usage) -> Answer:
        """A list of embeddings."""
        data = [{"object": "embedding", "index": index, "embedding": vector} for index, vector in enumerate(vectors)]
        tokens = {"prompt_tokens": usage.input_tokens, "total_tokens": usage.input_tokens}
        return Answer.json({"object": "list", "data": data, "model": "vendor-model", "usage": tokens})

    def rerank_answer(self, ranking: list[RankedDocument], usage: Usage) -> Answer:
        """A ranking in Jina's shape."""
        results = [{"index": one.index, "relevance_score": one.score} for one in ranking]
        return Answer.json({"model": "vendor-model", "results": results, "usage": {"total_tokens": usage.input_tokens}})

    def transcription_answer(self, text: str) -> Answer:
        """A transcription in `json` form."""
        return Answer.json({"text": text, "usage": {"type": "duration", "seconds": 3}})

    def speech_answer(self, audio: bytes) -> Answer:
        """Sound, in packets."""
        half = len(audio) // 2
        pieces = (audio[:half], audio[half:])
        return Answer(headers={"content-type": "audio/mpeg"}, pieces=pieces, framing="chunked")

    def moderation_answer(self, verdicts: list[Verdict]) -> Answer:
        """OpenAI's moderation object."""
        results = [{"flagged": one.flagged, "categories": one.categories, "category_scores": one.scores} for one in verdicts]
        return Answer.json({"id": "modr-123", "model": "vendor-model", "results": results})

    def models_answer(self, ids: list[str]) -> Answer | None:
        """The list of models."""
        return Answer.json({"object": "list", "data": [{"id": one, "object": "model", "owned_by": "vendor"} for one in ids]})

    def validation_answer(self) -> Answer:
        """The list of models, which `OpenAICompatible` proves a key with."""
        answer = self.models_answer(["vendor-model"])
        assert answer is not None
        return answer
