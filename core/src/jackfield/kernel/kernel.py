"""The kernel: the plugins that were found, the providers they offer, and every hook as a typed call."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Self

from jackfield.contract import (
    ENTRY_POINT_GROUP,
    BadRequest,
    CallContext,
    EmbeddingRequest,
    EmbeddingResult,
    LLMEvent,
    LLMRequest,
    LLMResult,
    ModelDescription,
    ModelNotFound,
    ModelType,
    ModerationRequest,
    ModerationResult,
    ProviderDescription,
    RelayRequest,
    RelayResponse,
    RerankRequest,
    RerankResult,
    SpeechRequest,
    SpeechResult,
    TranscriptionRequest,
    TranscriptionResult,
)

from .describing import describe_model
from .discovery import Candidate, discover
from .loading import Loaded, load
from .provider import Provider
from .records import PluginRecord


class Kernel:
    """What the host calls. Every call goes to the plugin that owns `context.provider`, inside the wrappers of the others.

    All calls raise errors of the contract only, with `provider` and `model` filled in: Timeout when `context.timeout` is
    over, PluginFault for a stray exception or a wrong answer. Cancelling a call cancels it in the plugin. Where a wrapper
    stands around a hook, it works on a copy of the request.
    """

    def __init__(self, plugins: Iterable[PluginRecord], working: Iterable[Loaded]) -> None:
        self._plugins = tuple(plugins)
        working = list(working)
        self._providers: dict[str, Provider] = {}
        for one in working:
            others = [other.member for other in working if other is not one]
            for description in one.descriptions:
                self._providers[description.id] = Provider(description, one.member, others)
        self._providers = dict(sorted(self._providers.items()))
        self._descriptions = MappingProxyType({name: found.description for name, found in self._providers.items()})

    @classmethod
    def load(cls, *, group: str = ENTRY_POINT_GROUP, disabled: Collection[str] = ()) -> Self:
        """The kernel with the plugins that are installed. A plugin that breaks is quarantined, never raised.

        :param disabled: entry points or distributions, by name, that are not even imported
        """
        return cls(*load(discover(group), disabled))

    @classmethod
    def of(cls, plugins: Iterable[tuple[str, object]]) -> Self:
        """The kernel with these plugins (name, object), none of them installed: for tests, and for use as a library."""
        return cls(*load((Candidate(PluginRecord(name=name), plugin=plugin) for name, plugin in plugins), ()))

    @property
    def plugins(self) -> tuple[PluginRecord, ...]:
        """All that were found, those in quarantine too, by name."""
        return self._plugins

    @property
    def providers(self) -> Mapping[str, ProviderDescription]:
        """The providers that can be called, by id."""
        return self._descriptions

    def provider(self, provider_id: str) -> ProviderDescription:
        """:raises ModelNotFound: if no plugin offers it; says so where one does that is quarantined or switched off"""
        return self._provider(provider_id).description

    def plugin_of(self, provider_id: str) -> str:
        """How errors name the plugin that owns the provider."""
        return self._provider(provider_id).plugin

    def implements(self, provider_id: str, hook: str) -> bool:
        """Whether the owner of the provider implements `hook`."""
        found = self._providers.get(provider_id)
        return found is not None and hook in found.own

    def can_relay(self, provider_id: str, dialect: str, model: ModelDescription) -> bool:
        """Whether a body of `dialect` can be passed on to `model` as it is.

        Not where a wrapper stands around the invoke hook of the model's type and not around `relay`.
        """
        found = self._providers.get(provider_id)
        return found is not None and found.can_relay(dialect, model)

    async def validate_provider_credentials(self, context: CallContext) -> None:
        """Prove them at the vendor; a plugin without this hook has nothing to prove."""
        if self.implements(context.provider, "validate_provider_credentials"):
            await self._call("validate_provider_credentials", {"context": context})

    async def validate_model_credentials(self, model: str, model_type: ModelType, context: CallContext) -> None:
        """Prove the settings of a model that is about to be added; a plugin without this hook has nothing to prove."""
        if self.implements(context.provider, "validate_model_credentials"):
            arguments = {"model": model, "model_type": model_type, "context": context}
            await self._call("validate_model_credentials", arguments)

    def describe_model(
        self, provider_id: str, model: str, model_type: ModelType, credentials: Mapping[str, Any]
    ) -> ModelDescription:
        """The description of a model that a workspace adds; a bare one where the plugin has nothing to say of it."""
        return describe_model(self._provider(provider_id), model, model_type, credentials)

    async def list_models(self, context: CallContext) -> list[ModelDescription]:
        """What the endpoint offers now; the catalog where the plugin cannot ask it."""
        if not self.implements(context.provider, "list_models"):
            return list(self.provider(context.provider).models)
        return await self._call("list_models", {"context": context})  # type: ignore[no-any-return]

    async def invoke_llm(self, request: LLMRequest, context: CallContext) -> LLMResult:
        """A whole answer, whatever `request.stream` says."""
        if request.stream:
            request = dataclasses.replace(request, stream=False)
        return await self._invoke("invoke_llm", request, context)  # type: ignore[no-any-return]

    async def stream_llm(self, request: LLMRequest, context: CallContext) -> AsyncIterator[LLMEvent]:
        """`events = await kernel.stream_llm(…)`, then iterate. Has an `aclose`, which cancels the call at the vendor.

        A stream that stops without a StreamEnd for each choice raises ConnectionFailed; one that is silent for
        `context.idle_timeout` seconds, Timeout.
        """
        if not request.stream:
            request = dataclasses.replace(request, stream=True)
        return await self._invoke("invoke_llm", request, context)  # type: ignore[no-any-return]

    async def invoke_text_embedding(self, request: EmbeddingRequest, context: CallContext) -> EmbeddingResult:
        """One vector for each input, checked to be so."""
        return await self._invoke("invoke_text_embedding", request, context)  # type: ignore[no-any-return]

    async def invoke_rerank(self, request: RerankRequest, context: CallContext) -> RerankResult:
        """A ranking whose indexes are those of documents that were sent, each at most once."""
        return await self._invoke("invoke_rerank", request, context)  # type: ignore[no-any-return]

    async def invoke_speech_to_text(self, request: TranscriptionRequest, context: CallContext) -> TranscriptionResult:
        """What a recording says."""
        return await self._invoke("invoke_speech_to_text", request, context)  # type: ignore[no-any-return]

    async def invoke_text_to_speech(self, request: SpeechRequest, context: CallContext) -> SpeechResult:
        """A text spoken; `audio` is guarded as a stream of events is, and has an `aclose`."""
        return await self._invoke("invoke_text_to_speech", request, context)  # type: ignore[no-any-return]

    async def invoke_moderation(self, request: ModerationRequest, context: CallContext) -> ModerationResult:
        """One verdict for each input, checked to be so."""
        return await self._invoke("invoke_moderation", request, context)  # type: ignore[no-any-return]

    async def count_tokens(self, request: LLMRequest, context: CallContext) -> int:
        """:raises BadRequest: where the provider has no way to count"""
        return await self._invoke("count_tokens", request, context)  # type: ignore[no-any-return]

    async def relay(self, request: RelayRequest, context: CallContext) -> RelayResponse:
        """Pass a body on. `body` of the answer, where it is an iterator, is guarded and has an `aclose`."""
        found = self._providers.get(context.provider)
        call = found.calls.get("relay") if found else None
        if call is None:
            raise self._cannot("relay", context.provider)
        return await call({"request": request, "context": context}, request)  # type: ignore[no-any-return]

    async def _invoke(self, hook: str, request: Any, context: CallContext) -> Any:
        return await self._call(hook, {"request": request, "context": context}, request)

    async def _call(self, hook: str, arguments: dict[str, Any], request: Any = None) -> Any:
        provider_id = arguments["context"].provider
        call = self._provider(provider_id).calls.get(hook)
        if call is None:
            raise self._cannot(hook, provider_id)
        return await call(arguments, request)

    def _provider(self, provider_id: str) -> Provider:
        found = self._providers.get(provider_id)
        if found is None:
            raise self._missing(provider_id)
        return found

    def _cannot(self, hook: str, provider_id: str) -> BadRequest | ModelNotFound:
        self._provider(provider_id)
        if hook.startswith("invoke_"):
            kind = hook.removeprefix("invoke_")
            return ModelNotFound(f"The provider `{provider_id}` has no models of type {kind}.", provider=provider_id)
        what = "count tokens" if hook == "count_tokens" else f"do `{hook}`"
        return BadRequest(
            f"The provider `{provider_id}` cannot {what}.", provider=provider_id, advice="Choose a model of another provider."
        )

    def _missing(self, provider_id: str) -> ModelNotFound:
        message = f"There is no provider `{provider_id}`."
        distribution = f"jackfield-{provider_id.replace('_', '-')}"
        for record in self._plugins:
            # One that broke too early to say what it offers is known by its name alone.
            offers = provider_id in record.providers or record.distribution == distribution or record.name == provider_id
            if offers and record.quarantined:
                return ModelNotFound(
                    f"{message} The plugin `{record.title}`, which offers it, is quarantined: {record.quarantined.cause}",
                    advice="`jackfield doctor` says how to mend it.",
                    provider=provider_id,
                )
            if offers and record.disabled:
                return ModelNotFound(
                    f"{message} The plugin `{record.title}`, which offers it, is switched off.",
                    advice="Take it out of `plugins.disabled` in the host's settings.",
                    provider=provider_id,
                )
        return ModelNotFound(
            message,
            advice=f"Install its plugin (`pip install {distribution}`), or check the name: `jackfield providers` lists those "
            "that are installed.",
            provider=provider_id,
        )
