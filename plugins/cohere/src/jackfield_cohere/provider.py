"""Cohere's own API, version 2: https://docs.cohere.com/v2/reference/about"""

from __future__ import annotations

from typing import Any, ClassVar

from jackfield_sdk import (
    COHERE_RERANK,
    CallContext,
    ConnectionFailed,
    CredentialForm,
    CredentialsInvalid,
    EmbeddingRequest,
    EmbeddingResult,
    LLMRequest,
    LLMResult,
    LLMStream,
    LocalizedText,
    ModelDescription,
    ModelNotFound,
    ModelType,
    Provider,
    RelayRequest,
    RelayResponse,
    RerankRequest,
    RerankResult,
    ServerUnavailable,
    VendorHTTP,
    allowed,
    allowed_members,
    embed_in_batches,
    forms,
    forward,
    rank_in_batches,
)
from jackfield_sdk.dialects import counts, rerank

from . import answers, embeddings, listing, requests, streams, tokens
from .errors import TABLE, error_inside

KEYS = "https://dashboard.cohere.com/api-keys"
MOST_PAGES = 50
"""Of the list of models; a vendor that never stops naming a next page is not followed for ever."""


class Cohere(Provider):
    """Command, Embed and Rerank. Chats and embeddings have codecs of their own here; rerank is a dialect of the gateway's."""

    id = "cohere"
    label = LocalizedText.of("Cohere")
    description = LocalizedText.of(
        "Command, Embed and Rerank models by Cohere, with citations.", "Cohere 的 Command、Embed 与 Rerank 模型，支持引用来源。"
    )
    help_url = KEYS
    model_types = (ModelType.LLM, ModelType.TEXT_EMBEDDING, ModelType.RERANK)
    provider_form = CredentialForm(
        fields=(
            forms.api_key(env="CO_API_KEY", help_url=KEYS),
            forms.base_url(
                placeholder="https://api.cohere.com",
                env="CO_API_URL",
                hint=LocalizedText.of(
                    "Empty: Cohere itself. Otherwise a proxy, or a deployment of one's own.",
                    "留空即 Cohere 官方地址；也可填写代理或私有部署地址。",
                ),
            ),
        ),
        help_url=KEYS,
    )
    dialects = (COHERE_RERANK,)
    http: ClassVar[VendorHTTP] = VendorHTTP(table=TABLE, error_inside=error_inside)

    def url(self, path: str, context: CallContext) -> str:
        """An address of the API; `path` begins with its version, in which a base URL may end as well."""
        base = str(context.credentials.get("base_url") or "https://api.cohere.com").rstrip("/")
        return f"{base.removesuffix('/v1').removesuffix('/v2')}/{path}"

    def headers(self, context: CallContext) -> dict[str, str]:
        """https://docs.cohere.com/v2/reference/about"""
        return {"authorization": f"Bearer {context.credentials['api_key']}"}

    async def _post(self, path: str, body: dict[str, Any], context: CallContext) -> dict[str, Any]:
        return await self.http.object(context, "POST", self.url(path, context), headers=self.headers(context), json=body)

    # -- credentials and models ------------------------------------------------------------------------------------------

    async def validate_provider_credentials(self, context: CallContext) -> None:
        """Cohere's own check of a key, which costs nothing: https://docs.cohere.com/reference/checkapikey"""
        of_their_own = bool(context.credentials.get("base_url"))
        try:
            checked = await self._post("v1/check-api-key", {}, context)
        except (ConnectionFailed, ModelNotFound) as error:
            if not of_their_own:
                raise
            lost = isinstance(error, ModelNotFound)
            raise CredentialsInvalid(
                "There is no API of Cohere's at this address." if lost else error.message,
                param="base_url",
                advice="Check the base URL; `/v1/…` and `/v2/…` are put behind it." if lost else error.advice,
                vendor_message=error.vendor_message,
            ) from None
        if checked.get("valid") is False:
            raise CredentialsInvalid("Cohere says that the key is not valid.", param="api_key")

    async def list_models(self, context: CallContext) -> list[ModelDescription]:
        """What the key reaches now, page by page."""
        known = {(model.id, model.type): model for model in self.models}
        found: dict[tuple[str, ModelType], ModelDescription] = {}
        params = {"page_size": "1000"}
        for _ in range(MOST_PAGES):
            url, headers = self.url("v1/models", context), self.headers(context)
            body = await self.http.object(context, "GET", url, headers=headers, params=params)
            if not isinstance(body.get("models"), list):
                raise ServerUnavailable("The vendor's answer is no list of models.")
            listed = [model for entry in counts.dicts(body["models"]) for model in listing.describe(entry, known)]
            found |= {(model.id, model.type): model for model in listed}
            token = body.get("next_page_token")
            if not isinstance(token, str) or not token:
                break
            params["page_token"] = token
        return list(found.values())

    # -- the model types -------------------------------------------------------------------------------------------------

    async def invoke_llm(self, request: LLMRequest, context: CallContext) -> LLMResult | LLMStream:
        body = requests.build_request(allowed(request, context), context.model)
        if not request.stream:
            return answers.parse_result(await self._post("v2/chat", body, context), request.model)
        url, headers = self.url("v2/chat", context), self.headers(context)
        parse = streams.StreamParser(request.model).read
        return await self.http.events(context, "POST", url, headers=headers, json=body, parse=parse)

    async def count_tokens(self, request: LLMRequest, context: CallContext) -> int:
        total = 0
        for text in tokens.texts_of(request):
            counted = (await self._post("v1/tokenize", {"model": request.model, "text": text}, context)).get("tokens")
            if not isinstance(counted, list):
                raise ServerUnavailable("The vendor's answer holds no tokens.")
            total += len(counted)
        return total

    async def invoke_text_embedding(self, request: EmbeddingRequest, context: CallContext) -> EmbeddingResult:
        request = allowed_members(request, context, "dimensions")

        async def embed(part: EmbeddingRequest) -> EmbeddingResult:
            body = embeddings.build_request(part, context.model)
            return embeddings.parse_result(await self._post("v2/embed", body, context), part.model)

        return await embed_in_batches(request, embeddings.size_of_batch(request, context.model), embed)

    async def invoke_rerank(self, request: RerankRequest, context: CallContext) -> RerankResult:
        """10,000 documents at once: https://docs.cohere.com/docs/reranking-best-practices"""

        async def rank(part: RerankRequest) -> RerankResult:
            body = rerank.build_request(part, COHERE_RERANK)
            return rerank.parse_result(await self._post("v2/rerank", body, context))

        return await rank_in_batches(request, context.model.max_batch if context.model else None, rank)

    async def relay(self, request: RelayRequest, context: CallContext) -> RelayResponse:
        """The body of a client of Cohere's: https://docs.cohere.com/v2/reference/rerank"""
        return await forward(request, context, self.url("v2/rerank", context), self.headers(context), self.http)
