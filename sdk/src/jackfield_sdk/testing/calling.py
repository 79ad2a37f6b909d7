"""Calling a plugin in a test as the host calls it: through the kernel, with real HTTP, all of which leads to the double."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
from jackfield.contract import (
    CallContext,
    ConnectionFailed,
    Credentials,
    ModelDescription,
    ModelType,
    ProviderDescription,
    Timeout,
)
from jackfield.kernel import Kernel

from .double import URL_HEADER, VendorDouble


class _ToDouble(httpx.AsyncHTTPTransport):
    """Sends every request to the double, whatever address it is for; the double records that address."""

    def __init__(self, vendor: VendorDouble | None) -> None:
        super().__init__(verify=False, limits=httpx.Limits(max_connections=200))
        self._vendor = vendor

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._vendor is not None:
            asked = request.url
            double = httpx.URL(self._vendor.url)
            request.headers[URL_HEADER] = str(asked)
            request.url = asked.copy_with(scheme=double.scheme, host=double.host, port=double.port)
        return await super().handle_async_request(request)


class HttpxWire:
    """A `contract.Wire` over an httpx client: what a host gives for relay, but for the speed."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def send(self, url: str, *, headers: Mapping[str, str], body: bytes, timeout: float) -> HttpxWireResponse:
        """:raises ConnectionFailed: and Timeout, as every wire"""
        try:
            request = self._http.build_request("POST", url, headers=headers, content=body, timeout=timeout)
            return HttpxWireResponse(await self._http.send(request, stream=True))
        except httpx.TimeoutException:
            raise Timeout("The vendor did not answer in time.") from None
        except httpx.LocalProtocolError:
            raise ValueError("a header cannot be sent") from None  # as the host's wire does
        except httpx.HTTPError as error:
            raise ConnectionFailed(f"The vendor was not reached ({type(error).__name__}).") from None


class HttpxWireResponse:
    """A `contract.WireResponse`."""

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self.status: int = response.status_code
        self.headers: Mapping[str, str] = response.headers

    async def read(self) -> bytes:
        """The whole body."""
        return b"".join([chunk async for chunk in self.chunks()])

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body's pieces."""
        try:
            async for chunk in self._response.aiter_raw():
                yield chunk
        except httpx.TimeoutException:
            raise Timeout("The vendor stopped answering.") from None
        except httpx.HTTPError as error:
            raise ConnectionFailed(f"The vendor's answer broke off ({type(error).__name__}).") from None

    async def close(self) -> None:
        """Close an answer that has not ended, and its connection."""
        await self._response.aclose()


class Caller:
    """A plugin behind the real kernel, with what a host hands to it.

        async with VendorDouble() as vendor, open_caller(plugin, vendor) as caller:
            vendor.answers(Answer.json({…}))
            result = await caller.kernel.invoke_llm(request, caller.context({"api_key": "sk-…"}, "acme-large"))

    :ivar kernel: every hook as a typed call, with the kernel's checks and timeouts
    :ivar provider: the provider's id
    """

    def __init__(self, kernel: Kernel, provider: str, http: httpx.AsyncClient) -> None:
        self.kernel = kernel
        self.provider = provider
        self._http = http
        self._wire = HttpxWire(http)

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


@asynccontextmanager
async def open_caller(plugin: object, vendor: VendorDouble | None = None, provider: str | None = None) -> AsyncIterator[Caller]:
    """:param vendor: where all requests go; None: where the plugin sends them
    :param provider: which one, of a plugin that offers several
    """
    kernel = Kernel.of([("plugin", plugin)])
    for record in kernel.plugins:
        if record.quarantined:
            raise AssertionError(f"The plugin does not load: {record.quarantined.cause} {record.quarantined.advice}")
    async with httpx.AsyncClient(transport=_ToDouble(vendor)) as http:
        yield Caller(kernel, provider or next(iter(kernel.providers)), http)
