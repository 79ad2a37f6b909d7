"""Rotation of keys while replicas work: the master key, and the key pairs of workspaces.

Nothing is ever without a key that opens it. What moves, moves row by row, each by one statement that changes the row only if it
still is what was read; a run that is killed leaves every row under the former key or the new one, both of which open, and the
next run goes on with what is left. Two runs at once do each other's work, and no harm.

Former keys stay for a time: a replica may hold what it read before, or seal under the pair that was current until its next look
at the revisions. Former pairs go with the first run an hour later that finds nothing under them; former master keys go by
`forget_master_keys`, as a backup of the database may need them longer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, literal, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from jackfield.contract import HostFault, JackfieldError, NotFound
from jackfield.store import Store, now
from jackfield.store.tables import CredentialRow, KeyPairRow, Workspace
from jackfield.vault import (
    KeyPair,
    MasterKey,
    MasterKeyring,
    Owner,
    SealBroken,
    key_id_of,
    read_key_file,
    relock,
    write_key_file,
)

from .audit import record
from .principal import Principal, Role
from .revisions import POLL_SECONDS, raise_revision

BATCH = 50
"""Rows that are moved in one transaction."""

STRAGGLERS = 2 * POLL_SECONDS + 0.5
"""Seconds after which every replica has heard that a pair is no longer the current one, and done what it was about to do."""

KEEP_PAIRS = timedelta(hours=1)
"""How long a former key pair stays at least: longer than anything in memory that may need it."""

_LOCK = 0x6A616B72  # the number of PostgreSQL's advisory lock; any, as long as it stays

OnProgress = Callable[[str, int], None]
"""Gets what was moved (`pair` or `secret`) and how many of them so far, after each transaction."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A row that could not be moved; it is as it was."""

    workspace_id: str
    subject: str
    message: str


@dataclass(slots=True)
class Outcome:
    """What a run did.

    :param pairs: private keys put under the current master key
    :param workspaces: those that got a new key pair
    :param secrets: secrets sealed anew
    :param removed: former key pairs that nothing needed any more
    """

    pairs: int = 0
    workspaces: list[str] = field(default_factory=list)
    secrets: int = 0
    removed: int = 0
    failures: dict[str, Failure] = field(default_factory=dict)

    def fail(self, workspace_id: str, subject: str, error: JackfieldError) -> None:
        """Note a row that stays behind."""
        self.failures[subject] = Failure(workspace_id, subject, f"{error.message} {error.advice}")


@dataclass(frozen=True, slots=True)
class KeyState:
    """How things stand.

    :param master_keys: fingerprint -> number of private keys under it
    :param behind: secrets under a pair that is no longer current
    """

    current_master_key: str
    master_keys: Mapping[str, int]
    workspaces: int
    former_pairs: int
    secrets: int
    behind: int


