"""Vendor credentials of a workspace: any number for a provider, and for each model that was added."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Delete, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from jackfield.contract import (
    BadRequest,
    ConnectionFailed,
    CredentialForm,
    Credentials,
    CredentialsInvalid,
    JackfieldError,
    ModelType,
    NotFound,
)
from jackfield.store import Store, new_id, now
from jackfield.store.tables import CredentialHealthRow, CredentialRow

from .audit import record
from .condition import Condition, condition_of
from .principal import Principal, Role
from .revisions import RevisionWatch, raise_revision
from .secrets import Secrets
from .views import CredentialRecord

_WITH_HEALTH = select(CredentialRow, CredentialHealthRow).outerjoin(
    CredentialHealthRow, CredentialHealthRow.credential_id == CredentialRow.id
)
MASK = "••••••••"
Validator = Callable[[Credentials], Awaitable[None]]
"""Proves opened credentials with the vendor; raises an error of the tree."""


@dataclass(frozen=True, slots=True)
class CredentialInfo:
    """A credential as it may be shown: secret values are masked.

    :param status: `valid`, `invalid`, or `unchecked` (saved while the vendor did not answer)
    :param condition: how it fared in calls since it was last changed
    """

    id: str
    provider: str
    name: str
    values: Mapping[str, Any]
    weight: int
    enabled: bool
    status: str
    status_message: str | None
    checked_at: datetime | None
    model: str | None
    model_type: ModelType | None
    created_at: datetime
    updated_at: datetime
    condition: Condition = field(default_factory=Condition)


@dataclass(slots=True, kw_only=True)
class CredentialChange:
    """What an edit changes; None leaves as it is. A secret that is the mask, empty or missing stays unchanged."""

    values: Mapping[str, Any] | None = None
    name: str | None = None
    weight: int | None = None
    enabled: bool | None = None


class CredentialStore:
    """The service. Opened credentials are kept in memory until their workspace changes, each with the record that it was
    opened from: a call that began before a change must not leave the former secret to those after it."""

    def __init__(self, store: Store, secrets: Secrets, watch: RevisionWatch) -> None:
        self._store = store
        self._secrets = secrets
        self._watch = watch
        self._opened: dict[str, dict[str, tuple[CredentialRecord, Credentials]]] = {}
        watch.listen(self._forget)

    def _forget(self, workspace_id: str) -> None:
        self._opened.pop(workspace_id, None)

    # -- for calls -------------------------------------------------------------------------------------------------------

    def opened(self, credential: CredentialRecord) -> Credentials | None:
        """The credential's values, if they are in memory."""
        found = self._opened.get(credential.workspace_id, {}).get(credential.id)
        if found is None:
            return None
        record, opened = found
        if record is not credential and (record.sealed != credential.sealed or record.values != credential.values):
            return None
        return opened

    async def open(self, credential: CredentialRecord) -> Credentials:
        """:raises SealBroken: if the stored secret does not open"""
        found = self.opened(credential)
        if found is not None:
            return found
        values = dict(credential.values)
        if credential.sealed is not None:
            values |= await self._secrets.open(credential.workspace_id, credential.provider, credential.id, credential.sealed)
        opened = Credentials(values)
        self._opened.setdefault(credential.workspace_id, {})[credential.id] = (credential, opened)
        return opened

    # -- for people ------------------------------------------------------------------------------------------------------

    async def list(self, caller: Principal, provider: str | None = None) -> list[CredentialInfo]:
        """The workspace's credentials, the oldest first."""
        query = _WITH_HEALTH.where(CredentialRow.workspace_id == caller.workspace_id).order_by(CredentialRow.id)
        if provider is not None:
            query = query.where(CredentialRow.provider == provider)
        async with self._store.read() as session:
            return [_info(row, health) for row, health in await session.execute(query)]

    async def get(self, caller: Principal, credential_id: str) -> CredentialInfo:
        """:raises NotFound: if the workspace has no such credential"""
        async with self._store.read() as session:
            row = await _find(session, caller, credential_id)
            return _info(row, await session.get(CredentialHealthRow, credential_id))

    async def add(
        self,
        caller: Principal,
        provider: str,
        form: CredentialForm,
        values: Mapping[str, Any],
        validate: Validator,
        *,
        name: str = "",
        weight: int = 1,
        model: str | None = None,
        model_type: ModelType | None = None,
        base: Mapping[str, Any] | None = None,
        save_anyway: bool = False,
    ) -> CredentialInfo:
        """Check the form, prove the credential with the vendor, seal and save it.

        :param base: values of the provider's form, where this one is of a model beside it
        :param save_anyway: save it although the vendor cannot be reached; not if the vendor refuses it
        :raises CredentialsInvalid: naming every field at fault
        """
        caller.require(Role.ADMIN)
        _check_weight(weight)
        checked = form.check(values)
        status, message = await _prove(validate, Credentials({**(base or {}), **checked}), save_anyway=save_anyway)
        row = CredentialRow(
            id=new_id(),
            workspace_id=caller.workspace_id,
            provider=provider,
            name=(name.strip() or "default")[:200],
            weight=weight,
            model=model,
            model_type=model_type,
            values={},
            status=status,
            status_message=message,
            checked_at=now(),
        )
        await self._fill(row, form, checked)
        async with self._store.write() as session:
            await raise_revision(session, caller.workspace_id)
            session.add(row)
            record(session, caller, "credential.add", f"{provider}/{row.name}", {"id": row.id, "status": status})
        self._watch.tell(caller.workspace_id)
        return _info(row)

    async def change(
        self,
        caller: Principal,
        credential_id: str,
        form: CredentialForm,
        change: CredentialChange,
        validate: Validator,
        *,
        save_anyway: bool = False,
    ) -> CredentialInfo:
        """Edit a credential; new values are proved before they are saved.

        :raises NotFound: if the workspace has no such credential
        :raises CredentialsInvalid: naming every field at fault
        """
        caller.require(Role.ADMIN)
        if change.weight is not None:
            _check_weight(change.weight)
        async with self._store.read() as session:
            row = await _find(session, caller, credential_id)
        checked: dict[str, Any] | None = None
        status, message = row.status, row.status_message
        if change.values is not None:
            checked = form.check(await self._merge(row, form, change.values))
            status, message = await _prove(validate, Credentials(checked), save_anyway=save_anyway)
            # Sealed before the transaction, which must be short: it holds the database's only pen on SQLite.
            await self._fill(row, form, checked)
        sealed, shown = row.sealed, row.values
        async with self._store.write() as session:
            await raise_revision(session, caller.workspace_id)
            row = await _find(session, caller, credential_id)
            if checked is not None:
                row.sealed, row.values = sealed, shown
                row.status, row.status_message, row.checked_at = status, message, now()
            if change.name is not None and change.name.strip():
                row.name = change.name.strip()[:200]
            row.weight = change.weight if change.weight is not None else row.weight
            row.enabled = change.enabled if change.enabled is not None else row.enabled
            await session.execute(_forget_health(credential_id))
            details = {"id": row.id, "values": change.values is not None, "enabled": row.enabled, "weight": row.weight}
            record(session, caller, "credential.change", f"{row.provider}/{row.name}", details)
        self._watch.tell(caller.workspace_id)
        return _info(row)

    async def check(self, caller: Principal, credential_id: str, validate: Validator) -> CredentialInfo:
        """Prove a stored credential again and note the result, if there is one: a vendor that is down has not judged it."""
        caller.require(Role.ADMIN)
        async with self._store.read() as session:
            row = await _find(session, caller, credential_id)
        status, message = "valid", None
        try:
            await validate(Credentials(await self._all_values(row)))
        except CredentialsInvalid as error:
            if _is_unreached(error):
                raise
            status, message = "invalid", error.message
        async with self._store.write() as session:
            if status == "valid":
                await raise_revision(session, caller.workspace_id)
            row = await _find(session, caller, credential_id)
            row.status, row.status_message, row.checked_at = status, message, now()
            if status == "valid":
                await session.execute(_forget_health(credential_id))
            health = await session.get(CredentialHealthRow, credential_id)
        if status == "valid":
            self._watch.tell(caller.workspace_id)
        return _info(row, health)

    async def remove(self, caller: Principal, credential_id: str) -> None:
        """:raises NotFound: if the workspace has no such credential"""
        caller.require(Role.ADMIN)
        async with self._store.write() as session:
            await raise_revision(session, caller.workspace_id)
            row = await _find(session, caller, credential_id)
            await session.delete(row)
            record(session, caller, "credential.remove", f"{row.provider}/{row.name}", {"id": row.id})
        self._watch.tell(caller.workspace_id)

    async def _fill(self, row: CredentialRow, form: CredentialForm, checked: Mapping[str, Any]) -> None:
        secret = {name: value for name, value in checked.items() if name in form.secret_names}
        row.sealed = await self._secrets.seal(row.workspace_id, row.provider, row.id, secret) if secret else None
        masks = dict.fromkeys(secret, MASK)
        row.values = {name: value for name, value in checked.items() if name not in secret} | masks

    async def _all_values(self, row: CredentialRow) -> dict[str, Any]:
        values = {name: value for name, value in row.values.items() if value != MASK}
        if row.sealed is not None:
            values |= await self._secrets.open(row.workspace_id, row.provider, row.id, row.sealed)
        return values

    async def _merge(self, row: CredentialRow, form: CredentialForm, values: Mapping[str, Any]) -> dict[str, Any]:
        former = await self._all_values(row)
        merged = dict(values)
        for name in form.secret_names:
            if merged.get(name) in (None, "", MASK) and name in former:
                merged[name] = former[name]
        return merged


