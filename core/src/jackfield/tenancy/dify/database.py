"""Dify's database, read only: tables by reflection, as its columns come and go with its versions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, MetaData, String, Table, cast, event, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from jackfield.contract import HostFault

TABLES = (
    "tenants",
    "providers",
    "provider_credentials",
    "provider_models",
    "provider_model_credentials",
    "provider_model_settings",
    "load_balancing_model_configs",
    "tenant_default_models",
    "tenant_preferred_model_providers",
)
Row = Mapping[str, Any]


class DifyDatabase:
    """A connection to it. Nothing is ever written."""

    def __init__(self, engine: AsyncEngine, tables: Mapping[str, Table]) -> None:
        self._engine = engine
        self._tables = tables

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str) -> AsyncIterator[Self]:
        """:param url: `postgresql://user:password@host/dify`, or `sqlite:///path`

        :raises HostFault: if it is not reached, or is no database of Dify's
        """
        engine = create_async_engine(_parse(url))
        if engine.dialect.name == "sqlite":
            event.listen(engine.sync_engine, "connect", _read_only)
        else:
            engine = engine.execution_options(postgresql_readonly=True)
        try:
            try:
                async with engine.connect() as connection:
                    tables = await connection.run_sync(_reflect)
            except (OSError, DBAPIError) as error:
                cause = str(error.__cause__ or error).splitlines()[0]
                raise HostFault(
                    f"Dify's database {engine.url.render_as_string(hide_password=True)} cannot be read: {cause}.",
                    advice="Check the address, the account's rights, and that the server can be reached from here.",
                ) from None
            missing = {"tenants", "providers", "provider_models"} - tables.keys()
            if missing:
                raise HostFault(
                    f"This is no database of Dify's: it has no table {', '.join(sorted(missing))}.",
                    advice="Name the database of Dify's API (`DB_DATABASE`, usually `dify`), not that of its plugin daemon.",
                )
            yield cls(engine, tables)
        finally:
            await engine.dispose()

    async def rows(self, table: str, **equal: str) -> list[Row]:
        """Rows, in the order of their ids; none from a table that this version of Dify does not have.

        Ids are texts, whatever they are in the database.
        """
        found = self._tables.get(table)
        if found is None:
            return []
        query = select(found).order_by(*(found.c[name] for name in ("created_at", "id") if name in found.c))
        for name, value in equal.items():
            query = query.where(cast(found.c[name], String) == value)
        async with self._engine.connect() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [{name: _text(value) if _is_id(name) else value for name, value in row.items()} for row in rows]


def _is_id(column: str) -> bool:
    return column == "id" or column.endswith("_id")


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _reflect(connection: Connection) -> dict[str, Table]:
    metadata = MetaData()
    metadata.reflect(connection, only=lambda name, _: name in TABLES, resolve_fks=False)
    return dict(metadata.tables)


def _parse(url: str) -> URL:
    drivers = {"postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg", "sqlite": "sqlite+aiosqlite"}
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise HostFault(
            "The URL of Dify's database is not one.", advice="Write postgresql://user:password@host/dify."
        ) from None
    driver = drivers.get(parsed.drivername.split("+")[0])
    if driver is None:
        raise HostFault(
            f"Databases of the kind `{parsed.drivername}` cannot be read.",
            advice="Bring Dify's tables of providers and tenants into PostgreSQL or SQLite, and import from there.",
        )
    if driver.startswith("sqlite") and not (parsed.database and Path(parsed.database).is_file()):
        raise HostFault(f"There is no file {parsed.database}.", advice="Name the file of Dify's database.")
    return parsed.set(drivername=driver)


def _read_only(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA query_only=ON")
    cursor.close()
