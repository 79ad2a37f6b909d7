"""The constant vendor behind everything that is measured: nginx for whole answers, a small protocol server for streams.

nginx cannot send one answer in 200 pieces, so the streams come from `StreamServer`, which writes each piece by itself; it also
gives the whole answers where nginx is not installed. Run as a program: `python upstream.py FD PIECES PAUSE`.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import cast

COMPLETION = {
    "id": "chatcmpl-bench",
    "object": "chat.completion",
    "created": 1764000000,
    "model": "gpt-4o-mini",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "A jackfield is where any line plugs into any other. " * 8},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 40, "completion_tokens": 96, "total_tokens": 136},
}
WHOLE = json.dumps(COMPLETION).encode()
_NGINX = """
daemon off; master_process off; worker_processes 1; error_log stderr error; pid {folder}/nginx.pid;
events {{ worker_connections 2048; }}
http {{
    access_log off; keepalive_timeout 600s; keepalive_requests 100000000; default_type application/json;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{ listen 127.0.0.1:{port} backlog=2048; location / {{ return 200 '{answer}'; }} }}
}}
"""


def nginx_command(folder: Path, port: int) -> list[str] | None:
    """The command that starts nginx on `port`, or None where it is not installed. Writes its configuration into `folder`."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if nginx is None:
        return None
    config = folder / "nginx.conf"
    config.write_text(_NGINX.format(folder=folder, port=port, answer=WHOLE.decode()))
    return [nginx, "-p", str(folder), "-c", str(config)]


def stream_pieces(count: int) -> list[bytes]:
    """A chat of `count` pieces, each an event in a chunk of its own; the last ones carry usage and the end."""
    head = {"id": "chatcmpl-bench", "object": "chat.completion.chunk", "created": 1764000000, "model": "gpt-4o-mini"}
    texts = [{"index": 0, "delta": {"content": f" word{number}"}, "finish_reason": None} for number in range(count - 3)]
    events = [json.dumps(head | {"choices": [choice], "usage": None}) for choice in texts]
    events.append(json.dumps(head | {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": None}))
    events.append(json.dumps(head | {"choices": [], "usage": COMPLETION["usage"]}))
    events.append("[DONE]")
    return [b"data: " + event.encode() + b"\n\n" for event in events]


class StreamServer(asyncio.Protocol):
    """HTTP/1.1 by the least that clients need: one request at a time, its body by content-length."""

    whole = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(WHOLE), WHOLE)
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    chunks: tuple[bytes, ...] = ()
    pause = 0.0

    def __init__(self) -> None:
        self._buffer = b""
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by its class

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        lower = head.lower()
        at = lower.find(b"content-length:")
        length = int(lower[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(body) < length:
            return
        self._buffer = body[length:]
        if b'"stream":true' in body.replace(b" ", b""):
            self._transport.write(self.head)
            self._send(0)
        else:
            self._transport.write(self.whole)

    def _send(self, number: int) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.write(self.chunks[number])
        if number + 1 < len(self.chunks):
            if self.pause:
                self._loop.call_later(self.pause, self._send, number + 1)
            else:
                self._loop.call_soon(self._send, number + 1)


async def _serve(fd: int, pieces: int, pause: float) -> None:
    chunks = [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in stream_pieces(pieces)]
    StreamServer.chunks = (*chunks[:-1], chunks[-1] + b"0\r\n\r\n")
    StreamServer.pause = pause
    server = await asyncio.get_running_loop().create_server(StreamServer, sock=socket.socket(fileno=fd))
    await server.serve_forever()


def stream_command(fd: int, pieces: int, pause: float) -> list[str]:
    """The command that starts the protocol server on a listening socket that it inherits."""
    return [sys.executable, __file__, str(fd), str(pieces), str(pause)]


def spawn(command: list[str], fds: tuple[int, ...] = ()) -> subprocess.Popen[bytes]:
    """Start a server; what it has to say goes to our standard error."""
    return subprocess.Popen(command, pass_fds=fds, stdout=sys.stderr)


if __name__ == "__main__":
    import uvloop

    uvloop.run(_serve(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
