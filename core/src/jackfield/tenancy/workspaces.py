"""Workspaces: made, renamed, listed, removed; and the first one, at the host's first start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, select

from jackfield.contract import BadRequest, Conflict, NotFound, PermissionDenied
from jackfield.store import Store, new_id
from jackfield.store.tables import KeyPairRow, Member, RemovedWorkspace, Workspace
from jackfield.vault import master_key_id_of

from .audit import record
from .keys import Keys
from .principal import Principal, Role
from .revisions import RevisionWatch, raise_revision
from .secrets import Secrets

_COUNT = select(func.count()).select_from(Workspace)


@dataclass(frozen=True, slots=True)
class WorkspaceInfo:
    """A workspace."""

    id: str
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class RemovedInfo:
    """A workspace that is no more. Its usage and its audit log are kept for the operator."""

    id: str
    name: str
    removed_at: datetime
    removed_by: str


@dataclass(frozen=True, slots=True)
class FirstRun:
    """What the first start made: the workspace, and the first API key, to be shown once."""

    workspace: WorkspaceInfo
    api_key: str


class Workspaces:
    """The service. To make and list them is the operator's right, so those methods take no caller."""

    def __init__(self, store: Store, secrets: Secrets, keys: Keys, watch: RevisionWatch, *, by_owners: bool) -> None:
        """:param by_owners: whether people who own a workspace may make others"""
        self._store = store
        self._secrets = secrets
        self._keys = keys
        self._watch = watch
        self._by_owners = by_owners

    async def create(self, name: str, *, workspace_id: str | None = None, owner: Principal | None = None) -> WorkspaceInfo:
        """A new workspace with its key pair.

        :param workspace_id: 32 hexadecimal digits, where an import chooses the id; else a fresh one
        :param owner: the person who makes it and owns it; else the operator makes it, and nobody owns it yet
        :raises BadRequest: for a blank name
        """
        if not name.strip():
            raise BadRequest("A workspace needs a name.", param="name")
        workspace = Workspace(id=workspace_id or new_id(), name=name.strip()[:200])
        pair = await self._secrets.new_pair(workspace.id)
        async with self._store.write() as session:
            session.add(workspace)
            await session.flush()
            session.add(pair)
            maker = operator(workspace.id)
            if owner is not None:
                session.add(Member(workspace_id=workspace.id, person_id=owner.person_id, role=Role.OWNER))
                maker = replace(owner, workspace_id=workspace.id)
            record(session, maker, "workspace.create", workspace.name)
        return _info(workspace)

    async def create_own(self, caller: Principal, name: str) -> WorkspaceInfo:
        """Another workspace, for a person who owns one already and will own this one too.

        :raises PermissionDenied: to a key, to who owns none, and to all where the operator keeps it to itself
        :raises BadRequest: for a blank name
        """
        caller.require(Role.OWNER)
        if caller.person_id is None:
            raise PermissionDenied(
                "A key belongs to one workspace, and makes no others.",
                fault="caller",
                advice="Sign in, or use `jackfield workspaces create` on the host.",
            )
        if not self._by_owners:
            raise PermissionDenied(
                "On this host its operator makes the workspaces.",
                fault="caller",
                advice="Ask the operator: `jackfield workspaces create`, or `owners_make_workspaces = true` in the settings.",
            )
        return await self.create(name, owner=caller)

    async def list(self) -> list[WorkspaceInfo]:
        """All workspaces of the host, the oldest first."""
        async with self._store.read() as session:
            return [_info(row) for row in await session.scalars(select(Workspace).order_by(Workspace.id))]

    async def get(self, workspace_id: str) -> WorkspaceInfo:
        """:raises NotFound: if there is none with this id"""
        async with self._store.read() as session:
            row = await session.get(Workspace, workspace_id)
        if row is None:
            raise NotFound("There is no such workspace.")
        return _info(row)

    async def find(self, name_or_id: str, *, removed: bool = False) -> WorkspaceInfo:
        """A workspace by its id, or by its name where no other has it.

        :param removed: one that was removed will do
        :raises NotFound: if there is none of this id or name
        :raises Conflict: if several have this name
        """
        found = [one for one in await self.list() if name_or_id in (one.id, one.name)]
        if removed and not found:
            gone = [one for one in await self.removed() if name_or_id in (one.id, one.name)]
            found = [WorkspaceInfo(one.id, one.name, one.removed_at) for one in gone]
        exact = [one for one in found if one.id == name_or_id] or found
        if not exact:
            raise NotFound(f"There is no workspace `{name_or_id}`.", advice="List them with `jackfield workspaces list`.")
        if len(exact) > 1:
            ids = ", ".join(one.id for one in exact)
            raise Conflict(f"{len(exact)} workspaces are named `{name_or_id}`.", advice=f"Name one by its id: {ids}.")
        return exact[0]

    async def removed(self) -> Sequence[RemovedInfo]:
        """Those that were removed, the latest first."""
        query = select(RemovedWorkspace).order_by(RemovedWorkspace.revision.desc())
        async with self._store.read() as session:
            rows = (await session.scalars(query)).all()
        return [RemovedInfo(row.id, row.name, row.removed_at, row.removed_by) for row in rows]

    async def remove(self, caller: Principal, name: str) -> None:
        """Remove the caller's workspace, on every replica within a second: its keys, its members (their accounts stay), its
        credentials and the key pairs that open them, its models, defaults, aliases, budgets, and what it used of trials.

        Calls under way end as they would have. Usage and the audit log stay, for the operator.

        :param name: of the workspace, said again: this cannot be undone
        :raises BadRequest: for another name
        :raises Conflict: if the host has no other workspace
        """
        caller.require(Role.OWNER)
        async with self._store.write() as session:
            revision = await raise_revision(session, caller.workspace_id)
            row = await session.get_one(Workspace, caller.workspace_id)
            if name.strip() != row.name:
                raise BadRequest("This is not the name of the workspace.", param="name", advice="Say it as it is written.")
            if (await session.execute(_COUNT)).scalar_one() == 1:
                raise Conflict("This is the only workspace of the host, which keeps one.", advice="Make another one first.")
            record(session, caller, "workspace.remove", row.name)
            gone = RemovedWorkspace(id=row.id, name=row.name, removed_by=caller.actor[:200], revision=revision)
            await session.merge(gone)  # an import may have made the same one again
            await session.delete(row)  # what belongs to it goes with it, by the database's own rules
        self._watch.tell(caller.workspace_id)

    async def rename(self, caller: Principal, name: str) -> WorkspaceInfo:
        """:raises BadRequest: for a blank name"""
        caller.require(Role.OWNER)
        if not name.strip():
            raise BadRequest("A workspace needs a name.", param="name")
        async with self._store.write() as session:
            await raise_revision(session, caller.workspace_id)
            row = await session.get_one(Workspace, caller.workspace_id)
            former, row.name = row.name, name.strip()[:200]
            record(session, caller, "workspace.rename", row.name, {"from": former})
        self._watch.tell(caller.workspace_id)
        return _info(row)

    async def bootstrap(self) -> FirstRun | None:
        """The first workspace and key, if the database has none; None if it has."""
        if await self.count():
            return None
        workspace = await self.create("default")
        token, _ = await self._keys.create(operator(workspace.id), "first key")
        return FirstRun(workspace, token)

    async def count(self) -> int:
        """How many there are."""
        async with self._store.read() as session:
            return int((await session.execute(_COUNT)).scalar_one())


async def master_key_ids(store: Store) -> set[str]:
    """Under which master keys the private keys in the database are locked."""
    async with store.read() as session:
        return {master_key_id_of(locked) for locked in await session.scalars(select(KeyPairRow.locked))}


def operator(workspace_id: str) -> Principal:
    """The host itself, acting in a workspace: what runs on the operator's command line."""
    return Principal(workspace_id=workspace_id, name="operator", role=Role.OWNER)


def _info(row: Workspace) -> WorkspaceInfo:
    return WorkspaceInfo(row.id, row.name, row.created_at)
