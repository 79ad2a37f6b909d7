"""Replicate: https://replicate.com/docs/reference/http"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import math
from collections.abc import AsyncIterator
from typing import Any, ClassVar

from jackfield_sdk import (
    CallContext,
    ConnectionFailed,
    CredentialsInvalid,
    EmbeddingRequest,
    EmbeddingResult,
    Feature,
    FinishReason,
    JackfieldError,
    LLMEvent,
    LLMRequest,
    LLMResult,
    LLMStream,
    LocalizedText,
    Message,
    ModelDescription,
    ModelNotFound,
    ModelType,
    Provider,
    ProvisionKind,
    ReasoningDelta,
    ReasoningPart,
    ServerUnavailable,
    StreamEnd,
    StreamStart,
    TextDelta,
    UsageReport,
    VendorError,
    VendorHTTP,
    allowed_members,
    apart,
    embed_in_batches,
    forms,
    thoughts_apart,
)
from jackfield_sdk.dialects import ServerSentEvent

from . import embeddings
from .errors import TABLE, no_error_inside, read_problem
from .forms import MODEL_FORM, TOKENS
from .inputs import PROMPTS, build_input
from .listing import COLLECTIONS, describe_listed
from .predictions import Prediction, parse_prediction, text_of
from .schemas import Schema, SchemaCache, parse_schema
from .streams import PredictionStream, parse_stream

MAX_WAIT = 60
"""Seconds that Replicate holds an answer back at most (`Prefer: wait=…`)."""
MIN_DEADLINE = 5
"""Seconds that a prediction is given at least (`Cancel-After`)."""


class Replicate(Provider):
    """Every model is run as a prediction, with inputs of its own; a call that is given up cancels its prediction.

    A chat's prediction is made without waiting for its end (`Prefer: wait`): the answer would tell its id only then, and
    without the id nobody could cancel it. Embeddings are over soon, and are waited for.

    :cvar pauses: seconds between two looks at a prediction, the last one for all that follow
    """

    id = "replicate"
    label = LocalizedText.of("Replicate")
    description = LocalizedText.of(
        "Language and embedding models on Replicate, official, public or your own.",
        "Replicate 上的语言模型与向量模型，包括官方、公开及自有模型。",
    )
    help_url = TOKENS
    model_types = (ModelType.LLM, ModelType.TEXT_EMBEDDING)
    provision = (ProvisionKind.CUSTOMIZABLE,)
    model_form = MODEL_FORM
    http: ClassVar[VendorHTTP] = VendorHTTP(table=TABLE, read_error=read_problem, error_inside=no_error_inside)
    pauses: ClassVar[tuple[float, ...]] = (0.1, 0.2, 0.3, 0.5)

    def __init__(self) -> None:
        self.schemas = SchemaCache()
        self._farewells: set[asyncio.Task[None]] = set()

    def url(self, path: str, context: CallContext) -> str:
        """An address of the API."""
        base = str(context.credentials.get("base_url") or "https://api.replicate.com").rstrip("/").removesuffix("/v1")
        return f"{base}/v1/{path}"

    def headers(self, context: CallContext) -> dict[str, str]:
        """The token, as bearer."""
        return {"authorization": f"Bearer {context.credentials.get('api_key') or ''}"}

    # -- models ----------------------------------------------------------------------------------------------------------

    def describe_model(self, model: str, model_type: ModelType, credentials: dict[str, Any]) -> ModelDescription:
        """As the form says; what the model takes is known when it is called."""
        _name_of(model)
        return forms.describe_from_form(model, model_type, credentials)

    async def validate_model_credentials(self, model: str, model_type: ModelType, context: CallContext) -> None:
        """The model's schema, which costs nothing, and tells whether it is of this type."""
        of_their_own = bool(context.credentials.get("base_url"))
        try:
            schema = await self.schema_of(model, context, fresh=True)
        except (ConnectionFailed, ModelNotFound, ServerUnavailable) as error:
            if isinstance(error, ConnectionFailed) and of_their_own:
                raise CredentialsInvalid(error.message, param="base_url", advice=error.advice) from None
            if isinstance(error, ModelNotFound) and context.credentials.get("version"):
                message = "Replicate does not know this version of the model."
                raise CredentialsInvalid(message, param="version", vendor_message=error.vendor_message) from None
            raise
        fits = schema.first(*PROMPTS) is not None if model_type is ModelType.LLM else embeddings.takes_texts(schema)
        if not fits:
            takes = ", ".join(list(schema.inputs)[:10]) or "nothing"
            raise ModelNotFound(f"`{model}` is no model of type {model_type.value}: it takes {takes}.")

    async def schema_of(self, model: str, context: CallContext, *, fresh: bool = False) -> Schema:
        """What the model takes, kept for a while.

        :raises ModelNotFound: if there is no such model, or none for this token
        """
        name, version = _name_of(model)
        version = str(context.credentials.get("version") or "") or version
        url = self.url(f"models/{name}/versions/{version}" if version else f"models/{name}", context)

        async def fetch() -> Schema:
            return parse_schema(await self.http.object(context, "GET", url, headers=self.headers(context)), version)

        return await self.schemas.get(fetch, url, str(context.credentials.get("api_key")), fresh=fresh)

    async def list_models(self, context: CallContext) -> list[ModelDescription]:
        """The models that Replicate has put into its collections of these types."""
        found: list[ModelDescription] = []
        for slug, kind in COLLECTIONS.items():
            url = self.url(f"collections/{slug}", context)
            found += describe_listed(await self.http.object(context, "GET", url, headers=self.headers(context)), kind)
        return found

    # -- the life of a prediction ----------------------------------------------------------------------------------------

    async def _start(self, model: str, body: dict[str, Any], schema: Schema, context: CallContext, **how: str) -> Prediction:
        """:param how: headers that say how long to wait, and until when it may run"""
        sent: dict[str, Any] = {"input": body}
        name, _ = _name_of(model)
        if deployment := context.credentials.get("deployment"):
            path = f"deployments/{deployment}/predictions"
        elif schema.version is None:
            path = f"models/{name}/predictions"
        else:
            path = "predictions"
            sent["version"] = schema.version
        headers = self.headers(context) | how
        return parse_prediction(await self.http.object(context, "POST", self.url(path, context), headers=headers, json=sent))

    async def _look(self, prediction: Prediction, context: CallContext) -> Prediction:
        url = self.url(f"predictions/{prediction.id}", context)
        return parse_prediction(await self.http.object(context, "GET", url, headers=self.headers(context)))

    async def _finish(self, prediction: Prediction, context: CallContext) -> Prediction:
        """The prediction at its end.

        :raises JackfieldError: by the table, if it failed or was canceled
        """
        try:
            turn = 0
            while not prediction.ended:
                await asyncio.sleep(self.pauses[min(turn, len(self.pauses) - 1)])
                turn += 1
                prediction = await self._look(prediction, context)
        except BaseException:
            self._give_up(prediction, context)
            raise
        if prediction.failure is not None:
            raise self.http.failure(prediction.failure, context)
        return prediction

    def _give_up(self, prediction: Prediction, context: CallContext) -> None:
        """Cancel it at the vendor, on the side: who has gone away shall not be kept waiting for it."""
        brief = dataclasses.replace(context, timeout=MIN_DEADLINE, idle_timeout=MIN_DEADLINE)

        async def cancel() -> None:
            # If it cannot be cancelled, it ends by itself; nobody is there any more who could be told. A client that was
            # closed meanwhile raises a RuntimeError.
            with contextlib.suppress(JackfieldError, RuntimeError):
                url = self.url(f"predictions/{prediction.id}/cancel", brief)
                await self.http.request(brief, "POST", url, headers=self.headers(brief))

        task = asyncio.get_running_loop().create_task(cancel())
        self._farewells.add(task)
        task.add_done_callback(self._farewells.discard)

    # -- the model types -------------------------------------------------------------------------------------------------

    async def invoke_llm(self, request: LLMRequest, context: CallContext) -> LLMResult | LLMStream:
        """Whole: the prediction is looked at until it has ended. Streamed: from its stream, for a model that has one."""
        schema = await self.schema_of(request.model, context)
        body = build_input(request, schema)
        deadline = {} if request.stream else _deadline(context)
        prediction = await self._start(request.model, body, schema, context, **deadline)
        if request.stream and prediction.stream and not prediction.ended:
            return await self._open_stream(prediction, request, context)
        prediction = await self._finish(prediction, context)
        result = LLMResult(
            message=Message.assistant(text_of(prediction.output)),
            finish_reason=_reason(request, prediction),
            usage=prediction.usage,
            model=request.model,
            id=prediction.id,
        )
        result = apart(result) if _thinks(context) else result
        return _played(result) if request.stream else result

    async def _open_stream(self, prediction: Prediction, request: LLMRequest, context: CallContext) -> LLMStream:
        async def settle() -> Prediction:
            try:
                return await self._look(prediction, context)
            except JackfieldError:
                return prediction  # the answer is there; what it used is not known

        def fail(vendor: VendorError) -> JackfieldError:
            return self.http.failure(vendor, context)

        def parse(events: AsyncIterator[ServerSentEvent]) -> AsyncIterator[LLMEvent]:
            stream = parse_stream(
                events,
                prediction,
                model=request.model,
                fail=fail,
                settle=settle,
                reason_of=lambda ended: _reason(request, ended),
            )
            return thoughts_apart(stream) if _thinks(context) else stream

        headers = self.headers(context) | {"cache-control": "no-store"}
        try:
            inner = await self.http.events(context, "GET", str(prediction.stream), headers=headers, parse=parse)
        except BaseException:
            self._give_up(prediction, context)
            raise
        return PredictionStream(inner, lambda: self._give_up(prediction, context))

    async def invoke_text_embedding(self, request: EmbeddingRequest, context: CallContext) -> EmbeddingResult:
        """All texts in one prediction, or one in each, as the model takes them."""
        request = allowed_members(request, context, "dimensions")
        schema = await self.schema_of(request.model, context)
        request = dataclasses.replace(request, inputs=embeddings.texts_of(request))
        size = context.model.max_batch if context.model else None
        wait = {"prefer": f"wait={max(1, min(MAX_WAIT, math.floor(context.timeout) - 1))}"} | _deadline(context)

        async def embed(part: EmbeddingRequest) -> EmbeddingResult:
            texts = embeddings.texts_of(part)
            body = embeddings.build_input(part, texts, schema)
            prediction = await self._finish(await self._start(request.model, body, schema, context, **wait), context)
            return EmbeddingResult(embeddings=embeddings.parse_output(prediction.output, len(texts)), usage=prediction.usage)

        many = embeddings.takes_many(schema, embeddings.texts_of(request))
        return await embed_in_batches(request, size if many else 1, embed)


