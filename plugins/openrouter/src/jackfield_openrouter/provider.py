"""OpenRouter: many vendors' models behind one key. https://openrouter.ai/docs/api/reference/overview"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from jackfield_sdk import (
    ANTHROPIC_MESSAGES,
    JINA_RERANK,
    OPENAI_CHAT,
    OPENAI_COMPLETIONS,
    OPENAI_EMBEDDINGS,
    OPENAI_RESPONSES,
    CallContext,
    ChatOptions,
    CredentialForm,
    Feature,
    LLMRequest,
    LocalizedText,
    ModelDescription,
    ModelType,
    OpenAICompatible,
    ProvisionKind,
    SpeechRequest,
    VendorHTTP,
    forms,
)

from .errors import TABLE, openrouter_error_inside, read_openrouter_error
from .listing import describe_entry
from .reasoning import BUDGET, adapt_reasoning

KEYS = "https://openrouter.ai/settings/keys"
_BASE_URL = forms.base_url(
    placeholder="https://openrouter.ai/api/v1",
    hint=LocalizedText.of("Empty: OpenRouter itself.", "留空即 OpenRouter 官方地址。"),
)


class OpenRouter(OpenAICompatible):
    """OpenRouter. Bodies of OpenAI's and of Anthropic's clients are passed on as they are; it speaks both."""

    id = "openrouter"
    label = LocalizedText.of("OpenRouter")
    description = LocalizedText.of("Models of many vendors behind one key.", "一个密钥即可使用多家厂商的模型。")
    help_url = KEYS
    base_url = "https://openrouter.ai/api/v1"
    model_types = (
        ModelType.LLM,
        ModelType.TEXT_EMBEDDING,
        ModelType.RERANK,
        ModelType.SPEECH_TO_TEXT,
        ModelType.TEXT_TO_SPEECH,
    )
    provision = (ProvisionKind.PREDEFINED, ProvisionKind.CUSTOMIZABLE)
    provider_form = CredentialForm(
        fields=(forms.api_key(env="OPENROUTER_API_KEY", help_url=KEYS, placeholder="sk-or-v1-…"), _BASE_URL),
        help_url=KEYS,
    )
    model_form = CredentialForm(
        help=LocalizedText.of(
            "For a model that the catalog does not list; the name is OpenRouter's, as vendor/model.",
            "用于目录中没有的模型，名称采用 OpenRouter 的写法：厂商/模型。",
        ),
        fields=(
            forms.api_key(
                required=False, placeholder="sk-or-v1-…", label=LocalizedText.of("API key of its own", "专用 API 密钥")
            ),
            _BASE_URL,
            forms.context_size(default=None),
            forms.max_output_tokens(),
            *forms.feature_switches(
                (
                    Feature.TOOLS,
                    Feature.PARALLEL_TOOLS,
                    Feature.STRUCTURED_OUTPUT,
                    Feature.VISION,
                    Feature.REASONING,
                    Feature.COMPLETION,
                )
            ),
            forms.dimensions(),
        ),
    )
    dialects = (
        OPENAI_CHAT,
        OPENAI_RESPONSES,
        OPENAI_COMPLETIONS,
        OPENAI_EMBEDDINGS,
        ANTHROPIC_MESSAGES,
        JINA_RERANK,
    )
    options = ChatOptions(reasoning_name="reasoning_details", budget_name=BUDGET, cache="cache_control")
    http = VendorHTTP(table=TABLE, read_error=read_openrouter_error, error_inside=openrouter_error_inside)
    paths: ClassVar[Mapping[str, str]] = {
        **OpenAICompatible.paths,
        "models": "/models?output_modalities=all",
        "key": "/key",
        ANTHROPIC_MESSAGES: "/messages",
    }

    async def validate_provider_credentials(self, context: CallContext) -> None:
        """What the key may do: the list of models is open to everybody, and proves nothing.

        https://openrouter.ai/docs/api/api-reference/api-keys/get-current-key
        """
        await self.prove(context, "GET", self.url("key", context))

    def describe(self, entry: dict[str, Any]) -> ModelDescription | None:
        """As the list says, prices included; by its name where that tells nothing."""
        return describe_entry(entry) if "architecture" in entry else super().describe(entry)

    def adapt_chat(self, body: dict[str, Any], request: LLMRequest, context: CallContext) -> dict[str, Any]:
        """Effort and budget are one object here."""
        return adapt_reasoning(body, request.model)

    def adapt_speech(self, body: dict[str, Any], request: SpeechRequest, context: CallContext) -> dict[str, Any]:
        """Without a format the answer would be bare samples."""
        return {"response_format": "mp3", **body}
