"""Groq: https://console.groq.com/docs/api-reference"""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

from jackfield_sdk import (
    OPENAI_CHAT,
    CallContext,
    ChatOptions,
    CredentialForm,
    Feature,
    LLMRequest,
    LocalizedText,
    ModelDescription,
    ModelType,
    OpenAICompatible,
    SpeechRequest,
    SpeechResult,
    TranscriptionRequest,
    TranscriptionResult,
    VendorHTTP,
    forms,
)
from jackfield_sdk.dialects import counts

from .errors import TABLE
from .messages import adapt_message

KEYS = "https://console.groq.com/keys"
LEAST_BILLED = 10.0
"""Seconds that every recording costs, if it is shorter: https://console.groq.com/docs/speech-to-text"""
_UNKNOWN = frozenset({
    "metadata", "store", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "prompt_cache_options",
})  # fmt: skip
"""Members of OpenAI's that ask nothing of the answer, and that Groq has not."""


class Groq(OpenAICompatible):
    """Open models, served fast. OpenAI's dialect, but for what its models cannot do, and for how thoughts are asked for."""

    id = "groq"
    label = LocalizedText.of("Groq")
    description = LocalizedText.of("Open language and speech models, served by Groq.", "由 Groq 高速托管的开放语言与语音模型。")
    help_url = KEYS
    base_url = "https://api.groq.com/openai/v1"
    model_types = (ModelType.LLM, ModelType.SPEECH_TO_TEXT, ModelType.TEXT_TO_SPEECH)
    provider_form = CredentialForm(
        fields=(
            forms.api_key(env="GROQ_API_KEY", help_url=KEYS, placeholder="gsk_…"),
            forms.base_url(
                placeholder="https://api.groq.com/openai/v1",
                hint=LocalizedText.of(
                    "Empty: Groq itself. Otherwise a proxy, up to and with the version.",
                    "留空即 Groq 官方地址；也可填写代理地址（含版本号）。",
                ),
            ),
        ),
        help_url=KEYS,
    )
    dialects = (OPENAI_CHAT,)
    http: ClassVar[VendorHTTP] = VendorHTTP(table=TABLE)
    options: ClassVar[ChatOptions] = ChatOptions(
        max_tokens_name="max_completion_tokens",
        unsupported=frozenset({
            "top_k", "min_p", "repetition_penalty", "frequency_penalty", "presence_penalty",
            "logit_bias", "logprobs", "top_logprobs", "n",
        }),
    )  # fmt: skip

    # -- chat: https://console.groq.com/docs/reasoning ---------------------------------------------------------------------

    def chat_options(self, context: CallContext) -> ChatOptions:
        """Thoughts are sent back to a model that has some of its own."""
        if not _reasons(context):
            return self.options
        return dataclasses.replace(self.options, reasoning_name="reasoning", no_reasoning=_efforts(context).get("none"))

    def adapt_chat(self, body: dict[str, Any], request: LLMRequest, context: CallContext) -> dict[str, Any]:
        """Thoughts apart from the text, and efforts in the words of the model's family."""
        adapted = {name: value for name, value in body.items() if name not in _UNKNOWN}
        adapted["messages"] = [adapt_message(message) for message in body["messages"]]
        if (effort := adapted.get("reasoning_effort")) is not None:
            adapted["reasoning_effort"] = _efforts(context).get(effort, effort)
        if _reasons(context) and not adapted.keys() & {"reasoning_format", "include_reasoning"}:
            adapted["reasoning_format"] = "parsed"
        return adapted

    # -- speech: https://console.groq.com/docs/speech-to-text, https://console.groq.com/docs/text-to-speech ------------------

    def adapt_transcription(self, form: dict[str, Any], request: TranscriptionRequest, context: CallContext) -> dict[str, Any]:
        """In the form that tells how long the recording is, as Groq counts seconds and tells no usage."""
        adapted = form | {"response_format": "verbose_json"}
        if request.task == "translate" and request.timestamps == {"segment"}:
            del adapted["timestamp_granularities[]"]  # a translation always has them, and cannot be asked for any
        return adapted

    async def invoke_speech_to_text(self, request: TranscriptionRequest, context: CallContext) -> TranscriptionResult:
        result = await super().invoke_speech_to_text(request, context)
        if result.duration is not None:
            result.usage.audio_seconds = max(result.duration, LEAST_BILLED)
        return result

    async def invoke_text_to_speech(self, request: SpeechRequest, context: CallContext) -> SpeechResult:
        return await super().invoke_text_to_speech(dataclasses.replace(request, format=request.format or "wav"), context)

    # -- models --------------------------------------------------------------------------------------------------------------

    def describe(self, entry: dict[str, Any]) -> ModelDescription | None:
        """One entry of the list: https://console.groq.com/docs/models"""
        described = super().describe(entry) if entry.get("active") is not False else None
        if described is None or described.type is not ModelType.LLM:
            return described
        return described.model_copy(update={"max_output_tokens": counts.count(entry.get("max_completion_tokens")) or None})


def _reasons(context: CallContext) -> bool:
    return context.model is not None and Feature.REASONING in context.model.features


def _efforts(context: CallContext) -> dict[str, str]:
    """The words of the model's family for those of OpenAI's; a word that is not in it is sent as it is."""
    efforts = context.model.properties.get("efforts") if context.model is not None else None
    return efforts if isinstance(efforts, dict) else {}
