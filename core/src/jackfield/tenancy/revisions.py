"""Changes made known to every replica: a counter in the database, raised with each change and polled by all."""

from __future__ import annotations

import logging
from collections.abc import Callable

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from jackfield.contract import NotFound
from jackfield.store import Store
from jackfield.store.tables import RemovedWorkspace, Revision, Workspace

from .rounds import Rounds

POLL_SECONDS = 0.5
_log = logging.getLogger("jackfield.tenancy")


async def raise_revision(session: AsyncSession, workspace_id: str) -> int:
    """Mark the workspace as changed, in the transaction of the change itself.

    Do so before anything else is written: whoever changes something too waits here, for all that the transaction does, and no
    two of them can wait for each other.

    :raises NotFound: if there is no such workspace (any more)
    """
    statement = update(Revision).where(Revision.id == 1).values(value=Revision.value + 1).returning(Revision.value)
    value = (await session.execute(statement)).scalar_one()
    marked = update(Workspace).where(Workspace.id == workspace_id).values(revision=value).returning(Workspace.id)
    if (await session.execute(marked)).first() is None:
        raise NotFound("There is no such workspace.")
    return int(value)


class RevisionWatch:
    """Asks twice a second what changed, and tells its listeners which workspaces."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._listeners: list[Callable[[str], None]] = []
        self._seen = 0
        self._rounds = Rounds(self.poll, pause=POLL_SECONDS, failed="the revision watch failed", log=_log)

    def listen(self, listener: Callable[[str], None]) -> None:
        """`listener` gets the id of every workspace that changes or is removed, here or on another replica."""
        self._listeners.append(listener)

    def tell(self, workspace_id: str) -> None:
        """Tell the listeners at once of a change made here, or heard of on another channel."""
        for listener in self._listeners:
            listener(workspace_id)

    async def start(self) -> None:
        """Begin to watch, from the present state on."""
        async with self._store.read() as session:
            self._seen = (await session.execute(select(Revision.value))).scalar_one()
        self._rounds.start()

    async def stop(self) -> None:
        """End."""
        await self._rounds.stop()

    async def poll(self) -> None:
        """Ask once. Where the database does not answer, what is in memory stays good for its bounded age."""
        async with self._store.read() as session:
            value = (await session.execute(select(Revision.value))).scalar_one()
            if value == self._seen:
                return
            changed = [
                workspace_id
                for table in (Workspace, RemovedWorkspace)
                for workspace_id in await session.scalars(select(table.id).where(table.revision > self._seen))
            ]
        self._seen = value
        for workspace_id in changed:
            self.tell(workspace_id)
