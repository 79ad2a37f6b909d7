"""`kill -9` of a host under load: what was answered is in the ledger, and what was taken of a trial stays taken."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

CALLERS = 8
TRIAL = """
[[trials]]
provider = "owl"
models = ["talker"]
quota = 5
credentials = { seeds = "lent" }
"""


@pytest.mark.usefixtures("database")
async def test_nothing_that_was_answered_is_lost(
    serve: Callable[..., Any], jackfield: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "jackfield.toml").write_text(TRIAL)
    key = (await asyncio.to_thread(jackfield, "keys", "create", "load")).out.strip()
    server = await asyncio.to_thread(serve)
    answered = 0
    headers = {"authorization": f"Bearer {key}"}
    body = {"model": "parrot/talker", "messages": [{"role": "user", "content": "hello"}]}

    async def call_until_it_dies(client: httpx.AsyncClient) -> None:
        nonlocal answered
        while True:
            try:
                answer = await client.post("/v1/chat/completions", json=body, headers=headers)
            except httpx.HTTPError:
                return
            assert answer.status_code == 200
            answered += 1
            if answered == 300:
                server.process.kill()

    async with httpx.AsyncClient(base_url=server.url, timeout=30, trust_env=False) as client:
        hanging = {"model": "owl/talker", "stream": True, "messages": [{"role": "user", "content": "hang"}]}
        async with client.stream("POST", "/v1/chat/completions", json=hanging, headers=headers) as stream:
            assert await anext(stream.aiter_bytes())  # the lent call has begun, and will never end
            await asyncio.gather(*(call_until_it_dies(client) for _ in range(CALLERS)))
    assert await asyncio.to_thread(server.process.wait, 20) == -9
    assert answered >= 300

    def look() -> None:
        used = {total["group"]: total["calls"] for total in jackfield("usage", "--json").json}
        assert answered <= used["parrot/talker"] <= answered + CALLERS
        (trial,) = jackfield("quota", "--json").json
        assert (trial["used"], trial["left"]) == (1, 4)

    await asyncio.to_thread(look)
