"""What the tests of calls share: a plugin, hosts with a workspace, and what an OpenAI-like vendor says."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import orjson
import pytest
from Crypto.PublicKey import RSA
from jackfield.contract import (
    CallContext,
    ConnectionFailed,
    CredentialForm,
    CredentialsInvalid,
    EmbeddingRequest,
    EmbeddingResult,
    Feature,
    FormField,
    JackfieldError,
    LLMRequest,
    LLMResult,
    LLMStream,
    LocalizedText,
    ModelDescription,
    ModelNotFound,
    ModelType,
    ParameterRule,
    Prices,
    ProviderDescription,
    ProvisionKind,
    QuotaExceeded,
    RateLimited,
    RelayRequest,
    RelayResponse,
    ServerUnavailable,
    SpeechRequest,
    SpeechResult,
    TranscriptionRequest,
    TranscriptionResult,
    Usage,
    hookimpl,
)
from jackfield.dialects import openai_chat, sse
from jackfield.host.host import Host
from jackfield.host.settings import Settings
from jackfield.host.vendors import NewCredential
from jackfield.kernel import Kernel
from jackfield.tenancy import CredentialInfo, Principal, operator

if TYPE_CHECKING:
    from ..conftest import Exchange, Until, Vendor


# -- a plugin as a vendor's author would write it, against the contract alone ---------------------------------------------


def error_for(status: int, text: str, headers: Any) -> JackfieldError:
    after = float(headers["retry-after"]) if headers.get("retry-after") else None
    if status == 429:
        return RateLimited("The vendor says: slower.", vendor_message=text, vendor_status=status, retry_after=after)
    kinds: dict[int, type[JackfieldError]] = {401: CredentialsInvalid, 402: QuotaExceeded, 404: ModelNotFound}
    kind = kinds.get(status, ServerUnavailable)
    return kind(f"The vendor answered {status}.", vendor_message=text, vendor_status=status)


class AcmePlugin:
    """The provider `acme`: predefined and customizable, OpenAI's dialect, relay and typed; `echo`: the same without relay."""

    def __init__(self, url: str) -> None:
        self.url = url

    @hookimpl
    def jackfield_providers(self) -> list[ProviderDescription]:
        chat = (Feature.STREAMING, Feature.TOOLS)
        prices = Prices(input="2", output="10")  # type: ignore[arg-type]
        temperature = ParameterRule(name="temperature", maximum=1)
        models = (
            ModelDescription(id="chat", type=ModelType.LLM, features=frozenset(chat), prices=prices, context_window=1000),
            ModelDescription(id="big", type=ModelType.LLM, features=frozenset(chat), context_window=100_000),
            ModelDescription(id="strict", type=ModelType.LLM, parameters=(temperature,)),
            ModelDescription(id="embed", type=ModelType.TEXT_EMBEDDING, max_batch=3),
            ModelDescription(id="ears", type=ModelType.SPEECH_TO_TEXT),
            ModelDescription(id="voice", type=ModelType.TEXT_TO_SPEECH),
        )
        key = FormField(name="api_key", kind="secret", label=LocalizedText.of("Key"), required=True)
        window = FormField(name="context", kind="number", label=LocalizedText.of("Context"), default=4096)
        acme = ProviderDescription(
            id="acme",
            label=LocalizedText.of("Acme"),
            model_types=tuple({model.type: None for model in models}),
            provision=(ProvisionKind.PREDEFINED, ProvisionKind.CUSTOMIZABLE),
            provider_form=CredentialForm(fields=(key,)),
            model_form=CredentialForm(fields=(window,)),
            models=models,
            dialects=("openai.chat", "openai.embeddings"),
        )
        echo = acme.model_copy(update={"id": "echo", "dialects": ()})
        free = acme.model_copy(
            update={"id": "free", "provider_form": CredentialForm(), "provision": (ProvisionKind.PREDEFINED,)}
        )
        return [acme, echo, free]

    def _headers(self, context: CallContext) -> dict[str, str]:
        return {"authorization": f"Bearer {context.credentials.get('api_key', 'none')}", "content-type": "application/json"}

    async def _post(self, path: str, body: Any, context: CallContext) -> Any:
        try:
            response = await context.http.post(self.url + path, json=body, headers=self._headers(context))
        except httpx.HTTPError as error:
            raise ConnectionFailed("The connection to the vendor broke.") from error
        if not response.is_success:
            raise error_for(response.status_code, response.text, response.headers)
        return response.json()

    @hookimpl
    async def validate_provider_credentials(self, context: CallContext) -> None:
        try:
            await self._post("/validate", {}, context)
        except CredentialsInvalid as error:
            raise CredentialsInvalid("The vendor refuses the key.", param="api_key") from error

    @hookimpl
    async def validate_model_credentials(self, model: str, model_type: ModelType, context: CallContext) -> None:
        await self._post("/validate", {"model": model}, context)

    @hookimpl
    def describe_model(self, model: str, model_type: ModelType, credentials: dict[str, Any]) -> ModelDescription:
        return ModelDescription(id=model, type=model_type, context_window=credentials["context"])

    @hookimpl
    async def list_models(self, context: CallContext) -> list[ModelDescription]:
        answer = await self._post("/models", {}, context)
        return [ModelDescription(id=entry, type=ModelType.LLM) for entry in answer]

    @hookimpl
    async def invoke_llm(self, request: LLMRequest, context: CallContext) -> LLMResult | LLMStream:
        body = openai_chat.build_request(request)
        if not request.stream:
            return openai_chat.parse_result(await self._post("/chat/completions", body, context))
        return openai_chat.parse_stream(sse.decode(self._stream("/chat/completions", body, context)))

    async def _stream(self, path: str, body: Any, context: CallContext) -> AsyncIterator[bytes]:
        try:
            async with context.http.stream("POST", self.url + path, json=body, headers=self._headers(context)) as response:
                if not response.is_success:
                    await response.aread()
                    raise error_for(response.status_code, response.text, response.headers)
                async for chunk in response.aiter_raw():
                    yield chunk
        except httpx.HTTPError as error:
            raise ConnectionFailed("The connection to the vendor broke.") from error

    @hookimpl
    async def count_tokens(self, request: LLMRequest, context: CallContext) -> int:
        return int((await self._post("/count", {"model": request.model}, context))["tokens"])

    @hookimpl
    async def invoke_text_embedding(self, request: EmbeddingRequest, context: CallContext) -> EmbeddingResult:
        answer = await self._post("/embeddings", {"model": request.model, "input": request.inputs}, context)
        return EmbeddingResult(embeddings=answer["vectors"], usage=Usage(input_tokens=answer["tokens"]), model=request.model)

    @hookimpl
    async def invoke_speech_to_text(self, request: TranscriptionRequest, context: CallContext) -> TranscriptionResult:
        return TranscriptionResult(text="heard", duration=2.5)

    @hookimpl
    async def invoke_text_to_speech(self, request: SpeechRequest, context: CallContext) -> SpeechResult:
        audio = self._stream("/speech", {"text": request.text}, context)
        return SpeechResult(audio=audio, media_type="audio/wav", usage=Usage(characters=len(request.text)))

    @hookimpl
    async def relay(self, request: RelayRequest, context: CallContext) -> RelayResponse:
        assert context.wire is not None
        path = {"openai.chat": "/chat/completions", "openai.embeddings": "/embeddings"}[request.dialect]
        headers = {**request.headers, **self._headers(context)}
        answer = await context.wire.send(self.url + path, headers=headers, body=request.body, timeout=context.timeout)
        if answer.status >= 300:
            text = (await answer.read()).decode()
            raise error_for(answer.status, text, answer.headers)
        body = answer.chunks() if request.stream else await answer.read()
        return RelayResponse(status=answer.status, headers=answer.headers, body=body)


