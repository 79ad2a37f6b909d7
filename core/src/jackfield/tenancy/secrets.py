"""The key pairs of workspaces in use: secrets sealed and opened for the other services."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import orjson
from sqlalchemy import select

from jackfield.contract import HostFault
from jackfield.store import Store
from jackfield.store.tables import KeyPairRow
from jackfield.vault import KeyPair, MasterKeyring, Owner, key_id_of


class Secrets:
    """Key pairs are unlocked once and kept in memory; RSA runs in threads, as it takes milliseconds."""

    def __init__(self, store: Store, masters: MasterKeyring) -> None:
        self._store = store
        self._masters = masters
        self._pairs: dict[tuple[str, str], KeyPair] = {}
        self._current: dict[str, str] = {}

    @property
    def masters(self) -> MasterKeyring:
        """The master keys of this host."""
        return self._masters

    async def new_pair(self, workspace_id: str) -> KeyPairRow:
        """A fresh key pair as a row, not yet stored."""
        pair = await asyncio.to_thread(KeyPair.generate, workspace_id)
        self._pairs[workspace_id, pair.id] = pair
        self._masters.refresh()  # a rotation may just have put another key first in the file
        return KeyPairRow(
            id=pair.id, workspace_id=workspace_id, public_pem=pair.public_pem, locked=pair.lock(self._masters.current)
        )

    async def seal(self, workspace_id: str, provider: str, credential_id: str, secrets: Mapping[str, Any]) -> str:
        """The secret fields of one credential, as one sealed text."""
        pair = await self._current_pair(workspace_id)
        owner = Owner(workspace_id, provider, credential_id)
        return await asyncio.to_thread(pair.seal, orjson.dumps(dict(secrets)), owner)

    async def open(self, workspace_id: str, provider: str, credential_id: str, sealed: str) -> dict[str, Any]:
        """The same, back.

        :raises SealBroken: if it was changed, or moved from another owner
        """
        pair = await self._pair(workspace_id, key_id_of(sealed))
        owner = Owner(workspace_id, provider, credential_id)
        opened: dict[str, Any] = orjson.loads(await asyncio.to_thread(pair.open, sealed, owner))
        return opened

    async def prepare(self) -> None:
        """Load the ciphers before there is a secret to open."""
        await asyncio.to_thread(import_module, "jackfield.vault.ciphers")

    def forget(self, workspace_id: str) -> None:
        """Ask the database again which pair is current (after a rotation)."""
        self._current.pop(workspace_id, None)

    async def _current_pair(self, workspace_id: str) -> KeyPair:
        key_id = self._current.get(workspace_id)
        if key_id is None:
            query = select(KeyPairRow.id).where(KeyPairRow.workspace_id == workspace_id, KeyPairRow.current.is_(True))
            async with self._store.read() as session:
                key_id = (await session.scalars(query.order_by(KeyPairRow.created_at.desc()))).first()
            if key_id is None:
                raise HostFault("The workspace has no key pair.", advice="Restore the database from its backup.")
            self._current[workspace_id] = key_id
        return await self._pair(workspace_id, key_id)

    async def _pair(self, workspace_id: str, key_id: str) -> KeyPair:
        pair = self._pairs.get((workspace_id, key_id))
        if pair is None:
            async with self._store.read() as session:
                row = await session.get(KeyPairRow, key_id)
            if row is None or row.workspace_id != workspace_id:
                raise HostFault(
                    "A stored secret is sealed under a key pair that is gone.", advice="Restore the database from its backup."
                )
            pair = await asyncio.to_thread(KeyPair.unlock, row.locked, key_id, workspace_id, self._masters)
            self._pairs[workspace_id, key_id] = pair
        return pair
