"""What counts as a status, and what of a request stands in the log."""

from __future__ import annotations

import logging

import httpx
import pytest
from jackfield.contract import CallContext, Credentials
from jackfield_sdk import VendorError, VendorHTTP


def context_of(http: httpx.AsyncClient) -> CallContext:
    return CallContext(provider="acme", credentials=Credentials({}), http=http)


@pytest.mark.parametrize(("code", "status"), [("429", 429), ("503", 503), ("110", None), ("200", None), ("4290", None)])
async def test_a_code_that_is_the_status_of_an_error_counts_as_one(code: str, status: int | None) -> None:
    async with httpx.AsyncClient() as http:
        error = VendorHTTP().failure(VendorError("no", code), context_of(http))
    assert error.vendor_code == code
    assert error.vendor_status == status


async def test_no_query_of_an_address_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Some vendors want a key or a token there."""
    asked: list[httpx.URL] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        return httpx.Response(200, json={})

    with caplog.at_level(logging.DEBUG, logger="httpx"):
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
            await VendorHTTP().json(context_of(http), "GET", "https://acme.example/token", params={"secret": "canary"})
            await VendorHTTP().json(context_of(http), "GET", "https://acme.example/plain")
    assert asked[0].params["secret"] == "canary"
    assert "https://acme.example/token?..." in caplog.text
    assert 'https://acme.example/plain "' in caplog.text
    assert "canary" not in caplog.text
