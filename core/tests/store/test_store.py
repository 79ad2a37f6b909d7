"""The database: migrated once by many starters, refused when it is newer, exact in money and time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from jackfield.contract import HostFault
from jackfield.store import Store
from jackfield.store.schema import HEAD, alembic_config, version_of
from jackfield.store.tables import Base, Budget, Person, UsageRow, Workspace
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import IntegrityError


async def test_many_that_start_at_once_migrate_once(empty_database_url: str) -> None:
    stores = await asyncio.gather(*(Store.open(empty_database_url) for _ in range(4)))
    async with stores[0].read() as session:
        assert (await session.execute(text("SELECT count(*) FROM revisions"))).scalar_one() == 1
    for store in stores:
        await store.close()


async def test_the_migrations_make_the_tables_that_the_program_knows(database_url: str) -> None:
    def difference(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), Base.metadata))

    store = await Store.open(database_url)
    async with store.engine.connect() as connection:
        assert await connection.run_sync(difference) == []
    await store.close()


def test_head_is_the_newest_migration() -> None:
    assert ScriptDirectory.from_config(alembic_config()).get_current_head() == HEAD


@pytest.mark.parametrize(
    "version", [script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()]
)
async def test_every_schema_that_was_ever_released_comes_forward_with_what_is_in_it(
    empty_database_url: str, version: str
) -> None:
    def make(connection: Connection) -> None:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, version)

    former = Store.connect(empty_database_url)
    async with former.engine.begin() as connection:
        await connection.run_sync(make)
        await connection.execute(
            text("INSERT INTO workspaces (id, name, revision, created_at) VALUES ('w', 'old', 7, '2026-01-01 00:00:00')")
        )
    await former.close()
    store = await Store.open(empty_database_url)
    assert await version_of(store.engine) == HEAD
    async with store.read() as session:
        assert (await session.scalars(select(Workspace.name))).all() == ["old"]
    await store.close()


async def test_a_newer_database_is_refused(database_url: str) -> None:
    store = await Store.open(database_url)
    async with store.write() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await store.close()
    with pytest.raises(HostFault, match="newer"):
        await Store.open(database_url)


async def test_money_and_time_come_back_as_they_went(database_url: str) -> None:
    store = await Store.open(database_url)
    at = datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=8)))
    amount = Decimal("12345678.0000000001")
    units = [
        "input_tokens",
        "output_tokens",
        "cache_read_tokens",
        "cache_write_tokens",
        "reasoning_tokens",
        "audio_seconds",
        "characters",
    ]
    numbers = dict.fromkeys([*units, "search_units", "milliseconds"], 0)
    texts = dict.fromkeys(["workspace_id", "provider", "model", "model_type", "outcome"], "x")
    async with store.write() as session:
        workspace = Workspace(name="w", created_at=at)
        session.add(workspace)
        await session.flush()
        session.add(Budget(workspace_id=workspace.id, period="day", unit="tokens", amount=amount * 10**9))
        session.add(UsageRow(id="1", at=at, day=at.date(), hosted=False, cost=amount, currency="USD", **numbers, **texts))
    async with store.read() as session:
        found = (await session.scalars(select(Workspace))).one()
        assert found.created_at == at
        assert found.created_at.tzinfo is UTC
        assert (await session.scalars(select(UsageRow.cost))).one() == amount
        assert (await session.scalars(select(Budget.amount))).one() == amount * 10**9
    await store.close()


async def test_a_change_that_fails_is_not_kept(database_url: str) -> None:
    store = await Store.open(database_url)
    with pytest.raises(RuntimeError):
        async with store.write() as session:
            session.add(Person(email="a@b.c"))
            await session.flush()
            raise RuntimeError
    async with store.read() as session:
        assert (await session.scalars(select(Person))).all() == []
    await store.close()


async def test_an_error_of_the_database_tells_no_values(database_url: str) -> None:
    store = await Store.open(database_url)
    for _ in range(2):
        try:
            async with store.write() as session:
                session.add(Person(email="a@b.c", password_hash="canary"))
        except IntegrityError as error:
            assert "people" in str(error)
            assert "canary" not in str(error)
            break
    else:
        pytest.fail("two people have one address")
    await store.close()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://nobody:canary@127.0.0.1:1/none", "cannot be used"),
        ("mysql://u@h/d", "not supported"),
        ("what", "not one"),
        ("sqlite:////proc/nothing/x.db", "cannot be used"),
    ],
)
async def test_a_database_that_cannot_be_used_is_said_so_without_its_password(url: str, words: str) -> None:
    with pytest.raises(HostFault) as caught:
        await Store.open(url)
    assert words in caught.value.message
    assert "canary" not in repr(caught.value.describe())
