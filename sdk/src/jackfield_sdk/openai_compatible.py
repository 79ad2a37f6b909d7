"""OpenAI's dialect, said once: a vendor that speaks it subclasses `OpenAICompatible` and says only where it differs.

https://platform.openai.com/docs/api-reference
"""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, ClassVar

from jackfield.contract import (
    BadRequest,
    CallContext,
    ConnectionFailed,
    CredentialsInvalid,
    EmbeddingRequest,
    EmbeddingResult,
    Feature,
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
    openai_responses,
    rerank,
)
from jackfield.dialects.openai_chat import ChatOptions
from jackfield.dialects.sse import ServerSentEvent

from .batches import embed_in_batches, rank_in_batches
from .blobs import silence, to_bytes
from .checks import checked_transcription, checked_verdicts
from .forms import describe_from_form
from .http import VendorHTTP
from .listing import entries_of, type_by_name, window_of
from .provider import Provider
from .relaying import forward
from .renaming import Request, renamed, renamed_body
from .sampling import allowed, allowed_members, allowed_recording, allowed_speech
from .thoughts import apart, thoughts_apart

_RESULTS: dict[str, Callable[[dict[str, Any]], LLMResult]] = {
    "openai.chat": openai_chat.parse_result,
    "openai.completions": openai_completions.parse_result,
    "openai.responses": openai_responses.parse_result,
}
_STREAMS: dict[str, Callable[[AsyncIterator[ServerSentEvent]], AsyncIterator[LLMEvent]]] = {
    "openai.chat": openai_chat.parse_stream,
    "openai.completions": openai_completions.parse_stream,
    "openai.responses": openai_responses.parse_stream,
}


