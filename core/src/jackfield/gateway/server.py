"""The process, or the processes, that serve: uvicorn on uvloop, without a log and a framework of its own in the way."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import socket
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import uvicorn
from starlette.routing import BaseRoute

from jackfield.contract import HostFault
from jackfield.host import Host
from jackfield.host.settings import ServerSettings, Settings
from jackfield.kernel import Kernel

_log = logging.getLogger("jackfield.gateway")
BACKLOG = 2048
STUCK_SECONDS = 120
"""A client that takes nothing for so long is cut off, by the kernel (TCP_USER_TIMEOUT, RFC 5482)."""

GARBAGE = (700, 10, 10)
"""Python's own rhythm of collecting it, which the command line leaves for the time of its start."""

Routes = Callable[[Host], Sequence[BaseRoute]]
Started = Callable[[Host, str], None]


def listen(settings: ServerSettings) -> socket.socket:
    """A listening socket as the settings say.

    :raises HostFault: if the address cannot be had
    """
    try:
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        listener = socket.create_server(
            (settings.host, settings.port), family=family, backlog=BACKLOG, dualstack_ipv6=settings.host == "::"
        )
    except OSError as error:
        raise HostFault(
            f"The host cannot listen on {settings.host}:{settings.port}: {error.strerror or error}.",
            advice="End what listens there, or choose another with --host and --port (`server.host`, `server.port`).",
        ) from error
    # What is set here holds for every connection that is accepted.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STUCK_SECONDS * 1000)
    listener.set_inheritable(True)
    return listener


def address(listener: socket.socket, settings: ServerSettings) -> str:
    """The URL under which people reach the host."""
    if settings.public_url:
        return settings.public_url.rstrip("/")
    host, port = listener.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104 - it is compared, not listened on
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def config(app: Any, settings: ServerSettings) -> uvicorn.Config:
    """How uvicorn is run. Proxies and logs are our own business (see `app`)."""
    return uvicorn.Config(
        app,
        loop="uvloop" if os.name == "posix" else "asyncio",
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=max(1, round(settings.grace_period)),
    )


async def serve(
    settings: Settings,
    listener: socket.socket,
    *,
    routes: Routes | None = None,
    started: Started | None = None,
    kernel: Kernel | None = None,
    until: asyncio.Event | None = None,
    alone: bool = False,
) -> None:
    """Open the host, serve it on `listener` until SIGTERM or SIGINT (or `until`), let running calls end, close it.

    :param routes: what is served beside /v1; see `create_app`
    :param started: told when the host serves, with its address
    :param kernel: the plugins to use instead of those that are installed
    :param alone: whether the process does nothing else
    """
    from .app import create_app  # noqa: PLC0415 - a parent of workers does not need it

    async with await Host.open(settings, kernel=kernel) as host:
        app = create_app(host, routes(host) if routes is not None else ())
        server = _Server(config(app, settings.server))
        server.until = until
        preparing: asyncio.Task[None] | None = None

        def on_started() -> None:
            nonlocal preparing
            if started is not None:
                started(host, address(listener, settings.server))
            preparing = asyncio.create_task(_prepare(host, alone=alone))

        server.on_started = on_started
        try:
            await server.serve(sockets=[listener])
        finally:
            if preparing is not None:
                await preparing
        _log.info("the host stops", extra={"running_calls": host.running_calls})
        app.close()


async def _prepare(host: Host, *, alone: bool) -> None:
    """What can wait until the host serves, but not until the first call."""
    try:
        await host.prepare()
    except Exception:
        _log.exception("what calls need could not be loaded")
    if alone:
        # What is there by now stays: it is not looked through for garbage again. From here on there are calls, so often enough.
        gc.freeze()
        gc.set_threshold(*GARBAGE)


class _Server(uvicorn.Server):
    """Says when it is ready, and ends by returning: who asked it to stop is not to be killed by the same signal again."""

    on_started: Callable[[], None] | None = None
    until: asyncio.Event | None = None

    async def on_tick(self, counter: int) -> bool:
        return await super().on_tick(counter) or (self.until is not None and self.until.is_set())

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.on_started is not None:
            self.on_started()

    def handle_exit(self, sig: int, frame: Any) -> None:
        """The first signal lets running calls end; a second one does not wait for them."""
        if self.should_exit:
            self.force_exit = True
        self.should_exit = True


def run_loop(main: Coroutine[Any, Any, None]) -> None:
    """`asyncio.run` on uvloop, where there is one."""
    if os.name != "posix":
        asyncio.run(main)
        return
    import uvloop  # noqa: PLC0415 - not on every system

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)


def run(settings: Settings, *, routes: Routes | None = None, started: Started | None = None) -> None:
    """Serve until told to stop; with `server.workers` above one, in as many processes that share the socket.

    :raises HostFault: if the address cannot be had, or the host cannot be opened
    """
    listener = listen(settings.server)
    if settings.server.workers == 1:
        run_loop(serve(settings, listener, routes=routes, started=started, alone=True))
        return
    if settings.database_url is None or settings.database_url.get_secret_value().startswith("sqlite"):
        _log.warning("several workers share one SQLite file: reads are as fast, writes wait for each other; use PostgreSQL")
    if settings.redis_url is None:
        _log.warning("several workers without Redis: each counts rates for itself (set `redis_url` to count them together)")
    from .workers import Workers  # noqa: PLC0415 - which needs this module

    Workers(settings, listener, routes, started).run()
