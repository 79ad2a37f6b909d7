"""Calls reach the owner and nobody else; whatever goes wrong there is an error of the contract with names in it."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from jackfield.contract import (
    BadRequest,
    CallContext,
    EmbeddingRequest,
    EmbeddingResult,
    JackfieldError,
    LLMRequest,
    LLMResult,
    Message,
    ModelDescription,
    ModelNotFound,
    ModelType,
    ModerationRequest,
    ModerationResult,
    PluginFault,
    RankedDocument,
    RateLimited,
    RelayRequest,
    RelayResponse,
    RerankRequest,
    RerankResult,
    SpeechRequest,
    SpeechResult,
    Timeout,
    TranscriptionRequest,
    TranscriptionResult,
    Verdict,
)
from jackfield.contract.messages import Blob
from jackfield.kernel import Kernel

Make = Callable[..., Any]
SECRET = "sk-canary-0123456789"
ALL_TYPES = tuple(ModelType)


def chat(**more: Any) -> LLMRequest:
    return LLMRequest(model="m-1", messages=[Message.user("hello")], **more)


def answer(text: str = "hi") -> LLMResult:
    return LLMResult(message=Message.assistant(text), finish_reason="stop")


async def sound() -> AsyncIterator[bytes]:
    yield b"RI"
    yield b"FF"


async def test_every_type_of_call_reaches_the_owner(plugin: Make, context: Make) -> None:
    async def invoke_llm(request: LLMRequest, context: CallContext) -> LLMResult:
        return answer(f"{context.provider}:{request.model}")

    async def invoke_text_embedding(request: EmbeddingRequest, context: CallContext) -> EmbeddingResult:
        return EmbeddingResult(embeddings=[[float(len(str(text)))] for text in request.inputs])

    async def invoke_rerank(request: RerankRequest, context: CallContext) -> RerankResult:
        return RerankResult(ranking=[RankedDocument(1, 0.9)])

    async def invoke_speech_to_text(request: TranscriptionRequest, context: CallContext) -> TranscriptionResult:
        return TranscriptionResult(text="said")

    async def invoke_text_to_speech(request: SpeechRequest, context: CallContext) -> SpeechResult:
        return SpeechResult(audio=sound(), media_type="audio/wav")

    async def invoke_moderation(request: ModerationRequest, context: CallContext) -> ModerationResult:
        return ModerationResult(verdicts=[Verdict(flagged=True)])

    async def count_tokens(request: LLMRequest, context: CallContext) -> int:
        return 3

    async def relay(request: RelayRequest, context: CallContext) -> RelayResponse:
        return RelayResponse(status=200, headers={}, body=request.body[::-1])

    hooks = {name: function for name, function in locals().items() if callable(function) and name not in ("plugin", "context")}
    other = plugin("other", ALL_TYPES, **{name: hooks[name] for name in hooks if name.startswith("invoke")})
    kernel = Kernel.of([("acme", plugin("acme", ALL_TYPES, ["openai.chat"], **hooks)), ("other", other)])
    here = context()

    assert (await kernel.invoke_llm(chat(), here)).text == "acme:m-1"
    assert (await kernel.invoke_llm(chat(), context(provider="other"))).text == "other:m-1"
    assert (await kernel.invoke_text_embedding(EmbeddingRequest(model="m", inputs=["a", "bb"]), here)).embeddings == [[1], [2]]
    assert (await kernel.invoke_rerank(RerankRequest(model="m", query="q", documents=["a", "b"]), here)).ranking[0].index == 1
    heard = await kernel.invoke_speech_to_text(TranscriptionRequest(model="m", audio=Blob(data=b"x")), here)
    assert heard.text == "said"
    spoken = await kernel.invoke_text_to_speech(SpeechRequest(model="m", text="x"), here)
    assert b"".join([piece async for piece in spoken.audio]) == b"RIFF"
    assert (await kernel.invoke_moderation(ModerationRequest(model="m", inputs=["x"]), here)).verdicts[0].flagged
    assert await kernel.count_tokens(chat(), here) == 3
    assert (await kernel.relay(RelayRequest(dialect="openai.chat", model="m", body=b"abc"), here)).body == b"cba"


WRONG: list[tuple[str, Any, str]] = [
    ("invoke_llm", "a string", "a str instead of a LLMResult"),
    ("invoke_llm", None, "None instead of a LLMResult"),
    ("invoke_llm", LLMResult(message=Message.user("x"), finish_reason="stop", usage={"input": 1}), "usage is a dict"),  # type: ignore[arg-type]
    ("invoke_text_embedding", EmbeddingResult(embeddings=[[1.0]]), "1 vectors to 2 inputs"),
    ("invoke_text_embedding", EmbeddingResult(embeddings=[1.0, 2.0]), "a float instead of a list of floats"),  # type: ignore[list-item]
    ("invoke_rerank", RerankResult(ranking=[RankedDocument(2, 1.0)]), "one that was not sent"),
    ("invoke_rerank", RerankResult(ranking=[RankedDocument(-1, 1.0)]), "one that was not sent"),
    (
        "invoke_rerank",
        RerankResult(ranking=[RankedDocument(0, 1.0), RankedDocument(1, 0.5)]),
        "2 documents where 1 were asked for",
    ),
    ("invoke_speech_to_text", TranscriptionResult(text=b"x"), "whose text is a bytes"),  # type: ignore[arg-type]
    ("invoke_text_to_speech", SpeechResult(audio=b"x", media_type="a/b"), "whose audio is a bytes"),  # type: ignore[arg-type]
    ("invoke_moderation", ModerationResult(verdicts=[]), "0 verdicts to 1 inputs"),
    ("count_tokens", "7", "a str instead of a number of tokens"),
    ("count_tokens", True, "a bool instead of a number of tokens"),
    ("relay", b"{}", "a bytes instead of a RelayResponse"),
    ("relay", RelayResponse(status=200, headers={}, body="text"), "whose body is a str"),  # type: ignore[arg-type]
    ("list_models", [{"id": "x"}], "a dict instead of a ModelDescription"),
    ("validate_provider_credentials", True, "a bool instead of None"),
]


async def call(kernel: Kernel, hook: str, context: CallContext) -> Any:
    requests: dict[str, Any] = {
        "invoke_llm": chat(),
        "count_tokens": chat(),
        "invoke_text_embedding": EmbeddingRequest(model="m-1", inputs=["a", "b"]),
        "invoke_rerank": RerankRequest(model="m-1", query="q", documents=["a", "b"], top_n=1),
        "invoke_speech_to_text": TranscriptionRequest(model="m-1", audio=Blob(data=b"x")),
        "invoke_text_to_speech": SpeechRequest(model="m-1", text="x"),
        "invoke_moderation": ModerationRequest(model="m-1", inputs=["x"]),
        "relay": RelayRequest(dialect="openai.chat", model="m-1", body=b"{}"),
    }
    arguments = [requests[hook]] if hook in requests else []
    return await getattr(kernel, hook)(*arguments, context)


def implementation(hook: str, body: Callable[[], Any]) -> Callable[..., Any]:
    if hook in ("list_models", "validate_provider_credentials"):

        async def with_context(context: CallContext) -> Any:
            return body()

        return with_context

    async def with_request(request: Any, context: CallContext) -> Any:
        return body()

    return with_request


def only(plugin: Make, hook: str, body: Callable[[], Any]) -> Any:
    """A plugin with this hook, and a provider that offers what it is for."""
    hooks = {hook: implementation(hook, body)}
    kind = next((kind for kind in ModelType if hook == f"invoke_{kind}"), ModelType.LLM)
    hooks.setdefault(f"invoke_{kind}", implementation("invoke_llm", lambda: None))
    return plugin(types=[kind], dialects=["openai.chat"] if hook == "relay" else [], **hooks)


@pytest.mark.parametrize(("hook", "wrong", "says"), WRONG, ids=[f"{hook}-{says}" for hook, _, says in WRONG])
async def test_a_wrong_answer_is_the_plugins_fault(plugin: Make, context: Make, hook: str, wrong: Any, says: str) -> None:
    kernel = Kernel.of([("broken", only(plugin, hook, lambda: wrong))])
    with pytest.raises(PluginFault) as caught:
        await call(kernel, hook, context())
    error = caught.value
    assert says in error.message
    assert (error.plugin, error.hook, error.provider) == ("broken", hook, "acme")
    assert error.describe()["plugin"] == "broken"


@pytest.mark.parametrize("stray", [KeyError("x"), SystemExit(3), TimeoutError(), asyncio.CancelledError(), StopIteration()])
@pytest.mark.parametrize("hook", ["invoke_llm", "relay", "validate_provider_credentials"])
async def test_a_stray_exception_is_the_plugins_fault(plugin: Make, context: Make, hook: str, stray: BaseException) -> None:
    def explode() -> None:
        raise stray

    kernel = Kernel.of([("broken", only(plugin, hook, explode))])
    with pytest.raises(PluginFault, match="broken") as caught:
        await call(kernel, hook, context())
    assert (caught.value.plugin, caught.value.hook) == ("broken", hook)
    assert caught.value.model == ("m-1" if hook != "validate_provider_credentials" else None)


async def test_an_error_of_the_contract_passes_with_its_names_filled_in(plugin: Make, context: Make) -> None:
    async def invoke_llm(request: LLMRequest, context: CallContext) -> LLMResult:
        raise RateLimited("Too fast.", retry_after=3, request_id="req_1")

    kernel = Kernel.of([("acme", plugin(invoke_llm=invoke_llm))])
    with pytest.raises(RateLimited) as caught:
        await kernel.invoke_llm(chat(), context())
    assert (caught.value.provider, caught.value.model, caught.value.retry_after) == ("acme", "m-1", 3)


@pytest.mark.parametrize("kind", ["stray", "named", "nested", "noted"])
async def test_no_error_tells_a_secret(plugin: Make, context: Make, kind: str) -> None:
    async def invoke_llm(request: LLMRequest, context: CallContext) -> LLMResult:
        key = context.credentials["api_key"]
        if kind == "stray":
            raise ValueError(f"bad header: Bearer {key}", {"authorization": key})
        if kind == "named":
            raise BadRequest(f"no {key}", vendor_message=f"Incorrect API key: {key}", advice=f"change {key}")
        if kind == "noted":
            error = ValueError("bad")
            error.add_note(f"with {key}")
            raise error
        raise RuntimeError("outer") from ExceptionGroup("both", [FileNotFoundError(2, "No such file", f"/nowhere/{key}")])

    kernel = Kernel.of([("acme", plugin(invoke_llm=invoke_llm))])
    with pytest.raises(JackfieldError) as caught:
        await kernel.invoke_llm(chat(), context())
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value.describe())
    assert SECRET not in shown
    assert "•••" in shown


async def test_a_hook_in_time_or_not_at_all(plugin: Make, context: Make) -> None:
    ended: list[str] = []

    async def invoke_llm(request: LLMRequest, context: CallContext) -> LLMResult:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cancelled")
        raise AssertionError

    kernel = Kernel.of([("acme", plugin(invoke_llm=invoke_llm))])
    with pytest.raises(Timeout, match=r"within 0\.01 s") as caught:
        await kernel.invoke_llm(chat(), context(timeout=0.01))
    assert (caught.value.provider, caught.value.model, ended) == ("acme", "m-1", ["cancelled"])
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0  # the caller's own task is as it was


async def test_cancelling_a_call_cancels_the_plugin(plugin: Make, context: Make) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def invoke_llm(request: LLMRequest, context: CallContext) -> LLMResult:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        raise AssertionError

    kernel = Kernel.of([("acme", plugin(invoke_llm=invoke_llm))])
    task = asyncio.ensure_future(kernel.invoke_llm(chat(), context()))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


async def test_what_is_not_there_is_said_with_a_way_out(plugin: Make, context: Make) -> None:
    kernel = Kernel.of([("acme", only(plugin, "invoke_llm", answer)), ("spoilt", plugin("spoilt"))])
    with pytest.raises(ModelNotFound, match="no models of type rerank"):
        await kernel.invoke_rerank(RerankRequest(model="m", query="q", documents=[]), context())
    with pytest.raises(BadRequest, match="cannot count tokens"):
        await kernel.count_tokens(chat(), context())
    with pytest.raises(BadRequest, match="cannot do `relay`"):
        await kernel.relay(RelayRequest(dialect="openai.chat", model="m", body=b""), context())
    with pytest.raises(ModelNotFound) as caught:
        kernel.provider("nobody_here")
    assert "pip install jackfield-nobody-here" in caught.value.advice
    with pytest.raises(ModelNotFound, match="`spoilt`, which offers it, is quarantined"):
        await kernel.invoke_llm(chat(), context(provider="spoilt"))
    assert await kernel.validate_provider_credentials(context()) is None  # type: ignore[func-returns-value]
    assert await kernel.list_models(context()) == []


def test_describing_a_model(plugin: Make) -> None:
    answers: list[Any] = []

    def describe_model(model: str, model_type: ModelType, credentials: dict[str, Any]) -> Any:
        credentials.clear()  # its own copy
        answer = answers.pop()
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def invoke_llm(request: Any, context: Any) -> Any: ...

    kernel = Kernel.of(
        [("acme", plugin(describe_model=describe_model, invoke_llm=invoke_llm)), ("bare", only(plugin, "invoke_llm", answer))]
    )
    form = {"api_key": SECRET}
    right = ModelDescription(id="m", type=ModelType.LLM, context_window=8192)
    answers.append(right)
    assert kernel.describe_model("acme", "m", ModelType.LLM, form) == right
    wrong = [
        "text",
        ModelDescription(id="other", type=ModelType.LLM),
        ModelDescription(id="m", type=ModelType.LLM, properties={"key": SECRET}),
        ValueError(f"no {SECRET}"),
    ]
    for answers[:] in [[value] for value in wrong]:
        with pytest.raises(PluginFault) as caught:
            kernel.describe_model("acme", "m", ModelType.LLM, form)
        assert (caught.value.plugin, caught.value.hook, caught.value.model) == ("acme", "describe_model", "m")
        assert SECRET not in "".join(traceback.format_exception(caught.value))
    assert form == {"api_key": SECRET}
