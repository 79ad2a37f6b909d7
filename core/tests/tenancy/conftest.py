"""What the tests of tenancy share: the services over a fresh database of each kind, and a cheap way to make key pairs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from Crypto.PublicKey import RSA
from jackfield.contract import CredentialForm, FormField, LocalizedText
from jackfield.store import Store
from jackfield.tenancy import Principal, Tenancy, Trial, operator

Opener = Callable[..., Awaitable[Tenancy]]


@pytest.fixture(scope="session")
def rsa_key() -> RSA.RsaKey:
    return RSA.generate(2048)


@pytest.fixture(autouse=True)
def _quick_key_pairs(monkeypatch: pytest.MonkeyPatch, rsa_key: RSA.RsaKey) -> None:
    """A pair of 3072 bits takes seconds to find; what these tests are about does not depend on it."""
    monkeypatch.setattr(RSA, "generate", lambda *_: rsa_key)


@pytest.fixture
async def open_tenancy(database_url: str, tmp_path: Path) -> AsyncIterator[Opener]:
    """Opens the services, as often as a test wants replicas of them on the same database."""
    async with AsyncExitStack() as stack:

        async def start(trials: Iterable[Trial] = (), **options: Any) -> Tenancy:
            store = await Store.open(database_url)
            stack.push_async_callback(store.close)
            tenancy = await Tenancy.open(
                store, master_key_file=tmp_path / "master.key", journal=tmp_path / "journal", trials=trials, **options
            )
            stack.push_async_callback(tenancy.close)
            return tenancy

        yield start


@pytest.fixture
async def tenancy(open_tenancy: Opener) -> Tenancy:
    return await open_tenancy()


@pytest.fixture
async def owner(tenancy: Tenancy) -> Principal:
    assert tenancy.first_run is not None
    return operator(tenancy.first_run.workspace.id)


@pytest.fixture
def form() -> CredentialForm:
    return CredentialForm(
        fields=(
            FormField(name="api_key", kind="secret", label=LocalizedText.of("Key"), required=True),
            FormField(name="organisation", label=LocalizedText.of("Organisation")),
        )
    )
