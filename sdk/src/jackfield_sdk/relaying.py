"""Relay: a body passed on as it is, over the host's wire."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from jackfield.contract import CallContext, HostFault, RelayRequest, RelayResponse, ServerUnavailable, WireResponse

from .http import MAX_ERROR_BYTES, VendorHTTP
from .redaction import redact


async def forward(
    request: RelayRequest, context: CallContext, url: str, headers: Mapping[str, str], http: VendorHTTP
) -> RelayResponse:
    """Send the body, answer what comes back.

    :raises JackfieldError: by the vendor's table, for an answer that is not good
    """
    if context.wire is None:
        raise HostFault("This host gave no wire to relay over.")
    sent = {"content-type": "application/json", **request.headers, **headers}
    response = await context.wire.send(url, headers=sent, body=request.body, timeout=context.timeout)
    if not 200 <= response.status < 300:
        raise await _failure(response, context, http)
    if request.stream:
        return RelayResponse(status=response.status, headers=response.headers, body=_pieces(response))
    try:
        body = await response.read()
    finally:
        await response.close()
    return RelayResponse(status=response.status, headers=response.headers, body=body)


async def _pieces(response: WireResponse) -> AsyncIterator[bytes]:
    try:
        async for chunk in response.chunks():
            yield chunk
    finally:
        await response.close()


async def _failure(response: WireResponse, context: CallContext, http: VendorHTTP) -> Exception:
    try:
        body = bytearray()
        async for chunk in response.chunks():
            body += chunk
            if len(body) > MAX_ERROR_BYTES:
                break
    finally:
        await response.close()
    vendor = http.read_error(bytes(body[:MAX_ERROR_BYTES]))
    clean = type(vendor)(redact(vendor.message, context.credentials), vendor.code, vendor.param, vendor.type)
    if 300 <= response.status < 400:
        return ServerUnavailable("The vendor answered with a redirect, which is not followed.", vendor_status=response.status)
    return http.table.error(clean, status=response.status, headers=response.headers)
