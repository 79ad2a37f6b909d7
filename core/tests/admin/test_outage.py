"""A database that goes away under a host that serves, and comes back: what is told, what goes on, and that nothing is lost."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from jackfield.tenancy import Role

if TYPE_CHECKING:
    import httpx

    from .conftest import OpenSite, Site


async def call(site: Site, token: str) -> httpx.Response:
    chat = {"model": "free/chat", "messages": [{"role": "user", "content": "hello"}]}
    return await site.api.post("/v1/chat/completions", json=chat, headers={"authorization": f"Bearer {token}"})


async def test_a_host_outlives_an_outage_of_its_database(open_site: OpenSite, postgres: Any, postgres_template: str) -> None:
    url = postgres.create(postgres_template)
    name = url.split("?")[0].rsplit("/", 1)[1]
    site = await open_site(url)
    known, unknown, owner = await site.key(), await site.key(), await site.key(Role.OWNER)
    await site.host.tenancy.watch.poll()  # has heard of all that was changed
    assert (await call(site, known)).status_code == 200

    kick = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    await asyncio.to_thread(postgres.execute, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false", kick)
    assert (await call(site, known)).status_code == 200  # all that it needs is in memory
    for refused in (await call(site, unknown), await site.api.get("/api/me", headers={"authorization": f"Bearer {owner}"})):
        assert refused.status_code == 503
        told = refused.json()["error"]
        assert told["message"].startswith("The database does not answer")
        assert (told["jackfield"]["code"], told["jackfield"]["fault"], told["jackfield"]["retryable"]) == (
            "database_away",
            "host",
            True,
        )
    assert (await site.api.get("/healthz")).status_code == 200
    assert (await site.api.get("/readyz")).status_code == 503

    await asyncio.to_thread(postgres.execute, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    assert (await call(site, unknown)).status_code == 200
    assert (await site.api.get("/readyz")).status_code == 200
    began = time.monotonic()
    while sum(one["calls"] for one in (await site.ask("GET", "usage", owner))["data"]) < 3:
        assert time.monotonic() - began < 30, "a call is missing"
        await asyncio.sleep(0.05)
