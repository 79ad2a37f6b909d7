"""The hooks. A plugin implements what its providers can do; the kernel calls those of the plugin that owns the provider.

A plugin is any object (a module, or an instance of `jackfield_sdk.Provider`) that an entry point in the group
`jackfield.plugins` names. Its hook implementations are marked with `hookimpl`:

    from jackfield.contract import hookimpl

    @hookimpl
    def jackfield_providers(): ...

An implementation takes all the arguments of its spec, by the same names. Hooks that reach a vendor are coroutine functions.

**Wrappers.** `@hookimpl(wrapper=True)` on any of the call hooks makes a plugin stand around the calls of all other plugins:
guard rails, redaction, caching, tracing. A wrapper is pluggy's: a generator function that yields once and gets back what the
inner hook returned. As hooks are coroutine functions, that is an awaitable: the wrapper returns one of its own around it.

    @hookimpl(wrapper=True)
    def invoke_llm(request, context):
        call = yield
        async def guarded():
            check(request)
            return await call
        return guarded()

A wrapper may change the request before it yields (each attempt has its own copy). A wrapper that does not await `call` closes
it (`call.close()`). Where some wrapper stands around an `invoke_…` hook but not around `relay`, calls are not relayed, so
that no guard is walked around.

**Errors.** A hook raises an error of `jackfield.contract.errors`; whatever else escapes becomes a `PluginFault`.
"""

from __future__ import annotations

from typing import Any

import pluggy

from .audio import SpeechRequest, SpeechResult, TranscriptionRequest, TranscriptionResult
from .context import CallContext
from .descriptions import ModelDescription, ModelType, ProviderDescription
from .embedding import EmbeddingRequest, EmbeddingResult
from .llm import LLMRequest, LLMResult, LLMStream
from .moderation import ModerationRequest, ModerationResult
from .relay import RelayRequest, RelayResponse
from .rerank import RerankRequest, RerankResult

PROJECT = "jackfield"
ENTRY_POINT_GROUP = "jackfield.plugins"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def jackfield_providers() -> list[ProviderDescription]:  # type: ignore[empty-body]
    """The providers that this plugin offers. Called once, when the plugin is loaded; does not reach the network."""


@hookspec(firstresult=True)
async def validate_provider_credentials(context: CallContext) -> None:
    """Prove `context.credentials` (of the provider's form, already checked against it) in the vendor's cheapest way.

    Called before a credential is saved, and when somebody asks to check it again.

    :raises CredentialsInvalid: naming the field (`param`) where the vendor's answer lets you
    """


@hookspec(firstresult=True)
async def validate_model_credentials(model: str, model_type: ModelType, context: CallContext) -> None:
    """The same for a model that is about to be added; `context.credentials` holds the provider's and the model's form.

    :raises CredentialsInvalid: as above
    :raises ModelNotFound: where the endpoint is reached and has no such model
    """


@hookspec(firstresult=True)
def describe_model(model: str, model_type: ModelType, credentials: dict[str, Any]) -> ModelDescription:  # type: ignore[empty-body]
    """The description of a model that a workspace adds, from its model form (context size, features, …).

    Called when the model is saved; does not reach the network. `credentials` holds the checked form, secrets included;
    none of them may stand in the description.
    """


@hookspec(firstresult=True)
async def list_models(context: CallContext) -> list[ModelDescription]:  # type: ignore[empty-body]
    """What a live endpoint offers now. For providers with a model list of their own (a self-hosted server, a large vendor)."""


@hookspec(firstresult=True)
async def invoke_llm(request: LLMRequest, context: CallContext) -> LLMResult | LLMStream:  # type: ignore[empty-body]
    """One chat. Answers an async iterator of events if `request.stream`, else the whole result.

    The iterator yields a StreamEnd for each choice; one that stops without is treated as broken. Closing it (`aclose`)
    cancels the call at the vendor.
    """


@hookspec(firstresult=True)
async def invoke_text_embedding(request: EmbeddingRequest, context: CallContext) -> EmbeddingResult:  # type: ignore[empty-body]
    """A vector for each input, in order. The plugin splits what is more than the vendor takes at once."""


@hookspec(firstresult=True)
async def invoke_rerank(request: RerankRequest, context: CallContext) -> RerankResult:  # type: ignore[empty-body]
    """The documents' ranking, best first, at most `top_n`."""


@hookspec(firstresult=True)
async def invoke_speech_to_text(request: TranscriptionRequest, context: CallContext) -> TranscriptionResult:  # type: ignore[empty-body]
    """What a recording says."""


@hookspec(firstresult=True)
async def invoke_text_to_speech(request: SpeechRequest, context: CallContext) -> SpeechResult:  # type: ignore[empty-body]
    """A text spoken; the first bytes as early as the vendor gives them."""


@hookspec(firstresult=True)
async def invoke_moderation(request: ModerationRequest, context: CallContext) -> ModerationResult:  # type: ignore[empty-body]
    """A verdict for each input, in order."""


@hookspec(firstresult=True)
async def count_tokens(request: LLMRequest, context: CallContext) -> int:  # type: ignore[empty-body]
    """How many input tokens the request has, by the vendor's count or by its tokenizer; an estimate is not an answer."""


@hookspec(firstresult=True)
async def relay(request: RelayRequest, context: CallContext) -> RelayResponse:  # type: ignore[empty-body]
    """Pass a body on to a vendor that speaks its dialect (one of the description's `dialects`)."""
