"""What the host adds to a call, measured against a relay that does nothing.

    python tests/bench/relay.py                     # everything, about two minutes
    python tests/bench/relay.py --quick             # whole answers and streams at 50 connections
    python tests/bench/relay.py --json report.json

One constant upstream; in front of it a bare relay (uvicorn + aiohttp) and the host, one worker each, with authentication,
admission, sealed credentials and metering on. Both are loaded in turn, in one run, so that whatever else the machine does
meets both; read the ratios, not the numbers. Nothing here fails because of a clock.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import hosted
import load
import upstream
from measured import Server, free_port, listen, running, started

HERE = Path(__file__).parent
MESSAGES = [
    {"role": "system", "content": "You are terse."},
    {"role": "user", "content": "What is a jackfield, and what would I use one for? " * 4},
]
MODES = ("whole", "stream", "paced")


@dataclass(frozen=True, slots=True)
class Row:
    """One server under one load; seconds, and CPU seconds for each answer."""

    mode: str
    connections: int
    server: str
    rate: float
    p50: float
    p99: float
    cpu: float


def body(mode: str, model: str) -> bytes:
    """A chat request as the official client writes it."""
    asked: dict[str, object] = {"messages": MESSAGES, "model": model, "temperature": 0.2}
    if mode != "whole":
        asked |= {"stream": True, "stream_options": {"include_usage": True}}
    return json.dumps(asked, separators=(",", ":")).encode()


@contextmanager
def vendor(mode: str, folder: Path, options: argparse.Namespace) -> Iterator[str]:
    """The constant upstream of a mode; gives its base URL."""
    if mode == "whole":
        port = free_port()
        command = upstream.nginx_command(folder, port)
        if command is not None:
            with started(command, f"http://127.0.0.1:{port}/"):
                yield f"http://127.0.0.1:{port}"
            return
    with listen() as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        pause = options.pace if mode == "paced" else 0.0
        with started(upstream.stream_command(listener.fileno(), options.chunks, pause), url, (listener.fileno(),)):
            yield url


def measure(server: Server, mode: str, connections: int, seconds: float, folder: Path) -> Row:
    """One load on one server."""
    call = load.Call(
        server.url + "/v1/chat/completions",
        body(mode, "openai/gpt-4o-mini" if server.name == "host" else "gpt-4o-mini"),
        {"content-type": "application/json", **server.headers},
    )
    before = server.cpu()
    outcome = load.run(call, connections, seconds, folder)
    cpu = (server.cpu() - before) / max(outcome.count, 1)
    return Row(mode, connections, server.name, outcome.rate, outcome.p50, outcome.p99, cpu)


def median(rows: list[Row]) -> Row:
    """The middle of the same measurement made several times."""
    first = rows[0]
    middle = {name: statistics.median(getattr(row, name) for row in rows) for name in ("rate", "p50", "p99", "cpu")}
    return Row(first.mode, first.connections, first.server, **middle)


def compare(mode: str, counts: list[int], options: argparse.Namespace, folder: Path) -> tuple[list[Row], list[Server]]:
    """All loads of one mode, the servers in turn."""
    with ExitStack() as stack:
        url = stack.enter_context(vendor(mode, folder, options))
        state = folder / f"host-{mode}"
        state.mkdir()
        servers = [stack.enter_context(running("bare", [sys.executable, str(HERE / "bare_relay.py"), url]))]
        if not options.bare:
            command = [sys.executable, str(HERE / "hosted.py"), str(state)]
            key = prepare(state, url)
            headers = {"authorization": f"Bearer {key}"}
            servers.append(stack.enter_context(running("host", command, path="/healthz", headers=headers)))
        rows = []
        for server in servers:
            measure(server, mode, counts[0], 1, folder)  # warm-up
        for connections in counts:
            taken: dict[str, list[Row]] = {}
            for _ in range(options.repeat):
                for server in servers:
                    taken.setdefault(server.name, []).append(measure(server, mode, connections, options.seconds, folder))
            rows += [median(same) for same in taken.values()]
            show(rows[-len(servers) :])
        for server in servers:
            memory = server.memory() / 2**20
            print(f"{mode:7} {'':5} {server.name:5} start-up {server.startup:.2f} s, {memory:.0f} MB after the load")
        return rows, servers


def prepare(state: Path, url: str) -> str:
    """A host's data folder with a workspace, a credential whose base URL is `url`, and a key, which is returned."""
    return asyncio.run(hosted.prepare(state, url))


def show(rows: list[Row]) -> None:
    """The measurements of one load, each as a ratio to the bare relay's."""
    bare = rows[0]
    for row in rows:
        ratio = f"   {row.rate / bare.rate:.2f} of bare; CPU {row.cpu / bare.cpu:.2f} x" if row is not bare and bare.cpu else ""
        print(
            f"{row.mode:7} {row.connections:4}  {row.server:5} {row.rate:9.1f}/s  p50 {row.p50 * 1e3:8.2f} ms  "
            f"p99 {row.p99 * 1e3:8.2f} ms  CPU {row.cpu * 1e6:8.0f} us{ratio}",
            flush=True,
        )


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", default="1,10,50,200", help="comma-separated (default: %(default)s)")
    parser.add_argument("--modes", default=",".join(MODES), help="whole, stream (as fast as it goes), paced (default: all)")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each load (default: %(default)s)")
    parser.add_argument("--repeat", type=int, default=1, help="loads of each kind, of which the median counts")
    parser.add_argument("--chunks", type=int, default=200, help="pieces of a stream (default: %(default)s)")
    parser.add_argument("--pace", type=float, default=0.005, help="seconds between the pieces of a paced stream")
    parser.add_argument("--quick", action="store_true", help="50 connections only, no paced streams")
    parser.add_argument("--bare", action="store_true", help="the bare relay alone")
    parser.add_argument("--json", type=Path, help="write the numbers here as well")
    return parser.parse_args()


def main() -> None:
    """Measure and print."""
    options = arguments()
    counts = [50] if options.quick else [int(count) for count in options.connections.split(",")]
    modes = ["whole", "stream"] if options.quick else options.modes.split(",")
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="jackfield-bench-") as folder:
        for mode in modes:
            rows += compare(mode, [50] if mode == "paced" else counts, options, Path(folder))[0]
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=2))


if __name__ == "__main__":
    main()
