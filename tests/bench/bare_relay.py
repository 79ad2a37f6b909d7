"""The bare relay: what uvicorn and aiohttp cost when nothing is done between them. The measure of everything else."""

import os
import socket
import sys

import aiohttp
import uvicorn

UPSTREAM = sys.argv[1]
SESSION: list[aiohttp.ClientSession] = []


async def app(scope, receive, send):  # type: ignore[no-untyped-def]
    if not SESSION:
        SESSION.append(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message["body"], message["more_body"]
    headers = {"content-type": "application/json"}
    async with SESSION[0].post(UPSTREAM + scope["path"], data=body, headers=headers) as answer:
        kind = answer.headers["content-type"].encode()
        await send({"type": "http.response.start", "status": answer.status, "headers": [(b"content-type", kind)]})
        if b"event-stream" in kind:
            async for chunk in answer.content.iter_any():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        else:
            await send({"type": "http.response.body", "body": await answer.read()})


if __name__ == "__main__":
    config = uvicorn.Config(app, loop="uvloop", http="httptools", access_log=False, log_level="error", lifespan="off")
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(os.environ["LISTEN_FD"]))])
