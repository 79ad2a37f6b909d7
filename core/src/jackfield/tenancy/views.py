"""What calls need to know of a workspace, read in one go and kept in memory until its revision changes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from jackfield.contract import ModelDescription, ModelType, NotFound
from jackfield.store import Store
from jackfield.store.tables import (
    Alias,
    Budget,
    CredentialRow,
    CustomModel,
    DefaultModel,
    ModelSwitch,
    ProviderPreference,
    Workspace,
)

MAX_AGE = 60.0
"""Seconds after which a view is read again even if no change was heard of."""

ModelKey = tuple[str, str, ModelType]
"""Provider, model, type."""


@dataclass(frozen=True, slots=True, eq=False)
class CredentialRecord:
    """A stored credential; `credentials.open` turns it into what a plugin gets.

    :param model: set for one of an added model
    :param changed_at: when it was last changed or found good; None where its vendor refused it
    """

    id: str
    workspace_id: str
    provider: str
    name: str
    values: Mapping[str, Any] = field(repr=False)
    sealed: str | None = field(repr=False)
    weight: int = 1
    model: str | None = None
    model_type: ModelType | None = None
    changed_at: datetime | None = None

    def corrected(self, former: CredentialRecord) -> bool:
        """Whether it is another than it was: what was known of it no longer holds."""
        return self.changed_at is not None and self.changed_at != former.changed_at


@dataclass(frozen=True, slots=True)
class Preference:
    """For one provider: the hosted trial before the own credentials, and whether the own take over when it is spent."""

    hosted_first: bool = False
    take_over: bool = True


@dataclass(frozen=True, slots=True)
class BudgetRecord:
    """See `jackfield.tenancy.budgets`."""

    id: str
    key_id: str | None
    period: str
    unit: str
    amount: Any


@dataclass(frozen=True, slots=True, eq=False)
class WorkspaceView:
    """One workspace at one revision.

    :param defaults: type -> `provider/model`
    :param aliases: name -> `provider/model`, and what takes over when it fails
    :param credentials: provider -> its enabled credentials, those of added models among them
    :param custom_models: models that the workspace added
    :param switched_off: models that it switched off
    """

    workspace_id: str
    name: str
    revision: int
    defaults: Mapping[ModelType, str]
    aliases: Mapping[str, tuple[str, ...]]
    credentials: Mapping[str, tuple[CredentialRecord, ...]]
    custom_models: Mapping[ModelKey, ModelDescription]
    switched_off: frozenset[ModelKey]
    preferences: Mapping[str, Preference]
    budgets: tuple[BudgetRecord, ...] = ()

    def preference(self, provider: str) -> Preference:
        """The workspace's choice, or the usual one: own credentials first."""
        return self.preferences.get(provider) or Preference()


class Views:
    """The views of all workspaces that call. `cached` is for the hot path; `get` reads what is not there."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._views: dict[str, tuple[WorkspaceView, float]] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._changes = 0
        self._listeners: list[Callable[[str], None]] = []

    def listen(self, listener: Callable[[str], None]) -> None:
        """`listener` gets the id of every credential that was corrected, disabled or removed, here or on another replica, when
        the view that shows it is first read."""
        self._listeners.append(listener)

    def cached(self, workspace_id: str) -> WorkspaceView | None:
        """The view in memory, if it is young enough."""
        found = self._views.get(workspace_id)
        return found[0] if found is not None and found[1] > time.monotonic() else None

    async def get(self, workspace_id: str) -> WorkspaceView:
        """:raises NotFound: if there is no such workspace"""
        view = self.cached(workspace_id)
        if view is not None:
            return view
        async with self._locks.setdefault(workspace_id, asyncio.Lock()):
            view = self.cached(workspace_id)
            if view is None:
                changes = self._changes
                view = await self._read(workspace_id)
                if changes == self._changes:  # what was read while something changed may be what was before: it is not kept
                    former = self._views.get(workspace_id)
                    self._views[workspace_id] = (view, time.monotonic() + MAX_AGE)
                    if former is not None:
                        self._tell(former[0], view)
            return view

    def _tell(self, former: WorkspaceView, view: WorkspaceView) -> None:
        found = {record.id: record for records in view.credentials.values() for record in records}
        for record in (record for records in former.credentials.values() for record in records):
            if record.id not in found or found[record.id].corrected(record):
                for listener in self._listeners:
                    listener(record.id)

    def forget(self, workspace_id: str) -> None:
        """The next `get` reads anew, and tells what is other than it was."""
        self._changes += 1
        former = self._views.get(workspace_id)
        if former is not None:
            self._views[workspace_id] = (former[0], 0.0)

    async def _read(self, workspace_id: str) -> WorkspaceView:
        async with self._store.read() as session:

            async def rows(table: Any) -> list[Any]:
                return list((await session.scalars(select(table).where(table.workspace_id == workspace_id))).all())

            # The revision is read first: a change that comes between is then seen as newer, and read again.
            workspace = await session.get(Workspace, workspace_id)
            if workspace is None:
                self._views.pop(workspace_id, None)
                raise NotFound("There is no such workspace.")
            credentials: dict[str, list[CredentialRecord]] = {}
            for row in await rows(CredentialRow):
                if row.enabled:
                    credentials.setdefault(row.provider, []).append(credential_record(row))
            return WorkspaceView(
                workspace_id=workspace_id,
                name=workspace.name,
                revision=workspace.revision,
                defaults={ModelType(row.model_type): row.ref for row in await rows(DefaultModel)},
                aliases={row.name: tuple(row.targets) for row in await rows(Alias)},
                credentials={provider: tuple(records) for provider, records in credentials.items()},
                custom_models={
                    (row.provider, row.model, ModelType(row.model_type)): ModelDescription.model_validate(row.description)
                    for row in await rows(CustomModel)
                },
                switched_off=frozenset((row.provider, row.model, ModelType(row.model_type)) for row in await rows(ModelSwitch)),
                preferences={
                    row.provider: Preference(row.hosted_first, row.take_over) for row in await rows(ProviderPreference)
                },
                budgets=tuple(BudgetRecord(row.id, row.key_id, row.period, row.unit, row.amount) for row in await rows(Budget)),
            )


def credential_record(row: CredentialRow) -> CredentialRecord:
    """A row as the record that calls use."""
    return CredentialRecord(
        id=row.id,
        workspace_id=row.workspace_id,
        provider=row.provider,
        name=row.name,
        values=row.values,
        sealed=row.sealed,
        weight=row.weight,
        model=row.model,
        model_type=ModelType(row.model_type) if row.model_type else None,
        changed_at=row.updated_at if row.status != "invalid" else None,
    )
