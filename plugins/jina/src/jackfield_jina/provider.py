"""Jina AI: https://api.jina.ai/redoc"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

from jackfield_sdk import (
    JINA_RERANK,
    OPENAI_EMBEDDINGS,
    CallContext,
    EmbeddingRequest,
    EmbeddingResult,
    Feature,
    LocalizedText,
    ModelDescription,
    ModelType,
    OpenAICompatible,
    Prices,
    ProvisionKind,
    VendorHTTP,
    allowed_members,
    embed_in_batches,
    forms,
)
from jackfield_sdk.dialects import counts, openai_embeddings

from . import embeddings
from .errors import TABLE, read_jina_error
from .forms import KEYS, MODEL_FORM, PROVIDER_FORM

_OWNER = "jina-ai/"
_TASKS = {
    "query": "retrieval.query",
    "document": "retrieval.passage",
    "similarity": "text-matching",
    "classification": "classification",
}
"""Those that all models with tasks have, but for a few of Jina's own, which the catalog lists."""


class Jina(OpenAICompatible):
    """Embedding and rerank. The dialects are OpenAI's and Jina's own: bodies of clients are passed on as they are."""

    id = "jina"
    label = LocalizedText.of("Jina AI")
    description = LocalizedText.of(
        "Embedding and rerank models by Jina AI, for texts and images.", "Jina AI 的向量与重排序模型，支持文本与图像。"
    )
    help_url = KEYS
    base_url = "https://api.jina.ai/v1"
    model_types = (ModelType.TEXT_EMBEDDING, ModelType.RERANK)
    provision = (ProvisionKind.PREDEFINED, ProvisionKind.CUSTOMIZABLE)
    provider_form = PROVIDER_FORM
    model_form = MODEL_FORM
    dialects = (OPENAI_EMBEDDINGS, JINA_RERANK)
    http: ClassVar[VendorHTTP] = VendorHTTP(table=TABLE, read_error=read_jina_error)

    # -- credentials and models ------------------------------------------------------------------------------------------

    async def validate_provider_credentials(self, context: CallContext) -> None:
        """An embedding of one word: Jina's list of models answers to any key, and to none."""
        model = next(model.id for model in self.models if model.type is ModelType.TEXT_EMBEDDING)
        await self.prove(context, "POST", **self.proof(model, ModelType.TEXT_EMBEDDING, context))

    def describe_model(self, model: str, model_type: ModelType, credentials: dict[str, Any]) -> ModelDescription:
        """What the catalog knows by this name stands there, but for its price elsewhere; another is as the form says."""
        known = next((one for one in self.models if (one.id, one.type) == (model, model_type)), None)
        if known is not None:
            elsewhere = bool(credentials.get("base_url"))
            return known.model_copy(update={"prices": None}) if elsewhere else known
        images = frozenset({Feature.MULTIMODAL_INPUT} if credentials.get("images") is True else ())
        tasks = {"tasks": _TASKS} if model_type is ModelType.TEXT_EMBEDDING and credentials.get("tasks") is not False else {}
        described = forms.describe_from_form(model, model_type, credentials)
        return described.model_copy(update={"features": images, "properties": tasks})

    def describe(self, entry: dict[str, Any]) -> ModelDescription | None:
        """One entry of the list, whose names have an owner before them: https://api.jina.ai/v1/models"""
        name = str(entry["id"]).removeprefix(_OWNER)
        kind = ModelType.RERANK if "rerank" in name or "colbert" in name else ModelType.TEXT_EMBEDDING
        made = entry.get("output_modalities")
        if kind is ModelType.TEXT_EMBEDDING and not (isinstance(made, list) and "embeddings" in made and "elser" not in name):
            return None  # it reads pages, or its vectors are sparse
        known = next((model for model in self.models if (model.id, model.type) == (name, kind)), None)
        if known is not None:
            return known
        taken = entry.get("input_modalities")
        images = isinstance(taken, list) and "image" in taken
        return ModelDescription(
            id=name,
            type=kind,
            features=frozenset({Feature.MULTIMODAL_INPUT} if images else ()),
            context_window=counts.count(entry.get("context_length")) or None,
            prices=_prices(counts.members(entry.get("pricing")).get("prompt")),
        )

    # -- the model types -------------------------------------------------------------------------------------------------

    async def invoke_text_embedding(self, request: EmbeddingRequest, context: CallContext) -> EmbeddingResult:
        request = allowed_members(request, context, "dimensions")
        headers, url = self.headers(context), self.url(OPENAI_EMBEDDINGS, context)

        async def embed(part: EmbeddingRequest) -> EmbeddingResult:
            body = embeddings.build_request(part, context.model)
            answer = await self.http.object(context, "POST", url, headers=headers, json=body)
            return openai_embeddings.parse_result(answer)

        return await embed_in_batches(request, embeddings.size_of_batch(request, context.model), embed)


def _prices(per_token: object) -> Prices | None:
    """Of a price for one token, in US dollars."""
    try:
        return Prices(input=Decimal(str(per_token)) * 1_000_000)
    except (InvalidOperation, ValueError):
        return None