class KeyRotation:
    """The service.

    :param tell: told of each workspace whose pair changed, where this process holds views of its own
    """

    def __init__(self, store: Store, masters: MasterKeyring, tell: Callable[[str], None] | None = None) -> None:
        self._store = store
        self.masters = masters
        self._tell = tell

    async def state(self) -> KeyState:
        """How many rows are under which keys."""
        is_former = ~CredentialRow.sealed.startswith(literal("jf1.") + KeyPairRow.id + ".")
        behind = select(func.count()).join_from(
            CredentialRow, KeyPairRow, (KeyPairRow.workspace_id == CredentialRow.workspace_id) & KeyPairRow.current.is_(True)
        )
        async with self._store.read() as session:

            async def count(query: Any) -> int:
                return int((await session.execute(query)).scalar_one())

            return KeyState(
                current_master_key=self.masters.current.id,
                master_keys=await _count_master_keys(session),
                workspaces=await count(select(func.count()).select_from(Workspace)),
                former_pairs=await count(select(func.count()).select_from(KeyPairRow).where(KeyPairRow.current.is_(False))),
                secrets=await count(select(func.count()).select_from(CredentialRow).where(CredentialRow.sealed.is_not(None))),
                behind=await count(behind.where(CredentialRow.sealed.is_not(None), is_former)),
            )

    # -- the master key ----------------------------------------------------------------------------------------------------

    async def renew_master_key(self, path: Path) -> bool:
        """Put a fresh master key first in the key file. Call `relock_pairs` then.

        :returns: False where pairs still wait for an earlier new key: that rotation goes on instead
        """
        async with self._store.write() as session:
            await self._lock(session)
            keys = read_key_file(path)
            if set(await _count_master_keys(session)) - {keys[0].id}:
                return False
            write_key_file(path, [MasterKey.generate(), *keys])
        self.masters.refresh()
        return True

    async def relock_pairs(self, outcome: Outcome, on_progress: OnProgress | None = None) -> None:
        """Put every private key under the current master key."""
        self.masters.refresh()
        moved = 1
        while moved:  # pairs may be made meanwhile
            moved = await self._relock_pass(outcome, on_progress)

    async def _relock_pass(self, outcome: Outcome, on_progress: OnProgress | None) -> int:
        moved, last = 0, ""
        behind = ~KeyPairRow.locked.startswith(f"jk1.{self.masters.current.id}.")
        query = select(KeyPairRow.id, KeyPairRow.workspace_id, KeyPairRow.locked).where(behind).order_by(KeyPairRow.id)
        while True:
            async with self._store.read() as session:
                rows = (await session.execute(query.where(KeyPairRow.id > last).limit(BATCH))).all()
            if not rows:
                return moved
            changes = []
            for pair_id, workspace_id, locked in rows:
                try:
                    new = await asyncio.to_thread(relock, locked, pair_id, workspace_id, self.masters)
                    changes.append((pair_id, locked, new))
                except HostFault as error:
                    outcome.fail(workspace_id, f"key pair {pair_id}", error)
            async with self._store.write() as session:
                for pair_id, locked, new in changes:
                    unchanged = (KeyPairRow.id == pair_id, KeyPairRow.locked == locked)
                    result = await session.execute(update(KeyPairRow).where(*unchanged).values(locked=new))
                    moved += result.rowcount  # type: ignore[attr-defined]  # of an UPDATE it is there
            outcome.pairs += len(changes)
            if on_progress is not None and changes:
                on_progress("pair", outcome.pairs)
            last = rows[-1][0]

    async def forget_master_keys(self, path: Path) -> tuple[str, ...]:
        """Take the former master keys that no private key is under out of the key file.

        :returns: their fingerprints
        """
        async with self._store.write() as session:
            await self._lock(session)
            keys = read_key_file(path)
            needed = await _count_master_keys(session)
            forgotten = [key for key in keys[1:] if key.id not in needed]
            write_key_file(path, [key for key in keys if key not in forgotten])
        await _wait_for_replicas()  # one may have read the file just before, and lock a pair just after
        async with self._store.write() as session:
            await self._lock(session)
            needed = await _count_master_keys(session)
            missed = [key for key in forgotten if key.id in needed]
            if missed:
                write_key_file(path, [*read_key_file(path), *missed])
        self.masters.refresh()
        return tuple(key.id for key in forgotten if key not in missed)

    # -- key pairs of workspaces -------------------------------------------------------------------------------------------

    async def rotate_workspaces(
        self,
        outcome: Outcome,
        *,
        only: str | None = None,
        older_than: timedelta = timedelta(0),
        on_progress: OnProgress | None = None,
    ) -> None:
        """Give workspaces a new key pair and seal their secrets anew under it.

        :param only: the id of one workspace; None: all
        :param older_than: pairs younger than this stay, so that a run that was interrupted goes on where it stopped
        :raises NotFound: if there is no workspace `only`
        """
        workspaces = await self._workspaces(only)
        for workspace_id in workspaces:
            try:
                if await self._renew_pair(workspace_id, older_than):
                    outcome.workspaces.append(workspace_id)
                await self._reseal(workspace_id, outcome, on_progress)
            except NotFound:
                continue  # removed meanwhile
            except HostFault as error:
                outcome.fail(workspace_id, f"workspace {workspace_id}", error)
        if outcome.workspaces:
            await _wait_for_replicas()
        for workspace_id in workspaces:
            await self._reseal(workspace_id, outcome, on_progress)
            outcome.removed += await self._remove_pairs(workspace_id)

    async def _workspaces(self, only: str | None) -> list[str]:
        async with self._store.read() as session:
            if only is None:
                return list(await session.scalars(select(Workspace.id).order_by(Workspace.id)))
            if await session.get(Workspace, only) is None:
                raise NotFound(f"There is no workspace {only}.", advice="List them with `jackfield workspaces list`.")
            return [only]

    async def _renew_pair(self, workspace_id: str, older_than: timedelta) -> bool:
        async with self._store.read() as session:
            former = await _current_pair(session, workspace_id)
        if former is not None and now() - former.created_at < older_than:
            return False
        pair = await asyncio.to_thread(KeyPair.generate, workspace_id)
        async with self._store.write() as session:
            await raise_revision(session, workspace_id)
            latest = await _current_pair(session, workspace_id)
            if (latest.id if latest else None) != (former.id if former else None):
                return False  # another run was faster
            await session.execute(update(KeyPairRow).where(KeyPairRow.workspace_id == workspace_id).values(current=False))
            self.masters.refresh()
            locked = pair.lock(self.masters.current)
            session.add(KeyPairRow(id=pair.id, workspace_id=workspace_id, public_pem=pair.public_pem, locked=locked))
            record(session, Principal(workspace_id, "rotate-keys", Role.OWNER), "keys.rotate", pair.id)
        if self._tell is not None:
            self._tell(workspace_id)
        return True

    async def _reseal(self, workspace_id: str, outcome: Outcome, on_progress: OnProgress | None) -> None:
        async with self._store.read() as session:
            row = await _current_pair(session, workspace_id)
        if row is None:
            return
        current = await self._unlock(row)
        pairs, last = {current.id: current}, ""
        behind = (CredentialRow.workspace_id == workspace_id, ~CredentialRow.sealed.startswith(f"jf1.{current.id}."))
        query = select(CredentialRow.id, CredentialRow.provider, CredentialRow.sealed).where(*behind).order_by(CredentialRow.id)
        while True:
            async with self._store.read() as session:
                rows: Sequence[Any] = (await session.execute(query.where(CredentialRow.id > last).limit(BATCH))).all()
            if not rows:
                return
            changes = []
            for credential_id, provider, sealed in rows:
                try:
                    former = await self._pair_of(sealed, workspace_id, pairs)
                    owner = Owner(workspace_id, provider, credential_id)
                    changes.append((credential_id, sealed, await asyncio.to_thread(_seal_anew, former, current, sealed, owner)))
                except HostFault as error:
                    outcome.fail(workspace_id, f"credential {credential_id}", error)
            outcome.secrets += await self._replace(changes)
            if on_progress is not None and changes:
                on_progress("secret", outcome.secrets)
            last = rows[-1][0]

    async def _replace(self, changes: list[tuple[str, str, str]]) -> int:
        moved = 0
        async with self._store.write() as session:
            for credential_id, sealed, new in changes:
                statement = (
                    update(CredentialRow)
                    .where(CredentialRow.id == credential_id, CredentialRow.sealed == sealed)
                    .values(sealed=new, updated_at=CredentialRow.updated_at)
                )
                moved += (await session.execute(statement)).rowcount  # type: ignore[attr-defined]  # of an UPDATE it is there
        return moved

    async def _pair_of(self, sealed: str, workspace_id: str, pairs: dict[str, KeyPair]) -> KeyPair:
        key_id = key_id_of(sealed)
        if key_id not in pairs:
            async with self._store.read() as session:
                row = await session.get(KeyPairRow, key_id)
            if row is None or row.workspace_id != workspace_id:
                raise SealBroken("A stored secret is sealed under a key pair that is gone.")
            pairs[key_id] = await self._unlock(row)
        return pairs[key_id]

    async def _unlock(self, row: KeyPairRow) -> KeyPair:
        return await asyncio.to_thread(KeyPair.unlock, row.locked, row.id, row.workspace_id, self.masters)

    async def _remove_pairs(self, workspace_id: str) -> int:
        removed = 0
        async with self._store.write() as session:
            current = await _current_pair(session, workspace_id)
            if current is None or now() - current.created_at < KEEP_PAIRS:
                return 0
            former = select(KeyPairRow.id).where(KeyPairRow.workspace_id == workspace_id, KeyPairRow.current.is_(False))
            for pair_id in (await session.scalars(former)).all():
                under_it = (CredentialRow.workspace_id == workspace_id, CredentialRow.sealed.startswith(f"jf1.{pair_id}."))
                if (await session.execute(select(CredentialRow.id).where(*under_it).limit(1))).first() is None:
                    await session.execute(delete(KeyPairRow).where(KeyPairRow.id == pair_id))
                    removed += 1
        return removed

    async def _lock(self, session: AsyncSession) -> None:
        """One process at a time changes the key file; on SQLite the transaction is a writer's, and so a lock itself."""
        if self._store.dialect == "postgresql":
            await session.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))


async def _count_master_keys(session: AsyncSession) -> dict[str, int]:
    """Fingerprint -> number of private keys under it. The fingerprint follows `jk1.`, with 12 digits."""
    found = select(func.substr(KeyPairRow.locked, 5, 12).label("master_key")).subquery()
    query = select(found.c.master_key, func.count()).group_by(found.c.master_key)
    return {master_key: int(number) for master_key, number in await session.execute(query)}


async def _current_pair(session: AsyncSession, workspace_id: str) -> KeyPairRow | None:
    query = select(KeyPairRow).where(KeyPairRow.workspace_id == workspace_id, KeyPairRow.current.is_(True))
    return (await session.scalars(query.order_by(KeyPairRow.created_at.desc()))).first()


async def _wait_for_replicas() -> None:
    await asyncio.sleep(STRAGGLERS)


def _seal_anew(former: KeyPair, current: KeyPair, sealed: str, owner: Owner) -> str:
    return current.seal(former.open(sealed, owner), owner)
