"""Listening to the requests of a plugin."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx

from .cassette import Exchange
from .scrubbing import Scrubber


class Recorder(httpx.AsyncBaseTransport):
    """Keeps what passes, scrubbed. To be put around a transport: `open_outside(kernel, provider, Recorder(scrubber).around)`.

    :ivar exchanges: what has passed since `take`
    """

    def __init__(self, scrubber: Scrubber) -> None:
        self._scrubber = scrubber
        self._inner: httpx.AsyncBaseTransport | None = None
        self._raw: list[tuple[httpx.Request, bytes, httpx.Response, list[bytes]]] = []

    def around(self, inner: httpx.AsyncBaseTransport) -> Recorder:
        """Stand around a transport."""
        self._inner = inner
        return self

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert self._inner is not None
        request.headers["accept-encoding"] = "identity"  # a cassette is to be read by people
        body = await request.aread()
        response = await self._inner.handle_async_request(request)
        pieces: list[bytes] = []
        self._raw.append((request, body, response, pieces))
        assert isinstance(response.stream, httpx.AsyncByteStream)
        return httpx.Response(
            response.status_code,
            headers=response.headers,
            stream=_Heard(response.stream, pieces),
            request=request,
            extensions=response.extensions,
        )

    def take(self) -> list[Exchange]:
        """What has passed; from now on it listens anew."""
        raw, self._raw = self._raw, []
        return [
            Exchange(
                method=request.method,
                url=self._scrubber.url(str(request.url)),
                request_headers=self._scrubber.headers(request.headers),
                body=self._scrubber.body(body),
                status=response.status_code,
                response_headers=self._scrubber.response_headers(response.headers),
                pieces=self._scrubber.pieces(pieces),
            )
            for request, body, response, pieces in raw
        ]


class _Heard(httpx.AsyncByteStream):
    def __init__(self, inner: httpx.AsyncByteStream, pieces: list[bytes]) -> None:
        self._inner = inner
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._inner:
            self._pieces.append(piece)
            yield piece

    async def aclose(self) -> None:
        await self._inner.aclose()