# -- hosts -----------------------------------------------------------------------------------------------------------------

OpenHost = Callable[..., Coroutine[Any, Any, Host]]


@pytest.fixture(scope="session")
def rsa_key() -> RSA.RsaKey:
    return RSA.generate(2048)


@pytest.fixture(autouse=True)
def _one_rsa_key(monkeypatch: pytest.MonkeyPatch, rsa_key: RSA.RsaKey) -> None:
    """Making an RSA key takes a second, and nothing here is about its randomness: all workspaces of these tests share one."""
    monkeypatch.setattr(RSA, "generate", lambda bits: rsa_key)


@dataclass(frozen=True)
class Template:
    """A data folder after its first start, to be copied; and the key that it showed."""

    folder: Path
    api_key: str


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    folder = tmp_path_factory.mktemp("template") / "data"

    async def first_start() -> str:
        async with await Host.open(Settings(data_dir=folder), kernel=Kernel.of([])) as host:
            assert host.first_run is not None
            return host.first_run.api_key

    return Template(folder, asyncio.run(first_start()))


@pytest.fixture
async def open_host(tmp_path: Path, vendor: Vendor, template: Template) -> AsyncIterator[OpenHost]:
    """Opens hosts on one data folder, with quick repeats; settings by keyword, as in `Settings`."""
    hosts: list[Host] = []
    shutil.copytree(template.folder, tmp_path / "data")

    async def open_one(plugins: tuple[tuple[str, object], ...] = (), **settings: Any) -> Host:
        values: dict[str, Any] = {
            "data_dir": tmp_path / "data",
            "egress": {"environment_proxy": False},
            "calls": {"backoff": 0.001, "backoff_max": 0.002, "timeout": 20, **settings.pop("calls", {})},
            "server": {"grace_period": 0.2},
            **settings,
        }
        kernel = Kernel.of([("acme-plugin", AcmePlugin(vendor.url)), *plugins])
        host = await Host.open(Settings(**values), kernel=kernel)
        hosts.append(host)
        return host

    yield open_one
    for host in hosts:
        await host.close()


