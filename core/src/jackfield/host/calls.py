"""The public face of a call: one coroutine for each type of model, and `relay` for a body that may pass as it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from jackfield.contract import (
    CallContext,
    ConnectionFailed,
    EmbeddingRequest,
    EmbeddingResult,
    HostFault,
    JackfieldError,
    LLMRequest,
    LLMResult,
    ModelDescription,
    ModelType,
    ModerationRequest,
    ModerationResult,
    RerankRequest,
    RerankResult,
    SpeechRequest,
    SpeechResult,
    TranscriptionRequest,
    TranscriptionResult,
    Usage,
)
from jackfield.kernel import Kernel

from .admission import Admission, Entry
from .answers import EventAnswer, SoundAnswer
from .attempts import Attempts, Lease
from .parameters import Request, fit
from .relaying import TYPES, RelayCall, Relayed, Relaying
from .routes import Target
from .settings import CallSettings
from .tickets import CallInfo, Settles, Ticket

if TYPE_CHECKING:
    from jackfield.tenancy import Principal

Result = TypeVar("Result")


class Calls:
    """All calls go the same way: resolve, admit, attempt, settle.

    Every method takes the caller first; `info`, where given, tells after (and during) the call who served it. They raise errors
    of `jackfield.contract` only. Cancelling one cancels it at the vendor, and what it used is written down.
    """

    def __init__(
        self, kernel: Kernel, settings: CallSettings, admission: Admission, attempts: Attempts, settles: Settles
    ) -> None:
        self._kernel = kernel
        self._settings = settings
        self._admission = admission
        self._attempts = attempts
        self._settles = settles
        self._relaying = Relaying(kernel)

    async def llm(self, caller: Principal, request: LLMRequest, *, info: CallInfo | None = None) -> LLMResult:
        """One chat, answered whole."""
        return await self._whole(caller, request, ModelType.LLM, self._kernel.invoke_llm, info)

    async def stream_llm(self, caller: Principal, request: LLMRequest, *, info: CallInfo | None = None) -> EventAnswer:
        """One chat as it comes. Answers when its first event is here; what goes wrong before that is raised."""
        ticket = await self._enter(caller, request.model, ModelType.LLM, info, streamed=True)

        async def begin(lease: Lease) -> EventAnswer:
            events = await self._kernel.stream_llm(fit(request, lease.target.model), lease.context)
            try:
                first = await anext(events)
            except StopAsyncIteration:
                raise ConnectionFailed("The vendor's stream ended before it began.") from None
            answer = EventAnswer(events, first, ticket)
            ticket.begin_answer(answer)
            return answer

        return await self._attempt(ticket, ticket.route.targets, begin)

    async def embedding(self, caller: Principal, request: EmbeddingRequest, *, info: CallInfo | None = None) -> EmbeddingResult:
        """A vector for each input."""
        return await self._whole(caller, request, ModelType.TEXT_EMBEDDING, self._kernel.invoke_text_embedding, info)

    async def rerank(self, caller: Principal, request: RerankRequest, *, info: CallInfo | None = None) -> RerankResult:
        """Documents in the order in which they answer a query."""
        return await self._whole(caller, request, ModelType.RERANK, self._kernel.invoke_rerank, info)

    async def moderation(
        self, caller: Principal, request: ModerationRequest, *, info: CallInfo | None = None
    ) -> ModerationResult:
        """A verdict for each input."""
        return await self._whole(caller, request, ModelType.MODERATION, self._kernel.invoke_moderation, info)

    async def transcription(
        self, caller: Principal, request: TranscriptionRequest, *, info: CallInfo | None = None
    ) -> TranscriptionResult:
        """What a recording says."""

        async def transcribe(request: TranscriptionRequest, context: CallContext) -> TranscriptionResult:
            result = await self._kernel.invoke_speech_to_text(request, context)
            if result.duration is not None and not result.usage.audio_seconds:
                result.usage.audio_seconds = result.duration
            return result

        return await self._whole(caller, request, ModelType.SPEECH_TO_TEXT, transcribe, info)

    async def speech(self, caller: Principal, request: SpeechRequest, *, info: CallInfo | None = None) -> SpeechResult:
        """A text spoken. `audio` of the result is to be read to its end, or closed (`aclose`)."""
        ticket = await self._enter(caller, request.model, ModelType.TEXT_TO_SPEECH, info, streamed=True)

        async def speak(lease: Lease) -> SpeechResult:
            result = await self._kernel.invoke_text_to_speech(fit(request, lease.target.model), lease.context)
            try:
                first = await anext(result.audio)
            except StopAsyncIteration:
                raise ConnectionFailed("The vendor answered without any sound.") from None
            result.audio = answer = SoundAnswer(result, first, ticket)
            ticket.begin_answer(answer)
            return result

        return await self._attempt(ticket, ticket.route.targets, speak)

    async def count_tokens(self, caller: Principal, request: LLMRequest, *, info: CallInfo | None = None) -> int:
        """The request's input tokens, by the vendor's count or its tokenizer. Costs nothing and is not written down.

        :raises BadRequest: where the provider cannot count
        """
        ticket = await self._enter(caller, request.model, ModelType.LLM, info)
        ticket.free = True

        async def count(lease: Lease) -> int:
            return await self._kernel.count_tokens(fit(request, lease.target.model), lease.context)

        tokens = await self._attempt(ticket, ticket.route.targets, count)
        ticket.finish("ok", None)
        return tokens

    async def relay(
        self,
        caller: Principal,
        dialect: str,
        body: dict[str, Any],
        raw: bytes,
        headers: Mapping[str, str] | None = None,
        *,
        info: CallInfo | None = None,
    ) -> Relayed | None:
        """Pass a body on as it is, to a model whose provider speaks its dialect.

        :param body: `raw`, parsed
        :param headers: those of the client's that the dialect gives a meaning, lower-case, no credential among them
        :return: None where this model cannot be relayed to, or takes fewer texts or documents at once than there are: parse the
            body and make a typed call, which goes in parts; nothing was counted yet
        """
        call = RelayCall(dialect, body, raw, dict(headers) if headers else {})
        model_type = TYPES.get(dialect)
        if model_type is None:
            return None
        info = info or CallInfo()
        entry = await self._admission.route(caller, call.model, model_type, info)
        targets = entry.route.relayable.get(dialect)
        if targets is None or any(one.model.max_batch and call.inputs > one.model.max_batch for one in targets):
            return None
        ticket = await self._admit(caller, entry, info, streamed=call.streamed)
        ticket.dialect = dialect
        info.relayed = True

        async def pass_on(lease: Lease) -> Relayed:
            return await self._relaying.attempt(call, ticket, lease)

        return await self._attempt(ticket, targets, pass_on)

    async def describe(self, caller: Principal, name: str, model_type: ModelType) -> ModelDescription:
        """The model that a name means to the caller.

        :raises ModelNotFound: where it means none
        """
        return (await self._admission.route(caller, name, model_type)).route.targets[0].model

    async def _whole(
        self,
        caller: Principal,
        request: Request,
        model_type: ModelType,
        hook: Callable[[Request, CallContext], Awaitable[Result]],
        info: CallInfo | None,
    ) -> Result:
        ticket = await self._enter(caller, request.model, model_type, info)

        async def invoke(lease: Lease) -> Result:
            return await hook(fit(request, lease.target.model), lease.context)

        result = await self._attempt(ticket, ticket.route.targets, invoke)
        usage: Usage = result.usage  # type: ignore[attr-defined]  # every result has one
        ticket.finish("ok", usage)
        return result

    async def _enter(
        self, caller: Principal, name: str, model_type: ModelType, info: CallInfo | None, *, streamed: bool = False
    ) -> Ticket:
        info = info or CallInfo()
        entry = await self._admission.route(caller, name, model_type, info)
        return await self._admit(caller, entry, info, streamed=streamed)

    async def _admit(self, caller: Principal, entry: Entry, info: CallInfo, *, streamed: bool) -> Ticket:
        if entry.allowances or entry.view.budgets:
            await self._admission.admit(caller, entry, info)
        ticket = Ticket(caller, entry, info, self._settles, seconds=self._settings.timeout, streamed=streamed)
        self._admission.enter(ticket)
        return ticket

    async def _attempt(
        self, ticket: Ticket, targets: tuple[Target, ...], invoke: Callable[[Lease], Awaitable[Result]]
    ) -> Result:
        """Run the attempts; whatever ends them without an answer settles the ticket."""
        try:
            return await self._attempts.run(ticket, targets, invoke)
        except JackfieldError as error:
            ticket.finish("error", None, error)
            raise
        except Exception as error:
            ticket.finish("error", None, HostFault(f"{type(error).__name__} in the host."))
            raise
        except BaseException:
            ticket.finish("cancelled", None)
            raise
