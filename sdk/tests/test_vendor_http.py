"""What counts as a status, and what of a request stands in the log."""

from __future__ import annotations

import logging
from typing import Any

import httpx
import pytest
from jackfield.contract import CallContext, Credentials
from jackfield_sdk import BadRequest, VendorError, VendorHTTP


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


@pytest.mark.parametrize(
    ("read_error", "body", "told"),
    [
        (False, b'{"fault": {"text": "spent", "no": 7}}', ("spent", "7")),
        (False, b'{"error": {"message": "a proxy", "code": "busy"}}', ("a proxy", "busy")),
        (False, b"<title>Bad gateway</title>", None),
        (True, b'{"fault": {"text": "spent", "no": 7}}', ("by itself", "own")),
    ],
)
async def test_what_finds_errors_in_good_answers_reads_others_too(
    read_error: bool, body: bytes, told: tuple[str, str] | None
) -> None:
    def inside(answer: dict[str, Any]) -> VendorError | None:
        fault = answer.get("fault")
        return VendorError(fault["text"], str(fault["no"])) if fault else None

    own: dict[str, Any] = {"read_error": lambda _: VendorError("by itself", "own")} if read_error else {}
    vendor = VendorHTTP(error_inside=inside, **own)
    transport = httpx.MockTransport(lambda _: httpx.Response(400, content=body))
    async with httpx.AsyncClient(transport=transport) as http:
        with pytest.raises(BadRequest) as caught:
            await vendor.json(context_of(http), "GET", "https://acme.example/")
    assert (caught.value.vendor_message, caught.value.vendor_code) == (told or ("Bad gateway", None))
