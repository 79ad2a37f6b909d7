"""The conformance kit on the wenxin plugin: today's API and the older one."""

from __future__ import annotations

from typing import Any, ClassVar

from jackfield_sdk import FinishReason, RankedDocument, Usage
from jackfield_sdk.testing import (
    Answer,
    EmbeddingConformance,
    LLMConformance,
    OpenAIAnswers,
    ProviderConformance,
    RelayConformance,
    RerankConformance,
    Said,
    VendorDouble,
)
from jackfield_wenxin import plugin


class Wenxin(OpenAIAnswers):
    plugin: ClassVar[object] = plugin


class Older(Wenxin):
    """An application's two keys."""

    sends_secret: ClassVar[bool] = False  # the token that it is good for is
    finish_reasons: ClassVar[tuple[FinishReason, ...]] = ("stop", "length", "content_filter")
    llm_usage: ClassVar[Usage] = Usage(input_tokens=11, output_tokens=7)
    tool_ids: ClassVar[bool] = False

    def credentials(self) -> dict[str, Any]:
        return {"api_key": "application", "secret_key": self.secret}

    def prepare(self, vendor: VendorDouble) -> None:
        vendor.on("POST", "/oauth/2.0/token", Answer.json({"access_token": "24.canary", "expires_in": 2592000}))

    def answered(self, said: Said, **members: Any) -> dict[str, Any]:
        usage = said.usage
        tokens = {
            "prompt_tokens": usage.input_tokens,
            "completion_tokens": usage.output_tokens,
            "total_tokens": usage.total_tokens,
        }
        return {"id": "as-bcmt5ct4iy", "object": "chat.completion", "created": 1_790_000_000, "usage": tokens} | members

    def llm_answer(self, said: Said) -> Answer:
        if said.tool_calls:
            call = {"name": said.tool_calls[0].name, "arguments": said.tool_calls[0].arguments, "thoughts": ""}
            return Answer.json(self.answered(said, result="", finish_reason="function_call", function_call=call))
        reason = "normal" if said.finish_reason == "stop" else said.finish_reason
        return Answer.json(self.answered(said, result=said.text, finish_reason=reason, need_clear_history=False))

    def llm_stream(self, said: Said) -> Answer:
        if said.tool_calls:
            call = {"name": said.tool_calls[0].name, "arguments": said.tool_calls[0].arguments}
            last = {"is_end": True, "finish_reason": "function_call", "function_call": call}
            return Answer.sse([self.answered(said, sentence_id=0, result="", **last)])
        reason = "normal" if said.finish_reason == "stop" else said.finish_reason
        events = [
            self.answered(said, sentence_id=number, is_end=False, is_truncated=False, result=piece, finish_reason="normal")
            for number, piece in enumerate(said.pieces)
        ]
        end = {"is_end": True, "is_truncated": False, "result": "", "finish_reason": reason}
        return Answer.sse([*events, self.answered(said, sentence_id=len(events), **end)])


class TestChat(Wenxin, LLMConformance):
    model = "ernie-5.1"


class TestThinking(Wenxin, LLMConformance):
    """A model whose thinking is switched, and that sees."""

    model = "ernie-4.5-turbo-vl-32k-preview"


class TestOlderChat(Older, LLMConformance):
    """https://cloud.baidu.com/doc/WENXINWORKSHOP/s/clntwmv7t"""

    model = "ernie-3.5-8k"


class TestEmbedding(Wenxin, EmbeddingConformance):
    model = "embedding-v1"


class TestOlderEmbedding(Older, EmbeddingConformance):
    model = "bge-large-zh"


class TestRerank(Wenxin, RerankConformance):
    pass


class TestOlderRerank(Older, RerankConformance):
    def rerank_answer(self, ranking: list[RankedDocument], usage: Usage) -> Answer:
        results = [{"index": one.index, "relevance_score": one.score, "document": "…"} for one in ranking]
        tokens = {"prompt_tokens": usage.input_tokens, "total_tokens": usage.input_tokens}
        return Answer.json({"id": "as-1", "object": "rerank_list", "created": 1, "results": results, "usage": tokens})


class TestRelay(Wenxin, RelayConformance):
    model = "ernie-5.1"


class TestProvider(Wenxin, ProviderConformance):
    pass


class TestOlderProvider(Older, ProviderConformance):
    """https://cloud.baidu.com/doc/WENXINWORKSHOP/s/Dlkm79mnx"""

    sends_secret: ClassVar[bool] = True

    def prepare(self, vendor: VendorDouble) -> None:
        """Every request here is one for a token."""

    def error(self, status: int, message: str = "something is wrong", headers: dict[str, str] | None = None) -> Answer:
        return Answer.json({"error_description": message, "error": "invalid_client"}, status, headers)

    def validation_answer(self) -> Answer:
        return Answer.json({"access_token": "24.canary", "expires_in": 2592000, "refresh_token": "25.x", "scope": "public"})

    def models_answer(self, ids: list[str]) -> Answer | None:
        return None
