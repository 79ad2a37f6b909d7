"""The host under measurement: `python hosted.py FOLDER` serves on the socket in LISTEN_FD, with a folder made by `prepare`.

The same program as `jackfield serve`, on SQLite, but for the socket that it inherits.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

from jackfield.gateway.server import run_loop, serve
from jackfield.host import Host, NewCredential, Settings
from jackfield.host.settings import LogSettings
from jackfield.tenancy.workspaces import operator


def settings(folder: Path) -> Settings:
    """As they come, but for where the data is. Requests are logged, as they are by default."""
    return Settings(data_dir=folder, log=LogSettings(format="json"))


async def prepare(folder: Path, url: str) -> str:
    """A first workspace whose OpenAI credential leads to `url`. Answers its API key."""
    async with await Host.open(settings(folder)) as host:
        assert host.first_run is not None
        caller = operator(host.first_run.workspace.id)
        values = {"api_key": "sk-bench-0000000000000000", "base_url": f"{url}/v1"}
        await host.vendors.add(caller, "openai", NewCredential(values=values, name="bench"))
        return host.first_run.api_key


def main() -> None:
    """Serve."""
    folder = Path(sys.argv[1])
    log = (folder / "log.jsonl").open("a")
    os.dup2(log.fileno(), 2)
    listener = socket.socket(fileno=int(os.environ["LISTEN_FD"]))
    run_loop(serve(settings(folder), listener))


if __name__ == "__main__":
    main()
