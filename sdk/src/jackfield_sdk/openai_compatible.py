"""OpenAI's dialect, said once: a vendor that speaks it subclasses `OpenAICompatible` and says only where it differs.

https://platform.openai.com/docs/api-reference
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any, ClassVar

import orjson
from jackfield.contract import (
    BadRequest,
    CallContext,
    ConnectionFailed,
    CredentialsInvalid,
    EmbeddingRequest,
    EmbeddingResult,
    JackfieldError,
    LLMEvent,
    LLMRequest,
    LLMResult,
    LLMStream,
    ModelDescription,
    ModelNotFound,
    ModelType,
    ModerationRequest,
    ModerationResult,
    PermissionDenied,
    RelayRequest,
    RelayResponse,
    RerankRequest,
    RerankResult,
    ServerUnavailable,
    SpeechRequest,
    SpeechResult,
    TranscriptionRequest,
    TranscriptionResult,
    Usage,
)
from jackfield.dialects import (
    openai_audio,
    openai_chat,
    openai_completions,
    openai_embeddings,
    openai_moderations,
    rerank,
    sse,
)
from jackfield.dialects.openai_chat import ChatOptions
from jackfield.dialects.openai_errors import VendorError, read_error

from .batches import embed_in_batches
from .http import VendorHTTP, read_chunks, read_events
from .provider import Provider
from .relaying import forward


class OpenAICompatible(Provider):
    """A vendor that speaks OpenAI's dialect.

    :cvar base_url: up to and with the version, without a slash at the end; a credential `base_url` goes before it
    :cvar http: the vendor's error table, as `VendorHTTP(ErrorTable((ErrorRow(…), …)))`
    :cvar paths: where the surfaces stand, by the names below
    :cvar options: where the vendor's chat differs; `chat_options` may decide by model
    """

    base_url: ClassVar[str] = ""
    http: ClassVar[VendorHTTP] = VendorHTTP()
    options: ClassVar[ChatOptions] = ChatOptions()
    paths: ClassVar[Mapping[str, str]] = {
        "openai.chat": "/chat/completions",
        "openai.completions": "/completions",
        "openai.responses": "/responses",
        "openai.embeddings": "/embeddings",
        "openai.moderations": "/moderations",
        "jina.rerank": "/rerank",
        "transcriptions": "/audio/transcriptions",
        "translations": "/audio/translations",
        "speech": "/audio/speech",
        "models": "/models",
    }

    # -- where vendors differ: small methods to override -----------------------------------------------------------------

    def url(self, surface: str, context: CallContext) -> str:
        """The address of a surface, for this credential and model."""
        base = str(context.credentials.get("base_url") or self.base_url).rstrip("/")
        return base + self.paths[surface]

    def headers(self, context: CallContext) -> dict[str, str]:
        """The headers of every request: the key, as a bearer token."""
        key = context.credentials.get("api_key")
        return {"authorization": f"Bearer {key}"} if key else {}

    def chat_options(self, context: CallContext) -> ChatOptions:
        """How the chat of this model differs."""
        return self.options

    def adapt_chat(self, body: dict[str, Any], request: LLMRequest, context: CallContext) -> dict[str, Any]:
        """The chat body just before it is sent, for what options cannot say."""
        return body

    def adapt_embedding(self, body: dict[str, Any], request: EmbeddingRequest, context: CallContext) -> dict[str, Any]:
        """The embeddings body just before it is sent."""
        return body

    # -- validation and models -------------------------------------------------------------------------------------------

    async def validate_provider_credentials(self, context: CallContext) -> None:
        """The model list: it costs nothing, and answers to a good key only."""
        await self._prove(context, "GET", self.url("models", context))

    async def validate_model_credentials(self, model: str, model_type: ModelType, context: CallContext) -> None:
        """One call of the model's type, as short as can be; for types that cannot be called cheaply, the model list."""
        bodies: dict[ModelType, tuple[str, dict[str, Any]]] = {
            ModelType.LLM: (
                "openai.chat",
                {"messages": [{"role": "user", "content": "ping"}], self.chat_options(context).max_tokens_name: 16},
            ),
            ModelType.TEXT_EMBEDDING: ("openai.embeddings", {"input": ["ping"]}),
            ModelType.RERANK: ("jina.rerank", {"query": "ping", "documents": ["ping", "pong"]}),
            ModelType.MODERATION: ("openai.moderations", {"input": ["ping"]}),
        }
        if model_type in bodies:
            surface, body = bodies[model_type]
            await self._prove(context, "POST", self.url(surface, context), json={"model": model, **body})
        else:
            await self._prove(context, "GET", self.url("models", context))

    async def _prove(self, context: CallContext, method: str, url: str, **rest: Any) -> None:
        try:
            await self.http.request(context, method, url, headers=self.headers(context), **rest)
        except PermissionDenied as error:
            raise CredentialsInvalid(error.message, param="api_key", vendor_message=error.vendor_message) from None
        except ModelNotFound as error:
            if "base_url" not in context.credentials or error.vendor_code:
                raise
            message = "There is no API of OpenAI's kind at this address."
            raise CredentialsInvalid(message, param="base_url", vendor_message=error.vendor_message) from None
        except ConnectionFailed as error:
            if "base_url" not in context.credentials:
                raise
            raise CredentialsInvalid(error.message, param="base_url") from None

    async def list_models(self, context: CallContext) -> list[ModelDescription]:
        """What the endpoint lists. A model that the catalog knows is the catalog's; any other is taken for a chat model."""
        body = await self.http.json(context, "GET", self.url("models", context), headers=self.headers(context))
        entries = body.get("data") if isinstance(body, dict) else body
        if not isinstance(entries, list):
            raise ServerUnavailable("The vendor's answer is no list of models.")
        return [model for entry in entries if isinstance(entry, dict) and entry.get("id") for model in self.describe(entry)]

    def describe(self, entry: dict[str, Any]) -> list[ModelDescription]:
        """One entry of the model list as descriptions."""
        known = [model for model in self.models if model.id == entry["id"]]
        window = entry.get("context_length") or entry.get("context_window") or entry.get("max_model_len")
        unknown = ModelDescription(
            id=str(entry["id"]), type=ModelType.LLM, context_window=window if isinstance(window, int) and window > 0 else None
        )
        return known or [unknown]

    # -- the model types -------------------------------------------------------------------------------------------------

    async def invoke_llm(self, request: LLMRequest, context: CallContext) -> LLMResult | LLMStream:
        surface = "openai.completions" if request.completion else "openai.chat"
        if request.completion:
            body = openai_completions.build_request(request)
        else:
            body = self.adapt_chat(openai_chat.build_request(request, self.chat_options(context)), request, context)
        if request.stream:
            return self._stream(surface, body, context)
        answer = await self._post(surface, body, context)
        return openai_completions.parse_result(answer) if request.completion else openai_chat.parse_result(answer)

    async def _stream(self, surface: str, body: dict[str, Any], context: CallContext) -> AsyncIterator[LLMEvent]:
        headers = self.headers(context) | {"accept": "text/event-stream"}
        async with self.http.stream(context, "POST", self.url(surface, context), headers=headers, json=body) as response:
            events = self._checked(read_events(response), context)
            parse = openai_completions.parse_stream if surface == "openai.completions" else openai_chat.parse_stream
            async with aclosing(events):
                async for event in parse(events):
                    yield event

    async def _checked(
        self, events: AsyncIterator[sse.ServerSentEvent], context: CallContext
    ) -> AsyncGenerator[sse.ServerSentEvent, None]:
        """The events, an error among them raised by the vendor's own table."""
        async for event in events:
            if '"error"' in event.data or event.event == "error":
                self.raise_for_error(event.data, context)
            yield event

    def raise_for_error(self, data: str, context: CallContext) -> None:
        """:raises JackfieldError: if the data of a stream's event is an error of the vendor"""
        try:
            body = orjson.loads(data)
        except orjson.JSONDecodeError:
            return
        if isinstance(body, dict) and body.get("error") and not body.get("choices"):
            raise self.stream_error(read_error(data.encode()), context)

    def stream_error(self, vendor: VendorError, context: CallContext) -> JackfieldError:
        """The error of the tree for one that comes inside a stream. Codes that are HTTP statuses count as such."""
        status = int(vendor.code) if vendor.code and vendor.code.isdigit() and len(vendor.code) == 3 else None
        return self.http.failure(vendor, context, status=status)

    async def _post(self, surface: str, body: Any, context: CallContext) -> dict[str, Any]:
        answer = await self.http.json(context, "POST", self.url(surface, context), headers=self.headers(context), json=body)
        if not isinstance(answer, dict):
            raise ServerUnavailable("The vendor answered with JSON that is no object.")
        if answer.get("error") and not any(name in answer for name in ("choices", "data", "results")):
            raise self.stream_error(read_error(orjson.dumps(answer)), context)
        return answer

    async def invoke_text_embedding(self, request: EmbeddingRequest, context: CallContext) -> EmbeddingResult:
        async def embed(part: EmbeddingRequest) -> EmbeddingResult:
            body = self.adapt_embedding(openai_embeddings.build_request(part), part, context)
            return openai_embeddings.parse_result(await self._post("openai.embeddings", body, context))

        return await embed_in_batches(request, context.model.max_batch if context.model else None, embed)

    async def invoke_rerank(self, request: RerankRequest, context: CallContext) -> RerankResult:
        return rerank.parse_result(await self._post("jina.rerank", rerank.build_request(request), context))

    async def invoke_moderation(self, request: ModerationRequest, context: CallContext) -> ModerationResult:
        body = openai_moderations.build_request(request)
        return openai_moderations.parse_result(await self._post("openai.moderations", body, context))

    async def invoke_speech_to_text(self, request: TranscriptionRequest, context: CallContext) -> TranscriptionResult:
        if request.audio.data is None:
            raise BadRequest("The recording itself is needed, not an address of it.", param="file")
        surface = "translations" if request.task == "translate" else "transcriptions"
        file = (request.audio.name or "audio.wav", request.audio.data, request.audio.media_type or "application/octet-stream")
        body = await self.http.json(
            context,
            "POST",
            self.url(surface, context),
            headers=self.headers(context),
            data=openai_audio.build_transcription_form(request),
            files={"file": file},
        )
        if not isinstance(body, dict):
            raise ServerUnavailable("The vendor's answer is no transcription.")
        result = openai_audio.parse_transcription_result(body)
        result.model = request.model
        return result

    async def invoke_text_to_speech(self, request: SpeechRequest, context: CallContext) -> SpeechResult:
        audio = self._speak(request, context)
        first = await anext(audio, b"")  # raises before the answer begins, while the status can still say so
        if not first:
            raise ServerUnavailable("The vendor answered without any sound.")

        async def pieces() -> AsyncIterator[bytes]:
            async with aclosing(audio):
                yield first
                async for chunk in audio:
                    yield chunk

        media_type = openai_audio.MEDIA_TYPES.get(request.format or "mp3", "application/octet-stream")
        usage = Usage(characters=len(request.text))
        return SpeechResult(audio=pieces(), media_type=media_type, usage=usage, model=request.model)

    async def _speak(self, request: SpeechRequest, context: CallContext) -> AsyncGenerator[bytes, None]:
        body = openai_audio.build_speech_request(request)
        url, headers = self.url("speech", context), self.headers(context)
        async with self.http.stream(context, "POST", url, headers=headers, json=body) as response:
            async for chunk in read_chunks(response):
                yield chunk

    async def relay(self, request: RelayRequest, context: CallContext) -> RelayResponse:
        return await forward(request, context, self.url(request.dialect, context), self.headers(context), self.http)