def _name_of(model: str) -> tuple[str, str]:
    """`owner/name`, and the version behind a colon.

    :raises ModelNotFound: if it is no name of a model on Replicate
    """
    name, _, version = model.partition(":")
    if name.count("/") != 1 or not all(name.split("/")) or any(letter in name for letter in "?#% \\"):
        raise ModelNotFound(f"`{model}` is no model of Replicate's.", advice="Name it as owner/name, or owner/name:version.")
    return name, version


def _thinks(context: CallContext) -> bool:
    return context.model is not None and Feature.REASONING in context.model.features


def _deadline(context: CallContext) -> dict[str, str]:
    """A prediction that nobody waits for any more ends by itself, even where its id never became known."""
    return {"cancel-after": f"{max(MIN_DEADLINE, math.ceil(context.timeout))}s"}


def _reason(request: LLMRequest, prediction: Prediction) -> FinishReason:
    """Replicate does not tell why a model stopped; an answer as long as it may be was cut."""
    limit = request.sampling.max_tokens
    return "length" if limit is not None and prediction.usage.output_tokens >= limit else "stop"


async def _played(result: LLMResult) -> AsyncIterator[LLMEvent]:
    """A whole answer as a stream, of a model that has none."""
    yield StreamStart(result.id, result.model)
    for part in result.message.parts:
        if isinstance(part, ReasoningPart):
            yield ReasoningDelta(part.text)
    yield TextDelta(result.text)
    yield UsageReport(result.usage)
    yield StreamEnd(result.finish_reason)
