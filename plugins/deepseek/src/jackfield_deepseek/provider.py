"""DeepSeek: https://api-docs.deepseek.com"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from jackfield_sdk import (
    ANTHROPIC_MESSAGES,
    OPENAI_CHAT,
    OPENAI_COMPLETIONS,
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
    VendorHTTP,
    forms,
)

from .errors import TABLE
from .thinking import BUDGET, adapt_thinking

KEYS = "https://platform.deepseek.com/api_keys"
_FEATURES: Final = frozenset({
    Feature.TOOLS, Feature.PARALLEL_TOOLS, Feature.REASONING, Feature.STREAMING, Feature.PROMPT_CACHING,
})  # fmt: skip
_USER: Final = re.compile(r"[a-zA-Z0-9_-]{1,512}")


class DeepSeek(OpenAICompatible):
    """DeepSeek. Bodies of OpenAI's and of Anthropic's clients are passed on as they are; it speaks both."""

    id = "deepseek"
    label = LocalizedText.of("DeepSeek", "深度求索")
    description = LocalizedText.of("Language models by DeepSeek.", "深度求索的语言模型。")
    help_url = KEYS
    base_url = "https://api.deepseek.com"
    model_types = (ModelType.LLM,)
    provider_form = CredentialForm(
        fields=(
            forms.api_key(env="DEEPSEEK_API_KEY", help_url=KEYS),
            forms.base_url(
                placeholder="https://api.deepseek.com",
                hint=LocalizedText.of("Empty: DeepSeek itself.", "留空即 DeepSeek 官方地址。"),
            ),
        ),
        help_url=KEYS,
    )
    dialects = (OPENAI_CHAT, OPENAI_RESPONSES, OPENAI_COMPLETIONS, ANTHROPIC_MESSAGES)
    options = ChatOptions(reasoning_name="reasoning_content", budget_name=BUDGET, schemas=False, strict=False, parallel=False)
    http = VendorHTTP(table=TABLE)
    paths: ClassVar[Mapping[str, str]] = {
        **OpenAICompatible.paths,
        OPENAI_COMPLETIONS: "/beta/completions",
        ANTHROPIC_MESSAGES: "/anthropic/v1/messages",
    }

    def url(self, surface: str, context: CallContext) -> str:
        """The surfaces stand beside each other: a base URL that names one of them, as OpenAI's users write it, means all."""
        base = str(context.credentials.get("base_url") or self.base_url).rstrip("/")
        return re.sub(r"/(v1|beta|anthropic)$", "", base) + self.paths[surface]

    def describe(self, entry: dict[str, Any]) -> ModelDescription | None:
        """A model that the catalog does not know yet: all since V4 think and call tools."""
        described = super().describe(entry)
        return described.model_copy(update={"features": _FEATURES}) if described else None

    def adapt_chat(self, body: dict[str, Any], request: LLMRequest, context: CallContext) -> dict[str, Any]:
        """By DeepSeek's names. Code that is completed is not thought about.

        :raises UnsupportedParameter: for what DeepSeek does not do, unless `drop_unsupported`
        """
        if "user" in body:
            body["user_id"] = _user_id(body.pop("user"))
        if request.completion:
            return body
        adapt_thinking(body, request)
        return body


def _user_id(user: str) -> str:
    """The id of an end user, which must be plain and not private: one that is not is hashed, so that users are told apart.

    https://api-docs.deepseek.com/quick_start/rate_limit
    """
    return user if _USER.fullmatch(user) else hashlib.sha256(user.encode()).hexdigest()
