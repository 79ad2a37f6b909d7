"""Ollama's native API: https://docs.ollama.com/api"""

from __future__ import annotations

from typing import Any, ClassVar

from jackfield_sdk import (
    OPENAI_CHAT,
    OPENAI_COMPLETIONS,
    OPENAI_EMBEDDINGS,
    CallContext,
    ConnectionFailed,
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
    ProvisionKind,
    RelayRequest,
    RelayResponse,
    ServerUnavailable,
    VendorHTTP,
    allowed_members,
    embed_in_batches,
    forms,
    forward,
    in_batches,
)

from .answers import parse_result, parse_stream
from .embeddings import build_embedding, parse_embedding
from .errors import TABLE
from .forms import LOCAL, MODEL_FORM
from .listing import ALWAYS, describe, names_of, type_of
from .requests import build_completion, build_request

_RELAYED = {
    ModelType.LLM: (OPENAI_CHAT, OPENAI_COMPLETIONS),
    ModelType.TEXT_EMBEDDING: (OPENAI_EMBEDDINGS,),
}
_PATHS = {OPENAI_CHAT: "v1/chat/completions", OPENAI_COMPLETIONS: "v1/completions", OPENAI_EMBEDDINGS: "v1/embeddings"}
_NATIVE_ONLY = ("context_size", "keep_alive")
CLOUD = "ollama.com"


class Ollama(Provider):
    """The native API rather than Ollama's OpenAI surface, which has no word for the context size, `top_k` or `keep_alive`, sets
    temperature and `top_p` to 1 over what the model's own file says, and cuts a conversation that is too long in silence.

    Bodies of OpenAI's clients are passed on to that surface all the same, for models whose form asks for none of these.
    """

    id = "ollama"
    label = LocalizedText.of("Ollama")
    description = LocalizedText.of(
        "Models on an Ollama server of your own, or in Ollama's cloud.", "自建 Ollama 服务器或 Ollama 云端的模型。"
    )
    help_url = "https://docs.ollama.com"
    model_types = (ModelType.LLM, ModelType.TEXT_EMBEDDING)
    provision = (ProvisionKind.CUSTOMIZABLE,)
    model_form = MODEL_FORM
    dialects = (OPENAI_CHAT, OPENAI_COMPLETIONS, OPENAI_EMBEDDINGS)
    http: ClassVar[VendorHTTP] = VendorHTTP(table=TABLE)

    def url(self, path: str, context: CallContext) -> str:
        """An address of the server, whichever of its surfaces was pasted into the form."""
        root = str(context.credentials.get("base_url") or LOCAL).rstrip("/").removesuffix("/v1").removesuffix("/api")
        return f"{root.rstrip('/')}/{path}"

    def headers(self, context: CallContext) -> dict[str, str]:
        """The key, as a bearer token, where there is one."""
        key = context.credentials.get("api_key")
        return {"authorization": f"Bearer {key}"} if key else {}

    # -- models ----------------------------------------------------------------------------------------------------------

    def describe_model(self, model: str, model_type: ModelType, credentials: dict[str, Any]) -> ModelDescription:
        """As the form says; relayed where the form says nothing that only the native API knows."""
        described = forms.describe_from_form(model, model_type, credentials, always=ALWAYS)
        features = described.features
        if Feature.TOOLS in features:
            features |= {Feature.PARALLEL_TOOLS}
        native = any(credentials.get(name) not in (None, "") for name in _NATIVE_ONLY)
        return described.model_copy(update={"features": features, "dialects": () if native else _RELAYED[model_type]})

    async def validate_model_credentials(self, model: str, model_type: ModelType, context: CallContext) -> None:
        """What the server shows of the model, which loads nothing. In the cloud that is public: the key is tried as well."""
        try:
            shown = await self._show(model, context)
        except ConnectionFailed as error:
            raise CredentialsInvalid(error.message, param="base_url", advice=error.advice) from None
        except ModelNotFound as error:
            if "model" in (error.vendor_message or ""):
                raise ModelNotFound(
                    f"The server has no model `{model}`.",
                    advice=f"Run `ollama pull {model}` there first.",
                    vendor_message=error.vendor_message,
                ) from None
            raise _no_ollama_here() from None
        except PermissionDenied as error:
            if error.vendor_status is None:  # the host's egress rules: no fault of the key
                raise
            raise CredentialsInvalid("The key may not do this.", param="api_key", vendor_message=error.vendor_message) from None
        except ServerUnavailable as error:
            if error.vendor_status != 200:
                raise
            raise _no_ollama_here() from None
        kind = type_of(model, shown)
        if kind is not model_type:
            raise ModelNotFound(f"`{model}` is of type {kind.value if kind else 'image'}, not {model_type.value}.")
        if CLOUD in str(context.credentials.get("base_url")) and model_type is ModelType.LLM:
            body = {"model": model, "messages": [{"role": "user", "content": "ping"}], "options": {"num_predict": 1}}
            await self._ask("api/chat", body | {"stream": False}, context)

    async def _ask(self, path: str, body: dict[str, Any], context: CallContext) -> dict[str, Any]:
        return await self.http.object(context, "POST", self.url(path, context), headers=self.headers(context), json=body)

    async def _show(self, model: str, context: CallContext) -> dict[str, Any]:
        return await self._ask("api/show", {"model": model}, context)

    async def list_models(self, context: CallContext) -> list[ModelDescription]:
        """What the server has, each with the context length and the abilities that the server shows of it."""
        url = self.url("api/tags", context)
        names = names_of(await self.http.object(context, "GET", url, headers=self.headers(context)))
        shown = await in_batches(names, lambda name: self._show(name, context))
        described = [describe(name, one) for name, one in zip(names, shown, strict=True)]
        return [model for model in described if model is not None]

    # -- the model types -------------------------------------------------------------------------------------------------

    async def invoke_llm(self, request: LLMRequest, context: CallContext) -> LLMResult | LLMStream:
        """/api/chat, or /api/generate for a text completion."""
        build = build_completion if request.completion else build_request
        path = "api/generate" if request.completion else "api/chat"
        body = build(request, context.credentials)
        if request.stream:
            url, headers = self.url(path, context), self.headers(context)
            return await self.http.lines(context, "POST", url, headers=headers, json=body, parse=parse_stream)
        return parse_result(await self._ask(path, body, context))

    async def invoke_text_embedding(self, request: EmbeddingRequest, context: CallContext) -> EmbeddingResult:
        """https://docs.ollama.com/api/embed"""
        request = allowed_members(request, context, "dimensions")

        async def embed(part: EmbeddingRequest) -> EmbeddingResult:
            return parse_embedding(await self._ask("api/embed", build_embedding(part, context.credentials), context))

        return await embed_in_batches(request, context.model.max_batch if context.model else None, embed)

    async def relay(self, request: RelayRequest, context: CallContext) -> RelayResponse:
        """https://docs.ollama.com/api/openai-compatibility"""
        headers = self.headers(context)
        return await forward(request, context, self.url(_PATHS[request.dialect], context), headers, self.http)


def _no_ollama_here() -> CredentialsInvalid:
    return CredentialsInvalid(
        "There is no Ollama server at this address.",
        param="base_url",
        advice=f"Check the base URL; Ollama's own is {LOCAL}. Another kind of server is added under OpenAI-compatible server.",
    )
