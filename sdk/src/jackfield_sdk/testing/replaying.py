"""A vendor that answers from a cassette."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urlsplit

from ..cassettes import SCRUBBED, Cassette, Exchange
from .answers import Answer
from .double import VendorDouble
from .recorded import Recorded


def replay(vendor: VendorDouble, cassette: Cassette) -> None:
    """From now on the vendor answers as it did: each recorded exchange once, to a request of its method and path."""
    left = list(cassette.exchanges)

    def answer(request: Recorded) -> Answer:
        for exchange in left:
            if exchange.method == request.method and _same_path(exchange, request):
                left.remove(exchange)
                pieces = tuple(exchange.pieces) or (b"",)
                return Answer(status=exchange.status, headers=exchange.response_headers, pieces=pieces, framing="chunked")
        return Answer.content(f"the cassette has no answer to {request.method} {request.path}", status=599)

    vendor.answers(answer)


def differences(exchange: Exchange, request: Recorded) -> list[str]:
    """In what a request is not the one that was recorded; what was scrubbed may be anything."""
    found = []
    recorded = dict(parse_qsl(urlsplit(exchange.url).query, keep_blank_values=True))
    if not _alike(recorded, request.query):
        found.append(f"the query is {request.query}, and was {recorded}")
    before = Recorded(method=exchange.method, url=exchange.url, headers={}, body=exchange.body)
    try:
        if not _alike(before.json, request.json):
            found.append(f"the body is {request.body!r}, and was {exchange.body!r}")
    except ValueError:
        pass  # a form's boundaries are others each time
    return found


def _same_path(exchange: Exchange, request: Recorded) -> bool:
    before, now = unquote(urlsplit(exchange.url).path).split("/"), request.path.split("/")
    return len(before) == len(now) and all(SCRUBBED in one or one == other for one, other in zip(before, now, strict=True))


def _alike(before: object, now: object) -> bool:
    if isinstance(before, str) and SCRUBBED in before:
        return isinstance(now, str)
    if isinstance(before, dict) and isinstance(now, dict):
        return before.keys() == now.keys() and all(_alike(before[name], now[name]) for name in before)
    if isinstance(before, list) and isinstance(now, list):
        return len(before) == len(now) and all(_alike(one, other) for one, other in zip(before, now, strict=True))
    return before == now
