"""Plugins made of plain functions, and the surroundings of a call."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from jackfield.contract import (
    CallContext,
    CredentialForm,
    Credentials,
    FormField,
    LocalizedText,
    ModelType,
    ProviderDescription,
    ProvisionKind,
    hookimpl,
)

SECRET = "sk-canary-0123456789"


def _describe(provider: str, types: Sequence[ModelType], dialects: Sequence[str]) -> ProviderDescription:
    field = FormField(name="api_key", kind="secret", label=LocalizedText.of("API key"))
    return ProviderDescription(
        id=provider,
        label=LocalizedText.of(provider),
        model_types=tuple(types),
        provision=(ProvisionKind.PREDEFINED, ProvisionKind.CUSTOMIZABLE),
        provider_form=CredentialForm(fields=(field,)),
        model_form=CredentialForm(),
        dialects=tuple(dialects),
    )


@pytest.fixture
def plugin() -> Callable[..., SimpleNamespace]:
    """`plugin(invoke_llm=function, …)`: a plugin whose hooks are these; `wrappers={"invoke_llm": generator}` for wrappers."""

    def make(
        provider: str | None = "acme",
        types: Sequence[ModelType] = (ModelType.LLM,),
        dialects: Sequence[str] = (),
        wrappers: dict[str, Callable[..., Any]] | None = None,
        **hooks: Callable[..., Any],
    ) -> SimpleNamespace:
        made = SimpleNamespace(**{name: hookimpl(function) for name, function in hooks.items()})
        for name, function in (wrappers or {}).items():
            setattr(made, name, hookimpl(wrapper=True)(function))
        if provider:
            made.jackfield_providers = hookimpl(lambda: [_describe(provider, types, dialects)])
        return made

    return make


@pytest.fixture
async def context() -> AsyncIterator[Callable[..., CallContext]]:
    """`context(timeout=…)`: for a call to `acme` with a secret that must turn up nowhere."""
    async with httpx.AsyncClient() as http:

        def make(**changes: Any) -> CallContext:
            given: dict[str, Any] = {"provider": "acme", "credentials": Credentials({"api_key": SECRET}), "http": http}
            return CallContext(**given | changes)

        yield make
