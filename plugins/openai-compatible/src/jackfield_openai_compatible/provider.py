"""A provider whose models are added one by one, each with its own server."""

from __future__ import annotations

import dataclasses
from typing import Any

from jackfield_sdk import (
    JINA_RERANK,
    OPENAI_CHAT,
    OPENAI_COMPLETIONS,
    OPENAI_EMBEDDINGS,
    OPENAI_MODERATIONS,
    OPENAI_RESPONSES,
    CallContext,
    ChatOptions,
    Feature,
    LLMRequest,
    LLMResult,
    LLMStream,
    LocalizedText,
    ModelDescription,
    ModelType,
    OpenAICompatible,
    ProvisionKind,
    forms,
)

from .counting import count
from .forms import MODEL_FORM
from .headers import read_headers

_CHAT_DIALECTS = {"chat": OPENAI_CHAT, "responses": OPENAI_RESPONSES, "completion": OPENAI_COMPLETIONS}
_DIALECTS = {
    ModelType.TEXT_EMBEDDING: OPENAI_EMBEDDINGS,
    ModelType.RERANK: JINA_RERANK,
    ModelType.MODERATION: OPENAI_MODERATIONS,
}


class OpenAICompatibleServer(OpenAICompatible):
    """Any server that speaks OpenAI's dialect."""

    id = "openai_compatible"
    label = LocalizedText.of("OpenAI-compatible server", "OpenAI 兼容服务器")
    description = LocalizedText.of(
        "Any server that speaks OpenAI's dialect: vLLM, llama.cpp, SGLang, LM Studio, a company's own gateway.",
        "任何兼容 OpenAI 接口的服务器：vLLM、llama.cpp、SGLang、LM Studio 或企业自建网关。",
    )
    help_url = "https://platform.openai.com/docs/api-reference"
    model_types = tuple(ModelType)
    provision = (ProvisionKind.CUSTOMIZABLE,)
    model_form = MODEL_FORM
    name_field = "endpoint_model"
    thoughts_in_text = True
    dialects = (OPENAI_CHAT, OPENAI_RESPONSES, OPENAI_COMPLETIONS, OPENAI_EMBEDDINGS, OPENAI_MODERATIONS, JINA_RERANK)

    # -- where a server differs, its form says ---------------------------------------------------------------------------

    def url(self, surface: str, context: CallContext) -> str:
        """The base URL with the path of the form, or OpenAI's."""
        path = context.credentials.get("path") if surface not in ("models", "translations") else None
        return str(context.credentials.get("base_url") or "").rstrip("/") + str(path or self.paths[surface])

    def headers(self, context: CallContext) -> dict[str, str]:
        """The key as a bearer token, and over it the form's own headers."""
        return super().headers(context) | read_headers(context.credentials.get("headers"))

    def chat_options(self, context: CallContext) -> ChatOptions:
        """As the form says."""
        credentials = context.credentials
        reasoning = credentials.get("reasoning_name")
        return ChatOptions(
            max_tokens_name=str(credentials.get("max_tokens_name") or "max_tokens"),
            reasoning_name=str(reasoning) if reasoning not in (None, "no") else None,
            stream_usage=credentials.get("stream_usage") is not False,
        )

    def surface(self, request: LLMRequest, context: CallContext) -> str:
        """The one that the form names."""
        api = context.credentials.get("api")
        return OPENAI_COMPLETIONS if request.completion else _CHAT_DIALECTS.get(str(api), OPENAI_CHAT)

    def describe_model(self, model: str, model_type: ModelType, credentials: dict[str, Any]) -> ModelDescription:
        """As the form says, which is checked here as far as its fields alone cannot be."""
        read_headers(credentials.get("headers"))
        api = str(credentials.get("api") or "chat")
        always = {Feature.STREAMING} | ({Feature.COMPLETION} if api == "completion" else set())
        described = forms.describe_from_form(model, model_type, credentials, always=always)
        dialect = _CHAT_DIALECTS[api] if model_type is ModelType.LLM else _DIALECTS.get(model_type)
        return described.model_copy(update={"dialects": (dialect,) if dialect else ()})

    def proof(self, model: str, model_type: ModelType, context: CallContext) -> dict[str, Any]:
        """By the server's own name of the model, on the surface that the form names."""
        model = self.model_name(model, context)
        api = context.credentials.get("api")
        if model_type is ModelType.LLM and api == "completion":
            body: dict[str, Any] = {"model": model, "prompt": "ping", "max_tokens": 16}
            return {"url": self.url(OPENAI_COMPLETIONS, context), "json": body}
        if model_type is ModelType.LLM and api == "responses":
            body = {"model": model, "input": "ping", "max_output_tokens": 16, "store": False}
            return {"url": self.url(OPENAI_RESPONSES, context), "json": body}
        return super().proof(model, model_type, context)

    async def invoke_llm(self, request: LLMRequest, context: CallContext) -> LLMResult | LLMStream:
        if context.credentials.get("api") == "completion" and not request.completion:
            request = dataclasses.replace(request, completion=True)
        return await super().invoke_llm(request, context)

    async def count_tokens(self, request: LLMRequest, context: CallContext) -> int:
        """By the server's own tokenizer, where the form says how it is asked."""
        request = dataclasses.replace(request, model=self.model_name(request.model, context), stream=False)
        return await count(request, context, self.http, self.headers(context), self.chat_options(context))
