"""Sending a request in library use: which model its name means, with which credentials, over which connections, how often."""

from __future__ import annotations

import asyncio
import dataclasses
import random
import threading
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from jackfield.contract import (
    BadRequest,
    CallContext,
    Credentials,
    EmbeddingRequest,
    JackfieldError,
    LLMRequest,
    ModelDescription,
    ModelType,
    ModerationRequest,
    RerankRequest,
    SpeechRequest,
    TranscriptionRequest,
)
from jackfield.kernel import Kernel

from .library_credentials import as_fields, find_credentials, is_added
from .parameters import fit

if TYPE_CHECKING:
    from .http import Outbound

Request = LLMRequest | EmbeddingRequest | RerankRequest | TranscriptionRequest | SpeechRequest | ModerationRequest
HOOKS: dict[type[Request], tuple[ModelType, str]] = {
    LLMRequest: (ModelType.LLM, "invoke_llm"),
    EmbeddingRequest: (ModelType.TEXT_EMBEDDING, "invoke_text_embedding"),
    RerankRequest: (ModelType.RERANK, "invoke_rerank"),
    TranscriptionRequest: (ModelType.SPEECH_TO_TEXT, "invoke_speech_to_text"),
    SpeechRequest: (ModelType.TEXT_TO_SPEECH, "invoke_text_to_speech"),
    ModerationRequest: (ModelType.MODERATION, "invoke_moderation"),
}
_BACKOFF = 0.5
_LONGEST_PAUSE = 30.0


@dataclasses.dataclass(frozen=True, slots=True)
class Target:
    """What a name means: a model of a provider, and the credentials for it."""

    provider: str
    model: str
    description: ModelDescription | None
    credentials: Credentials


class Sender:
    """:param credentials: by provider, and by `provider/model`
    :param kernel: None: the installed plugins, loaded at first use
    """

    def __init__(
        self,
        credentials: Mapping[str, Mapping[str, Any]] | None,
        *,
        timeout: float,
        idle_timeout: float,
        retries: int,
        kernel: Kernel | None,
    ) -> None:
        self._credentials = {name: as_fields(values, name) for name, values in (credentials or {}).items()}
        self._timeout = timeout
        self._idle_timeout = idle_timeout
        self._retries = retries
        self._kernel = kernel
        self._loading = threading.Lock()
        self._outbound: Outbound | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def kernel(self) -> Kernel:
        """The plugins."""
        with self._loading:
            if self._kernel is None:
                self._kernel = Kernel.load()
            return self._kernel

    async def close(self) -> None:
        """Close the connections; the next call opens them anew."""
        outbound, self._outbound = self._outbound, None
        if outbound is not None:
            await outbound.close()

    def resolve(self, name: str, kind: ModelType, credentials: Mapping[str, Any] | None) -> Target:
        """What `provider/model` means, with everything that a call to it needs."""
        provider_id, slash, model = name.partition("/")
        if not slash or not model:
            raise BadRequest(
                f"`{name}` names no model: a model is named `provider/model`.",
                param="model",
                advice="`jackfield models` lists the names.",
            )
        provider = self.kernel.provider(provider_id)
        if kind not in provider.model_types:
            raise BadRequest(f"The provider `{provider_id}` has no models of type {kind}.", param="model", provider=provider_id)
        description = provider.model(model, kind)
        given = self._credentials.get(provider_id, {}) | self._credentials.get(name, {}) | as_fields(credentials, provider_id)
        found = find_credentials(provider, given, in_catalog=description is not None)
        if description is None:
            description = (
                self.kernel.describe_model(provider_id, model, kind, found)
                if is_added(provider, in_catalog=False)
                else ModelDescription(id=model, type=kind)  # newer than the catalog: the vendor knows whether it is there
            )
        return Target(provider_id, model, description, found)

    def at_provider(self, provider_id: str, credentials: Mapping[str, Any] | None) -> CallContext:
        """For what is asked of a provider and not of one of its models."""
        provider = self.kernel.provider(provider_id)
        given = self._credentials.get(provider_id, {}) | as_fields(credentials, provider_id)
        found = find_credentials(provider, given, in_catalog=provider.provider_form is not None)
        return self._context(Target(provider_id, "", None, found), None)

    async def send(
        self, target: Target, request: Request, call: Callable[[Any, CallContext], Awaitable[Any]], timeout: float | None
    ) -> Any:
        """Send it, and send it again where its failure may pass."""
        if target.description is not None:
            request = fit(request, target.description)  # type: ignore[type-var]  # a union of what the variable may be
        for attempt in range(self._retries + 1):
            try:
                return await call(request, self._context(target, timeout))
            except JackfieldError as error:
                if not error.retryable or attempt == self._retries or (error.retry_after or 0) > _LONGEST_PAUSE:
                    raise
                pause = min(_BACKOFF * 2**attempt, _LONGEST_PAUSE) * random.uniform(0.75, 1)  # noqa: S311 - spreads, hides nothing
                await asyncio.sleep(pause if error.retry_after is None else error.retry_after)
        raise AssertionError("unreachable")  # pragma: no cover

    def _context(self, target: Target, timeout: float | None) -> CallContext:
        outbound = self._open()
        return CallContext(
            provider=target.provider,
            credentials=target.credentials,
            http=outbound.client,
            wire=outbound.wire,
            model=target.description,
            timeout=self._timeout if timeout is None else timeout,
            idle_timeout=self._idle_timeout,
            request_id=uuid.uuid4().hex,
        )

    def _open(self) -> Outbound:
        """Connections belong to the event loop they were made in; another `asyncio.run` gets its own."""
        loop = asyncio.get_running_loop()
        if self._outbound is None or self._loop is not loop:
            from .http import Outbound  # noqa: PLC0415 - two clients: nothing that lists models needs them

            self._outbound, self._loop = Outbound(), loop
        return self._outbound
