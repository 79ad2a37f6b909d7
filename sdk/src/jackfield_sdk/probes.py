"""One small call of each kind, to try a provider with and to record it by: what is asked, and what matters of the answer."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import wave
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from jackfield.contract import (
    BadRequest,
    Blob,
    EmbeddingRequest,
    Feature,
    LLMRequest,
    LLMResult,
    Message,
    ModelDescription,
    ModelType,
    ModerationRequest,
    ProviderDescription,
    ReasoningPart,
    RerankRequest,
    Sampling,
    SpeechRequest,
    StreamCollector,
    TextDelta,
    Tool,
    TranscriptionRequest,
    Usage,
)

from .calling import Caller

WEATHER: Final = Tool(
    "get_weather",
    "Tells the weather of a city.",
    {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)
DOCUMENTS: Final = ["Paris is the capital of France.", "Bananas are yellow.", "Berlin is the capital of Germany."]


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked: a provider, with credentials, and one of its models (none while credentials are proved)."""

    caller: Caller
    credentials: dict[str, Any]
    model: str | None
    model_type: ModelType
    timeout: float = 120.0

    @property
    def name(self) -> str:
        """The model's id."""
        assert self.model is not None
        return self.model

    @property
    def context(self) -> Any:
        """The surroundings of the call."""
        limits = {"timeout": self.timeout, "idle_timeout": self.timeout}
        return self.caller.context(self.credentials, self.model, self.model_type, **limits)

    @property
    def description(self) -> ModelDescription:
        """The model's description."""
        return self.caller.model(self.name, self.model_type, self.credentials)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call.

    :param result: what matters of it, as JSON; the same whenever the vendor's bytes are the same
    :param shown: a line for people
    :param first: when its first piece came, where it came in pieces
    """

    result: Any
    shown: str
    usage: Usage | None = None
    first: datetime | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """:param name: `chat-stream`
    :param model_type: what it is a call of; None: of the provider as a whole
    :param feature: what the model must be said to have
    :param hook: what the plugin must have
    """

    name: str
    model_type: ModelType | None
    ask: Callable[[Target], Awaitable[Outcome]]
    feature: Feature | None = None
    hook: str | None = None


async def _prove(target: Target) -> Outcome:
    if target.model is not None:
        context = target.caller.context(target.credentials, None, target.model_type)
        await target.caller.kernel.validate_model_credentials(target.model, target.model_type, context)
    else:
        await target.caller.kernel.validate_provider_credentials(target.context)
    return Outcome({"valid": True}, "the vendor accepts the credentials")


async def _list(target: Target) -> Outcome:
    models = await target.caller.kernel.list_models(dataclasses.replace(target, model=None).context)
    ids = sorted(model.id for model in models)
    return Outcome({"models": ids}, f"{len(ids)} models: {', '.join(ids[:5])}{', …' if len(ids) > 5 else ''}")


def _chat_of(target: Target, *, stream: bool, tools: bool = False) -> LLMRequest:
    question = "What is the weather in Paris? Use the tool." if tools else "Say hello in one short sentence."
    rules = target.description.parameters
    takes_limit = rules is None or any(rule.name == "max_tokens" for rule in rules)
    thinks = Feature.REASONING in target.description.features
    sampling = Sampling(max_tokens=1024 if thinks else 128) if takes_limit else Sampling()
    return LLMRequest(
        model=target.name,
        messages=[Message.user(question)],
        sampling=sampling,
        stream=stream,
        tools=[WEATHER] if tools else [],
    )


async def _chat(target: Target, *, tools: bool = False) -> Outcome:
    request = _chat_of(target, stream=False, tools=tools)
    return _of_chat(await target.caller.kernel.invoke_llm(request, target.context))


async def _chat_in_pieces(target: Target, *, tools: bool = False) -> Outcome:
    collector = StreamCollector()
    first = None
    async for event in await target.caller.kernel.stream_llm(_chat_of(target, stream=True, tools=tools), target.context):
        if first is None and isinstance(event, TextDelta):
            first = datetime.now(UTC)
        collector.add(event)
    return dataclasses.replace(_of_chat(collector.result()), first=first)


async def _count(target: Target) -> Outcome:
    try:
        tokens = await target.caller.kernel.count_tokens(_chat_of(target, stream=False), target.context)
    except BadRequest as error:
        if error.vendor_status is not None or error.param != "model":
            raise
        return Outcome({"tokens": None}, error.message)  # the plugin says so by itself: not for this model
    return Outcome({"tokens": tokens}, f"{tokens} tokens, before the call")


async def _tools(target: Target) -> Outcome:
    return _called(await _chat(target, tools=True))


async def _tools_in_pieces(target: Target) -> Outcome:
    return _called(await _chat_in_pieces(target, tools=True))


def _called(outcome: Outcome) -> Outcome:
    """A model may not do as it is told; that the tools were not understood looks the same, and is told."""
    missing = not outcome.result["tool_calls"]
    return dataclasses.replace(outcome, shown=f"NO TOOL WAS CALLED: {outcome.shown}") if missing else outcome


def _of_chat(result: LLMResult) -> Outcome:
    calls = [{"name": call.name, "arguments": call.arguments} for call in result.tool_calls]
    thought = "".join(part.text for part in result.message.parts if isinstance(part, ReasoningPart))
    told = {"text": result.text, "finish_reason": result.finish_reason, "tool_calls": calls, "reasoning": thought}
    shown = result.text or ", ".join(f"{call['name']}({call['arguments']})" for call in calls)
    return Outcome(told | {"usage": _usage(result.usage)}, shown, result.usage)


async def _embed(target: Target) -> Outcome:
    request = EmbeddingRequest(model=target.name, inputs=["a cat", "a dog"])
    result = await target.caller.kernel.invoke_text_embedding(request, target.context)
    told = {"embeddings": [[round(number, 6) for number in vector[:4]] for vector in result.embeddings]}
    told["dimensions"] = [[float(len(vector))] for vector in result.embeddings]
    shown = f"{len(result.embeddings)} vectors of {len(result.embeddings[0])} numbers"
    return Outcome(told | {"usage": _usage(result.usage)}, shown, result.usage)


async def _rerank(target: Target) -> Outcome:
    request = RerankRequest(model=target.name, query="What is the capital of Germany?", documents=DOCUMENTS)
    result = await target.caller.kernel.invoke_rerank(request, target.context)
    ranking = [[one.index, round(one.score, 6)] for one in result.ranking]
    shown = f"first: {DOCUMENTS[result.ranking[0].index]} ({result.ranking[0].score:.3f})" if result.ranking else "nothing"
    return Outcome({"ranking": ranking, "usage": _usage(result.usage)}, shown, result.usage)


async def _transcribe(target: Target) -> Outcome:
    audio = Blob(media_type="audio/wav", data=_silence(), name="silence.wav")
    request = TranscriptionRequest(model=target.name, audio=audio)
    result = await target.caller.kernel.invoke_speech_to_text(request, target.context)
    shown = f"heard in a second of silence: {result.text!r}"
    return Outcome({"text": result.text, "usage": _usage(result.usage)}, shown, result.usage)


async def _speak(target: Target) -> Outcome:
    voices = target.description.voices
    request = SpeechRequest(model=target.name, text="Hello.", voice=voices[0] if voices else None)
    result = await target.caller.kernel.invoke_text_to_speech(request, target.context)
    first = None
    audio = b""
    async for piece in result.audio:
        first = first or datetime.now(UTC)
        audio += piece
    told = {"media_type": result.media_type, "bytes": len(audio), "sha256": hashlib.sha256(audio).hexdigest()}
    shown = f"{len(audio)} bytes of {result.media_type}"
    return Outcome(told | {"usage": _usage(result.usage)}, shown, result.usage, first)


async def _moderate(target: Target) -> Outcome:
    request = ModerationRequest(model=target.name, inputs=["I love you.", "I will kill you."])
    result = await target.caller.kernel.invoke_moderation(request, target.context)
    flags = [verdict.flagged for verdict in result.verdicts]
    return Outcome({"flagged": flags, "usage": _usage(result.usage)}, f"flagged: {flags}", result.usage)


def _silence() -> bytes:
    """A second of it, as WAV."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16000)
        sound.writeframes(bytes(32000))
    return buffer.getvalue()


