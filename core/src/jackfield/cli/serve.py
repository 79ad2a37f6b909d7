"""`jackfield serve`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from jackfield.contract import MissingExtra, ModelType
from jackfield.host import Host

from .output import console
from .state import State

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

app = typer.Typer(add_completion=False)


@app.command()
def serve(
    ctx: typer.Context,
    *,
    address: Annotated[str | None, typer.Option("--host", help="Address to listen on; `0.0.0.0` for all.")] = None,
    port: Annotated[int | None, typer.Option("--port", "-p", min=0, max=65535, help="Port; 0 takes a free one.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, max=256, help="Processes; one uses about one core.")] = None,
    public_url: Annotated[str | None, typer.Option(help="Under which clients reach it, where a proxy is before it.")] = None,
) -> None:
    """Start the gateway. Prints the address, and at the very first start the first API key, once.

    All options stand in `jackfield.toml` too, with many more. Ctrl-C (or SIGTERM) lets running calls end, then stops.
    """
    try:
        from jackfield.gateway import server  # noqa: PLC0415 - of an extra
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("jackfield"):
            raise
        raise _missing(error.name.partition(".")[0]) from error
    if find_spec("jinja2") is None:  # which the console imports with its first page: missing is missing now
        raise _missing("jinja2")
    from jackfield.host import logs  # noqa: PLC0415 - which needs nothing that is not there, but time

    given = {"host": address, "port": port, "workers": workers, "public_url": public_url}
    server_settings: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    settings = ctx.ensure_object(State).settings(**({"server": server_settings} if server_settings else {}))
    logs.set_up(settings.log)
    server.run(settings, routes=pages, started=_announce)


def _missing(package: str) -> MissingExtra:
    return MissingExtra(
        f"The gateway needs `{package}`, which is not installed.", advice="Run `pip install 'jackfield[server]'`."
    )


def pages(host: Host) -> Sequence[BaseRoute]:
    """What is served beside /v1: the admin API and the console."""
    from jackfield import console as web_console  # noqa: PLC0415 - of an extra
    from jackfield.gateway import admin  # noqa: PLC0415 - of an extra

    return (admin.mount(host), *web_console.routes(host))


def _announce(host: Host, address: str) -> None:
    """To standard output, the same with and without a terminal but for the colour."""
    out = console()
    out.print(Text.assemble("Jackfield serves at ", (address, "bold cyan")))
    if host.first_run is not None:
        out.print(Text.assemble("The first API key, shown this once: ", (host.first_run.api_key, "bold green")))
        out.print("`jackfield keys create NAME` makes another.")
    if host.setup_token is not None:
        setup = f"{address}/console/setup?token={host.setup_token}"
        out.print(Text.assemble("Set up the console, and become its owner: ", (setup, "bold cyan")), soft_wrap=True)
    else:
        out.print(f"The console: {address}/console/", markup=False)
    ready = [provider.id for provider in host.kernel.providers.values() if provider.needs_no_credentials and provider.models]
    if ready:
        models = [f"{name}/{model.id}" for name in ready for model in host.kernel.provider(name).models]
        chat = next((f"{n}/{m.id}" for n in ready for m in host.kernel.provider(n).models if m.type == ModelType.LLM), None)
        out.print(f"Models without a key: {', '.join(models)}")
        if chat:
            out.print(f"Try it from another terminal: jackfield chat -m {chat} hello", markup=False)
    broken = [plugin.title for plugin in host.kernel.plugins if plugin.quarantined]
    if broken:
        out.print(Text.assemble(("Quarantined: ", "red"), ", ".join(broken), ". `jackfield doctor` says why."))
    out.print("Ctrl-C stops it.")
    sys.stdout.flush()
