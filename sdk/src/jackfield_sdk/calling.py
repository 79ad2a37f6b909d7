"""A plugin called as the host calls it: through the kernel, over the host's own way out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
from jackfield.contract import (
    CallContext,
    Credentials,
    ModelDescription,
    ModelType,
    ProviderDescription,
    Wire,
)
from jackfield.host.http import NoCookies, Outbound
from jackfield.kernel import Kernel


class Caller:
    """A plugin behind the real kernel, with what a host hands to it.

        result = await caller.kernel.invoke_llm(request, caller.context({"api_key": "sk-…"}, "acme-large"))

    :ivar kernel: every hook as a typed call, with the kernel's checks and timeouts
    :ivar provider: the provider's id
    """

    def __init__(self, kernel: Kernel, provider: str, http: httpx.AsyncClient, wire: Wire) -> None:
        self.kernel = kernel
        self.provider = provider
        self._http = http
        self._wire = wire

    @property
    def description(self) -> ProviderDescription:
        """The provider's description."""
        return self.kernel.provider(self.provider)

    def model(self, model: str, model_type: ModelType, credentials: Mapping[str, Any]) -> ModelDescription:
        """The catalog's entry; for a model that it does not list, what the plugin makes of the model form."""
        listed = self.description.model(model, model_type)
        return listed or self.kernel.describe_model(self.provider, model, model_type, credentials)

    def context(
        self,
        credentials: Mapping[str, Any],
        model: str | None = None,
        model_type: ModelType = ModelType.LLM,
        *,
        timeout: float = 10.0,
        idle_timeout: float = 10.0,
    ) -> CallContext:
        """The surroundings of one call.

        :param credentials: the form's values
        :param model: None while credentials are validated
        """
        return CallContext(
            provider=self.provider,
            credentials=Credentials(credentials),
            http=self._http,
            wire=self._wire,
            model=self.model(model, model_type, credentials) if model is not None else None,
            timeout=timeout,
            idle_timeout=idle_timeout,
            request_id="test",
        )


Around = Callable[[httpx.AsyncBaseTransport], httpx.AsyncBaseTransport]


class _Through(httpx.AsyncBaseTransport):
    """A client as a transport, so that something can stand around it."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._client.send(request, stream=True)


@asynccontextmanager
async def open_outside(kernel: Kernel, provider: str, around: Around | None = None) -> AsyncIterator[Caller]:
    """A provider that is really asked.

    :param around: puts something around the transport: what listens to the requests
    """
    outbound = Outbound()
    try:
        if around is None:
            yield Caller(kernel, provider, outbound.client, outbound.wire)
            return
        async with httpx.AsyncClient(transport=around(_Through(outbound.client)), cookies=NoCookies(), trust_env=False) as http:
            yield Caller(kernel, provider, http, outbound.wire)
    finally:
        await outbound.close()
