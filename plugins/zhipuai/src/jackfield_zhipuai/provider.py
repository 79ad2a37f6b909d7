"""Zhipu AI's own API: https://docs.bigmodel.cn/cn/api/introduction"""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any, ClassVar

from jackfield_sdk import (
    ANTHROPIC_MESSAGES,
    JINA_RERANK,
    OPENAI_CHAT,
    OPENAI_EMBEDDINGS,
    BadRequest,
    CallContext,
    ChatOptions,
    CredentialForm,
    EmbeddingRequest,
    FormField,
    LLMEvent,
    LLMRequest,
    LLMResult,
    LocalizedText,
    ModelType,
    OpenAICompatible,
    RerankRequest,
    ServerUnavailable,
    VendorHTTP,
    forms,
)
from jackfield_sdk.dialects import ServerSentEvent, openai_chat

from .boxes import unbox, unbox_events
from .chat import adapt, user_id
from .errors import TABLE
from .keys import sign

KEYS = "https://open.bigmodel.cn/usercenter/apikeys"
_PAAS = re.compile(r"/api(/coding)?/paas/v4$")


class Zhipu(OpenAICompatible):
    """GLM models. The chat is OpenAI's but for what `chat` says; Anthropic's messages are served beside it."""

    id = "zhipuai"
    label = LocalizedText.of("Zhipu AI", "智谱 AI")
    description = LocalizedText.of("GLM models by Zhipu AI (Z.ai).", "智谱 AI 的 GLM 系列模型。")
    help_url = KEYS
    base_url = "https://open.bigmodel.cn/api/paas/v4"
    model_types = (ModelType.LLM, ModelType.TEXT_EMBEDDING, ModelType.RERANK)
    provider_form = CredentialForm(
        fields=(
            forms.api_key(env="ZHIPUAI_API_KEY", help_url=KEYS, placeholder="id.secret"),
            FormField(
                name="signed",
                kind="switch",
                label=LocalizedText.of("Sign a token instead of sending the key", "使用密钥签发 JWT，而非直接发送密钥"),
                help=LocalizedText.of(
                    "The secret half of the key then never leaves this host.", "开启后，密钥的私密部分不会离开本机。"
                ),
                default=False,
            ),
            forms.base_url(
                placeholder=base_url,
                env="ZHIPUAI_BASE_URL",
                hint=LocalizedText.of(
                    "Empty: mainland China. Z.ai's international service: https://api.z.ai/api/paas/v4. "
                    "A coding plan: https://open.bigmodel.cn/api/coding/paas/v4.",
                    "留空即中国大陆。Z.ai 国际站：https://api.z.ai/api/paas/v4；"
                    "编程套餐：https://open.bigmodel.cn/api/coding/paas/v4。",
                ),
            ),
        ),
        help_url=KEYS,
    )
    dialects = (OPENAI_CHAT, OPENAI_EMBEDDINGS, ANTHROPIC_MESSAGES, JINA_RERANK)
    http = VendorHTTP(table=TABLE)
    lists_models = False
    paths: ClassVar[Mapping[str, str]] = {**OpenAICompatible.paths, "tokenizer": "/tokenizer"}

    def url(self, surface: str, context: CallContext) -> str:
        """Anthropic's messages stand beside `/paas/v4`: https://docs.bigmodel.cn/cn/guide/develop/claude/introduction"""
        if surface == ANTHROPIC_MESSAGES:
            return _PAAS.sub("", self._base(context)) + "/api/anthropic/v1/messages"
        return self._base(context) + self.paths[surface]

    def _base(self, context: CallContext) -> str:
        return str(context.credentials.get("base_url") or self.base_url).rstrip("/")

    def headers(self, context: CallContext) -> dict[str, str]:
        """The key, or a token signed by it, as a bearer token."""
        key = str(context.credentials["api_key"])
        return {"authorization": f"Bearer {sign(key, time.time()) if context.credentials.get('signed') else key}"}

    async def validate_provider_credentials(self, context: CallContext) -> None:
        """A count of tokens: https://docs.bigmodel.cn/api-reference/模型-api/文本分词器. Coding plans have chats alone."""
        ping: dict[str, Any] = {"messages": [{"role": "user", "content": "ping"}]}
        if self._base(context).endswith("/api/coding/paas/v4"):
            ping |= {"model": "glm-4.7", "max_tokens": 1, "thinking": {"type": "disabled"}}
            await self.prove(context, "POST", self.url(OPENAI_CHAT, context), json=ping)
        else:
            await self.prove(context, "POST", self.url("tokenizer", context), json=ping | {"model": "glm-4.6"})

    def chat_options(self, context: CallContext) -> ChatOptions:
        """Reasoning is sent back, as GLM goes on with it between tool calls."""
        always = context.model is not None and context.model.properties.get("thinking") == "always"
        return ChatOptions(
            reasoning_name="reasoning_content",
            no_reasoning=None if always else "none",
            schemas=False,
            strict=False,
            parallel=False,
        )

    def adapt_chat(self, body: dict[str, Any], request: LLMRequest, context: CallContext) -> dict[str, Any]:
        return adapt(body, request, context.model)

    def read_chat(self, body: dict[str, Any], surface: str, context: CallContext) -> LLMResult:
        result = super().read_chat(body, surface, context)
        return unbox(result) if self._boxes(context) else result

    def read_events(
        self, events: AsyncIterator[ServerSentEvent], surface: str, context: CallContext
    ) -> AsyncIterator[LLMEvent]:
        read = super().read_events(events, surface, context)
        return unbox_events(read) if self._boxes(context) else read

    def _boxes(self, context: CallContext) -> bool:
        return context.model is not None and bool(context.model.properties.get("boxes"))

    async def count_tokens(self, request: LLMRequest, context: CallContext) -> int:
        """By the vendor's own count, for the models that it counts for.

        :raises BadRequest: for other models
        """
        if context.model is not None and not context.model.properties.get("counts"):
            raise BadRequest(
                f"Zhipu AI counts no tokens for {request.model}.",
                param="model",
                advice="It counts for glm-4.6, glm-4.6v, glm-4.5 and some older ones.",
            )
        built = openai_chat.build_request(request, self.chat_options(context))
        body = {name: built[name] for name in ("model", "messages", "tools") if name in built}
        url, headers = self.url("tokenizer", context), self.headers(context)
        usage = (await self.http.object(context, "POST", url, headers=headers, json=body)).get("usage")
        tokens = usage.get("total_tokens") if isinstance(usage, dict) else None
        if not isinstance(tokens, int):
            raise ServerUnavailable("The vendor's answer holds no number of tokens.")
        return tokens

    def adapt_embedding(self, body: dict[str, Any], request: EmbeddingRequest, context: CallContext) -> dict[str, Any]:
        """Floats are all there is, and no user is told: https://docs.bigmodel.cn/api-reference/模型-api/文本嵌入"""
        return {name: value for name, value in body.items() if name not in ("encoding_format", "user")}

    def adapt_rerank(self, body: dict[str, Any], request: RerankRequest, context: CallContext) -> dict[str, Any]:
        """https://docs.bigmodel.cn/api-reference/模型-api/文本重排序"""
        return body | ({"user_id": user_id(request.user)} if request.user else {})
