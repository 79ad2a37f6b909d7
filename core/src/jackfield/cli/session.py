"""What the commands that use models call them through: the host's database where there is one, else the environment's keys."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from jackfield.contract import (
    CredentialsMissing,
    EmbeddingRequest,
    LLMRequest,
    ModelNotFound,
    ModelType,
    RerankRequest,
    SpeechRequest,
    TranscriptionRequest,
)
from jackfield.host.library import AsyncJackfield
from jackfield.host.library_sending import Request
from jackfield.kernel import Kernel

from .state import State

if TYPE_CHECKING:
    from .hosted import Operator

ModelName = Annotated[
    str | None, typer.Option("--model", "-m", help="`provider/model`, or an alias; else the default of its type.")
]


class Session(Protocol):
    """Calls of one command."""

    async def send(self, request: Request) -> Any:
        """The result of the request's kind; an async iterator of events, with `aclose`, for a chat that asks for a stream."""

    async def model(self, name: str | None, kind: ModelType) -> str:
        """The name that a call takes: the one given, or the default; else the first model that asks for no key.

        :raises ModelNotFound: where there is none
        """


class EnvironmentSession:
    """No database: keys from the environment, nothing metered."""

    def __init__(self, jackfield: AsyncJackfield) -> None:
        self._jackfield = jackfield

    async def send(self, request: Request) -> Any:
        return await self._jackfield.send(request)

    async def model(self, name: str | None, kind: ModelType) -> str:
        return name or keyless_model(self._jackfield.kernel, kind)


class HostSession:
    """The host's database: the workspace's credentials, defaults and aliases; calls are metered.

    Where the workspace has no credential of a provider, the environment's key is used.
    """

    def __init__(self, on: Operator, environment: EnvironmentSession) -> None:
        self._on = on
        self._environment = environment

    async def send(self, request: Request) -> Any:
        try:
            return await self._send(request)
        except CredentialsMissing as missing:
            if "/" not in request.model:
                raise
            try:
                return await self._environment.send(request)
            except CredentialsMissing as also:
                missing.advice = (
                    f"{also.advice} Or add a credential to the workspace: `jackfield credentials add {missing.provider}`."
                )
                raise missing from None

    async def _send(self, request: Request) -> Any:
        calls, caller = self._on.host.calls, self._on.caller
        if isinstance(request, LLMRequest):
            return await (calls.stream_llm if request.stream else calls.llm)(caller, request)
        if isinstance(request, EmbeddingRequest):
            return await calls.embedding(caller, request)
        if isinstance(request, RerankRequest):
            return await calls.rerank(caller, request)
        if isinstance(request, TranscriptionRequest):
            return await calls.transcription(caller, request)
        if isinstance(request, SpeechRequest):
            return await calls.speech(caller, request)
        return await calls.moderation(caller, request)

    async def model(self, name: str | None, kind: ModelType) -> str:
        if name:
            return name
        view = await self._on.host.tenancy.views.get(self._on.caller.workspace_id)
        return "default" if kind in view.defaults else keyless_model(self._on.host.kernel, kind)


def keyless_model(kernel: Kernel, kind: ModelType) -> str:
    """The first model of the type whose provider asks for no key, such as the local ones.

    :raises ModelNotFound: where there is none
    """
    for provider in kernel.providers.values():
        found = next((model for model in provider.models if model.type == kind), None)
        if found is not None and provider.needs_no_credentials:
            return f"{provider.id}/{found.id}"
    raise ModelNotFound(
        f"There is no default model of type {kind}.",
        param="model",
        advice="Name one with `--model provider/model` (`jackfield models` lists them), or choose a default: "
        "`jackfield defaults set`.",
    )


@asynccontextmanager
async def open_session(state: State) -> AsyncIterator[Session]:
    """For the time of a command."""
    calls = state.settings().calls
    limits: dict[str, Any] = {"timeout": calls.timeout, "idle_timeout": calls.idle_timeout, "retries": calls.attempts - 1}
    if not state.has_database():
        async with AsyncJackfield(kernel=state.kernel(), **limits) as jackfield:
            yield EnvironmentSession(jackfield)
        return
    from .hosted import open_host  # noqa: PLC0415 - a second of imports that only those with a database need

    async with open_host(state) as on, AsyncJackfield(kernel=on.host.kernel, **limits) as jackfield:
        yield HostSession(on, EnvironmentSession(jackfield))
