"""The audit log: who changed what, written in the transaction of the change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from jackfield.store import Store
from jackfield.store.tables import AuditEntry

from .principal import Principal, Role


@dataclass(frozen=True, slots=True)
class Entry:
    """One change. `action` is `noun.verb`; `details` holds no secret."""

    id: str
    at: datetime
    actor: str
    action: str
    subject: str
    details: dict[str, Any]


def record(session: AsyncSession, caller: Principal, action: str, subject: str, details: dict[str, Any] | None = None) -> None:
    """Note a change of the caller's workspace."""
    session.add(
        AuditEntry(
            workspace_id=caller.workspace_id,
            actor=caller.actor[:200],
            action=action,
            subject=subject[:400],
            details=details or {},
        )
    )


class Audit:
    """Reads the log."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def list(self, caller: Principal, *, limit: int = 100, before: str | None = None) -> list[Entry]:
        """The newest first.

        :param before: the id of the last entry of the page before
        """
        caller.require(Role.ADMIN)
        query = select(AuditEntry).where(AuditEntry.workspace_id == caller.workspace_id).order_by(AuditEntry.id.desc())
        if before is not None:
            query = query.where(AuditEntry.id < before)
        async with self._store.read() as session:
            rows = (await session.scalars(query.limit(limit))).all()
        return [Entry(row.id, row.at, row.actor, row.action, row.subject, row.details) for row in rows]
