"""API keys of programs: made, listed, revoked, and recognised within microseconds."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from jackfield.contract import BadRequest, Conflict, ModelType, NotFound, Unauthenticated
from jackfield.store import Store, now
from jackfield.store.tables import ApiKey, Workspace
from jackfield.vault import hash_token, new_api_key, shown_part

from .audit import record
from .principal import Principal, Role, Scopes
from .revisions import RevisionWatch, raise_revision

MAX_AGE = 60.0
_CACHE_SIZE = 100_000


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """A key as it may be shown."""

    id: str
    name: str
    shown: str
    scopes: Scopes
    role: Role | None
    requests_per_minute: int | None
    tokens_per_minute: int | None
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    created_at: datetime


class Keys:
    """The service. Keys in memory are forgotten when their workspace changes, and after a minute at the latest."""

    def __init__(self, store: Store, watch: RevisionWatch) -> None:
        self._store = store
        self._watch = watch
        self._known: OrderedDict[str, tuple[Principal, float]] = OrderedDict()
        self._used: dict[str, datetime] = {}
        self._changes = 0
        watch.listen(self._forget)

    def _forget(self, workspace_id: str) -> None:
        self._changes += 1
        for token in [token for token, (who, _) in self._known.items() if who.workspace_id == workspace_id]:
            del self._known[token]

    def cached(self, token: str) -> Principal | None:
        """The key's principal, if it is in memory and still good."""
        found = self._known.get(token)
        if found is None or found[1] < time.monotonic():
            return None
        who = found[0]
        if who.expires_at is not None and who.expires_at <= now():
            return None
        return who

    async def authenticate(self, token: str) -> Principal:
        """:raises Unauthenticated: if the key is unknown, revoked or expired; the message is the same for all three"""
        who = self.cached(token)
        if who is not None:
            return who
        changes = self._changes
        async with self._store.read() as session:
            row = (await session.scalars(select(ApiKey).where(ApiKey.token_hash == hash_token(token)))).one_or_none()
        if row is None or row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now()):
            raise Unauthenticated("The API key is not valid: unknown, revoked, or expired.")
        who = Principal(
            workspace_id=row.workspace_id,
            name=row.name,
            role=_role(row),
            key_id=row.id,
            scopes=_scopes(row),
            requests_per_minute=row.requests_per_minute,
            tokens_per_minute=row.tokens_per_minute,
            expires_at=row.expires_at,
        )
        if changes == self._changes:  # what was read while something changed may be what was before: it is not kept
            self._known[token] = (who, time.monotonic() + MAX_AGE)
            if len(self._known) > _CACHE_SIZE:
                self._known.popitem(last=False)
        self._used[row.id] = now()
        return who

    async def create(
        self,
        caller: Principal,
        name: str,
        *,
        scopes: Scopes = Scopes(),  # noqa: B008 - frozen
        role: Role | None = None,
        expires_at: datetime | None = None,
        requests_per_minute: int | None = None,
        tokens_per_minute: int | None = None,
    ) -> tuple[str, KeyInfo]:
        """A new key: the token, which is shown this once, and what is kept of it.

        :param role: what it may do beside calling models; None: nothing
        :raises BadRequest: for a blank name, or an expiry in the past
        :raises PermissionDenied: for a role above the caller's own
        """
        caller.require(role or Role.ADMIN)
        caller.require(Role.ADMIN)
        _check_name(name)
        _check_expiry(expires_at)
        model_types, models = _columns(scopes)
        token = new_api_key()
        row = ApiKey(
            workspace_id=caller.workspace_id,
            name=name.strip()[:200],
            token_hash=hash_token(token),
            shown=shown_part(token),
            model_types=model_types,
            models=models,
            role=role,
            expires_at=expires_at,
            requests_per_minute=requests_per_minute,
            tokens_per_minute=tokens_per_minute,
            created_by=caller.person_id,
        )
        async with self._store.write() as session:
            there = select(Workspace.id).where(Workspace.id == caller.workspace_id).with_for_update(read=True, key_share=True)
            if (await session.scalars(there)).first() is None:  # else it stays until the key is in it
                raise NotFound("There is no such workspace.")
            session.add(row)
            await session.flush()
            record(session, caller, "key.create", row.name, {"id": row.id, "role": role})
        return token, _info(row)

    async def list(self, caller: Principal, *, limit: int | None = None, before: str | None = None) -> list[KeyInfo]:
        """The keys of the workspace, the newest first; revoked ones too.

        :param limit: how many; None: all
        :param before: the id of the last one of the page before
        """
        await self.flush_last_used()
        query = select(ApiKey).where(ApiKey.workspace_id == caller.workspace_id).order_by(ApiKey.id.desc()).limit(limit)
        if before is not None:
            query = query.where(ApiKey.id < before)
        async with self._store.read() as session:
            return [_info(row) for row in await session.scalars(query)]

    async def get(self, caller: Principal, key_id: str) -> KeyInfo:
        """:raises NotFound: if the workspace has no such key"""
        await self.flush_last_used()
        async with self._store.read() as session:
            return _info(await _find(session, caller, key_id))

    async def change(
        self,
        caller: Principal,
        key_id: str,
        *,
        name: str,
        scopes: Scopes,
        expires_at: datetime | None,
        requests_per_minute: int | None,
        tokens_per_minute: int | None,
    ) -> KeyInfo:
        """Put these in the place of the key's own. Its role stays: for another role there is another key.

        :raises NotFound: if the workspace has no such key
        :raises BadRequest: for a blank name, or a new expiry in the past
        :raises Conflict: if the key is revoked
        """
        caller.require(Role.ADMIN)
        _check_name(name)
        async with self._store.write() as session:
            await raise_revision(session, caller.workspace_id)
            row = await _find(session, caller, key_id)
            if row.revoked_at is not None:
                raise Conflict("The key is revoked.", advice="Make another.")
            if expires_at != row.expires_at:
                _check_expiry(expires_at)
            row.name = name.strip()[:200]
            row.model_types, row.models = _columns(scopes)
            row.expires_at = expires_at
            row.requests_per_minute, row.tokens_per_minute = requests_per_minute, tokens_per_minute
            record(session, caller, "key.change", row.name, {"id": key_id})
        self._watch.tell(caller.workspace_id)
        return _info(row)

    async def revoke(self, caller: Principal, key_id: str) -> KeyInfo:
        """Stop a key, on this replica at once and on the others within a second.

        :raises NotFound: if the workspace has no such key
        """
        caller.require(Role.ADMIN)
        async with self._store.write() as session:
            await raise_revision(session, caller.workspace_id)
            row = await _find(session, caller, key_id)
            row.revoked_at = row.revoked_at or now()
            record(session, caller, "key.revoke", row.name, {"id": key_id})
        self._watch.tell(caller.workspace_id)
        return _info(row)

    async def flush_last_used(self) -> None:
        """Write when keys were last used; called now and then, as a write for each call would be too many."""
        used, self._used = self._used, {}
        if not used:
            return
        try:
            async with self._store.write() as session:
                for key_id, at in sorted(used.items()):  # in one order, so that no two replicas wait for each other
                    await session.execute(update(ApiKey).where(ApiKey.id == key_id).values(last_used_at=at))
        except BaseException:
            self._used = {**used, **self._used}
            raise


