"""A database shaped as Dify's, of either schema, with secrets sealed by its published scheme; and a host to import into."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from Crypto.Cipher import AES, PKCS1_OAEP
from Crypto.PublicKey import RSA
from Crypto.Random import get_random_bytes
from jackfield.contract import (
    CredentialForm,
    FormField,
    LocalizedText,
    ModelDescription,
    ModelType,
    Option,
    ProviderDescription,
    ProvisionKind,
    hookimpl,
)
from jackfield.kernel import Kernel
from jackfield.store import Store
from jackfield.store.tables import CredentialRow
from jackfield.tenancy import Tenancy, Trial, operator
from jackfield.tenancy.dify import DifyDatabase, DifyImport, KeyFolder, Options, Report
from jackfield.vault import KeyPair
from sqlalchemy import Boolean, Column, DateTime, MetaData, String, Table, Text, insert
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import create_async_engine

PREDEFINED, CUSTOMIZABLE = ProvisionKind.PREDEFINED, ProvisionKind.CUSTOMIZABLE
EPOCH = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)


def _uuid() -> Any:
    return String(36).with_variant(postgresql.UUID(as_uuid=False), "postgresql")


def dify_tables(*, named: bool) -> MetaData:
    """:param named: the schema since 1.8, in which credentials have names and rows of their own"""
    metadata = MetaData()
    own = {"credential_id": _uuid()} if named else {"encrypted_config": Text()}
    model = {"model_name": String(255), "model_type": String(40)}
    valid = {"is_valid": Boolean()}
    form = {"credential_name": String(255), "encrypted_config": Text()}
    source = {"credential_id": _uuid(), "credential_source_type": String(40)} if named else {}
    balancing = {"name": String(255), "encrypted_config": Text(), "enabled": Boolean()}

    def table(title: str, /, **columns: Any) -> None:
        Table(
            title,
            metadata,
            Column("id", _uuid(), primary_key=True),
            *(Column(column, kind) for column, kind in columns.items()),
            Column("created_at", DateTime),
        )

    owned: dict[str, Any] = {"tenant_id": _uuid(), "provider_name": String(255)}
    table("tenants", name=String(255), encrypt_public_key=Text(), status=String(255))
    table("providers", **owned, provider_type=String(40), **valid, **own)
    table("provider_models", **owned, **model, **valid, **own)
    table("tenant_default_models", **owned, **model)
    table("tenant_preferred_model_providers", **owned, preferred_provider_type=String(40))
    table("provider_model_settings", **owned, **model, enabled=Boolean(), load_balancing_enabled=Boolean())
    table("load_balancing_model_configs", **owned, **model, **balancing, **source)
    if named:
        table("provider_credentials", **owned, **form)
        table("provider_model_credentials", **owned, **model, **form)
    return metadata


class Dify:
    """Builds it."""

    def __init__(self, url: str, keys: Path, pool: list[RSA.RsaKey], *, named: bool) -> None:
        driver = "sqlite+aiosqlite" if url.startswith("sqlite") else "postgresql+asyncpg"
        self.url = url
        self.keys = keys
        self.tables = dify_tables(named=named)
        self.engine = create_async_engine(driver + url[url.index(":") :])
        self.rsa: dict[str, RSA.RsaKey] = {}
        self._pool = pool
        self._rows = 0

    async def make(self) -> None:
        async with self.engine.begin() as connection:
            await connection.run_sync(self.tables.create_all)

    async def tenant(self, name: str, status: str = "normal") -> str:
        tenant_id = str(uuid.uuid4())
        self.rsa[tenant_id] = self._pool[len(self.rsa) % len(self._pool)]
        file = self.keys / tenant_id / "private.pem"
        file.parent.mkdir(parents=True)
        file.write_bytes(self.rsa[tenant_id].export_key())
        await self._insert("tenants", id=tenant_id, name=name, status=status)
        return tenant_id

    async def add(self, table: str, tenant_id: str, provider: str, **values: Any) -> str:
        row_id = str(uuid.uuid4())
        await self._insert(table, id=row_id, tenant_id=tenant_id, provider_name=provider, **values)
        return row_id

    async def _insert(self, table: str, **values: Any) -> None:
        self._rows += 1
        values["created_at"] = EPOCH + timedelta(seconds=self._rows)
        async with self.engine.begin() as connection:
            await connection.execute(insert(self.tables.tables[table]).values(values))

    def seal(self, tenant_id: str, text: str) -> str:
        """As `encrypt_token` of Dify's."""
        data_key = get_random_bytes(16)
        cipher = AES.new(data_key, AES.MODE_EAX)
        ciphertext, tag = cipher.encrypt_and_digest(text.encode())
        wrapped = PKCS1_OAEP.new(self.rsa[tenant_id].public_key()).encrypt(data_key)
        return base64.b64encode(b"HYBRID:" + wrapped + cipher.nonce + tag + ciphertext).decode()

    def form(self, tenant_id: str, secrets: dict[str, str], **plain: Any) -> str:
        return json.dumps({name: self.seal(tenant_id, value) for name, value in secrets.items()} | plain)


def _field(name: str, kind: Any = "text", **rest: Any) -> FormField:
    return FormField(name=name, kind=kind, label=LocalizedText.of(name), **rest)


