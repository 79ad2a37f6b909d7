"""The host in this process, for commands that work on its database."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from jackfield.contract import NotFound
from jackfield.host.host import Host
from jackfield.tenancy import FirstRun, Principal, operator

from .state import State, quiet


@dataclass(frozen=True, slots=True)
class Operator:
    """Whoever runs the command line has the host's files, and so every right in the workspace that they name.

    :param caller: the operator, in the workspace
    """

    host: Host
    caller: Principal


@asynccontextmanager
async def open_host(state: State, *, removed: bool = False) -> AsyncIterator[Operator]:
    """For the time of a command.

    :param removed: a workspace that was removed will do: for what is kept of it
    :raises HostFault: as `Host.open`
    :raises NotFound: for a workspace that does not exist
    """
    quiet()
    host = await Host.open(state.settings(), kernel=state.kernel())
    try:
        announce(host.first_run)
        yield Operator(host, await _operator(host, state.workspace, removed=removed))
    finally:
        await host.close(grace=0)  # the command is over, and nobody else calls through this host


async def _operator(host: Host, workspace: str | None, *, removed: bool) -> Principal:
    if workspace is not None:
        return operator((await host.tenancy.workspaces.find(workspace, removed=removed)).id)
    workspaces = await host.tenancy.workspaces.list()
    if not workspaces:
        raise NotFound("The host has no workspace.", advice="Make one: `jackfield workspaces create`.")
    return operator(workspaces[0].id)


def announce(first_run: FirstRun | None) -> None:
    """The first API key is made with the database and shown this once, whichever command was the first."""
    if first_run is not None:
        print(f"A database was made. Its first API key, shown this once: {first_run.api_key}", file=sys.stderr)
