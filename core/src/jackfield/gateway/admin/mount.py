"""Where the admin API begins: made with the first request for it, with the same care for every one."""

from __future__ import annotations

import secrets
from functools import partial
from typing import Any

from starlette.routing import Mount

from jackfield.contract import HostFault, JackfieldError
from jackfield.host import Host

from ..deferred import Deferred
from ..errors import note_fault, unexpected
from ..requests import ASGIApp, ClientGone, Message, Receive, Scope, Send, read_body
from .failures import answer_of

PATH = "/api"
MAX_BODY = 1024 * 1024
PATIENCE = 30.0


def mount(host: Host) -> Mount:
    """The routes under /api."""
    app: Any = AdminAPI(host)
    return Mount(PATH, app=app)


class AdminAPI:
    """The care that every request gets; the framework is imported, and its routes made, with the first."""

    def __init__(self, host: Host) -> None:
        self._app = Deferred(partial(_make, host))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # What is known of a request is known by its whole path, as the description writes it: not by what Mount leaves of it.
        scope = {**scope, "root_path": scope.get("app_root_path", "")}
        reply = _Reply(send)
        try:
            body = await read_body(dict(scope["headers"]), receive, max_bytes=MAX_BODY, patience=PATIENCE)
            await self._app(scope, _replay(body, receive), reply)
        except ClientGone:
            return
        except JackfieldError as error:
            note_fault(error, reply.request_id)
            await reply.fail(error, scope)
        except Exception as error:
            await reply.fail(unexpected(error, reply.request_id), scope)


class _Reply:
    """What goes back: never kept by a cache, and with the number under which the log knows it."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._begun = False
        self.request_id = "req_" + secrets.token_hex(12)

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._begun = True
            own = [(b"cache-control", b"no-store"), (b"x-request-id", self.request_id.encode())]
            message = {**message, "headers": [*message.get("headers", ()), *own]}
        await self._send(message)

    async def fail(self, error: JackfieldError, scope: Scope) -> None:
        if self._begun:
            raise error  # an answer that breaks off: the connection is closed, so that none takes it for whole
        send: Any = self
        await answer_of(error, self.request_id)(scope, _nothing, send)


def _make(host: Host) -> ASGIApp:
    try:
        from .app import create  # noqa: PLC0415 - a quarter of a second
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("jackfield"):
            raise
        raise HostFault(
            f"The admin API needs `{error.name}`, which is not installed.", advice="Run `pip install 'jackfield[server]'`."
        ) from error
    return create(host)


def _replay(body: bytes, receive: Receive) -> Receive:
    """The body that was read already; after it, what else comes."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return messages.pop() if messages else await receive()

    return again


async def _nothing() -> Message:
    return {"type": "http.disconnect"}
