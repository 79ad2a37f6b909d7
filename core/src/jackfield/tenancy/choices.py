"""What a workspace chose: models it added or switched off, default models, aliases, own credentials or the trial first."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from jackfield.contract import BadRequest, ModelDescription, ModelType, NotFound
from jackfield.store import Store
from jackfield.store.tables import Alias, CredentialRow, CustomModel, DefaultModel, ModelSwitch, ProviderPreference

from .audit import record
from .principal import Principal, Role
from .revisions import RevisionWatch, raise_revision
from .views import Preference

_ALIAS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}")


class Choices:
    """The service; every change reaches all replicas within a second. Whether a model exists is for the host to check."""

    def __init__(self, store: Store, watch: RevisionWatch) -> None:
        self._store = store
        self._watch = watch

    async def add_model(self, caller: Principal, provider: str, description: ModelDescription) -> None:
        """Add a model, or describe anew one that was added."""
        key = (CustomModel.provider == provider, CustomModel.model == description.id)
        query = select(CustomModel).where(
            CustomModel.workspace_id == caller.workspace_id, *key, CustomModel.model_type == description.type
        )

        async def change(session: AsyncSession) -> None:
            row = (await session.scalars(query)).one_or_none()
            if row is None:
                row = CustomModel(
                    workspace_id=caller.workspace_id, provider=provider, model=description.id, model_type=description.type
                )
                session.add(row)
            row.description = description.model_dump(mode="json", exclude_defaults=True)

        await self._change(caller, "model.add", f"{provider}/{description.id}", change)

    async def remove_model(self, caller: Principal, provider: str, model: str, model_type: ModelType) -> None:
        """Remove a model that was added, with its credentials.

        :raises NotFound: if the workspace added no such model
        """

        async def change(session: AsyncSession) -> None:
            for table in (CredentialRow, CustomModel):
                found = await session.execute(
                    delete(table)
                    .where(table.workspace_id == caller.workspace_id, table.provider == provider)
                    .where(table.model == model, table.model_type == model_type)
                )
            if not found.rowcount:  # type: ignore[attr-defined]  # of a DELETE it is there
                raise NotFound("The workspace added no such model.")

        await self._change(caller, "model.remove", f"{provider}/{model}", change)

    async def switch_model(self, caller: Principal, provider: str, model: str, model_type: ModelType, *, on: bool) -> None:
        """Switch a model of a provider off, or on again."""
        key = {"workspace_id": caller.workspace_id, "provider": provider, "model": model, "model_type": model_type}

        async def change(session: AsyncSession) -> None:
            row = await session.get(ModelSwitch, (caller.workspace_id, provider, model, str(model_type)))
            if on and row is not None:
                await session.delete(row)
            elif not on and row is None:
                session.add(ModelSwitch(**key))

        await self._change(caller, "model.switch", f"{provider}/{model}", change, {"on": on})

    async def set_default(self, caller: Principal, model_type: ModelType, ref: str | None) -> None:
        """The model that `default` means for a type; None: there is none."""
        await self.set_defaults(caller, {model_type: ref})

    async def set_defaults(self, caller: Principal, refs: Mapping[ModelType, str | None]) -> None:
        """The same for several types: all of them, or none."""
        async with self._changing(caller) as session:
            for model_type, ref in refs.items():
                await _clear(session, DefaultModel, (caller.workspace_id, str(model_type)))
                if ref is not None:
                    session.add(DefaultModel(workspace_id=caller.workspace_id, model_type=model_type, ref=ref))
                record(session, caller, "default.set", model_type, {"ref": ref})

    async def set_alias(self, caller: Principal, name: str, targets: Sequence[str] | None) -> None:
        """A name for a model and its fallbacks, in order; None: the name goes.

        :raises BadRequest: for a name that could be a model's, or for no targets
        """
        if not _ALIAS.fullmatch(name) or name == "default":
            raise BadRequest("An alias is letters, digits, `.`, `_`, `:` and `-`, and not `default`.", param="name")
        if targets is not None and not (targets and all("/" in target for target in targets)):
            raise BadRequest("An alias names at least one model as `provider/model`.", param="targets")

        async def change(session: AsyncSession) -> None:
            gone = await _clear(session, Alias, (caller.workspace_id, name))
            if targets is not None:
                session.add(Alias(workspace_id=caller.workspace_id, name=name, targets=list(targets)))
            elif not gone:
                raise NotFound("There is no such alias.")

        await self._change(caller, "alias.set", name, change, {"targets": list(targets or ())})

    async def set_preference(self, caller: Principal, provider: str, preference: Preference) -> None:
        """Own credentials or the hosted trial first."""

        async def change(session: AsyncSession) -> None:
            await _clear(session, ProviderPreference, (caller.workspace_id, provider))
            session.add(
                ProviderPreference(
                    workspace_id=caller.workspace_id,
                    provider=provider,
                    hosted_first=preference.hosted_first,
                    take_over=preference.take_over,
                )
            )

        details = {"hosted_first": preference.hosted_first, "take_over": preference.take_over}
        await self._change(caller, "preference.set", provider, change, details)

    async def _change(
        self, caller: Principal, action: str, subject: str, change: Any, details: dict[str, Any] | None = None
    ) -> None:
        async with self._changing(caller) as session:
            await change(session)
            record(session, caller, action, subject, details)

    @asynccontextmanager
    async def _changing(self, caller: Principal) -> AsyncIterator[AsyncSession]:
        caller.require(Role.ADMIN)
        async with self._store.write() as session:
            await raise_revision(session, caller.workspace_id)  # first: whoever makes the same change now waits here
            yield session
        self._watch.tell(caller.workspace_id)


async def _clear(session: AsyncSession, table: Any, key: tuple[str, ...]) -> bool:
    """Take the row with this key away, if it is there, so that another can stand in its place."""
    row = await session.get(table, key)
    if row is not None:
        await session.delete(row)
        await session.flush()
    return row is not None
