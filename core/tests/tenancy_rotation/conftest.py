"""Hosts over one database, each with its own memory, and key pairs that take no time to make."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from Crypto.PublicKey import RSA
from jackfield.contract import CredentialForm, Credentials, FormField, LocalizedText
from jackfield.store import Store
from jackfield.store.tables import CredentialRow
from jackfield.tenancy.credentials import CredentialChange, CredentialInfo
from jackfield.tenancy.rotation import KeyRotation
from jackfield.tenancy.tenancy import Tenancy
from jackfield.tenancy.workspaces import operator
from jackfield.vault import KeyPair, load_keyring
from sqlalchemy import select

FORM = CredentialForm(
    fields=(
        FormField(name="api_key", kind="secret", label=LocalizedText(en="API key"), required=True),
        FormField(name="base_url", label=LocalizedText(en="Base URL")),
    )
)


async def accept(credentials: Credentials) -> None:
    """A vendor that takes any key."""


class Replica:
    """One host process's view of the database."""

    def __init__(self, tenancy: Tenancy, key_file: Path) -> None:
        self.tenancy = tenancy
        self.key_file = key_file

    async def add(self, workspace_id: str, secret: str, provider: str = "openai") -> CredentialInfo:
        values = {"api_key": secret, "base_url": "https://example.com"}
        return await self.tenancy.credentials.add(operator(workspace_id), provider, FORM, values, accept, name=secret)

    async def edit(self, workspace_id: str, credential_id: str, secret: str) -> None:
        change = CredentialChange(values={"api_key": secret})
        await self.tenancy.credentials.change(operator(workspace_id), credential_id, FORM, change, accept)

    async def workspace(self, *secrets: str) -> str:
        workspace = await self.tenancy.workspaces.create("team")
        for secret in secrets:
            await self.add(workspace.id, secret)
        return workspace.id

    async def spoil(self, workspace_id: str) -> str:
        """Change the workspace's first sealed secret, so that it no longer opens; its id."""
        async with self.tenancy.store.write() as session:
            query = select(CredentialRow).where(CredentialRow.workspace_id == workspace_id).order_by(CredentialRow.id)
            row = (await session.scalars(query)).first()
            assert row is not None
            assert row.sealed
            row.sealed = row.sealed[:-4] + ("AAAA" if row.sealed[-4:] != "AAAA" else "BBBB")
            return row.id

    def rotation(self) -> KeyRotation:
        """As `jackfield rotate-keys` makes it: on the same database, with a ring of its own."""
        return KeyRotation(self.tenancy.store, load_keyring(self.key_file, create=False))

    async def secrets_of(self, workspace_id: str) -> list[str]:
        """What calls of this workspace would use, read from the database anew."""
        self.tenancy.watch.tell(workspace_id)
        view = await self.tenancy.views.get(workspace_id)
        records = itertools.chain.from_iterable(view.credentials.values())
        return sorted([(await self.tenancy.credentials.open(record))["api_key"] for record in records])


Start = Callable[[], Awaitable[Replica]]


@pytest.fixture(scope="session")
def rsa_keys() -> list[RSA.RsaKey]:
    return [RSA.generate(2048) for _ in range(3)]


@pytest.fixture(autouse=True)
def quick_pairs(rsa_keys: list[RSA.RsaKey], monkeypatch: pytest.MonkeyPatch) -> None:
    ready = itertools.cycle(rsa_keys)

    def generate(workspace: str) -> KeyPair:
        private = next(ready)
        return KeyPair(secrets.token_hex(6), workspace, private.public_key(), private)

    monkeypatch.setattr(KeyPair, "generate", generate)


@pytest.fixture
def make_replica() -> Callable[[Tenancy, Path], Replica]:
    return Replica


@pytest.fixture
async def start(database_url: str, tmp_path: Path) -> AsyncIterator[Start]:
    """Starts hosts on the same database and key file."""
    async with AsyncExitStack() as stack:

        async def begin() -> Replica:
            store = await Store.open(database_url)
            stack.push_async_callback(store.close)
            key_file, journal = tmp_path / "master.key", tmp_path / f"journal-{secrets.token_hex(4)}"
            tenancy = await Tenancy.open(store, master_key_file=key_file, journal=journal)
            stack.push_async_callback(tenancy.close)
            return Replica(tenancy, key_file)

        yield begin