@pytest.fixture
async def host(open_host: OpenHost) -> Host:
    return await open_host()


@dataclass
class Desk:
    """A workspace with somebody in it who may do everything, and a program with a key."""

    host: Host
    owner: Principal
    caller: Principal

    async def add_key(self, key: str = "key-one", provider: str = "acme", **rest: Any) -> CredentialInfo:
        """A credential, accepted by the vendor without being asked."""
        new = NewCredential(values={"api_key": key}, **rest)
        return await self.host.tenancy.credentials.add(
            self.owner,
            provider,
            self.host.kernel.provider(provider).provider_form or CredentialForm(),
            new.values,
            _accept,
            name=new.name,
            weight=new.weight,
        )

    async def usage(self) -> list[Any]:
        """The calls in the ledger, the oldest first."""
        await self.host.tenancy.ledger.flush()
        from jackfield.tenancy import UsageFilter

        return sorted(await self.host.tenancy.usage.calls(self.owner, UsageFilter()), key=lambda row: row.at)


async def _accept(credentials: object) -> None:
    pass


@pytest.fixture
async def desk(host: Host) -> Desk:
    return await desk_at(host)


async def desk_at(host: Host) -> Desk:
    workspaces = await host.tenancy.workspaces.list()
    owner = operator(workspaces[0].id)
    token, _ = await host.tenancy.keys.create(owner, "program")
    return Desk(host, owner, await host.tenancy.keys.authenticate(token))


# -- what an OpenAI-like vendor says --------------------------------------------------------------------------------------


def completion(text: str = "Hello.", **usage: int) -> dict[str, Any]:
    """A whole chat completion."""
    tokens = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10, **usage}
    message = {"role": "assistant", "content": text}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "chat",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": tokens,
    }


def chunk(text: str | None = None, finish: str | None = None, usage: dict[str, int] | None = None) -> bytes:
    """One event of a streamed one; with `usage` the last, that has no choices."""
    choices = [] if usage else [{"index": 0, "delta": {"content": text} if text else {}, "finish_reason": finish}]
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "chat",
        "choices": choices,
        "usage": usage,
    }
    return b"data: " + orjson.dumps(body) + b"\n\n"


DONE = b"data: [DONE]\n\n"
USED = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}


async def stream_reply(exchange: Exchange) -> None:
    """A good stream; usage comes only if it was asked for, as at OpenAI."""
    await exchange.start_stream()
    for text in ("Hel", "lo."):
        await exchange.send(chunk(text))
    await exchange.send(chunk(finish="stop"))
    if (exchange.json.get("stream_options") or {}).get("include_usage"):
        await exchange.send(chunk(usage=USED))
    await exchange.send(DONE)
    await exchange.end_stream()


async def good_reply(exchange: Exchange) -> None:
    """Whole or streamed, as asked."""
    if exchange.json.get("stream"):
        await stream_reply(exchange)
    else:
        await exchange.answer(200, completion())


class Helpers:
    """What tests take from here by fixture, as this file cannot be imported."""

    completion = staticmethod(completion)
    chunk = staticmethod(chunk)
    good_reply = staticmethod(good_reply)
    stream_reply = staticmethod(stream_reply)
    desk_at = staticmethod(desk_at)
    until: Until
    done = DONE
    used = USED


@pytest.fixture
def helpers(until: Until) -> type[Helpers]:
    Helpers.until = staticmethod(until)
    return Helpers
