"""The database: an engine, sessions, and the schema brought up to date at start."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from sqlite3 import OperationalError
from typing import Any, Self

from sqlalchemy import event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.util import await_only

from jackfield.contract import HostFault

from .errors import telling_if_away
from .schema import bring_up_to_date

_WAL_ATTEMPTS, _WAL_PAUSE = 100, 0.05  # seconds
_CONNECT_TIMEOUT = 30.0  # seconds; the driver itself waits a minute
_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}


class Store:
    """A database that is up to date. Sessions are short: one for each change or question."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self._writers = async_sessionmaker(engine, expire_on_commit=False)
        self._readers = async_sessionmaker(engine.execution_options(jackfield_reading=True), expire_on_commit=False)

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.engine.dialect.name

    @classmethod
    async def open(cls, url: str) -> Self:
        """Connect and migrate.

        :param url: `sqlite:///path` or `postgresql://user:password@host/name`
        :raises HostFault: if the database is not reached, is newer than this program, or its driver is not installed
        """
        engine = cls.connect(url).engine
        try:
            if engine.dialect.name == "sqlite" and engine.url.database:
                Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            await bring_up_to_date(engine)
        except (OSError, DBAPIError) as error:
            await engine.dispose()
            where = engine.url.render_as_string(hide_password=True)
            raise HostFault(
                f"The database {where} cannot be used: {error.__cause__ or error}.",
                advice="Check the address, that the server runs, and that the folder or the account may be written.",
            ) from None
        except BaseException:
            await engine.dispose()
            raise
        return cls(engine)

    @classmethod
    def connect(cls, url: str) -> Self:
        """The same as it is, not migrated: to look at what is there.

        :raises HostFault: for a URL that is none, or a database of another kind
        """
        # Parameters are hashes, sealed secrets, addresses: no error may tell them.
        engine = create_async_engine(_parse(url), hide_parameters=True, **_options(url))
        if engine.dialect.name == "sqlite":
            _tune_sqlite(engine)
        return cls(engine)

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session for questions; nothing it does is kept.

        :raises DatabaseAway: at its beginning, within, or at its end
        """
        with telling_if_away():
            async with self._readers() as session:
                yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """A session whose work is kept at the end of the block, or not at all.

        :raises DatabaseAway: as `read`
        """
        with telling_if_away():
            async with self._writers() as session, session.begin():
                yield session

    def insert(self, table: Any) -> Any:
        """An insert that knows `on_conflict_do_update` and `on_conflict_do_nothing`, which the two databases write alike.

        :param table: a mapped class, or its table
        """
        return import_module(f"sqlalchemy.dialects.{self.dialect}").insert(table)

    async def ping(self) -> None:
        """:raises DatabaseAway: if the database does not answer"""
        async with self.read() as session:  # on SQLite any other transaction would wait for whoever writes
            await session.execute(text("SELECT 1"))


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise HostFault(
            "The database URL is not one.", advice="Write postgresql://user:password@host/name or sqlite:///path."
        ) from None
    base = parsed.drivername.split("+")[0]
    if base not in _DRIVERS:
        raise HostFault(f"Databases of the kind `{base}` are not supported.", advice="Use SQLite or PostgreSQL.")
    return parsed.set(drivername=_DRIVERS[base])


def _options(url: str) -> dict[str, Any]:
    if url.startswith("sqlite"):
        return {}
    return {
        "pool_size": 10,
        "max_overflow": 10,
        "pool_pre_ping": True,
        "pool_recycle": 1800,
        "connect_args": {"timeout": _CONNECT_TIMEOUT},
    }


def _write_ahead(cursor: Any) -> None:
    """Readers and the writer do not wait for each other (https://sqlite.org/wal.html).

    The file keeps the mode; only the first connection of all changes it. Of several that start at once on a new file, SQLite
    turns the others away without waiting, busy timeout or not.
    """
    for left in reversed(range(_WAL_ATTEMPTS)):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except OperationalError:
            if not left:
                raise
            await_only(asyncio.sleep(_WAL_PAUSE))
        else:
            return


def _tune_sqlite(engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def _on_connect(connection: Any, record: Any) -> None:
        # The driver would open transactions late and as readers, and two that then write would fail at once.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("busy_timeout=15000", "foreign_keys=ON", "synchronous=NORMAL"):
            cursor.execute(f"PRAGMA {pragma}")
        _write_ahead(cursor)
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _on_begin(connection: Any) -> None:
        reading = connection.get_execution_options().get("jackfield_reading")
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
