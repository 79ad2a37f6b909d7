"""Load: `wrk` where it is installed (Debian has it), else a loader of our own on asyncio."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

_LUA = """
wrk.method = "POST"
wrk.body = %s
%s
done = function(summary, latency, requests)
  local e = summary.errors
  print(string.format('RESULT {"count": %%d, "seconds": %%f, "p50": %%f, "p99": %%f, "errors": %%d}', summary.requests,
    summary.duration / 1e6, latency:percentile(50) / 1e6, latency:percentile(99) / 1e6,
    e.connect + e.read + e.write + e.status + e.timeout))
end
"""


@dataclass(frozen=True, slots=True)
class Call:
    """One POST, sent again and again."""

    url: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a load saw; `p50` and `p99` in seconds from the request to the answer's last byte."""

    count: int
    seconds: float
    p50: float
    p99: float

    @property
    def rate(self) -> float:
        """Answers in a second."""
        return self.count / self.seconds


class LoadFailed(Exception):
    """Answers were missing or not good: what was measured is not what was meant."""


def run(call: Call, connections: int, seconds: float, folder: Path) -> Outcome:
    """Send `call` over `connections` for `seconds`.

    :raises LoadFailed: if one answer was not good
    """
    wrk = shutil.which("wrk")
    if wrk is None:
        return asyncio.run(_load(call, connections, seconds))
    script = folder / "call.lua"
    headers = "\n".join(f"wrk.headers[{_lua(name)}] = {_lua(value)}" for name, value in call.headers.items())
    script.write_text(_LUA % (_lua(call.body.decode()), headers))
    command = [wrk, "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "30s", "-s", str(script), call.url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=False)
    line = next((line for line in done.stdout.splitlines() if line.startswith("RESULT ")), None)
    if line is None:
        raise LoadFailed(f"wrk said nothing usable: {done.stdout}{done.stderr}")
    result = json.loads(line.removeprefix("RESULT "))
    if errors := result.pop("errors"):
        raise LoadFailed(f"{errors} of {result['count']} answers were not good")
    return Outcome(**result)


def _lua(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


async def _load(call: Call, connections: int, seconds: float) -> Outcome:
    host, _, path = call.url.removeprefix("http://").partition("/")
    name, _, port = host.partition(":")
    headers = "".join(f"{key}: {value}\r\n" for key, value in call.headers.items())
    head = f"POST /{path} HTTP/1.1\r\nhost: {host}\r\n{headers}content-length: {len(call.body)}\r\n\r\n"
    latencies: list[float] = []
    start = time.perf_counter()
    request = head.encode() + call.body
    await asyncio.gather(*(_caller(name, int(port), request, start + seconds, latencies) for _ in range(connections)))
    if not latencies:
        raise LoadFailed("no answer came")
    latencies.sort()
    p50, p99 = (latencies[min(len(latencies) - 1, int(len(latencies) * share))] for share in (0.5, 0.99))
    return Outcome(len(latencies), time.perf_counter() - start, p50, p99)


async def _caller(host: str, port: int, request: bytes, until: float, latencies: list[float]) -> None:
    reader, writer = await asyncio.open_connection(host, port)
    while time.perf_counter() < until:
        sent = time.perf_counter()
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if not head.startswith(b"http/1.1 200 "):
            raise LoadFailed(f"an answer was not good: {head[:200]!r}")
        at = head.find(b"content-length:")
        if at >= 0:
            await reader.readexactly(int(head[at + 15 :].split(b"\r\n", 1)[0]))
        else:
            while size := int(await reader.readline(), 16):
                await reader.readexactly(size + 2)
            await reader.readline()
        latencies.append(time.perf_counter() - sent)
    writer.close()
