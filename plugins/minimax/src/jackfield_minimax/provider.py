"""MiniMax's platform: https://platform.minimaxi.com/docs/api-reference/api-overview"""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Mapping
from typing import Any, ClassVar

from jackfield_sdk import (
    ANTHROPIC_MESSAGES,
    OPENAI_RESPONSES,
    CallContext,
    CredentialsInvalid,
    EmbeddingRequest,
    EmbeddingResult,
    LLMRequest,
    LLMResult,
    LLMStream,
    LocalizedText,
    ModelType,
    OpenAICompatible,
    SpeechRequest,
    SpeechResult,
    UnsupportedParameter,
    Usage,
    VendorHTTP,
    allowed,
    allowed_members,
    allowed_speech,
    begin,
    embed_in_batches,
    refuse_extra,
)
from jackfield_sdk.dialects import anthropic_messages

from . import embedding, speech
from .errors import TABLE, error_inside
from .forms import HOSTS, KEYS, PROVIDER_FORM

DEFAULT_MAX_TOKENS = 32_768
"""Sent where the caller names no limit, as the API wants one; thoughts are part of it."""


class MiniMax(OpenAICompatible):
    """MiniMax. Chats go by Anthropic's messages, of its surfaces the one that it recommends: thoughts keep apart there, and can
    be sent back. Its chat surface for OpenAI's clients puts them into the text, and takes members without heeding them.
    Embeddings and speech have their own form.
    """

    id = "minimax"
    label = LocalizedText.of("MiniMax")
    description = LocalizedText.of("Language, embedding and speech models by MiniMax.", "MiniMax 的语言、向量与语音模型。")
    help_url = KEYS
    model_types = (ModelType.LLM, ModelType.TEXT_EMBEDDING, ModelType.TEXT_TO_SPEECH)
    provider_form = PROVIDER_FORM
    dialects = (ANTHROPIC_MESSAGES, OPENAI_RESPONSES)
    http = VendorHTTP(table=TABLE, error_inside=error_inside)
    paths: ClassVar[Mapping[str, str]] = {
        ANTHROPIC_MESSAGES: "/anthropic/v1/messages",
        OPENAI_RESPONSES: "/v1/responses",
        "embeddings": "/v1/embeddings",
        "speech": "/v1/t2a_v2",
        "models": "/v1/models",
    }

    def url(self, surface: str, context: CallContext) -> str:
        """On the host of the key's platform, or the form's own; that may end in one of the surfaces."""
        base = str(context.credentials.get("base_url") or HOSTS[str(context.credentials.get("region") or "china")])
        return base.rstrip("/").removesuffix("/v1").removesuffix("/anthropic") + self.paths[surface]

    def native(self, context: CallContext) -> dict[str, Any]:
        """What calls of MiniMax's own surfaces hold beside their body."""
        group = context.credentials.get("group_id")
        return {"headers": self.headers(context), "params": {"GroupId": str(group)} if group else None}

    async def validate_provider_credentials(self, context: CallContext) -> None:
        """The model list: it costs nothing, and answers to a good key of this platform only."""
        try:
            await super().validate_provider_credentials(context)
        except CredentialsInvalid as error:
            if error.param == "api_key":
                error.advice = "Check the key, and that it was made on the platform that the form names."
            raise

    # -- chat: https://platform.minimaxi.com/docs/api-reference/text-anthropic-api -------------------------------------------

    async def invoke_llm(self, request: LLMRequest, context: CallContext) -> LLMResult | LLMStream:
        body = anthropic_messages.build_request(_without_format(allowed(request, context)), _options(context))
        url, headers = self.url(ANTHROPIC_MESSAGES, context), self.headers(context)
        if request.stream:
            parse = anthropic_messages.parse_stream
            return await self.http.events(context, "POST", url, headers=headers, json=body, parse=parse)
        return anthropic_messages.parse_result(await self.http.object(context, "POST", url, headers=headers, json=body))

    # -- embedding and speech ------------------------------------------------------------------------------------------------

    async def invoke_text_embedding(self, request: EmbeddingRequest, context: CallContext) -> EmbeddingResult:
        request = refuse_extra(allowed_members(request, context, "dimensions", "truncate"))
        url, rest = self.url("embeddings", context), self.native(context)

        async def embed(part: EmbeddingRequest) -> EmbeddingResult:
            return embedding.parse(await self.http.object(context, "POST", url, json=embedding.build(part), **rest))

        size = context.model.max_batch if context.model else None
        return await embed_in_batches(request, size, embed, letters=embedding.LETTERS)

    async def invoke_text_to_speech(self, request: SpeechRequest, context: CallContext) -> SpeechResult:
        request = refuse_extra(allowed_speech(request, context, speech.MEDIA_TYPES))
        body = speech.build(request, context.model)
        url, rest = self.url("speech", context), self.native(context)
        usage = Usage(characters=len(request.text))
        sound: AsyncIterator[bytes]
        if body["stream"]:
            parse = speech.reader(usage, lambda event: self._check(event, context))
            sound = await self.http.events(context, "POST", url, json=body, parse=parse, **rest)
        else:
            sound = speech.whole(await self.http.object(context, "POST", url, json=body, **rest), usage)
        media_type = speech.MEDIA_TYPES[str(body["audio_setting"]["format"])]
        return SpeechResult(audio=await begin(sound), media_type=media_type, usage=usage, model=request.model)

    def _check(self, event: dict[str, Any], context: CallContext) -> None:
        vendor = error_inside(event)
        if vendor is not None:
            raise self.http.failure(vendor, context)


def _options(context: CallContext) -> anthropic_messages.MessagesOptions:
    """Models think by themselves; where it can be turned off, it is by a word, and no depth is taken."""
    limit = context.model.max_output_tokens if context.model else None
    return anthropic_messages.MessagesOptions(
        default_max_tokens=min(limit or DEFAULT_MAX_TOKENS, DEFAULT_MAX_TOKENS),
        max_output_tokens=limit,
        effort=False,
        adaptive=True,
        strict=False,
    )


def _without_format(request: LLMRequest) -> LLMRequest:
    """:raises UnsupportedParameter: for an answer that must be JSON, which no model promises, unless `drop_unsupported`"""
    if request.output is None or request.output.kind == "text":
        return request
    if not request.drop_unsupported:
        message = "The model does not promise to answer in JSON."
        advice = "Ask for a tool call instead: its arguments are JSON."
        raise UnsupportedParameter(message, param="response_format", advice=advice)
    return dataclasses.replace(request, output=None)
