"""One request of the /v1 surfaces and its answer: what an endpoint works with."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson

from jackfield.contract import JackfieldError
from jackfield.host.tickets import CallInfo

from .disconnects import Watch
from .errors import ErrorRenderer, Headers, error_headers
from .requests import Receive, Scope, Send, anthropic_key, bearer_key, json_object, missing_key, read_body, wants_drop

if TYPE_CHECKING:
    from jackfield.host import Host
    from jackfield.tenancy import Principal

    from .surfaces import Surface

JSON: Headers = [
    (b"content-type", b"application/json"),
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
]
EVENTS: Headers = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-cache, no-store"),
    (b"x-accel-buffering", b"no"),  # nginx: pass each event on as it comes
]
BODY_PATIENCE = 30.0
_names: dict[tuple[str, str], bytes] = {}


class Exchange:
    """:ivar info: of the call, for the host to fill in and for our headers and log
    :ivar caller: who the key belongs to, once that is known
    :ivar status: of the answer; 0 before it is sent
    :ivar outcome: of the request: `ok`, `error`, `disconnected`, or `cut` (ended by a shutdown)
    """

    __slots__ = (
        "bytes_in",
        "bytes_out",
        "caller",
        "error",
        "extra_headers",
        "headers",
        "host",
        "info",
        "outcome",
        "receive",
        "render_error",
        "scope",
        "send",
        "started",
        "status",
        "surface",
        "watch",
    )

    def __init__(self, host: Host, surface: Surface, scope: Scope, receive: Receive, send: Send) -> None:
        self.host = host
        self.surface = surface
        self.render_error = surface.render_error
        self.scope = scope
        self.receive = receive
        self.send = send
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.info = CallInfo(request_id="req_" + secrets.token_hex(12))
        self.caller: Principal | None = None
        self.started = time.perf_counter()
        self.status = 0
        self.outcome = "ok"
        self.error: JackfieldError | None = None
        self.bytes_in = 0
        self.bytes_out = 0
        self.extra_headers: Headers = []
        self.watch: Watch | None = None

    # -- the request

    async def authenticate(self) -> Principal:
        """Who calls.

        :raises Unauthenticated: without a good key
        """
        anthropic = self.surface.anthropic
        key = anthropic_key(self.headers) if anthropic else bearer_key(self.headers)
        if key is None:
            raise missing_key(anthropic=anthropic)
        keys = self.host.tenancy.keys
        self.caller = caller = keys.cached(key) or await keys.authenticate(key)
        return caller

    @property
    def principal(self) -> Principal:
        """Who calls; to be asked after `authenticate`."""
        assert self.caller is not None
        return self.caller

    async def read(self) -> bytes:
        """The body.

        :raises RequestTooLarge, Timeout: see `read_body`
        """
        raw = await read_body(
            self.headers, self.receive, max_bytes=self.host.settings.server.max_body_bytes, patience=BODY_PATIENCE
        )
        self.bytes_in = len(raw)
        return raw

    async def read_json(self) -> dict[str, Any]:
        """The body as a JSON object. :raises BadRequest: if it is none"""
        return json_object(await self.read())

    @property
    def drops(self) -> bool:
        """Whether the client asked for parameters that the model does not take to be dropped."""
        return wants_drop(self.headers)

    def watching(self) -> Watch:
        """A context in which the client's going away cancels what is awaited, and `ClientGone` comes out."""
        self.watch = Watch(self.receive)
        return self.watch

    def speak(self, render_error: ErrorRenderer) -> None:
        """Tell errors in these words, as the client is one of another vendor than the surface's."""
        self.render_error = render_error

    # -- the answer

    def head(self) -> Headers:
        """The headers that every answer of ours has: its number, and what served it."""
        info = self.info
        headers = [(b"x-request-id", info.request_id.encode()), *self.extra_headers]
        if self.surface.anthropic:
            headers.append((b"request-id", info.request_id.encode()))
        if info.provider:
            name = _names.get((info.provider, info.model))
            if name is None:
                name = header_text(f"{info.provider}/{info.model}")
                if len(_names) < 10_000:
                    _names[(info.provider, info.model)] = name
            headers.append((b"x-jackfield-model", name))
            headers.append((b"x-jackfield-credential", b"hosted" if info.hosted else b"own"))
        return headers

    async def respond(self, body: bytes, *, status: int = 200, headers: Headers = JSON) -> None:
        """A whole answer."""
        if self.watch is not None:
            self.watch.stop()
        self.status = status
        self.bytes_out = len(body)
        length = (b"content-length", str(len(body)).encode())
        await self.send({"type": "http.response.start", "status": status, "headers": [*headers, length, *self.head()]})
        await self.send({"type": "http.response.body", "body": body})

    async def respond_json(self, body: Any) -> None:
        """A whole answer in JSON."""
        await self.respond(orjson.dumps(body))

    async def fail(self, error: JackfieldError) -> None:
        """Answer with an error, unless an answer has begun: then the connection is closed, so that none takes it for whole."""
        self.error = error
        self.outcome = "error"
        if self.status:
            return
        error.request_id = error.request_id or self.info.request_id
        body = orjson.dumps(self.render_error(error))
        await self.respond(body, status=error.status, headers=[*JSON, *error_headers(error)])


def header_text(text: str) -> bytes:
    """Text as a header's value: what HTTP does not allow there is percent-encoded."""
    return quote(text, safe="/:@!$&'()*+,;=~ -._#[]{}|^").encode("ascii")
