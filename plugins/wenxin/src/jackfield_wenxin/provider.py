"""Baidu AI Cloud Qianfan: today's API for an API key alone, the older one for a key with its secret."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, ClassVar

from jackfield_sdk import (
    ANTHROPIC_MESSAGES,
    JINA_RERANK,
    OPENAI_CHAT,
    OPENAI_EMBEDDINGS,
    CallContext,
    ChatOptions,
    ConnectionFailed,
    CredentialsInvalid,
    EmbeddingRequest,
    EmbeddingResult,
    Feature,
    LLMEvent,
    LLMRequest,
    LLMResult,
    LLMStream,
    LocalizedText,
    ModelDescription,
    ModelType,
    OpenAICompatible,
    RelayRequest,
    RelayResponse,
    RerankRequest,
    RerankResult,
    VendorHTTP,
)
from jackfield_sdk.dialects import ServerSentEvent, openai_chat

from . import access, listing, older
from .errors import TABLE, find_error
from .forms import BASE_URL, KEYS, PROVIDER_FORM
from .translation import translated

_OLDER = "/rpc/2.0/ai_custom/v1/wenxinworkshop"
_OLDER_KINDS = {OPENAI_CHAT: "chat", OPENAI_EMBEDDINGS: "embeddings", JINA_RERANK: "reranker"}


class Wenxin(OpenAICompatible):
    """ERNIE models. Today's chat is OpenAI's but for how thinking is switched; the older one is told in `older`."""

    id = "wenxin"
    label = LocalizedText.of("Wenxin (Baidu Qianfan)", "文心一言（百度千帆）")
    description = LocalizedText.of("ERNIE models by Baidu AI Cloud Qianfan.", "百度智能云千帆平台的文心系列模型。")
    help_url = KEYS
    base_url = BASE_URL
    model_types = (ModelType.LLM, ModelType.TEXT_EMBEDDING, ModelType.RERANK)
    provider_form = PROVIDER_FORM
    dialects = (OPENAI_CHAT, OPENAI_EMBEDDINGS, ANTHROPIC_MESSAGES, JINA_RERANK)
    http = VendorHTTP(table=TABLE, error_inside=find_error)
    sign_in: ClassVar[VendorHTTP] = access.HTTP
    """How a token is asked for."""

    def url(self, surface: str, context: CallContext) -> str:
        """In the older API the model is a part of the address, and the token its query.

        Anthropic's messages stand beside today's: https://cloud.baidu.com/doc/qianfan-docs/s/6mh3e6gjp
        """
        if not access.is_older(context):
            base = str(context.credentials.get("base_url") or self.base_url).rstrip("/")
            if surface == ANTHROPIC_MESSAGES:
                return base.removesuffix("/v2") + "/anthropic/v1/messages"
            return base + self.paths[surface]
        path, token = self._older_path(context.model), context.credentials["access_token"]
        return f"{access.host(context)}{_OLDER}/{_OLDER_KINDS[surface]}/{path}?access_token={token}"

    def _older_path(self, model: ModelDescription | None) -> str:
        assert model is not None, "no surface of the older API is called without a model"
        return str(model.properties.get("older") or model.id.lower())

    def headers(self, context: CallContext) -> dict[str, str]:
        return {} if access.is_older(context) else super().headers(context)

    # -- credentials and models -------------------------------------------------------------------------------------------

    async def validate_provider_credentials(self, context: CallContext) -> None:
        """A list of models, or a token: either costs nothing."""
        if not access.is_older(context):
            return await super().validate_provider_credentials(context)
        try:
            await access.sign(context, self.sign_in, fresh=True)
        except ConnectionFailed as error:
            if not context.credentials.get("base_url"):
                raise
            raise CredentialsInvalid(error.message, param="base_url", advice=error.advice) from None
        return None

    async def list_models(self, context: CallContext) -> list[ModelDescription]:
        """Qianfan's own list; of the older API, which has none, what the catalog says."""
        if access.is_older(context):
            return [model for model in self.models if model.properties.get("older")]
        return await super().list_models(context)

    def describe(self, entry: dict[str, Any]) -> ModelDescription | None:
        return listing.describe(entry)

    # -- chat ------------------------------------------------------------------------------------------------------------

    def chat_options(self, context: CallContext) -> ChatOptions:
        """What a model thought is not sent back: Qianfan refuses it. `max_tokens` would leave thinking without a bound.

        https://cloud.baidu.com/doc/qianfan-api/s/3m7of64lb
        """
        if access.is_older(context):
            return ChatOptions(unsupported=older.UNKNOWN, schemas=False, strict=False)
        thinks = context.model is not None and Feature.REASONING in context.model.features
        return ChatOptions(max_tokens_name="max_completion_tokens" if thinks else "max_tokens", budget_name="thinking_budget")

    def adapt_chat(self, body: dict[str, Any], request: LLMRequest, context: CallContext) -> dict[str, Any]:
        """https://cloud.baidu.com/doc/qianfan-docs/s/Wm95lyynv"""
        if access.is_older(context):
            return older.to_older(body, request)
        if context.model is not None and context.model.properties.get("thinking") == "switch":
            effort, budget = body.pop("reasoning_effort", None), body.get("thinking_budget")
            if budget == 0:
                del body["thinking_budget"]
            if effort is not None or budget is not None:
                body.setdefault("enable_thinking", effort not in (None, "none", "minimal") or bool(budget))
        return body

    def read_chat(self, body: dict[str, Any], surface: str, context: CallContext) -> LLMResult:
        return openai_chat.parse_result(older.to_completion(body) if access.is_older(context) else body)

    def read_events(
        self, events: AsyncIterator[ServerSentEvent], surface: str, context: CallContext
    ) -> AsyncIterator[LLMEvent]:
        return openai_chat.parse_stream(older.to_chunks(events) if access.is_older(context) else events)

    async def invoke_llm(self, request: LLMRequest, context: CallContext) -> LLMResult | LLMStream:
        invoke = super().invoke_llm
        return await access.signed(context, self.sign_in, lambda known: invoke(request, known))

    # -- the other types ---------------------------------------------------------------------------------------------------

    def adapt_embedding(self, body: dict[str, Any], request: EmbeddingRequest, context: CallContext) -> dict[str, Any]:
        """https://cloud.baidu.com/doc/qianfan-api/s/Fm7u3ropn"""
        return older.to_older_members(body) if access.is_older(context) else body

    def adapt_rerank(self, body: dict[str, Any], request: RerankRequest, context: CallContext) -> dict[str, Any]:
        """https://cloud.baidu.com/doc/qianfan-api/s/2m7u4zt74"""
        body = {name: value for name, value in body.items() if name != "return_documents"}
        body |= {"user": request.user} if request.user else {}
        return older.to_older_members(body) if access.is_older(context) else body

    async def invoke_text_embedding(self, request: EmbeddingRequest, context: CallContext) -> EmbeddingResult:
        invoke = super().invoke_text_embedding
        return await access.signed(context, self.sign_in, lambda known: invoke(request, known))

    async def invoke_rerank(self, request: RerankRequest, context: CallContext) -> RerankResult:
        invoke = super().invoke_rerank
        return await access.signed(context, self.sign_in, lambda known: invoke(request, known))

    async def relay(self, request: RelayRequest, context: CallContext) -> RelayResponse:
        """The older API speaks no dialect of others: there the body is translated."""
        if access.is_older(context):
            return await translated(request, context, self)
        return await super().relay(request, context)
