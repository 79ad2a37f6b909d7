"""What the commands that use models call them through."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import typer

from jackfield.contract import BadRequest, ModelType
from jackfield.host.library import AsyncJackfield
from jackfield.host.library_sending import Request

from .state import State

ModelName = Annotated[str | None, typer.Option("--model", "-m", help="`provider/model`; without it, the default of its type.")]


class Session:
    """Calls of one command."""

    def __init__(self, jackfield: AsyncJackfield) -> None:
        self._jackfield = jackfield

    async def send(self, request: Request) -> Any:
        """The result of the request's kind; an async iterator of events for a chat that asks for a stream."""
        return await self._jackfield.send(request)

    def model(self, name: str | None, kind: ModelType) -> str:
        """The name that a call takes: the one given, or the first model of the type that asks for no key.

        :raises BadRequest: where there is none
        """
        if name:
            return name
        for provider in self._jackfield.providers.values():
            found = next((model for model in provider.models if model.type == kind), None)
            if found is not None and provider.needs_no_credentials:
                return f"{provider.id}/{found.id}"
        raise BadRequest(
            f"There is no default model of type {kind}.",
            param="model",
            advice="Name one with `--model provider/model`; `jackfield models` lists them.",
        )


@asynccontextmanager
async def open_session(state: State) -> AsyncIterator[Session]:
    """For the time of a command."""
    settings = state.settings()
    async with AsyncJackfield(
        kernel=state.kernel(), timeout=settings.calls.timeout, idle_timeout=settings.calls.idle_timeout
    ) as jackfield:
        yield Session(jackfield)
