"""Alibaba Cloud Model Studio, by DashScope's own API and by its OpenAI-compatible one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, ClassVar

from jackfield_sdk import (
    ANTHROPIC_MESSAGES,
    JINA_RERANK,
    OPENAI_CHAT,
    OPENAI_EMBEDDINGS,
    BadRequest,
    Blob,
    CallContext,
    ChatOptions,
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
    ProvisionKind,
    RerankRequest,
    RerankResult,
    ServerUnavailable,
    SpeechRequest,
    SpeechResult,
    TranscriptionRequest,
    TranscriptionResult,
    Usage,
    VendorHTTP,
    allowed_members,
    allowed_recording,
    allowed_speech,
    begin,
    blobs,
    embed_in_batches,
    rank_in_batches,
    refuse,
    refuse_extra,
)
from jackfield_sdk.dialects import ServerSentEvent, openai_chat

from . import chat, embedding, hearing, jobs, native, reranking, speech
from .errors import TABLE, find_error
from .forms import KEYS, MODEL_FORM, PROVIDER_FORM
from .hosts import address

PROOF = "qwen-flash"
"""The cheapest model that all regions have."""
_SEEING = frozenset({Feature.VISION, Feature.VIDEO_INPUT, Feature.AUDIO_INPUT})
_STREAM = {"x-dashscope-sse": "enable"}


class Tongyi(OpenAICompatible):
    """Qwen and its neighbours. Chats go the way that the form says; all else has no way but DashScope's own."""

    id = "tongyi"
    label = LocalizedText.of("Tongyi (Alibaba Cloud Model Studio)", "通义千问（阿里云百炼）")
    description = LocalizedText.of(
        "Qwen models by Alibaba Cloud: language, embedding, rerank and speech.",
        "阿里云百炼的通义千问系列：语言、向量、重排序与语音模型。",
    )
    help_url = KEYS
    model_types = (
        ModelType.LLM,
        ModelType.TEXT_EMBEDDING,
        ModelType.RERANK,
        ModelType.SPEECH_TO_TEXT,
        ModelType.TEXT_TO_SPEECH,
    )
    provision = (ProvisionKind.PREDEFINED, ProvisionKind.CUSTOMIZABLE)
    provider_form = PROVIDER_FORM
    model_form = MODEL_FORM
    dialects = (OPENAI_CHAT, OPENAI_EMBEDDINGS, ANTHROPIC_MESSAGES, JINA_RERANK)
    http = VendorHTTP(table=TABLE, error_inside=find_error)
    lists_models = False
    pause: ClassVar[float] = 1.0
    """Seconds between two questions after a task."""

    def url(self, surface: str, context: CallContext) -> str:
        return address(surface, context.credentials)

    def stream_headers(self, surface: str, context: CallContext) -> dict[str, str]:
        """DashScope's own surfaces stream when they are told to by a header, not in the body."""
        return self.headers(context) | ({} if surface == OPENAI_CHAT else _STREAM)

    # -- credentials and models -------------------------------------------------------------------------------------------

    async def validate_provider_credentials(self, context: CallContext) -> None:
        """One token of the cheapest model, as there is no call that costs nothing."""
        await self.prove(context, "POST", **self.proof(PROOF, ModelType.LLM, context))

    def proof(self, model: str, model_type: ModelType, context: CallContext) -> dict[str, Any]:
        """One call of the model's type, as short as can be."""
        match model_type:
            case ModelType.LLM:
                body: dict[str, Any] = {"model": model, "messages": [{"role": "user", "content": "ping"}], "max_tokens": 1}
                if model == PROOF:
                    body["enable_thinking"] = False
                return {"url": self.url(OPENAI_CHAT, context), "json": body}
            case ModelType.TEXT_EMBEDDING:
                request = EmbeddingRequest(model=model, inputs=["ping"])
                return {"url": self.url("text-embedding", context), "json": embedding.build(request, multimodal=False)}
            case ModelType.RERANK:
                ranking = RerankRequest(model=model, query="ping", documents=["ping", "pong"])
                return {"url": self.url("rerank", context), "json": reranking.build(ranking)}
            case ModelType.TEXT_TO_SPEECH:
                spoken = speech.build(SpeechRequest(model=model, text="ping"), "Cherry", "wav", cosyvoice=False)
                return {"url": self.url("multimodal", context), "json": spoken}
        heard = TranscriptionRequest(model=model, audio=Blob(data=blobs.silence(), media_type="audio/wav"))
        return {"url": self.url("multimodal", context), "json": hearing.build(heard)}

    def describe_model(self, model: str, model_type: ModelType, credentials: dict[str, Any]) -> ModelDescription:
        """As the form says; of a model that the catalog lists under another credential, as the catalog does."""
        described = super().describe_model(model, model_type, credentials)
        known = next((entry for entry in self.models if (entry.id, entry.type) == (model, model_type)), None)
        if known is not None:
            return known
        return described.model_copy(update={"properties": {"only_streams": True}} if credentials.get("only_streams") else {})

    # -- chat ------------------------------------------------------------------------------------------------------------

    def chat_options(self, context: CallContext) -> ChatOptions:
        return chat.options(context.model)

    def surface(self, request: LLMRequest, context: CallContext) -> str:
        """DashScope's own surface is two: one for models of text, one for those that see or hear."""
        if context.credentials.get("api") != "native":
            return OPENAI_CHAT
        return "multimodal" if context.model is not None and context.model.features & _SEEING else "text"

    def adapt_chat(self, body: dict[str, Any], request: LLMRequest, context: CallContext) -> dict[str, Any]:
        body = chat.adapt(body, request, context)
        surface = self.surface(request, context)
        return body if surface == OPENAI_CHAT else native.to_native(body, multimodal=surface == "multimodal")

    def read_chat(self, body: dict[str, Any], surface: str, context: CallContext) -> LLMResult:
        return openai_chat.parse_result(body if surface == OPENAI_CHAT else native.to_completion(body))

    def read_events(
        self, events: AsyncIterator[ServerSentEvent], surface: str, context: CallContext
    ) -> AsyncIterator[LLMEvent]:
        return openai_chat.parse_stream(events if surface == OPENAI_CHAT else native.to_chunks(events))

    async def invoke_llm(self, request: LLMRequest, context: CallContext) -> LLMResult | LLMStream:
        """A model that only streams is asked for a stream, and its answer put together."""
        if chat.only_streams(request, context.model):
            return await chat.gathered(await super().invoke_llm(chat.streamed(request), context), request)
        return await super().invoke_llm(request, context)

    async def count_tokens(self, request: LLMRequest, context: CallContext) -> int:
        """By the vendor's tokenizer, for the models that it knows and for texts alone.

        :raises BadRequest: for other models; UnsupportedParameter: for tools and what is no text
        """
        if context.model is not None and not context.model.properties.get("counts"):
            raise BadRequest(f"DashScope counts no tokens for {request.model}.", param="model", advice="It does for qwen-plus.")
        if request.tools:
            refuse(request, "tools", "DashScope's tokenizer counts messages, not tools.")
        built = native.to_native(openai_chat.build_request(request, self.chat_options(context)), multimodal=False)
        url, headers = self.url("tokenizer", context), self.headers(context)
        body = {"model": request.model, "input": built["input"]}
        usage = (await self.http.object(context, "POST", url, headers=headers, json=body)).get("usage")
        tokens = usage.get("input_tokens") if isinstance(usage, dict) else None
        if not isinstance(tokens, int):
            raise ServerUnavailable("The vendor's answer holds no number of tokens.")
        return tokens

    # -- the other types ---------------------------------------------------------------------------------------------------

    async def _native(self, surface: str, body: dict[str, Any], context: CallContext) -> dict[str, Any]:
        return await self.http.object(context, "POST", self.url(surface, context), headers=self.headers(context), json=body)

    async def invoke_text_embedding(self, request: EmbeddingRequest, context: CallContext) -> EmbeddingResult:
        request = refuse_extra(allowed_members(request, context, "dimensions"))
        multimodal = context.model is not None and Feature.MULTIMODAL_INPUT in context.model.features

        async def embed(part: EmbeddingRequest) -> EmbeddingResult:
            surface = "multimodal-embedding" if multimodal else "text-embedding"
            return embedding.parse(await self._native(surface, embedding.build(part, multimodal=multimodal), context))

        return await embed_in_batches(request, context.model.max_batch if context.model else None, embed)

    async def invoke_rerank(self, request: RerankRequest, context: CallContext) -> RerankResult:
        request = refuse_extra(request)

        async def rank(part: RerankRequest) -> RerankResult:
            result = reranking.parse(await self._native("rerank", reranking.build(part), context))
            result.model = request.model
            return result

        size = context.model.max_batch if context.model else None
        tokens = context.model.properties.get("request_tokens") if context.model else None
        return await rank_in_batches(request, size, rank, letters=tokens)

    async def invoke_speech_to_text(self, request: TranscriptionRequest, context: CallContext) -> TranscriptionResult:
        request = refuse_extra(allowed_recording(request, context))
        if context.model is not None and context.model.properties.get("job"):
            result = await jobs.transcribe(request, context, self.http, self.headers(context), self.pause)
        else:
            result = hearing.parse(await self._native("multimodal", hearing.build(request), context))
        result.model = request.model
        return result

    async def invoke_text_to_speech(self, request: SpeechRequest, context: CallContext) -> SpeechResult:
        request = refuse_extra(allowed_speech(request, context, speech.FORMATS))
        kind = request.format or speech.default_format(context.model)
        cosyvoice = context.model is not None and bool(context.model.properties.get("cosyvoice"))
        body = speech.build(request, request.voice or self.default_voice(context), kind, cosyvoice=cosyvoice)
        usage = Usage(characters=len(request.text))

        def parse(events: AsyncIterator[ServerSentEvent]) -> AsyncIterator[bytes]:
            return speech.parse(events, usage, wav=kind == "wav")

        url, headers = self.url("speech" if cosyvoice else "multimodal", context), self.headers(context) | _STREAM
        audio = await begin(await self.http.events(context, "POST", url, headers=headers, json=body, parse=parse))
        return SpeechResult(audio=audio, media_type=speech.media_type(kind), usage=usage, model=request.model)

    def default_voice(self, context: CallContext) -> str:
        """Most models want one."""
        voices = context.model.voices if context.model is not None else ()
        return voices[0] if voices else "Cherry"
