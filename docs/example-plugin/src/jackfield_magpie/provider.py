"""Magpie AI: https://docs.magpie.example/api"""

from __future__ import annotations

from typing import ClassVar

from jackfield_sdk import (
    CallContext,
    CredentialForm,
    EmbeddingRequest,
    EmbeddingResult,
    Feature,
    LLMRequest,
    LLMResult,
    LLMStream,
    LocalizedText,
    ModelDescription,
    ModelType,
    Provider,
    ServerUnavailable,
    VendorHTTP,
    allowed,
    embed_in_batches,
    forms,
    refuse_extra,
)

from . import chat, embedding
from .errors import TABLE, read_error

KEYS = "https://magpie.example/keys"


class Magpie(Provider):
    """Magpie AI, by an API of its own."""

    id = "magpie"
    label = LocalizedText.of("Magpie AI", "喜鹊")
    description = LocalizedText.of("Chat and embeddings by Magpie AI.", "喜鹊的对话与向量模型。")
    help_url = KEYS
    model_types = (ModelType.LLM, ModelType.TEXT_EMBEDDING)
    provider_form = CredentialForm(
        fields=(
            forms.api_key(env="MAGPIE_API_KEY", help_url=KEYS),
            forms.base_url(placeholder="https://api.magpie.example"),
        )
    )
    http: ClassVar[VendorHTTP] = VendorHTTP(table=TABLE, read_error=read_error)

    def url(self, path: str, context: CallContext) -> str:
        """An address of the API."""
        base = str(context.credentials.get("base_url") or "https://api.magpie.example").rstrip("/")
        return f"{base}/v1/{path}"

    def headers(self, context: CallContext) -> dict[str, str]:
        """https://docs.magpie.example/api/authentication"""
        return {"x-api-key": str(context.credentials["api_key"])}

    async def validate_provider_credentials(self, context: CallContext) -> None:
        """The model list, which costs nothing."""
        await self.http.object(context, "GET", self.url("models", context), headers=self.headers(context))

    async def list_models(self, context: CallContext) -> list[ModelDescription]:
        """What the key reaches now; a model that the catalog does not know is taken for a chat model."""
        body = await self.http.object(context, "GET", self.url("models", context), headers=self.headers(context))
        entries = body.get("models")
        if not isinstance(entries, list):
            raise ServerUnavailable("The vendor's answer is no list of models.")
        known = {model.id: model for model in self.models}
        names = [entry["name"] for entry in entries if isinstance(entry, dict) and isinstance(entry.get("name"), str)]
        return [known.get(name) or _describe(name) for name in names if name]

    async def invoke_llm(self, request: LLMRequest, context: CallContext) -> LLMResult | LLMStream:
        """https://docs.magpie.example/api/chat"""
        body = chat.build_request(refuse_extra(allowed(request, context)))
        url, headers = self.url("chat", context), self.headers(context)
        if request.stream:
            return await self.http.events(context, "POST", url, headers=headers, json=body, parse=chat.parse_stream)
        return chat.parse_result(await self.http.object(context, "POST", url, headers=headers, json=body))

    async def invoke_text_embedding(self, request: EmbeddingRequest, context: CallContext) -> EmbeddingResult:
        """https://docs.magpie.example/api/embed; more texts than the vendor takes at once go in several requests."""

        async def embed(part: EmbeddingRequest) -> EmbeddingResult:
            body = embedding.build_request(part)
            answer = await self.http.object(
                context, "POST", self.url("embed", context), headers=self.headers(context), json=body
            )
            return embedding.parse_result(answer)

        limit = context.model.max_batch if context.model else None
        return await embed_in_batches(refuse_extra(request), limit, embed)


def _describe(name: str) -> ModelDescription:
    return ModelDescription(id=name, type=ModelType.LLM, features=frozenset({Feature.STREAMING}))
