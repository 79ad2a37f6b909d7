"""The conformance kit on plugins that break their promises, each in one way: the kit must say which promise that is."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any, ClassVar

import pytest
from jackfield_sdk import (
    BadRequest,
    CallContext,
    ConnectionFailed,
    CredentialForm,
    CredentialsInvalid,
    ErrorRow,
    ErrorTable,
    Feature,
    JackfieldError,
    LLMEvent,
    LLMRequest,
    LLMResult,
    LLMStream,
    LocalizedText,
    ModelDescription,
    ModelType,
    OpenAICompatible,
    ServerUnavailable,
    StreamEnd,
    TextDelta,
    TextPart,
    Timeout,
    ToolCall,
    Usage,
    VendorHTTP,
    forms,
)
from jackfield_sdk.catalog import Catalog
from jackfield_sdk.testing import (
    Answer,
    Caller,
    LLMConformance,
    OpenAIAnswers,
    ProviderConformance,
    Recorded,
    VendorDouble,
    open_caller,
)

Check = Callable[[Any, VendorDouble, Caller], Any]


class Sound(OpenAICompatible):
    """Keeps every promise."""

    id = "acme"
    label = LocalizedText.of("Acme", "艾克美")
    description = LocalizedText.of("A vendor that is not there.", "一个不存在的供应商。")
    help_url = "https://acme.example/keys"
    base_url = "https://api.acme.example/v1"
    model_types = (ModelType.LLM,)
    provider_form = CredentialForm(fields=(forms.api_key(),))
    icon = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M0 0h1v1z"/></svg>'
    catalog = Catalog(
        (
            ModelDescription(
                id="chat",
                type=ModelType.LLM,
                context_window=8000,
                features=frozenset({Feature.STREAMING, Feature.TOOLS, Feature.PARALLEL_TOOLS, Feature.VISION}),
            ),
        ),
    )

    async def count_tokens(self, request: LLMRequest, context: CallContext) -> int:
        body = {"text": "".join(message.text for message in request.messages)}
        url, headers = f"{self.base_url}/tokenize", self.headers(context)
        tokens = (await self.http.object(context, "POST", url, headers=headers, json=body)).get("tokens")
        if not isinstance(tokens, int):
            raise ServerUnavailable("No tokens.")
        return tokens


class GuessesTokens(Sound):
    async def count_tokens(self, request: LLMRequest, context: CallContext) -> int:
        return sum(len(message.text) for message in request.messages) // 4


class CountsAnything(Sound):
    async def count_tokens(self, request: LLMRequest, context: CallContext) -> int:
        body = {"text": request.messages[0].text}
        answer = await self.http.object(context, "POST", f"{self.base_url}/tokenize", headers=self.headers(context), json=body)
        return int(answer.get("tokens") or 0)


class StumblesOverArguments(Sound):
    async def invoke_llm(self, request: LLMRequest, context: CallContext) -> LLMResult | LLMStream:
        for part in (part for message in request.messages for part in message.parts if isinstance(part, ToolCall)):
            json.loads(part.arguments)
        return await super().invoke_llm(request, context)


class DropsTemperature(Sound):
    def adapt_chat(self, body: dict[str, Any], request: LLMRequest, context: CallContext) -> dict[str, Any]:
        return {name: value for name, value in body.items() if name != "temperature"}


class LosesUsage(Sound):
    async def invoke_llm(self, request: LLMRequest, context: CallContext) -> LLMResult | LLMStream:
        result = await super().invoke_llm(request, context)
        if isinstance(result, LLMResult):
            result.usage = Usage()
        return result


class OneErrorForAll(Sound):
    http: ClassVar[VendorHTTP] = VendorHTTP(table=ErrorTable((ErrorRow(error=ServerUnavailable),)))


class TellsTheKey(Sound):
    async def invoke_llm(self, request: LLMRequest, context: CallContext) -> LLMResult | LLMStream:
        try:
            return await super().invoke_llm(request, context)
        except JackfieldError as error:
            key = context.credentials["api_key"]
            raise type(error)(
                f"Refused: {key[::-1]}", vendor_status=error.vendor_status, vendor_message="it went wrong"
            ) from None


class LogsTheKey(Sound):
    def headers(self, context: CallContext) -> dict[str, str]:
        logging.getLogger("acme").warning("key %s", context.credentials["api_key"])
        return super().headers(context)


class MakesEndsUp(Sound):
    """A stream that breaks off passes for whole."""

    async def invoke_llm(self, request: LLMRequest, context: CallContext) -> LLMResult | LLMStream:
        stream = await super().invoke_llm(request, context)
        return stream if isinstance(stream, LLMResult) else self._ended(stream)

    async def _ended(self, stream: LLMStream) -> AsyncIterator[LLMEvent]:
        try:
            async for event in stream:
                if not isinstance(event, StreamEnd):
                    yield event
        except JackfieldError:
            pass
        yield StreamEnd("stop")


class CutsLetters(Sound):
    """Decodes each piece of bytes by itself."""

    async def invoke_llm(self, request: LLMRequest, context: CallContext) -> LLMResult | LLMStream:
        if not request.stream:
            return await super().invoke_llm(request, context)
        url, headers = self.url("openai.chat", context), self.headers(context)
        return self._decode(await self.http.pieces(context, "POST", url, headers=headers, json={}))

    async def _decode(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[LLMEvent]:
        text = "".join([piece.decode("utf-8", "replace") async for piece in pieces])
        for part in text.split('"content":"')[2:]:
            yield TextDelta(part.split('"')[0])
        yield StreamEnd("stop")


class LetsVendorsGoOn(Sound):
    """Reads a stream whole before it gives of it, and closes nothing."""

    async def invoke_llm(self, request: LLMRequest, context: CallContext) -> LLMResult | LLMStream:
        if not request.stream:
            return await super().invoke_llm(request, context)
        self.kept = await super().invoke_llm(request, context)
        return self._leak(self.kept)  # type: ignore[arg-type]

    async def _leak(self, stream: LLMStream) -> AsyncIterator[LLMEvent]:
        async for event in stream:
            yield event


class Stumbles(Sound):
    async def invoke_llm(self, request: LLMRequest, context: CallContext) -> LLMResult | LLMStream:
        result = await super().invoke_llm(request, context)
        if isinstance(result, LLMResult):
            result.message.parts[0].text  # type: ignore[union-attr]  # noqa: B018 - an answer without parts makes it stumble
        return result


class AsksAfterRefusing(Sound):
    async def invoke_llm(self, request: LLMRequest, context: CallContext) -> LLMResult | LLMStream:
        result = await super().invoke_llm(request, context)
        if request.sampling.temperature is not None:
            raise BadRequest("No temperature.", param="temperature")
        return result


class RemembersRefusals(Sound):
    refused: bool = False

    async def invoke_llm(self, request: LLMRequest, context: CallContext) -> LLMResult | LLMStream:
        if self.refused:
            raise CredentialsInvalid("It was refused before.", param="api_key")
        try:
            return await super().invoke_llm(request, context)
        except CredentialsInvalid:
            self.refused = True
            raise


class CutsShort(Sound):
    async def invoke_llm(self, request: LLMRequest, context: CallContext) -> LLMResult | LLMStream:
        result = await super().invoke_llm(request, context)
        if isinstance(result, LLMResult):
            result.message.parts = [TextPart(result.text[:10_000])]
        return result


class Impatient(Sound):
    """Has a timeout of its own for the whole of a stream."""

    async def invoke_llm(self, request: LLMRequest, context: CallContext) -> LLMResult | LLMStream:
        stream = await super().invoke_llm(request, context)
        return stream if isinstance(stream, LLMResult) else self._hurried(stream)

    async def _hurried(self, stream: LLMStream) -> AsyncIterator[LLMEvent]:
        try:
            async with asyncio.timeout(5):
                events = [event async for event in stream]
        except TimeoutError:
            raise Timeout("Enough.") from None
        for event in events:
            yield event


class ProvesByAnything(Sound):
    async def validate_provider_credentials(self, context: CallContext) -> None:
        await self.http.request(context, "GET", self.url("models", context), headers=self.headers(context))


class ForbiddenIcon(Sound):
    icon = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><script>alert(1)</script></svg>'


class EnglishOnly(Sound):
    description = LocalizedText.of("No Chinese.")


class PlainKey(Sound):
    provider_form = CredentialForm(fields=(forms.api_key().model_copy(update={"kind": "text"}),))


class UncheckedCatalog(Sound):
    pass


class Kit(OpenAIAnswers, LLMConformance):
    def tokens_answer(self, tokens: int) -> Answer:
        return Answer.json({"tokens": tokens})


class ProviderKit(OpenAIAnswers, ProviderConformance):
    pass


FAULTS: list[tuple[type[Sound], type[LLMConformance] | type[ProviderConformance], Check, str]] = [
    (
        DropsTemperature,
        Kit,
        lambda kit, v, c: kit.test_no_parameter_is_dropped_in_silence(v, c, "whole"),
        "`temperature` is sent",
    ),
    (
        AsksAfterRefusing,
        Kit,
        lambda kit, v, c: kit.test_no_parameter_is_dropped_in_silence(v, c, "whole"),
        "`temperature` is sent",
    ),
    (LosesUsage, Kit, lambda kit, v, c: kit.test_usage_adds_up(v, c, "whole"), "usage is what the vendor reports"),
    (OneErrorForAll, Kit, lambda kit, v, c: kit.test_every_status_has_its_error(v, c, "whole", 400), "status 400"),
    (OneErrorForAll, Kit, lambda kit, v, c: kit.test_a_rate_limit_says_when_to_come_back(v, c, "whole", "date"), "429"),
    (MakesEndsUp, Kit, lambda kit, v, c: kit.test_a_stream_without_its_end_is_broken(v, c), "does not pass for whole"),
    (CutsLetters, Kit, lambda kit, v, c: kit.test_text_is_whole_wherever_bytes_are_cut(v, c, 1), "is the same text"),
    (LetsVendorsGoOn, Kit, lambda kit, v, c: kit.test_a_stream_that_is_closed_early(v, c), "closes the connection"),
    (Stumbles, Kit, lambda kit, v, c: kit.test_tool_calls_are_put_together(v, c, "whole"), "tool calls are put together"),
    (
        StumblesOverArguments,
        Kit,
        lambda kit, v, c: kit.test_arguments_as_a_model_may_write_them(v, c, '{"city": "K'),
        "is sent back, or refused",
    ),
    (RemembersRefusals, Kit, lambda kit, v, c: kit.test_a_key_that_expires(v, c, "whole"), "a refusal is not remembered"),
    (CutsShort, Kit, lambda kit, v, c: kit.test_long_and_empty_answers(v, c, "whole"), "an answer that is long"),
    (Impatient, Kit, lambda kit, v, c: kit.test_a_slow_answer_is_taken(v, c, "stream"), "comes slowly"),
    (GuessesTokens, Kit, lambda kit, v, c: kit.test_tokens_are_counted(v, c), "the number of tokens is the vendor's"),
    (CountsAnything, Kit, lambda kit, v, c: kit.test_a_count_that_fails(v, c), "a count that is none (empty-object)"),
    (ProvesByAnything, ProviderKit, lambda kit, v, c: kit.test_garbage_is_the_vendors_fault(v, c, "whole"), "html"),
    (ForbiddenIcon, ProviderKit, lambda kit, v, c: kit.test_the_description(c), "the icon holds a <script>"),
    (EnglishOnly, ProviderKit, lambda kit, v, c: kit.test_the_description(c), "no Chinese text"),
    (PlainKey, ProviderKit, lambda kit, v, c: kit.test_the_forms(c), "api_key is of kind text"),
    (UncheckedCatalog, ProviderKit, lambda kit, v, c: kit.test_the_catalog(c), "has no `checked_on`"),
]


@pytest.mark.parametrize(("broken", "kit", "check", "says"), FAULTS, ids=[fault[0].__name__ for fault in FAULTS])
async def test_a_broken_promise_is_named(
    vendor: VendorDouble,
    broken: type[Sound],
    kit: type[LLMConformance],
    check: Check,
    says: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("jackfield_sdk.testing.double.PATIENCE", 0.3)
    async with open_caller(broken(), vendor) as caller:
        with pytest.raises(AssertionError) as caught:
            await check(kit(), vendor, caller)
    assert str(caught.value).startswith("Promise broken: ")
    assert says in str(caught.value)


async def test_a_sound_plugin_passes_the_same_checks(vendor: VendorDouble) -> None:
    async with open_caller(Sound(), vendor) as caller:
        for _, kit, check, _ in FAULTS:
            if kit is Kit:
                await check(kit(), vendor, caller)
                vendor.requests.clear()


async def test_an_answer_that_cannot_be_made_is_told() -> None:
    """And not only that the vendor closed the connection, which is what the plugin sees of it."""

    def script(asked: Recorded) -> Answer:
        raise KeyError(f"no answer to {asked.path}")

    with pytest.raises(AssertionError, match=r"could not make an answer: KeyError\('no answer to /v1/models'\)"):
        async with VendorDouble() as vendor, open_caller(Sound(), vendor) as caller:
            vendor.answers(script)
            with pytest.raises(ConnectionFailed):
                await caller.kernel.validate_provider_credentials(caller.context({"api_key": "k"}))


async def test_a_key_in_the_log_is_found(vendor: VendorDouble, caplog: pytest.LogCaptureFixture) -> None:
    kit = Kit()
    watch = kit._no_secret_in_logs.__wrapped__(kit, caplog)  # type: ignore[attr-defined]
    next(watch)
    async with open_caller(LogsTheKey(), vendor) as caller:
        await kit.test_usage_adds_up(vendor, caller, "whole")
    with pytest.raises(AssertionError, match="no secret stands in the log"):
        next(watch)


async def test_a_key_in_an_error_is_found(vendor: VendorDouble) -> None:
    """Written backwards, as the kernel itself takes out what it knows."""

    class Backwards(Kit):
        secret = "kca2ba4e9dc1"

    class Kept(Backwards):
        def credentials(self) -> dict[str, Any]:
            return {"api_key": self.secret[::-1]}

    async with open_caller(TellsTheKey(), vendor) as caller:
        with pytest.raises(AssertionError, match="no secret stands in an error"):
            await Kept().test_every_status_has_its_error(vendor, caller, "whole", 400)
