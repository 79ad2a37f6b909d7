"""Relay: a body passed on as it is, over the host's wire."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from jackfield.contract import (
    CallContext,
    HostFault,
    JackfieldError,
    RelayRequest,
    RelayResponse,
    ServerUnavailable,
    WireResponse,
)

from .http import MAX_ERROR_BYTES, VendorHTTP, redact_error, unsendable


class _Pieces:
    """The answer's pieces. Closing it closes the answer, if nothing was asked of it yet as well."""

    __slots__ = ("_next", "_response")

    def __init__(self, response: WireResponse) -> None:
        self._response = response
        self._next = response.chunks().__anext__

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        return await self._next()

    async def aclose(self) -> None:
        await self._response.close()


async def forward(
    request: RelayRequest, context: CallContext, url: str, headers: Mapping[str, str], http: VendorHTTP
) -> RelayResponse:
    """Send the body, answer what comes back. Headers of the client's go first, those of the plugin over them.

    :raises JackfieldError: by the vendor's table, for an answer that is not good
    """
    if context.wire is None:
        raise HostFault("This host gave no wire to relay over.")
    sent = {"content-type": "application/json", **request.headers, **headers}
    try:
        response = await context.wire.send(url, headers=sent, body=request.body, timeout=context.timeout)
    except ValueError:  # what cannot stand in a header: its text may be the key
        raise unsendable() from None
    if not 200 <= response.status < 300:
        raise await _failure(response, context, http)
    if request.stream:
        return RelayResponse(status=response.status, headers=response.headers, body=_Pieces(response))
    try:
        body = await response.read()
    finally:
        await response.close()
    return RelayResponse(status=response.status, headers=response.headers, body=body)


async def _failure(response: WireResponse, context: CallContext, http: VendorHTTP) -> JackfieldError:
    if 300 <= response.status < 400:
        await response.close()
        return ServerUnavailable("The vendor answered with a redirect, which is not followed.", vendor_status=response.status)
    body = bytearray()
    try:
        async for chunk in response.chunks():
            body += chunk
            if len(body) > MAX_ERROR_BYTES:
                break
    except JackfieldError:
        pass  # the status alone says more than a broken body
    finally:
        await response.close()
    vendor = redact_error(http.said(bytes(body[:MAX_ERROR_BYTES])), context)
    return http.table.error(vendor, status=response.status, headers=response.headers)
