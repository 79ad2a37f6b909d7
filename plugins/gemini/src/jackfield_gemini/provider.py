"""Gemini by Google's own API: https://ai.google.dev/api"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, ClassVar

from jackfield_sdk import (
    CallContext,
    ConnectionFailed,
    CredentialForm,
    CredentialsInvalid,
    EmbeddingRequest,
    EmbeddingResult,
    Feature,
    LLMRequest,
    LLMResult,
    LLMStream,
    LocalizedText,
    ModelDescription,
    ModelNotFound,
    ModelType,
    PermissionDenied,
    Provider,
    ServerUnavailable,
    VendorHTTP,
    allowed,
    allowed_members,
    embed_in_batches,
    forms,
    refuse_extra,
)

from . import answers, embeddings
from .contents import DIALECT
from .errors import TABLE, gemini_error_inside, read_gemini_error
from .requests import build_request

KEYS = "https://aistudio.google.com/api-keys"
_NO_CHAT = ("-tts", "-image", "-live", "native-audio", "robotics", "computer-use", "imagen", "veo", "lyria", "omni")
"""What stands in the names of models that take contents, but are none for a chat."""


class Gemini(Provider):
    """Gemini.

    By generateContent, not by Google's compatible surface: that leaves out documents, safety and token counts, and refuses a
    conversation whose client has lost the thought signatures, which few clients of OpenAI's keep.
    """

    id = "gemini"
    label = LocalizedText.of("Google Gemini", "谷歌 Gemini")
    description = LocalizedText.of("Gemini models by Google.", "谷歌的 Gemini 系列模型。")
    help_url = KEYS
    model_types = (ModelType.LLM, ModelType.TEXT_EMBEDDING)
    provider_form = CredentialForm(
        fields=(
            forms.api_key(env="GEMINI_API_KEY", help_url=KEYS, placeholder="AIza…"),
            forms.base_url(
                placeholder="https://generativelanguage.googleapis.com",
                hint=LocalizedText.of("Empty: Google itself.", "留空即谷歌官方地址。"),
            ),
        ),
        help_url=KEYS,
    )
    http: ClassVar[VendorHTTP] = VendorHTTP(table=TABLE, read_error=read_gemini_error, error_inside=gemini_error_inside)

    def url(self, path: str, context: CallContext) -> str:
        """An address of the API; a base URL may end in the version, or in that of the compatible surface."""
        base = str(context.credentials.get("base_url") or "https://generativelanguage.googleapis.com").rstrip("/")
        return f"{base.removesuffix('/openai').removesuffix('/v1beta')}/v1beta/{path}"

    def _call(self, model: str, method: str, context: CallContext) -> str:
        return self.url(f"{model if '/' in model else 'models/' + model}:{method}", context)

    def headers(self, context: CallContext) -> dict[str, str]:
        """https://ai.google.dev/gemini-api/docs/api-key"""
        return {"x-goog-api-key": str(context.credentials["api_key"])}

    # -- the key, and what it reaches -------------------------------------------------------------------------------------

    async def validate_provider_credentials(self, context: CallContext) -> None:
        """One entry of the model list, which costs nothing."""
        of_their_own = bool(context.credentials.get("base_url"))
        try:
            await self.http.object(
                context, "GET", self.url("models", context), headers=self.headers(context), params={"pageSize": "1"}
            )
        except PermissionDenied as error:
            if error.vendor_status is None:  # the host's egress rules: no fault of the key
                raise
            message = "The key is known to Google, but may not do this."
            raise CredentialsInvalid(message, param="api_key", vendor_message=error.vendor_message) from None
        except (ConnectionFailed, ModelNotFound) as error:
            if not of_their_own:
                raise
            raise CredentialsInvalid(error.message, param="base_url", vendor_message=error.vendor_message) from None

    async def list_models(self, context: CallContext) -> list[ModelDescription]:
        """What the key reaches: https://ai.google.dev/api/models; models of the catalog as they stand there."""
        known = {model.id: model for model in self.models}
        found: list[ModelDescription] = []
        async for entry in self._entries(context):
            name = str(entry.get("name") or "").removeprefix("models/")
            described = known.get(name) or _describe(name, entry)
            if described is not None:
                found.append(described)
        return found

    async def _entries(self, context: CallContext) -> AsyncIterator[dict[str, Any]]:
        params = {"pageSize": "1000"}
        for _ in range(20):
            url, headers = self.url("models", context), self.headers(context)
            body = await self.http.object(context, "GET", url, headers=headers, params=params)
            entries = body.get("models")
            if not isinstance(entries, list):
                raise ServerUnavailable("The vendor's answer is no list of models.")
            for entry in entries:
                if isinstance(entry, dict):
                    yield entry
            if not isinstance(token := body.get("nextPageToken"), str) or not token:
                return
            params["pageToken"] = token

    # -- the model types -------------------------------------------------------------------------------------------------

    async def invoke_llm(self, request: LLMRequest, context: CallContext) -> LLMResult | LLMStream:
        """https://ai.google.dev/api/generate-content"""
        request = allowed(request, context)
        body, headers = build_request(request, context.model), self.headers(context)
        if request.stream:
            url = self._call(request.model, "streamGenerateContent", context) + "?alt=sse"
            return await self.http.events(context, "POST", url, headers=headers, json=body, parse=answers.parse_stream)
        url = self._call(request.model, "generateContent", context)
        return answers.parse_result(await self.http.object(context, "POST", url, headers=headers, json=body), request.model)

    async def count_tokens(self, request: LLMRequest, context: CallContext) -> int:
        """Google counts, system and tools included: https://ai.google.dev/api/tokens"""
        counted = {"model": f"models/{request.model}", **build_request(allowed(request, context), context.model)}
        url, headers = self._call(request.model, "countTokens", context), self.headers(context)
        answer = await self.http.object(context, "POST", url, headers=headers, json={"generateContentRequest": counted})
        tokens = answer.get("totalTokens")
        if not isinstance(tokens, int):
            raise ServerUnavailable("The vendor's answer holds no number of tokens.")
        return tokens

    async def invoke_text_embedding(self, request: EmbeddingRequest, context: CallContext) -> EmbeddingResult:
        """https://ai.google.dev/api/embeddings"""
        request = refuse_extra(allowed_members(request, context, "dimensions"), DIALECT)
        url, headers = self._call(request.model, "batchEmbedContents", context), self.headers(context)

        async def embed(part: EmbeddingRequest) -> EmbeddingResult:
            body = embeddings.build_request(part, context.model)
            answer = await self.http.object(context, "POST", url, headers=headers, json=body)
            return embeddings.parse_result(answer, request.model)

        return await embed_in_batches(request, (context.model.max_batch if context.model else None) or 100, embed)


def _describe(name: str, entry: dict[str, Any]) -> ModelDescription | None:
    """An entry that the catalog does not know."""
    methods = entry.get("supportedGenerationMethods")
    window, output = (entry.get(limit) for limit in ("inputTokenLimit", "outputTokenLimit"))
    window = window if isinstance(window, int) and window > 0 else None
    if not name or not isinstance(methods, list):
        return None
    if any("embed" in str(method).lower() for method in methods):
        return ModelDescription(id=name, type=ModelType.TEXT_EMBEDDING, context_window=window, max_batch=100)
    if "generateContent" not in methods or any(word in name for word in _NO_CHAT):
        return None
    thinks = {Feature.REASONING} if entry.get("thinking") is True else set()
    return ModelDescription(
        id=name,
        type=ModelType.LLM,
        features=frozenset({Feature.STREAMING} | thinks),
        context_window=window,
        max_output_tokens=output if isinstance(output, int) and 0 < output <= (window or 0) else None,
    )
