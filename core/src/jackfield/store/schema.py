"""The schema's version: migrations by Alembic, run at start by one process at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from jackfield.contract import HostFault

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0002"
"""The newest migration, so that a database that is up to date is known without loading Alembic; a test holds it true."""

_LOCK = 0x6A61636B  # the number of PostgreSQL's advisory lock; any, as long as it stays


async def bring_up_to_date(engine: AsyncEngine) -> None:
    """Run what migrations are missing, under a lock that other starting processes wait for.

    :raises HostFault: if the database is newer than this program
    """
    async with engine.connect() as connection:
        if await connection.run_sync(_version) == HEAD:
            return
    async with _locked(engine) as connection:
        version = await connection.run_sync(_version)
        if version != HEAD:
            await connection.run_sync(_upgrade, version)
            await connection.commit()


@asynccontextmanager
async def _locked(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    async with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        yield connection  # on SQLite the transaction itself is the lock: it begins as a writer


async def version_of(engine: AsyncEngine) -> str | None:
    """The schema that the database has; None where it has none yet. Changes nothing."""
    async with engine.connect() as connection:
        return await connection.run_sync(_version)


def known_versions() -> set[str]:
    """The schemas that this program can bring up to date."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - a tenth of a second that an up-to-date start spares

    return {script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()}


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade(connection: Connection, version: str | None) -> None:
    from alembic import command  # noqa: PLC0415 - a tenth of a second that an up-to-date start spares

    config = alembic_config()
    if version is not None and version not in known_versions():
        raise HostFault(
            f"The database has the schema {version}, which this version of Jackfield does not know: it is newer.",
            advice="Start the newer Jackfield again, or restore the backup from before it.",
        )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def alembic_config() -> Config:
    """Alembic's configuration; its scripts are in this package."""
    from alembic.config import Config  # noqa: PLC0415 - a tenth of a second that an up-to-date start spares

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    return config
