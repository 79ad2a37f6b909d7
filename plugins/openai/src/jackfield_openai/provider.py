"""OpenAI's own API: https://developers.openai.com/api/reference"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from jackfield_sdk import (
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
    ServerUnavailable,
    TranscriptionRequest,
    VendorHTTP,
    forms,
)
from jackfield_sdk.dialects import openai_responses

from .errors import TABLE
from .fine_tunes import base_of
from .forms import KEYS, MODEL_FORM, PROVIDER_FORM
from .prompts import as_completion
from .reasoning import allowed_beside_reasoning, reasons


class OpenAI(OpenAICompatible):
    """OpenAI. Chats go to the chat surface, but for what only the responses surface does."""

    id = "openai"
    label = LocalizedText.of("OpenAI")
    description = LocalizedText.of(
        "Language, embedding, speech and moderation models by OpenAI.", "OpenAI 的语言、向量、语音与内容审核模型。"
    )
    help_url = KEYS
    base_url = "https://api.openai.com/v1"
    model_types = (
        ModelType.LLM,
        ModelType.TEXT_EMBEDDING,
        ModelType.SPEECH_TO_TEXT,
        ModelType.TEXT_TO_SPEECH,
        ModelType.MODERATION,
    )
    provision = (ProvisionKind.PREDEFINED, ProvisionKind.CUSTOMIZABLE)
    provider_form = PROVIDER_FORM
    model_form = MODEL_FORM
    dialects = (OPENAI_CHAT, OPENAI_RESPONSES, OPENAI_COMPLETIONS, OPENAI_EMBEDDINGS, OPENAI_MODERATIONS)
    http = VendorHTTP(table=TABLE)
    paths: ClassVar[Mapping[str, str]] = {**OpenAICompatible.paths, "input_tokens": "/responses/input_tokens"}

    def url(self, surface: str, context: CallContext) -> str:
        """A base URL that is a bare host stands for its `/v1`, as OpenAI's users mostly write it."""
        base = str(context.credentials.get("base_url") or self.base_url).rstrip("/")
        if base.count("/") == 2:
            base += "/v1"
        return base + self.paths[surface]

    def headers(self, context: CallContext) -> dict[str, str]:
        """https://developers.openai.com/api/reference/overview#authentication"""
        headers = super().headers(context)
        if organization := context.credentials.get("organization"):
            headers["openai-organization"] = str(organization)
        if project := context.credentials.get("project"):
            headers["openai-project"] = str(project)
        return headers

    def chat_options(self, context: CallContext) -> ChatOptions:
        """All chat models take `max_completion_tokens`, and reasoning models nothing else; those read `developer` messages."""
        reasoning = context.model is not None and Feature.REASONING in context.model.features
        return ChatOptions(max_tokens_name="max_completion_tokens", system_role="developer" if reasoning else "system")

    def surface(self, request: LLMRequest, context: CallContext) -> str:
        """From gpt-5.4 on, models that reason take tools on the responses surface only."""
        surface = super().surface(request, context)
        model = context.model
        if surface == OPENAI_CHAT and request.tools and model is not None and model.properties.get("tools_by_responses"):
            return OPENAI_RESPONSES if reasons(request, model) else OPENAI_CHAT
        return surface

    async def invoke_llm(self, request: LLMRequest, context: CallContext) -> LLMResult | LLMStream:
        """A model that only completes text is given a chat as one text."""
        if context.model is not None:
            request = allowed_beside_reasoning(request, context.model)
            if not request.completion and Feature.COMPLETION in context.model.features:
                request = as_completion(request)
        return await super().invoke_llm(request, context)

    async def count_tokens(self, request: LLMRequest, context: CallContext) -> int:
        """OpenAI counts, images and tools too: https://developers.openai.com/api/docs/guides/token-counting"""
        body = openai_responses.build_request(request)
        counted = {name: body[name] for name in ("model", "input", "tools", "tool_choice", "text") if name in body}
        url, headers = self.url("input_tokens", context), self.headers(context)
        answer = await self.http.object(context, "POST", url, headers=headers, json=counted)
        tokens = answer.get("input_tokens")
        if not isinstance(tokens, int):
            raise ServerUnavailable("The vendor's answer holds no number of tokens.")
        return tokens

    def adapt_transcription(self, form: dict[str, Any], request: TranscriptionRequest, context: CallContext) -> dict[str, Any]:
        """A model that tells speakers apart wants to be told how to cut a recording of more than 30 seconds."""
        strategy = context.model.properties.get("chunking_strategy") if context.model is not None else None
        return {"chunking_strategy": strategy, **form} if strategy else form

    def describe_model(self, model: str, model_type: ModelType, credentials: dict[str, Any]) -> ModelDescription:
        """A fine-tuned model is what its base model is, but for its price."""
        base = base_of(model, model_type, self.models)
        described = forms.describe_from_form(model, model_type, credentials)
        if base is None:
            return described
        told = {name for name in ("context_window", "max_output_tokens") if getattr(described, name) is not None}
        return base.model_copy(
            update={
                "id": model,
                "label": None,
                "prices": None,
                "features": base.features | described.features,
                **{name: getattr(described, name) for name in told},
            }
        )
