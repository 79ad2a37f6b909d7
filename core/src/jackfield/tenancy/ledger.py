"""The usage ledger: every call, written to the local journal at once and to the database in batches, exactly once."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy.exc import SQLAlchemyError

from jackfield.contract import ModelType, Usage
from jackfield.store import DATABASE_ERRORS, DatabaseAway, Store, new_id, now
from jackfield.store.tables import UsageRow

from .journal import Journal, read_lines
from .rounds import Rounds

FLUSH_SECONDS = 1.0
_BATCH = 200
_log = logging.getLogger("jackfield.tenancy")


@dataclass(slots=True, kw_only=True)  # not frozen: that makes it four times as dear to make, and each call makes one
class UsageRecord:
    """One call.

    :param outcome: `ok`, `error` or `cancelled`
    :param error: the code of its error
    :param milliseconds: from beginning to end; `first_byte_milliseconds` until the answer began
    """

    workspace_id: str
    provider: str
    model: str
    model_type: ModelType
    outcome: str
    usage: Usage
    milliseconds: int
    first_byte_milliseconds: int | None = None
    key_id: str | None = None
    person_id: str | None = None
    credential_id: str | None = None
    hosted: bool = False
    error: str | None = None
    cost: Decimal | None = None
    currency: str = "USD"
    id: str = field(default_factory=new_id)
    at: datetime = field(default_factory=now)


def encode(entry: UsageRecord) -> bytes:
    """One line of JSON. (orjson reads dataclasses itself, in a fiftieth of the time that `asdict` takes.)"""
    return orjson.dumps(entry, default=str)


def decode(line: bytes) -> dict[str, Any]:
    """A line as the values of a row."""
    values: dict[str, Any] = orjson.loads(line)
    values |= values.pop("usage")
    values["at"] = datetime.fromisoformat(values["at"])
    values["day"] = values["at"].date()
    values["cost"] = Decimal(values["cost"]) if values["cost"] is not None else None
    return values


class Ledger:
    """`append` is for the hot path; a task brings what was appended to the database once a second."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._store = store
        self._journal = Journal(folder)
        failed = "usage could not be stored, and waits in the journal"
        self._rounds = Rounds(self.flush, pause=FLUSH_SECONDS, failed=failed, log=_log)
        self._waiting: deque[Path] = deque()
        self._lock = asyncio.Lock()

    def append(self, entry: UsageRecord) -> None:
        """Write a call down; from here on it is not lost when the process is killed."""
        self._journal.append(encode(entry))

    async def start(self) -> None:
        """Take over what dead processes left, so that whoever asks from here on is told of it, and begin to flush."""
        self._waiting += self._journal.orphans()
        if self._waiting:
            await self._rounds.once()
        self._rounds.start()

    async def flush(self) -> None:
        """Bring everything that was appended to the database."""
        async with self._lock:
            full = self._journal.rotate()
            if full is not None:
                self._waiting.append(full)
            while self._waiting:  # a file leaves the queue when it is stored: what fails or is cancelled comes again
                await self._store_file(self._waiting[0])
                self._waiting.popleft()

    async def stop(self) -> None:
        """Flush a last time; what the database does not take stays in the journal for the next start."""
        await self._rounds.stop()
        try:
            await self.flush()
        except DATABASE_ERRORS as error:
            _log.warning("usage stays in the journal until the next start: %s", type(error).__name__)
        self._journal.close()

    async def _store_file(self, path: Path) -> None:
        rows = []
        for line in read_lines(path):
            try:
                rows.append(decode(line))
            except (ValueError, KeyError, TypeError):
                _log.error("a line of the journal %s cannot be read and is left out", path.name)
        try:
            await self._insert(rows)
        except (
            DatabaseAway,
            SQLAlchemyError,
            ArithmeticError,
        ) as error:  # SQLite's driver raises OverflowError for what is no 64-bit number
            if not await self._takes_usage():
                raise
            _log.warning("the database refuses some of the journal %s (%s): row by row", path.name, type(error).__name__)
            await self._insert_singly(path, rows)
        self._journal.discard(path)

    async def _insert(self, rows: list[dict[str, Any]]) -> None:
        insert = self._statement()
        async with self._store.write() as session:
            for start in range(0, len(rows), _BATCH):
                await session.execute(insert, rows[start : start + _BATCH])

    async def _insert_singly(self, path: Path, rows: list[dict[str, Any]]) -> None:
        """One call that fits no column must not hold up those before and after it."""
        for row in rows:
            try:
                await self._insert([row])
            except (DatabaseAway, SQLAlchemyError, ArithmeticError) as error:
                if not await self._takes_usage():
                    raise
                self._journal.set_aside(path, orjson.dumps(row, default=str))
                _log.error("the usage of the call %s is refused by the database, and set aside: %s", row["id"], error)

    async def _takes_usage(self) -> bool:
        """Whether the database takes a call in which nothing can be wrong. It is not kept."""
        harmless = UsageRecord(
            workspace_id="", provider="", model="", model_type=ModelType.LLM, outcome="", usage=Usage(), milliseconds=0
        )
        try:
            async with self._store.engine.connect() as connection:
                await connection.execute(self._statement(), [decode(encode(harmless))])
        except DATABASE_ERRORS:
            return False
        return True

    def _statement(self) -> Any:
        # The table, not the mapped class: rows of a batch need nothing of the mapper, which costs more than all the rest.
        insert = self._store.insert(UsageRow.__table__)
        # The same file may come twice, when a process dies between storing and deleting it.
        return insert.on_conflict_do_nothing(index_elements=["id"])
