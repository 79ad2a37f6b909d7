"""A vendor on loopback, and a plugin for it: what the library does is seen from both ends."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from aiohttp import web
from jackfield.contract import (
    CallContext,
    ConnectionFailed,
    CredentialForm,
    CredentialsInvalid,
    EmbeddingRequest,
    EmbeddingResult,
    FormField,
    LLMEvent,
    LLMRequest,
    LLMResult,
    LocalizedText,
    Message,
    ModelDescription,
    ModelType,
    ModerationRequest,
    ModerationResult,
    Option,
    ParameterRule,
    ProviderDescription,
    ProvisionKind,
    RankedDocument,
    RerankRequest,
    RerankResult,
    ServerUnavailable,
    SpeechRequest,
    SpeechResult,
    StreamEnd,
    TextDelta,
    TranscriptionRequest,
    TranscriptionResult,
    Usage,
    UsageReport,
    Verdict,
    hookimpl,
)
from jackfield.kernel import Kernel


@dataclass
class Vendor:
    """:ivar requests: bodies that came, with path and key
    :ivar failures: how many of the next requests are answered 503
    :ivar came: set when a request came that is not answered
    :ivar gone: set when a client goes away from an answer that never comes, or never ends
    """

    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    failures: int = 0
    gone: threading.Event = field(default_factory=threading.Event)
    came: threading.Event = field(default_factory=threading.Event)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.read())
        self.requests.append({"path": request.path, "key": request.headers.get("authorization", ""), **body})
        if request.headers.get("authorization") == "Bearer wrong":
            return web.json_response({"error": "who are you?"}, status=401)
        if self.failures:
            self.failures -= 1
            return web.json_response({"error": "busy"}, status=503)
        if request.path == "/slow":
            return await self._hang()
        if request.path == "/endless":
            return await self._endless(request)
        return web.json_response({"echo": body})

    async def _hang(self) -> web.StreamResponse:
        self.came.set()
        try:
            return await asyncio.Future()
        finally:
            self.gone.set()

    async def _endless(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            number = 0
            while True:
                await response.write(f"piece {number}\n".encode())
                number += 1
                await asyncio.sleep(0.001)
        except (ConnectionError, asyncio.CancelledError):
            self.gone.set()
            raise


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    """A real HTTP server, in a thread of its own, for blocking and for async clients."""
    made = Vendor()
    loop = asyncio.new_event_loop()
    application = web.Application()
    application.router.add_post("/{path:.*}", made.answer)
    runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=0.1)

    async def start() -> None:
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        made.url = f"http://{host}:{port}"

    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(start(), loop).result()
    yield made
    asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


class Acme:
    """A plugin without the SDK: predefined and customizable, all six types, over the host's HTTP client."""

    @hookimpl
    def jackfield_providers(self) -> list[ProviderDescription]:
        key = FormField(name="api_key", kind="secret", label=LocalizedText.of("API key"), required=True, env="ACME_API_KEY")
        base = FormField(name="base_url", label=LocalizedText.of("Base URL"), required=True, pattern="https?://.+")
        region = FormField(
            name="region",
            kind="select",
            label=LocalizedText.of("Region"),
            default="eu",
            options=(Option(value="eu", label=LocalizedText.of("EU")), Option(value="us", label=LocalizedText.of("US"))),
        )
        loud = FormField(name="loud", kind="switch", label=LocalizedText.of("Loud"), default=False)
        size = FormField(name="context_size", kind="number", label=LocalizedText.of("Context"), required=True)
        return [
            ProviderDescription(
                id="acme",
                label=LocalizedText.of("Acme"),
                model_types=tuple(ModelType),
                provision=(ProvisionKind.PREDEFINED, ProvisionKind.CUSTOMIZABLE),
                provider_form=CredentialForm(fields=(key, base, region, loud), help_url="https://acme.example/keys"),
                model_form=CredentialForm(fields=(size,)),
                models=(
                    *(ModelDescription(id="one", type=kind) for kind in ModelType),
                    ModelDescription(
                        id="strict", type=ModelType.LLM, parameters=(ParameterRule(name="temperature", maximum=1),)
                    ),
                ),
            )
        ]

    async def _post(self, path: str, body: dict[str, Any], context: CallContext) -> dict[str, Any]:
        given = context.credentials
        try:
            response = await context.http.post(
                f"{given['base_url']}/{path}", json=body, headers={"authorization": f"Bearer {given['api_key']}"}
            )
        except httpx.HTTPError as error:
            raise ConnectionFailed("The vendor was not reached.") from error
        if response.status_code == 401:
            raise CredentialsInvalid("The vendor refuses the key.", param="api_key")
        if response.status_code == 503:
            raise ServerUnavailable("Busy.", retry_after=0.01)
        echo: dict[str, Any] = response.json()["echo"]
        return echo

    @hookimpl
    async def validate_provider_credentials(self, context: CallContext) -> None:
        assert context.model is None
        await self._post("validate", {}, context)

    @hookimpl
    def describe_model(self, model: str, model_type: ModelType, credentials: dict[str, Any]) -> ModelDescription:
        return ModelDescription(id=model, type=model_type, context_window=credentials["context_size"])

    @hookimpl
    async def invoke_llm(self, request: LLMRequest, context: CallContext) -> Any:
        if request.stream:
            return self._stream(request, context)
        body: dict[str, Any] = {"model": request.model, "text": request.messages[-1].text, "sampling": request.sampling.given()}
        if context.model is not None and context.model.context_window:
            body["context"] = context.model.context_window
        echo = await self._post("slow" if body["text"] == "slow" else "chat", body, context)
        text = f"{context.credentials['region']}: {echo['text']}"
        return LLMResult(message=Message.assistant(text), finish_reason="stop", usage=Usage(input_tokens=3))

    async def _stream(self, request: LLMRequest, context: CallContext) -> AsyncIterator[LLMEvent]:
        text = request.messages[-1].text
        if text == "endless":
            url = f"{context.credentials['base_url']}/endless"
            async with context.http.stream("POST", url, json={}) as response:
                async for line in response.aiter_lines():
                    yield TextDelta(line)
        for word in text.split():
            yield TextDelta(word)
        if text != "broken":
            yield StreamEnd("stop")
            yield UsageReport(Usage(output_tokens=len(text.split())))

    @hookimpl
    async def count_tokens(self, request: LLMRequest, context: CallContext) -> int:
        return len(request.messages[-1].text.split())

    @hookimpl
    async def invoke_text_embedding(self, request: EmbeddingRequest, context: CallContext) -> EmbeddingResult:
        echo = await self._post("embed", {"inputs": request.inputs}, context)
        return EmbeddingResult(embeddings=[[float(len(text))] for text in echo["inputs"]])

    @hookimpl
    async def invoke_rerank(self, request: RerankRequest, context: CallContext) -> RerankResult:
        order = sorted(range(len(request.documents)), key=lambda i: -len(request.documents[i]))
        return RerankResult(ranking=[RankedDocument(i, float(len(request.documents[i]))) for i in order[: request.top_n]])

    @hookimpl
    async def invoke_speech_to_text(self, request: TranscriptionRequest, context: CallContext) -> TranscriptionResult:
        audio = request.audio
        return TranscriptionResult(text=f"{audio.name} {audio.media_type} {len(audio.data or b'')}", language=request.language)

    @hookimpl
    async def invoke_text_to_speech(self, request: SpeechRequest, context: CallContext) -> SpeechResult:
        async def pieces() -> AsyncIterator[bytes]:
            for word in request.text.split():
                yield word.encode()

        return SpeechResult(audio=pieces(), media_type="audio/wav")

    @hookimpl
    async def invoke_moderation(self, request: ModerationRequest, context: CallContext) -> ModerationResult:
        return ModerationResult(verdicts=[Verdict(flagged="bad" in str(text)) for text in request.inputs])


@pytest.fixture
def kernel() -> Kernel:
    return Kernel.of([("acme", Acme())])


@pytest.fixture
def credentials(vendor: Vendor) -> dict[str, dict[str, Any]]:
    return {"acme": {"api_key": "sk-right", "base_url": vendor.url}}