def _forget_health(credential_id: str) -> Delete:
    """What was seen of it before no longer holds."""
    return delete(CredentialHealthRow).where(CredentialHealthRow.credential_id == credential_id)


async def _find(session: AsyncSession, caller: Principal, credential_id: str) -> CredentialRow:
    row = await session.get(CredentialRow, credential_id)
    if row is None or row.workspace_id != caller.workspace_id:
        raise NotFound("There is no such credential.")
    return row


async def _prove(validate: Validator, credentials: Credentials, *, save_anyway: bool) -> tuple[str, str | None]:
    """Status and message to be stored. What the vendor refuses is never saved; what it cannot judge now may be."""
    try:
        await validate(credentials)
    except CredentialsInvalid as error:
        if not (save_anyway and _is_unreached(error)):
            raise
        return "unchecked", error.message
    except JackfieldError as error:
        if not (save_anyway and (error.retryable or error.fault == "vendor")):
            raise
        return "unchecked", error.message
    return "valid", None


def _is_unreached(error: CredentialsInvalid) -> bool:
    """Whether nobody answered: plugins name the address as the field at fault then, and that is no vendor's refusal."""
    return isinstance(error.__context__, ConnectionFailed)


def _check_weight(weight: int) -> None:
    if not 0 < weight <= 1000:
        raise BadRequest("`weight` must be from 1 to 1000.", param="weight")


def _info(row: CredentialRow, health: CredentialHealthRow | None = None) -> CredentialInfo:
    return CredentialInfo(
        id=row.id,
        provider=row.provider,
        name=row.name,
        values=row.values,
        weight=row.weight,
        enabled=row.enabled,
        status=row.status,
        status_message=row.status_message,
        checked_at=row.checked_at,
        model=row.model,
        model_type=ModelType(row.model_type) if row.model_type else None,
        created_at=row.created_at,
        updated_at=row.updated_at,
        condition=condition_of(health),
    )