class OpenAICompatible(Provider):
    """A vendor that speaks OpenAI's dialect. Which of the model types below it has, `model_types` says.

    :cvar base_url: up to and with the version, without a slash at the end; a credential `base_url` goes before it
    :cvar version: what an address in a form may end in or not (`/v1`), for servers of one's own
    :cvar name_field: the field of the model form that holds the vendor's own name of a model, a deployment's for example
    :cvar http: the vendor's error table, as `VendorHTTP(table=ErrorTable((ErrorRow(…), …)))`
    :cvar paths: where the surfaces stand; a subclass writes `paths = {**OpenAICompatible.paths, "jina.rerank": "/v2/rerank"}`
    :cvar options: where the vendor's chat differs; `chat_options` may decide by model
    :cvar lists_models: False for a vendor without a model list
    :cvar thoughts_in_text: whether models that reason may write their thoughts into the answer, see `jackfield_sdk.thoughts`
    """

    base_url: ClassVar[str] = ""
    version: ClassVar[str] = ""
    name_field: ClassVar[str] = ""
    http: ClassVar[VendorHTTP] = VendorHTTP()
    options: ClassVar[ChatOptions] = ChatOptions()
    lists_models: ClassVar[bool] = True
    thoughts_in_text: ClassVar[bool] = False
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
        """The address of a surface (a key of `paths`), for this credential and model; with its query, if it has one."""
        base = str(context.credentials.get("base_url") or self.base_url).rstrip("/")
        return base.removesuffix(self.version) + self.version + self.paths[surface]

    def headers(self, context: CallContext) -> dict[str, str]:
        """The headers of every request: the key, as a bearer token."""
        key = context.credentials.get("api_key")
        return {"authorization": f"Bearer {key}"} if key else {}

    def stream_headers(self, surface: str, context: CallContext) -> dict[str, str]:
        """The headers of a request for a chat that comes bit by bit; `accept` is set."""
        return self.headers(context)

    async def prepare(self, context: CallContext) -> CallContext:
        """The surroundings of a call, before it is made: a token that must be fetched first becomes one of the credentials."""
        return context

    def model_name(self, model: str, context: CallContext) -> str:
        """The vendor's name of a model, where it is not the workspace's."""
        return str(context.credentials.get(self.name_field) or model)

    def surface(self, request: LLMRequest, context: CallContext) -> str:
        """Which surface answers a chat: chat or completions as asked for, responses for a model that has nothing else."""
        if request.completion:
            return "openai.completions"
        known = context.model.dialects if context.model is not None else None
        return "openai.responses" if known == ("openai.responses",) else "openai.chat"

    def chat_options(self, context: CallContext) -> ChatOptions:
        """How the chat of this model differs."""
        return self.options

    def adapt_chat(self, body: dict[str, Any], request: LLMRequest, context: CallContext) -> dict[str, Any]:
        """The body of a chat, on whatever surface, just before it is sent: for what options cannot say."""
        return body

    def read_chat(self, body: dict[str, Any], surface: str, context: CallContext) -> LLMResult:
        """The result of a whole answer: for what it holds beyond the dialect."""
        result = _RESULTS[surface](body)
        return apart(result) if self._thinks(context) else result

    def read_events(
        self, events: AsyncIterator[ServerSentEvent], surface: str, context: CallContext
    ) -> AsyncIterator[LLMEvent]:
        """The same for an answer that comes bit by bit. A generator around it closes it when it is closed."""
        stream = _STREAMS[surface](events)
        return thoughts_apart(stream) if self._thinks(context) else stream

    def _thinks(self, context: CallContext) -> bool:
        return self.thoughts_in_text and context.model is not None and Feature.REASONING in context.model.features

    def adapt_embedding(self, body: dict[str, Any], request: EmbeddingRequest, context: CallContext) -> dict[str, Any]:
        """The body of an embedding just before it is sent: `purpose`, `truncate` and images by the vendor's names."""
        return body

    def adapt_rerank(self, body: dict[str, Any], request: RerankRequest, context: CallContext) -> dict[str, Any]:
        """The body of a rerank just before it is sent."""
        return body

    def adapt_speech(self, body: dict[str, Any], request: SpeechRequest, context: CallContext) -> dict[str, Any]:
        """The body of a text to be spoken just before it is sent."""
        return body

    def adapt_transcription(self, form: dict[str, Any], request: TranscriptionRequest, context: CallContext) -> dict[str, Any]:
        """The form of a transcription, but for its file, just before it is sent."""
        return form

    # -- validation and models -------------------------------------------------------------------------------------------

    async def validate_provider_credentials(self, context: CallContext) -> None:
        """The model list: it costs nothing, and answers to a good key only."""
        await self.prove(context, "GET", self.url("models", context))

    async def validate_model_credentials(self, model: str, model_type: ModelType, context: CallContext) -> None:
        """One call of the model's type, as short as can be."""
        await self.prove(context, "POST", **self.proof(model, model_type, context))

    def proof(self, model: str, model_type: ModelType, context: CallContext) -> dict[str, Any]:
        """That call: its `url`, and its `json`, or `data` and `files`."""
        model = self.model_name(model, context)
        tokens = self.chat_options(context).max_tokens_name
        match model_type:
            case ModelType.LLM if context.credentials.get(Feature.COMPLETION.value) is True:
                surface, body = "openai.completions", {"prompt": "ping", "max_tokens": 16}
            case ModelType.LLM:
                surface, body = "openai.chat", {"messages": [{"role": "user", "content": "ping"}], tokens: 16}
            case ModelType.TEXT_EMBEDDING:
                surface, body = "openai.embeddings", {"input": ["ping"]}
            case ModelType.RERANK:
                surface, body = "jina.rerank", {"query": "ping", "documents": ["ping", "pong"]}
            case ModelType.MODERATION:
                surface, body = "openai.moderations", {"input": ["ping"]}
            case ModelType.TEXT_TO_SPEECH:
                surface, body = "speech", {"input": "ping", "voice": self.default_voice(context)}
            case ModelType.SPEECH_TO_TEXT:
                file = ("ping.wav", silence(), "audio/wav")
                return {"url": self.url("transcriptions", context), "data": {"model": model}, "files": {"file": file}}
        return {"url": self.url(surface, context), "json": {"model": model, **body}}

    def default_voice(self, context: CallContext) -> str:
        """The voice that speaks where none is asked for; most servers want one."""
        voices = context.model.voices if context.model is not None else ()
        return voices[0] if voices else "alloy"

    async def prove(self, context: CallContext, method: str, url: str, **rest: Any) -> Any:
        """The JSON of a call that is made to prove a credential (None for sound); what speaks against it is raised as that.

        :raises CredentialsInvalid: naming `api_key` or `base_url`
        """
        of_their_own = bool(context.credentials.get("base_url"))
        context = await self.prepare(context)
        try:
            response = await self.http.request(context, method, url, headers=self.headers(context), **rest)
            if response.headers.get("content-type", "").startswith("audio/"):
                return None
            return self.http.checked_json(response, context)
        except PermissionDenied as error:
            if error.vendor_status is None:  # the host's egress rules: no fault of the key
                raise
            raise CredentialsInvalid(
                "The key is known to the vendor, but may not do this.",
                param="api_key",
                vendor_message=error.vendor_message,
                vendor_status=error.vendor_status,
                request_id=error.request_id,
            ) from None
        except (ModelNotFound, BadRequest) as error:
            if not of_their_own or error.vendor_status not in (404, 405) or "model" in (error.vendor_message or "").lower():
                raise
            raise _no_api_here(error.vendor_message) from None
        except ServerUnavailable as error:
            if not of_their_own or error.vendor_status != 200:
                raise
            raise _no_api_here(None) from None
        except ConnectionFailed as error:
            if not of_their_own:
                raise
            raise CredentialsInvalid(error.message, param="base_url", advice=error.advice) from None

    def describe_model(self, model: str, model_type: ModelType, credentials: dict[str, Any]) -> ModelDescription:
        """By the fields of `jackfield_sdk.forms`, where the model form has them."""
        return describe_from_form(model, model_type, credentials)

    async def list_models(self, context: CallContext) -> list[ModelDescription]:
        """What the endpoint lists: models of the catalog as they stand there, others by what `describe` makes of them."""
        context = await self.prepare(context)
        body = await self.http.json(context, "GET", self.url("models", context), headers=self.headers(context))
        found: dict[tuple[str, ModelType], ModelDescription] = {}
        for entry in entries_of(body):
            known = [model for model in self.models if model.id == entry["id"]]
            unknown = None if known else self.describe(entry)
            for model in [*known, *([unknown] if unknown else [])]:
                found[model.id, model.type] = model
        return list(found.values())

    def describe(self, entry: dict[str, Any]) -> ModelDescription | None:
        """One entry of the model list that the catalog does not know; None to leave it out. Its type is told by its name."""
        kind = type_by_name(entry["id"])
        if kind is None or kind not in self.model_types:
            return None
        features = frozenset({Feature.STREAMING} if kind is ModelType.LLM else ())
        return ModelDescription(id=entry["id"], type=kind, features=features, context_window=window_of(entry))

    # -- the model types -------------------------------------------------------------------------------------------------

    async def _prepared(self, request: Request, context: CallContext) -> tuple[Request, CallContext]:
        return renamed(request, self.model_name(request.model, context)), await self.prepare(context)

    async def invoke_llm(self, request: LLMRequest, context: CallContext) -> LLMResult | LLMStream:
        request, context = await self._prepared(allowed(request, context), context)
        surface = self.surface(request, context)
        match surface:
            case "openai.completions":
                body = openai_completions.build_request(request)
            case "openai.responses":
                body = openai_responses.build_request(request)
            case _:
                body = openai_chat.build_request(request, self.chat_options(context))
        body = self.adapt_chat(body, request, context)
        if request.stream:
            url, headers = self.url(surface, context), self.stream_headers(surface, context)

            def parse(events: AsyncIterator[ServerSentEvent]) -> AsyncIterator[LLMEvent]:
                return self.read_events(events, surface, context)

            return await self.http.events(context, "POST", url, headers=headers, json=body, parse=parse)
        return self.read_chat(await self._post(surface, body, context), surface, context)

    async def _post(self, surface: str, body: Any, context: CallContext) -> dict[str, Any]:
        return await self.http.object(context, "POST", self.url(surface, context), headers=self.headers(context), json=body)

    async def invoke_text_embedding(self, request: EmbeddingRequest, context: CallContext) -> EmbeddingResult:
        request, context = await self._prepared(allowed_members(request, context, "dimensions"), context)

        async def embed(part: EmbeddingRequest) -> EmbeddingResult:
            body = self.adapt_embedding(openai_embeddings.build_request(part), part, context)
            return openai_embeddings.parse_result(await self._post("openai.embeddings", body, context))

        size = context.model.max_batch if context.model else None
        letters = context.model.properties.get("batch_letters") if context.model else None
        return await embed_in_batches(request, size, embed, letters=letters)

    async def invoke_rerank(self, request: RerankRequest, context: CallContext) -> RerankResult:
        request, context = await self._prepared(request, context)

        async def rank(part: RerankRequest) -> RerankResult:
            body = self.adapt_rerank(rerank.build_request(part), part, context)
            return rerank.parse_result(await self._post("jina.rerank", body, context))

        return await rank_in_batches(request, context.model.max_batch if context.model else None, rank)

    async def invoke_moderation(self, request: ModerationRequest, context: CallContext) -> ModerationResult:
        request, context = await self._prepared(request, context)
        body = openai_moderations.build_request(request)
        return checked_verdicts(openai_moderations.parse_result(await self._post("openai.moderations", body, context)), request)

    async def invoke_speech_to_text(self, request: TranscriptionRequest, context: CallContext) -> TranscriptionResult:
        request = allowed_recording(request, context)
        audio = to_bytes(request.audio, "file")
        request, context = await self._prepared(request, context)
        surface = "translations" if request.task == "translate" else "transcriptions"
        body = await self.http.object(
            context,
            "POST",
            self.url(surface, context),
            headers=self.headers(context),
            data=self.adapt_transcription(openai_audio.build_transcription_form(request), request, context),
            files={"file": (request.audio.name or "audio.wav", audio, request.audio.media_type or "application/octet-stream")},
        )
        result = checked_transcription(openai_audio.parse_transcription_result(body))
        result.model = result.model or request.model
        return result

    async def invoke_text_to_speech(self, request: SpeechRequest, context: CallContext) -> SpeechResult:
        request = allowed_speech(request, context)
        if request.voice is None:
            request = dataclasses.replace(request, voice=self.default_voice(context))
        request, context = await self._prepared(request, context)
        body = self.adapt_speech(openai_audio.build_speech_request(request), request, context)
        url, headers = self.url("speech", context), self.headers(context)
        audio = await self.http.pieces(context, "POST", url, headers=headers, json=body)
        media_type = audio.headers.get("content-type", "").partition(";")[0]
        if not media_type.startswith("audio/"):
            media_type = openai_audio.MEDIA_TYPES.get(request.format or "mp3", "application/octet-stream")
        usage = Usage(characters=len(request.text))
        return SpeechResult(audio=audio, media_type=media_type, usage=usage, model=request.model)

    async def relay(self, request: RelayRequest, context: CallContext) -> RelayResponse:
        request, context = renamed_body(request, self.model_name(request.model, context)), await self.prepare(context)
        return await forward(request, context, self.url(request.dialect, context), self.headers(context), self.http)


def _no_api_here(said: str | None) -> CredentialsInvalid:
    return CredentialsInvalid(
        "There is no API of OpenAI's kind at this address.",
        param="base_url",
        advice="Check the base URL; it mostly ends in the version, as /v1.",
        vendor_message=said,
    )
