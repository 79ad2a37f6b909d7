"""Hugging Face: the router to inference providers, and servers at an address of one's own.

https://huggingface.co/docs/inference-providers, https://huggingface.co/docs/inference-endpoints,
https://huggingface.co/docs/text-generation-inference, https://huggingface.co/docs/text-embeddings-inference
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

from jackfield_sdk import (
    ANTHROPIC_MESSAGES,
    JINA_RERANK,
    OPENAI_CHAT,
    OPENAI_EMBEDDINGS,
    OPENAI_RESPONSES,
    BadRequest,
    CallContext,
    ConnectionFailed,
    CredentialsInvalid,
    EmbeddingRequest,
    EmbeddingResult,
    LLMRequest,
    LocalizedText,
    ModelDescription,
    ModelNotFound,
    ModelType,
    OpenAICompatible,
    ProvisionKind,
    RerankRequest,
    RerankResult,
    ServerUnavailable,
    VendorHTTP,
    allowed,
    allowed_members,
    embed_in_batches,
    forms,
    rank_in_batches,
)
from jackfield_sdk.dialects import openai_chat
from jackfield_sdk.listing import entries_of

from . import tei
from .errors import TABLE, error_inside
from .forms import MODEL_FORM, TOKENS
from .models import describe_routed, describe_served
from .serving import (
    EMBEDDING_PATHS,
    HF_INFERENCE,
    POLICIES,
    ROUTER,
    TEI_BATCH,
    TGI_PARAMETERS,
    Serving,
    checked_serving,
    embedding_provider,
    root_of,
    serving_of,
)

_DIALECTS = {
    (Serving.ROUTER, ModelType.LLM): (OPENAI_CHAT, OPENAI_RESPONSES, ANTHROPIC_MESSAGES),
    (Serving.TGI, ModelType.LLM): (OPENAI_CHAT,),
    (Serving.OPENAI, ModelType.LLM): (OPENAI_CHAT,),
    (Serving.TEI, ModelType.TEXT_EMBEDDING): (OPENAI_EMBEDDINGS,),
    (Serving.OPENAI, ModelType.TEXT_EMBEDDING): (OPENAI_EMBEDDINGS,),
    (Serving.OPENAI, ModelType.RERANK): (JINA_RERANK,),
}


class HuggingFaceHub(OpenAICompatible):
    """Chats go by OpenAI's dialect wherever they are served; embeddings and reranks by TEI's own API, where TEI serves them."""

    id = "huggingface_hub"
    label = LocalizedText.of("Hugging Face")
    description = LocalizedText.of(
        "Models of the Hugging Face Hub: by its inference providers, dedicated endpoints, or one's own TGI and TEI servers.",
        "Hugging Face Hub 上的模型：通过推理服务商、专用端点或自建的 TGI、TEI 服务器调用。",
    )
    help_url = TOKENS
    base_url = f"{ROUTER}/v1"
    model_types = (ModelType.LLM, ModelType.TEXT_EMBEDDING, ModelType.RERANK)
    provision = (ProvisionKind.CUSTOMIZABLE,)
    model_form = MODEL_FORM
    dialects = (OPENAI_CHAT, OPENAI_RESPONSES, ANTHROPIC_MESSAGES, OPENAI_EMBEDDINGS, JINA_RERANK)
    http: ClassVar[VendorHTTP] = VendorHTTP(table=TABLE, error_inside=error_inside)
    thoughts_in_text = True
    paths: ClassVar[Mapping[str, str]] = {**OpenAICompatible.paths, ANTHROPIC_MESSAGES: "/messages"}

    # -- where a model is served -----------------------------------------------------------------------------------------

    def url(self, surface: str, context: CallContext) -> str:
        """Below the version, at the router or at the address of the form; embeddings go to a provider behind the router."""
        credentials = context.credentials
        if surface == OPENAI_EMBEDDINGS and serving_of(credentials, ModelType.TEXT_EMBEDDING) is Serving.ROUTER:
            provider = embedding_provider(credentials)
            return f"{ROUTER}/{provider}{EMBEDDING_PATHS.get(provider, '/v1/embeddings')}"
        return f"{root_of(credentials)}/v1{self.paths[surface]}"

    def headers(self, context: CallContext) -> dict[str, str]:
        """The token as bearer, and to the router the organization that pays."""
        headers = super().headers(context)
        if context.credentials.get("bill_to") and not context.credentials.get("base_url"):
            headers["x-hf-bill-to"] = str(context.credentials["bill_to"])
        return headers

    def model_name(self, model: str, context: CallContext) -> str:
        """The router is told the provider behind a colon. To TGI another name than `tgi` is that of an adapter."""
        credentials = context.credentials
        kind = context.model.type if context.model is not None else ModelType.LLM
        there = str(credentials.get("endpoint_model") or "")
        match serving_of(credentials, kind):
            case Serving.TGI:
                return there or "tgi"
            case Serving.ROUTER if kind is ModelType.LLM and (provider := credentials.get("provider")) and provider != "auto":
                return f"{there or model}:{provider}"
        return there or model

    def adapt_chat(self, body: dict[str, Any], request: LLMRequest, context: CallContext) -> dict[str, Any]:
        """TGI has a schema as the `value` of json_object, in all of its versions, and refuses a `top_p` that cuts nothing."""
        if serving_of(context.credentials, ModelType.LLM) is not Serving.TGI:
            return body
        if request.output is not None and request.output.kind == "text":
            del body["response_format"]
        elif request.output is not None:
            body["response_format"] = {"type": "json_object", "value": request.output.schema or {"type": "object"}}
        if body.get("top_p") == 1:
            del body["top_p"]
        return body

    # -- description, proof, list ----------------------------------------------------------------------------------------

    def describe_model(self, model: str, model_type: ModelType, credentials: dict[str, Any]) -> ModelDescription:
        """As the form says, with what the way of serving takes.

        :raises CredentialsInvalid: as `checked_serving`
        """
        serving = checked_serving(credentials, model_type)
        described = forms.describe_from_form(model, model_type, credentials)
        changes: dict[str, Any] = {"dialects": _DIALECTS.get((serving, model_type), ())}
        if serving is Serving.TGI:
            changes["parameters"] = TGI_PARAMETERS
        elif serving is Serving.TEI:
            changes["max_batch"] = described.max_batch or TEI_BATCH
        elif serving is Serving.ROUTER and model_type is ModelType.TEXT_EMBEDDING:
            if embedding_provider(credentials) == HF_INFERENCE:
                changes["parameters"] = ()  # no `dimensions`
            else:
                changes["dialects"] = (OPENAI_EMBEDDINGS,)
        return described.model_copy(update=changes)

    async def validate_model_credentials(self, model: str, model_type: ModelType, context: CallContext) -> None:
        """One short call; the router's list of models is public and would prove nothing."""
        serving = checked_serving(context.credentials, model_type)
        if serving in (Serving.TGI, Serving.TEI):
            await self._identify(serving, model_type, context)
        context = dataclasses.replace(context, model=self.describe_model(model, model_type, dict(context.credentials)))
        await super().validate_model_credentials(model, model_type, context)

    async def _identify(self, serving: Serving, model_type: ModelType, context: CallContext) -> None:
        """:raises CredentialsInvalid: if the server is another than the form says, or serves a model of another type"""
        wrong = f"At this address there is not {serving.value} that serves a model of type {model_type.value}."
        advice = "Check the base URL, and choose the kind of server that stands there."
        try:
            info = await self.http.object(context, "GET", f"{root_of(context.credentials)}/info", headers=self.headers(context))
            found = describe_served(info)
        except ConnectionFailed as error:
            raise CredentialsInvalid(error.message, param="base_url", advice=error.advice) from None
        except (ModelNotFound, ServerUnavailable) as error:
            if error.vendor_status not in (None, 200, 404):
                raise
            raise CredentialsInvalid(wrong, param="server", advice=advice, vendor_message=error.vendor_message) from None
        if not any(model.type is model_type for model in found):
            raise CredentialsInvalid(wrong, param="server", advice=advice)

    def proof(self, model: str, model_type: ModelType, context: CallContext) -> dict[str, Any]:
        """By TEI's own API, where that is what will be called."""
        serving = serving_of(context.credentials, model_type)
        if model_type is ModelType.RERANK and serving is Serving.TEI:
            body: dict[str, Any] = {"query": "ping", "texts": ["ping", "pong"]}
            return {"url": f"{root_of(context.credentials)}/rerank", "json": body}
        native = self._native_embedding(model, context) if model_type is ModelType.TEXT_EMBEDDING else None
        return {"url": native, "json": {"inputs": ["ping"]}} if native else super().proof(model, model_type, context)

    async def list_models(self, context: CallContext) -> list[ModelDescription]:
        """What the router routes, or the one model of a TGI or TEI server."""
        credentials = context.credentials
        serving = serving_of(credentials, ModelType.LLM)
        if serving is Serving.OPENAI:
            return await super().list_models(context)
        if serving is Serving.TGI:
            url = f"{root_of(credentials)}/info"
            return describe_served(await self.http.object(context, "GET", url, headers=self.headers(context)))
        body = await self.http.json(context, "GET", self.url("models", context), headers=self.headers(context))
        provider = str(credentials.get("provider") or "")
        named = provider if provider and provider not in POLICIES else None
        return [describe_routed(entry, named) for entry in entries_of(body)]

    # -- TEI's own API, and what TGI has beside chats ----------------------------------------------------------------------

    def _native_embedding(self, model: str, context: CallContext) -> str | None:
        """Where TEI's own API embeds; None where OpenAI's does."""
        credentials = context.credentials
        serving = serving_of(credentials, ModelType.TEXT_EMBEDDING)
        if serving is Serving.TEI:
            return f"{root_of(credentials)}/embed"
        if serving is Serving.ROUTER and embedding_provider(credentials) == HF_INFERENCE:
            name = credentials.get("endpoint_model") or model
            return f"{ROUTER}/{HF_INFERENCE}/models/{name}/pipeline/feature-extraction"
        return None

    async def invoke_text_embedding(self, request: EmbeddingRequest, context: CallContext) -> EmbeddingResult:
        """By TEI's own API, which knows prompts and truncation, where TEI serves; else by OpenAI's."""
        url = self._native_embedding(request.model, context)
        if url is None:
            return await super().invoke_text_embedding(request, context)
        request = allowed_members(request, context, "dimensions")
        named = {purpose: context.credentials.get(f"{purpose}_prompt") for purpose in ("query", "document")}
        prompts = {purpose: str(name) for purpose, name in named.items() if name}

        async def embed(part: EmbeddingRequest) -> EmbeddingResult:
            body = tei.build_embedding(part, prompts)
            response = await self.http.request(context, "POST", url, headers=self.headers(context), json=body)
            return tei.parse_embedding(self.http.checked_json(response, context), response.headers)

        return await embed_in_batches(request, context.model.max_batch if context.model else None, embed)

    async def invoke_rerank(self, request: RerankRequest, context: CallContext) -> RerankResult:
        """By TEI's own API, or by Jina's."""
        if serving_of(context.credentials, ModelType.RERANK) is not Serving.TEI:
            return await super().invoke_rerank(request, context)
        url = f"{root_of(context.credentials)}/rerank"

        async def rank(part: RerankRequest) -> RerankResult:
            body = tei.build_ranking(part)
            response = await self.http.request(context, "POST", url, headers=self.headers(context), json=body)
            return tei.parse_ranking(self.http.checked_json(response, context), response.headers, part)

        size = (context.model.max_batch if context.model else None) or TEI_BATCH
        return await rank_in_batches(request, size, rank)

    async def count_tokens(self, request: LLMRequest, context: CallContext) -> int:
        """TGI counts, with the model's own template (`/chat_tokenize`).

        :raises BadRequest: for a model that TGI does not serve
        """
        if serving_of(context.credentials, ModelType.LLM) is not Serving.TGI:
            raise BadRequest(
                "Only a TGI server of Hugging Face's counts tokens.", param="model", advice="Choose a model that TGI serves."
            )
        request = dataclasses.replace(allowed(request, context), model=self.model_name(request.model, context), stream=False)
        body = self.adapt_chat(openai_chat.build_request(request, self.chat_options(context)), request, context)
        url = f"{root_of(context.credentials)}/chat_tokenize"
        tokens = (await self.http.object(context, "POST", url, headers=self.headers(context), json=body)).get(
            "tokenize_response"
        )
        if not isinstance(tokens, list):
            raise ServerUnavailable("The server's answer holds no tokens.")
        return len(tokens)
