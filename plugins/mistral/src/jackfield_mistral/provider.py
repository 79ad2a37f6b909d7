"""Mistral AI: https://docs.mistral.ai/api"""

from __future__ import annotations

from typing import Any, ClassVar

from jackfield_sdk import (
    CallContext,
    ChatOptions,
    CredentialForm,
    EmbeddingRequest,
    Feature,
    LLMRequest,
    LocalizedText,
    ModelDescription,
    ModelType,
    OpenAICompatible,
    SpeechRequest,
    SpeechResult,
    TranscriptionRequest,
    Usage,
    VendorHTTP,
    allowed_speech,
    begin,
    forms,
)
from jackfield_sdk.dialects import counts

from . import speech
from .errors import TABLE
from .messages import adapt_messages

KEYS = "https://console.mistral.ai/api-keys"
_UNKNOWN = frozenset({"user", "store", "safety_identifier", "prompt_cache_retention", "prompt_cache_options"})
"""Members of OpenAI's that ask nothing of the answer, and that Mistral refuses as it does all that it does not know."""


class Mistral(OpenAICompatible):
    """Chat, embedding, moderation and speech. Close to OpenAI's dialect, and stricter: nothing is passed on as it is."""

    id = "mistral"
    label = LocalizedText.of("Mistral AI")
    description = LocalizedText.of(
        "Language, embedding, moderation and speech models by Mistral AI.", "Mistral AI 的语言、向量、内容审核与语音模型。"
    )
    help_url = KEYS
    base_url = "https://api.mistral.ai/v1"
    model_types = (
        ModelType.LLM,
        ModelType.TEXT_EMBEDDING,
        ModelType.MODERATION,
        ModelType.SPEECH_TO_TEXT,
        ModelType.TEXT_TO_SPEECH,
    )
    provider_form = CredentialForm(
        fields=(
            forms.api_key(env="MISTRAL_API_KEY", help_url=KEYS),
            forms.base_url(
                placeholder="https://api.mistral.ai/v1",
                hint=LocalizedText.of(
                    "Empty: Mistral itself. Otherwise a proxy, up to and with the version.",
                    "留空即 Mistral 官方地址；也可填写代理地址（含版本号）。",
                ),
            ),
        ),
        help_url=KEYS,
    )
    http: ClassVar[VendorHTTP] = VendorHTTP(table=TABLE)
    options: ClassVar[ChatOptions] = ChatOptions(
        stream_usage=False,  # told in any case
        no_reasoning="none",
        unsupported=frozenset({"min_p", "logit_bias"}),
    )

    def chat_options(self, context: CallContext) -> ChatOptions:
        """Thoughts are sent back to a model that has some of its own."""
        reasoning = context.model is not None and Feature.REASONING in context.model.features
        return ChatOptions(
            stream_usage=self.options.stream_usage,
            no_reasoning=self.options.no_reasoning if reasoning else None,
            reasoning_name="reasoning_content" if reasoning else None,
            unsupported=self.options.unsupported,
        )

    def adapt_chat(self, body: dict[str, Any], request: LLMRequest, context: CallContext) -> dict[str, Any]:
        """Mistral's names: https://docs.mistral.ai/api/endpoint/chat. Its models think, or they do not."""
        adapted = {name: value for name, value in body.items() if name not in _UNKNOWN}
        if "seed" in adapted:
            adapted["random_seed"] = adapted.pop("seed")
        if adapted.get("reasoning_effort") not in (None, "none"):
            adapted["reasoning_effort"] = "high"
        adapted["messages"] = adapt_messages(body["messages"])
        return adapted

    def adapt_embedding(self, body: dict[str, Any], request: EmbeddingRequest, context: CallContext) -> dict[str, Any]:
        """https://docs.mistral.ai/api/endpoint/embeddings"""
        adapted = {name: value for name, value in body.items() if name not in _UNKNOWN}
        if "dimensions" in adapted:
            adapted["output_dimension"] = adapted.pop("dimensions")
        return adapted

    def adapt_transcription(self, form: dict[str, Any], request: TranscriptionRequest, context: CallContext) -> dict[str, Any]:
        """https://docs.mistral.ai/api/endpoint/audio/transcriptions: the answer has one form only."""
        adapted = {name: value for name, value in form.items() if name != "response_format"}
        if "timestamp_granularities[]" in adapted:
            adapted["timestamp_granularities"] = adapted.pop("timestamp_granularities[]")
        return adapted

    async def invoke_text_to_speech(self, request: SpeechRequest, context: CallContext) -> SpeechResult:
        body = speech.build_request(allowed_speech(request, context, speech.MEDIA_TYPES))
        url, headers = self.url("speech", context), self.headers(context)
        pieces = await self.http.events(context, "POST", url, headers=headers, json=body, parse=speech.parse_stream)
        return SpeechResult(
            audio=await begin(pieces),
            media_type=speech.MEDIA_TYPES[body["response_format"]],
            usage=Usage(characters=len(request.text)),
            model=request.model,
        )

    def describe(self, entry: dict[str, Any]) -> ModelDescription | None:
        """One entry of the list, which tells what a model can do: https://docs.mistral.ai/api/endpoint/models"""
        can = counts.members(entry.get("capabilities"))
        described = super().describe(entry)
        if described is None or not can:
            return described
        if can.get("audio_transcription") and not can.get("completion_chat"):
            return described.model_copy(update={"type": ModelType.SPEECH_TO_TEXT, "features": frozenset()})
        if described.type is not ModelType.LLM:
            return described
        if not can.get("completion_chat"):
            return None  # it reads pages, classifies, or has a type that its name does not tell
        told = {
            Feature.TOOLS: can.get("function_calling"),
            Feature.PARALLEL_TOOLS: can.get("function_calling"),
            Feature.VISION: can.get("vision"),
            Feature.AUDIO_INPUT: can.get("audio"),
        }
        return described.model_copy(update={"features": described.features | {feature for feature, has in told.items() if has}})
