"""The conformance kit on the OpenAI plugin: each surface, and each kind of chat model."""

from __future__ import annotations

from typing import Any, ClassVar

import orjson
from jackfield_openai import plugin
from jackfield_sdk import FinishReason, ModelType, ToolCall, Usage
from jackfield_sdk.testing import (
    Answer,
    EmbeddingConformance,
    LLMConformance,
    ModerationConformance,
    OpenAIAnswers,
    ProviderConformance,
    RelayConformance,
    Said,
    SpeechToTextConformance,
    TextToSpeechConformance,
)


class OpenAI(OpenAIAnswers):
    plugin: ClassVar[object] = plugin

    def credentials(self) -> dict[str, Any]:
        return {"api_key": self.secret, "organization": "org-acme", "project": "proj_acme"}

    def tokens_answer(self, tokens: int) -> Answer:
        return Answer.json({"object": "response.input_tokens", "input_tokens": tokens})


class TestChat(OpenAI, LLMConformance):
    model = "gpt-4.1-mini"


class TestReasoningChat(OpenAI, LLMConformance):
    model = "gpt-5.2"


class Responses(OpenAI):
    """How the responses surface answers: https://developers.openai.com/api/reference/resources/responses"""

    finish_reasons: ClassVar[tuple[FinishReason, ...]] = ("stop", "length", "content_filter")

    def llm_answer(self, said: Said) -> Answer:
        return Answer.json(self._response(said, self._items(said)))

    def llm_stream(self, said: Said) -> Answer:
        items = self._items(said)
        events: list[dict[str, Any]] = [{"type": "response.created", "response": {"id": "resp_1", "model": "m", "output": []}}]
        for index, item in enumerate(items):
            events += self._item_events(index, item, said)
        last = "response.incomplete" if said.finish_reason in ("length", "content_filter") else "response.completed"
        events.append({"type": last, "response": self._response(said, items)})
        return Answer.sse([(event["type"], event) for event in events])

    def _item_events(self, index: int, item: dict[str, Any], said: Said) -> list[dict[str, Any]]:
        place = {"output_index": index, "item_id": item["id"]}
        events: list[dict[str, Any]] = []
        match item["type"]:
            case "message":
                begun = {**item, "content": []}
                events = [{"type": "response.output_text.delta", "delta": piece, **place} for piece in said.pieces]
            case "reasoning":
                begun = {**item, "summary": []}
                events = [{"type": "response.reasoning_summary_text.delta", "delta": one, **place} for one in said.reasoning]
            case _:
                begun = {**item, "arguments": ""}
                call = ToolCall(item["call_id"], item["name"], item["arguments"])
                kind = "response.function_call_arguments.delta"
                events = [{"type": kind, "delta": piece, **place} for piece in said.fragments(call)]
        return [
            {"type": "response.output_item.added", "item": begun, "output_index": index},
            *events,
            {"type": "response.output_item.done", "item": item, "output_index": index},
        ]

    def _items(self, said: Said) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        if said.reasoning:
            summary = [{"type": "summary_text", "text": "".join(said.reasoning)}]
            items.append({"type": "reasoning", "id": "rs_1", "summary": summary})
        if said.text:
            content = [{"type": "output_text", "text": said.text, "annotations": []}]
            items.append({"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": content})
        for number, call in enumerate(said.tool_calls):
            body = {"call_id": call.id, "name": call.name, "arguments": call.arguments, "status": "completed"}
            items.append({"type": "function_call", "id": f"fc_{number}", **body})
        return items

    def _response(self, said: Said, items: list[dict[str, Any]]) -> dict[str, Any]:
        why = {"length": "max_output_tokens", "content_filter": "content_filter"}.get(said.finish_reason)
        return {
            "id": "resp_1",
            "object": "response",
            "status": "incomplete" if why else "completed",
            "incomplete_details": {"reason": why} if why else None,
            "error": None,
            "model": "vendor-model",
            "output": items,
            "usage": {
                "input_tokens": said.usage.input_tokens,
                "output_tokens": said.usage.output_tokens,
                "total_tokens": said.usage.total_tokens,
                "input_tokens_details": {"cached_tokens": said.usage.cache_read_tokens},
                "output_tokens_details": {"reasoning_tokens": said.usage.reasoning_tokens},
            },
        }


class TestResponses(Responses, LLMConformance):
    model = "gpt-5.5-pro"


class TestTextCompletion(OpenAI, LLMConformance):
    """A model that only completes text, asked to chat."""

    model = "text-davinci-003"
    llm_usage = Usage(input_tokens=11, output_tokens=7)
    finish_reasons = ("stop", "length")

    def llm_answer(self, said: Said) -> Answer:
        choice = {"index": 0, "text": said.text, "logprobs": None, "finish_reason": said.finish_reason}
        return Answer.json({"id": "cmpl-1", "object": "text_completion", "choices": [choice], "usage": self._usage(said)})

    def llm_stream(self, said: Said) -> Answer:
        pieces: list[tuple[str, str | None]] = [*((piece, None) for piece in said.pieces), ("", said.finish_reason)]
        chunks: list[dict[str, Any]] = [
            {"id": "cmpl-1", "choices": [{"index": 0, "text": text, "finish_reason": reason}]} for text, reason in pieces
        ]
        return Answer.sse([*chunks, {"id": "cmpl-1", "choices": [], "usage": self._usage(said)}], done="[DONE]")

    def _usage(self, said: Said) -> dict[str, int]:
        return {"prompt_tokens": said.usage.input_tokens, "completion_tokens": said.usage.output_tokens}


class TestEmbedding(OpenAI, EmbeddingConformance):
    pass


class TestTranscription(OpenAI, SpeechToTextConformance):
    model = "gpt-transcribe"


class TestSpeech(OpenAI, TextToSpeechConformance):
    model = "gpt-4o-mini-tts"


class TestModeration(OpenAI, ModerationConformance):
    pass


class TestRelayOfChat(OpenAI, RelayConformance):
    model = "gpt-4.1"


class TestRelayOfResponses(OpenAI, RelayConformance):
    dialect = "openai.responses"
    model = "gpt-6.1-sol"


class TestProvider(OpenAI, ProviderConformance):
    pass


class TestFineTune(OpenAI, ProviderConformance):
    """A model that is added, proved by one short chat."""

    validated_model = ("ft:gpt-4.1-mini-2025-04-14:acme::9aBcDeF", ModelType.LLM)

    def validation_answer(self) -> Answer:
        return self.llm_answer(Said())


def test_the_catalog_names_the_models_of_the_hosted_trial() -> None:
    listed = {model.id for model in plugin.models}
    assert {"gpt-3.5-turbo", "gpt-3.5-turbo-16k", "text-davinci-003"} <= listed
    assert orjson.dumps([model.model_dump(mode="json") for model in plugin.models])