async def _find(session: AsyncSession, caller: Principal, key_id: str) -> ApiKey:
    row = await session.get(ApiKey, key_id)
    if row is None or row.workspace_id != caller.workspace_id:
        raise NotFound("There is no such key.")
    return row


def _check_name(name: str) -> None:
    if not name.strip():
        raise BadRequest("A key needs a name.", param="name")


def _check_expiry(expires_at: datetime | None) -> None:
    if expires_at is not None and expires_at <= now():
        raise BadRequest("`expires_at` is in the past.", param="expires_at")


def _columns(scopes: Scopes) -> tuple[list[ModelType] | None, list[str] | None]:
    return (
        sorted(scopes.model_types) if scopes.model_types is not None else None,
        list(scopes.models) if scopes.models is not None else None,
    )


def _scopes(row: ApiKey) -> Scopes:
    return Scopes(
        model_types=frozenset(ModelType(kind) for kind in row.model_types) if row.model_types is not None else None,
        models=tuple(row.models) if row.models is not None else None,
    )


def _role(row: ApiKey) -> Role | None:
    return Role(row.role) if row.role is not None else None


def _info(row: ApiKey) -> KeyInfo:
    return KeyInfo(
        id=row.id,
        name=row.name,
        shown=row.shown,
        scopes=_scopes(row),
        role=_role(row),
        requests_per_minute=row.requests_per_minute,
        tokens_per_minute=row.tokens_per_minute,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
        created_at=row.created_at,
    )