def _usage(usage: Usage) -> dict[str, Any]:
    """What is not zero."""
    return {name: value for name, value in dataclasses.asdict(usage).items() if value}


PROBES: Final[dict[str, Probe]] = {
    probe.name: probe
    for probe in (
        Probe("validate", None, _prove),
        Probe("models", None, _list, hook="list_models"),
        Probe("chat", ModelType.LLM, _chat),
        Probe("chat-stream", ModelType.LLM, _chat_in_pieces, Feature.STREAMING),
        Probe("tokens", ModelType.LLM, _count, hook="count_tokens"),
        Probe("tools", ModelType.LLM, _tools, Feature.TOOLS),
        Probe("tools-stream", ModelType.LLM, _tools_in_pieces, Feature.TOOLS),
        Probe("embedding", ModelType.TEXT_EMBEDDING, _embed),
        Probe("rerank", ModelType.RERANK, _rerank),
        Probe("transcription", ModelType.SPEECH_TO_TEXT, _transcribe),
        Probe("speech", ModelType.TEXT_TO_SPEECH, _speak),
        Probe("moderation", ModelType.MODERATION, _moderate),
    )
}


def default_model(provider: ProviderDescription, model_type: ModelType) -> str | None:
    """The model to try: the first of the catalog that is not switched off, the cheapest where prices are known."""
    today = datetime.now(UTC).date()
    found = [
        one for one in provider.models if one.type is model_type and (one.deprecated_on is None or one.deprecated_on > today)
    ]
    priced = [one for one in found if one.prices and one.prices.output]
    if priced:
        return min(priced, key=lambda one: one.prices.output or 0 if one.prices else 0).id
    return found[0].id if found else None
