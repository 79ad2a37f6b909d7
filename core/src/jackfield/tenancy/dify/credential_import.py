"""Translated credentials, sealed anew and put into a workspace: each once, under an id that Dify's own gives."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from jackfield.contract import HostFault
from jackfield.store import now
from jackfield.store.tables import CredentialRow

from ..audit import record
from ..credentials import MASK
from ..revisions import raise_revision
from ..tenancy import Tenancy
from .report import Result
from .target import Options, Target
from .translation import Translated

_UNCHECKED = "Imported from Dify; not yet checked with the vendor."


class CredentialImport:
    """Puts them there."""

    def __init__(self, tenancy: Tenancy, options: Options) -> None:
        self._tenancy = tenancy
        self._options = options

    async def put(self, translated: list[Translated], target: Target) -> None:
        for one in translated:
            try:
                result, attention = await self._put(one, target)
            except HostFault as error:
                target.add("credential", one.source.subject, Result.SKIPPED, f"{error.message} {error.advice}")
                continue
            notes = (*one.attention, *attention)
            target.add("credential", one.source.subject, result, attention=notes)

    async def _put(self, one: Translated, target: Target) -> tuple[Result, tuple[str, ...]]:
        credential_id = _credential_id(one, target)
        async with self._tenancy.store.read() as session:
            row = await session.get(CredentialRow, credential_id)
        if row is None:
            off = () if one.source.active else ("It is switched off, as Dify's calls did not use it.",)
            if not self._options.dry_run:
                await self._insert(one, credential_id, target)
            return Result.IMPORTED, off
        if await self._values(row) == one.values:
            return Result.UNCHANGED, ()
        if not self._options.overwrite:
            note = "It was imported before and differs from Dify's now: `--overwrite` brings Dify's over it."
            return Result.UNCHANGED, (note,)
        if not self._options.dry_run:
            await self._update(one, credential_id, target)
        return Result.UPDATED, ()

    async def _insert(self, one: Translated, credential_id: str, target: Target) -> None:
        caller, values = target.caller, one.values
        row = CredentialRow(
            id=credential_id,
            workspace_id=caller.workspace_id,
            provider=one.provider,
            model=one.model.model if one.model else None,
            model_type=str(one.model.type) if one.model else None,
            name=one.source.name.strip()[:200] or "Dify",
            enabled=one.source.active,
            status="unchecked",
            status_message=_UNCHECKED,
            values=_shown(one, values),
            sealed=await self._seal(one, values, credential_id, target),
        )
        async with self._tenancy.store.write() as session:
            session.add(row)
            await raise_revision(session, caller.workspace_id)
            record(session, caller, "credential.import", f"{one.provider}/{row.name}", {"id": credential_id, "from": "dify"})
        self._tenancy.watch.tell(caller.workspace_id)

    async def _update(self, one: Translated, credential_id: str, target: Target) -> None:
        sealed = await self._seal(one, one.values, credential_id, target)
        async with self._tenancy.store.write() as session:
            row = await session.get_one(CredentialRow, credential_id)
            row.values, row.sealed = _shown(one, one.values), sealed
            row.status, row.status_message, row.updated_at = "unchecked", _UNCHECKED, now()
            await raise_revision(session, target.caller.workspace_id)
            details = {"id": credential_id, "from": "dify"}
            record(session, target.caller, "credential.import", f"{row.provider}/{row.name}", details)
        self._tenancy.watch.tell(target.caller.workspace_id)

    async def _seal(self, one: Translated, values: Mapping[str, Any], credential_id: str, target: Target) -> str | None:
        secret = {name: value for name, value in values.items() if name in one.form.secret_names}
        if not secret:
            return None
        return await self._tenancy.secrets.seal(target.caller.workspace_id, one.provider, credential_id, secret)

    async def _values(self, row: CredentialRow) -> dict[str, Any]:
        values = {name: value for name, value in row.values.items() if value != MASK}
        if row.sealed is not None:
            values |= await self._tenancy.secrets.open(row.workspace_id, row.provider, row.id, row.sealed)
        return values


def _credential_id(one: Translated, target: Target) -> str:
    parts = ("dify", target.caller.workspace_id, one.source.table, one.source.id)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _shown(one: Translated, values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: MASK if name in one.form.secret_names else value for name, value in values.items()}
