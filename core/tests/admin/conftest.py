"""What the tests of the admin API share: a host on loopback, over each kind of database, and a vendor in a plugin."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from Crypto.PublicKey import RSA
from jackfield.cli.serve import pages
from jackfield.contract import (
    CallContext,
    CredentialForm,
    CredentialsInvalid,
    EmbeddingRequest,
    EmbeddingResult,
    FormField,
    LLMRequest,
    LLMResult,
    LocalizedText,
    Message,
    ModelDescription,
    ModelType,
    Prices,
    ProviderDescription,
    ProvisionKind,
    ServerUnavailable,
    Usage,
    hookimpl,
)
from jackfield.gateway.server import address, listen, serve
from jackfield.host import Host, Settings
from jackfield.host.settings import TrialSettings
from jackfield.kernel import Kernel
from jackfield.tenancy import Principal, Role, operator
from pydantic import SecretStr

PASSWORD = "correct horse battery"
KEY = "sk-good-canary-0123456789"
HOSTED_KEY = "sk-good-hosted-9876543210"


class AcmePlugin:
    """The provider `acme`, with a catalog and models that can be added. Takes keys that begin with `sk-good`."""

    @hookimpl
    def jackfield_providers(self) -> list[ProviderDescription]:
        key = FormField(name="api_key", kind="secret", label=LocalizedText.of("Key"), required=True)
        region = FormField(name="region", label=LocalizedText.of("Region"))
        window = FormField(name="context", kind="number", label=LocalizedText.of("Context"), default=4096)
        prices = Prices(input="2", output="10")  # type: ignore[arg-type]
        acme = ProviderDescription(
            id="acme",
            label=LocalizedText.of("Acme"),
            model_types=(ModelType.LLM, ModelType.TEXT_EMBEDDING),
            provision=(ProvisionKind.PREDEFINED, ProvisionKind.CUSTOMIZABLE),
            provider_form=CredentialForm(fields=(key, region)),
            model_form=CredentialForm(fields=(window,)),
            models=(
                ModelDescription(id="chat", type=ModelType.LLM, prices=prices, context_window=1000),
                ModelDescription(id="family/big", type=ModelType.LLM),
                ModelDescription(id="embed", type=ModelType.TEXT_EMBEDDING),
            ),
        )
        free = ProviderDescription(
            id="free",
            label=LocalizedText.of("Free"),
            model_types=(ModelType.LLM,),
            provision=(ProvisionKind.PREDEFINED,),
            provider_form=CredentialForm(),
            models=(ModelDescription(id="chat", type=ModelType.LLM),),
        )
        return [acme, free]

    def _check(self, context: CallContext) -> None:
        key = str(context.credentials.get("api_key"))
        if key.startswith("sk-down"):
            raise ServerUnavailable("The vendor sleeps.", vendor_message=f"no answer for {key}")
        if not key.startswith("sk-good"):
            raise CredentialsInvalid("The vendor refuses the key.", param="api_key", vendor_message=f"bad key {key}")

    @hookimpl
    async def validate_provider_credentials(self, context: CallContext) -> None:
        self._check(context)

    @hookimpl
    async def validate_model_credentials(self, model: str, model_type: ModelType, context: CallContext) -> None:
        self._check(context)

    @hookimpl
    def describe_model(self, model: str, model_type: ModelType, credentials: dict[str, Any]) -> ModelDescription:
        return ModelDescription(id=model, type=model_type, context_window=credentials["context"])

    @hookimpl
    async def list_models(self, context: CallContext) -> list[ModelDescription]:
        self._check(context)
        return [ModelDescription(id="live", type=ModelType.LLM)]

    @hookimpl
    async def invoke_llm(self, request: LLMRequest, context: CallContext) -> LLMResult:
        if context.provider == "acme":
            self._check(context)
        text = f"You said: {request.messages[-1].text}"
        usage = Usage(input_tokens=3, output_tokens=5)
        return LLMResult(message=Message.assistant(text), finish_reason="stop", usage=usage, model=request.model)

    @hookimpl
    async def invoke_text_embedding(self, request: EmbeddingRequest, context: CallContext) -> EmbeddingResult:
        self._check(context)
        return EmbeddingResult(
            embeddings=[[1.0, 0.0] for _ in request.inputs], usage=Usage(input_tokens=1), model=request.model
        )


@pytest.fixture(scope="session")
def rsa_key() -> RSA.RsaKey:
    return RSA.generate(2048)


@pytest.fixture(autouse=True)
def _one_rsa_key(monkeypatch: pytest.MonkeyPatch, rsa_key: RSA.RsaKey) -> None:
    """To find a pair takes seconds, and nothing here depends on it."""
    monkeypatch.setattr(RSA, "generate", lambda *_: rsa_key)


Json = dict[str, Any]


@dataclass(slots=True)
class Site:
    """A host that serves, and its first workspace.

    :ivar workspace: its id
    :ivar api: a client without a token
    """

    url: str
    host: Host
    workspace: str
    api: httpx.AsyncClient

    @property
    def operator(self) -> Principal:
        return operator(self.workspace)

    async def key(self, role: Role | None = None, *, workspace: str | None = None, **rest: Any) -> str:
        """A fresh API key."""
        token, _ = await self.host.tenancy.keys.create(operator(workspace or self.workspace), "key", role=role, **rest)
        return token

    async def person(self, email: str, role: Role = Role.OWNER, *, workspace: str | None = None) -> str:
        """A new member's id."""
        caller = operator(workspace or self.workspace)
        return (await self.host.tenancy.people.add_member(caller, email, role, password=PASSWORD)).person_id

    async def session(self, email: str, password: str = PASSWORD) -> str:
        """A fresh session's token."""
        answer = await self.api.post("/api/sign-in", json={"email": email, "password": password})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["token"])

    async def ask(
        self, method: str, path: str, token: str, body: Json | None = None, *, status: int = 200, **params: Any
    ) -> Any:
        """A request that is answered with `status`; its JSON. A path without /api is of the first workspace."""
        if not path.startswith("/api"):
            path = f"/api/workspaces/{self.workspace}/{path}".rstrip("/")
        headers = {"authorization": f"Bearer {token}"}
        answer = await self.api.request(method, path, json=body, headers=headers, params=params)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content and answer.headers["content-type"] == "application/json" else answer.text