class Vendors:
    """Three providers, with forms of the kind that the real plugins have."""

    @hookimpl
    def jackfield_providers(self) -> list[ProviderDescription]:
        key = _field("api_key", "secret", required=True)
        address = _field("base_url", pattern=r"https?://\S+")
        types = (ModelType.LLM, ModelType.TEXT_EMBEDDING)
        openai = ProviderDescription(
            id="openai",
            label=LocalizedText.of("OpenAI"),
            model_types=types,
            provision=(PREDEFINED, CUSTOMIZABLE),
            provider_form=CredentialForm(fields=(key, _field("organization"), address)),
            model_form=CredentialForm(fields=(_field("api_key", "secret"), address)),
            models=(
                ModelDescription(id="gpt-4o", type=ModelType.LLM),
                ModelDescription(id="text-embedding-3-small", type=ModelType.TEXT_EMBEDDING),
            ),
        )
        advanced = {"advanced": (True,)}
        modes = tuple(Option(value=name, label=LocalizedText.of(name)) for name in ("chat", "completion"))
        compatible = ProviderDescription(
            id="openai_compatible",
            label=LocalizedText.of("Compatible"),
            model_types=types,
            provision=(CUSTOMIZABLE,),
            model_form=CredentialForm(
                fields=(
                    address.model_copy(update={"required": True}),
                    _field("api_key", "secret"),
                    _field("api", "select", options=modes, default="chat"),
                    _field("context_size", "number", minimum=1),
                    _field("tools", "switch", default=False),
                    _field("vision", "switch", default=False),
                    _field("advanced", "switch", default=False),
                    _field("endpoint_model", shown_if=advanced),
                    _field("stream_usage", "switch", default=True, shown_if=advanced),
                )
            ),
        )
        anthropic = ProviderDescription(
            id="anthropic",
            label=LocalizedText.of("Anthropic"),
            model_types=(ModelType.LLM,),
            provision=(PREDEFINED,),
            provider_form=CredentialForm(fields=(key,)),
            models=(ModelDescription(id="claude-sonnet-4-5", type=ModelType.LLM),),
        )
        return [openai, compatible, anthropic]

    @hookimpl
    async def invoke_llm(self, request: Any, context: Any) -> Any:
        raise AssertionError("no model is called")

    @hookimpl
    async def invoke_text_embedding(self, request: Any, context: Any) -> Any:
        raise AssertionError("no model is called")

    @hookimpl
    def describe_model(self, model: str, model_type: ModelType, credentials: Any) -> ModelDescription:
        size = credentials.get("context_size")
        return ModelDescription(id=model, type=model_type, context_window=int(size) if size else None)


class Site:
    """A host, and the Dify that is brought over to it."""

    def __init__(self, tenancy: Tenancy, dify: Dify, kernel: Kernel) -> None:
        self.tenancy = tenancy
        self.dify = dify
        self.kernel = kernel

    async def run(self, **options: Any) -> Report:
        async with DifyDatabase.open(self.dify.url) as database:
            work = DifyImport(self.tenancy, self.kernel, Options(**options))
            return await work.run(database, KeyFolder(self.dify.keys.parent))

    async def credentials(self, workspace_id: str) -> dict[str, dict[str, Any]]:
        """Everything that calls could use: the opened values by name, and whether it is on."""
        found = {}
        for info in await self.tenancy.credentials.list(operator(workspace_id)):
            row = await self._row(info.id)
            values = {name: value for name, value in info.values.items() if "•" not in str(value)}
            if row is not None:
                values |= await self.tenancy.secrets.open(workspace_id, info.provider, info.id, row)
            model = f"{info.model}: " if info.model else ""
            found[f"{info.provider}: {model}{info.name}"] = values | {"on": info.enabled}
        return found

    async def _row(self, credential_id: str) -> str | None:
        async with self.tenancy.store.read() as session:
            return (await session.get_one(CredentialRow, credential_id)).sealed


MakeSite = Callable[..., Awaitable[Site]]


@pytest.fixture(scope="session")
def rsa_pool() -> list[RSA.RsaKey]:
    return [RSA.generate(2048) for _ in range(3)]


@pytest.fixture(autouse=True)
def quick_pairs(rsa_pool: list[RSA.RsaKey], monkeypatch: pytest.MonkeyPatch) -> None:
    def generate(workspace: str) -> KeyPair:
        return KeyPair(get_random_bytes(6).hex(), workspace, rsa_pool[0].public_key(), rsa_pool[0])

    monkeypatch.setattr(KeyPair, "generate", generate)


@pytest.fixture
def kernel() -> Kernel:
    return Kernel.of([("vendors", Vendors())])


@pytest.fixture
async def make_dify(
    database_url: str, request: pytest.FixtureRequest, tmp_path: Path, rsa_pool: list[RSA.RsaKey]
) -> AsyncIterator[Callable[..., Awaitable[Dify]]]:
    """An empty Dify, in a database of the kind that ours is."""
    made: list[Dify] = []

    async def make(*, named: bool = True) -> Dify:
        sqlite = database_url.startswith("sqlite")
        url = f"sqlite:///{tmp_path / 'dify.db'}" if sqlite else request.getfixturevalue("postgres_url")
        dify = Dify(url, tmp_path / "storage" / "privkeys", rsa_pool, named=named)
        await dify.make()
        made.append(dify)
        return dify

    yield make
    for dify in made:
        await dify.engine.dispose()


@pytest.fixture
async def make_site(
    database_url: str, tmp_path: Path, kernel: Kernel, make_dify: Callable[..., Awaitable[Dify]]
) -> AsyncIterator[MakeSite]:
    """A host with an empty database, and an empty Dify beside it."""
    store = await Store.open(database_url)
    trial = Trial("lent", "openai", ("gpt-4o",), 200)
    tenancy = await Tenancy.open(store, master_key_file=tmp_path / "master.key", journal=tmp_path / "journal", trials=[trial])

    async def make(*, named: bool = True) -> Site:
        return Site(tenancy, await make_dify(named=named), kernel)

    yield make
    await tenancy.close()
    await store.close()