OpenSite = Callable[..., Coroutine[Any, Any, Site]]


@pytest.fixture(scope="session")
def master_key() -> SecretStr:
    return SecretStr("bWFzdGVyLWNhbmFyeS0wMTIzNDU2Nzg5YWJjZGVmZ2g=")


@pytest.fixture
async def open_site(tmp_path: Path, master_key: SecretStr) -> AsyncIterator[OpenSite]:
    """Serves a host on a database; settings by keyword."""
    async with AsyncExitStack() as stack:

        async def start(database_url: str, **settings: Any) -> Site:
            trial = TrialSettings(provider="acme", models=("chat",), quota=3, credentials={"api_key": SecretStr(HOSTED_KEY)})
            values: dict[str, Any] = {
                "data_dir": tmp_path / "data",
                "database_url": SecretStr(database_url),
                "master_key": master_key,
                "egress": {"environment_proxy": False},
                "server": {"port": 0, "grace_period": 1.0},
                "log": {"format": "json"},
                "trials": (trial,),
                "owners_make_workspaces": True,
                **settings,
            }
            made = Settings(**values)
            listener = listen(made.server)
            ready: asyncio.Future[Host] = asyncio.get_running_loop().create_future()
            until = asyncio.Event()
            kernel = Kernel.of([("acme-plugin", AcmePlugin())])
            serving = asyncio.create_task(
                serve(
                    made,
                    listener,
                    routes=pages,
                    kernel=kernel,
                    started=lambda host, _: ready.set_result(host),
                    until=until,
                )
            )
            await asyncio.wait((serving, ready), return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                serving.result()
            stack.push_async_callback(asyncio.wait_for, serving, 20)
            stack.callback(until.set)
            host = ready.result()
            url = address(listener, made.server)
            api = await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=30, trust_env=False))
            workspaces = await host.tenancy.workspaces.list()
            return Site(url, host, workspaces[0].id, api)

        yield start


@pytest.fixture
async def site(open_site: OpenSite, sqlite_template: Path, tmp_path: Path) -> Site:
    shutil.copyfile(sqlite_template, tmp_path / "jackfield.db")
    return await open_site(f"sqlite:///{tmp_path / 'jackfield.db'}")


@pytest.fixture
async def each_site(open_site: OpenSite, database_url: str) -> Site:
    """On a database of each kind: where it matters."""
    return await open_site(database_url)
