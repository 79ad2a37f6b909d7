"""What every kind of call promises, whatever the model type: the errors, the broken answers, secrets, cancellation."""

from __future__ import annotations

import asyncio
import dataclasses
import inspect
import logging
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, ClassVar

import pytest
import pytest_asyncio
from jackfield.contract import (
    BadRequest,
    CallContext,
    ConnectionFailed,
    CredentialsInvalid,
    ModelType,
    RateLimited,
    ServerUnavailable,
    Timeout,
)
from jackfield.kernel import Kernel

from ...http import VendorHTTP
from ..answers import Answer, Reply
from ..calling import Caller, kernel_of, open_caller
from ..clock import Clock
from ..double import VendorDouble
from ..promises import assert_hidden, error_of, promise
from ..recorded import Recorded
from .faults import GARBAGE, RETRYABLE, STATUSES


class Vendor:
    """What an author tells the kit of a vendor; the test classes are subclassed together with it.

        class Acme(Vendor):
            plugin = plugin
            def credentials(self): return {"api_key": self.secret}
            def error(self, status, message="…", headers=None): return Answer.json({"fault": message}, status, headers)
            def llm_answer(self, said): return Answer.json({…})
            def llm_stream(self, said): return Answer.sse([…])

        class TestChat(Acme, LLMConformance): ...
        class TestProvider(Acme, ProviderConformance): ...

    :cvar plugin: the plugin object
    :cvar provider: the provider's id, where the plugin offers several
    :cvar secret: stands in the credentials, and must never be seen again
    :cvar sends_secret: False for a vendor whose key signs and is not sent
    """

    plugin: ClassVar[object]
    provider: ClassVar[str | None] = None
    secret: ClassVar[str] = "sk-canary-5f1d8a27c0b94e36"  # noqa: S105
    sends_secret: ClassVar[bool] = True

    def credentials(self) -> dict[str, Any]:
        """The values of the form: the provider's, and of the model's form where models are added."""
        return {"api_key": self.secret}

    def prepare(self, vendor: VendorDouble) -> None:
        """Routes that stand beside every call: a token to be fetched, a job to be asked after."""

    def error(self, status: int, message: str = "something is wrong", headers: dict[str, str] | None = None) -> Answer:
        """The vendor's error body; OpenAI's, if not overridden."""
        return Answer.json({"error": {"message": message, "type": "error", "param": None, "code": None}}, status, headers)


class CallConformance(Vendor):
    """The promises of every call. The classes of the model types say what a request and a good answer are.

    :cvar model: which model is called; the first of the catalog that is of the type and not deprecated, if not said
    :cvar concurrent: False where requests cannot be told apart by what is in them
    """

    model_type: ClassVar[ModelType]
    model: ClassVar[str] = ""
    concurrent: ClassVar[bool] = True
    garbage: ClassVar[dict[str, Answer]] = GARBAGE

    # -- what the model types say ----------------------------------------------------------------------------------------

    def good(self, number: int, mode: str) -> Reply:
        """The good answer to request `number`."""
        raise NotImplementedError

    async def invoke(self, caller: Caller, number: int, mode: str, context: CallContext) -> Any:
        """Make request `number`, and take in its whole answer."""
        raise NotImplementedError

    def check(self, result: Any, number: int, mode: str) -> None:
        """Assert that the result is what `good(number)` said."""
        raise NotImplementedError

    # -- fixtures --------------------------------------------------------------------------------------------------------

    @pytest.fixture(params=["whole"])
    def mode(self, request: pytest.FixtureRequest) -> str:
        """How the answer comes."""
        return str(request.param)

    @pytest_asyncio.fixture
    async def vendor(self) -> AsyncIterator[VendorDouble]:
        """The vendor's double."""
        async with VendorDouble() as vendor:
            self.prepare(vendor)
            yield vendor

    @pytest.fixture(scope="class")
    @classmethod
    def kernel(cls) -> Kernel:
        """The kernel with the plugin: as in a host, one for all calls."""
        return kernel_of(cls.plugin)

    @pytest_asyncio.fixture
    async def caller(self, vendor: VendorDouble, kernel: Kernel) -> AsyncIterator[Caller]:
        """The plugin behind the kernel, all its requests led to the double."""
        async with open_caller(self.plugin, vendor, self.provider, kernel) as caller:
            yield caller

    @pytest.fixture(autouse=True)
    def _no_secret_in_logs(self, caplog: pytest.LogCaptureFixture) -> Any:
        with caplog.at_level(logging.DEBUG):
            yield
        with promise("no secret stands in the log"):
            texts = [record.getMessage() + str(record.exc_info or "") for record in caplog.records]
            assert not any(self.secret in text for text in texts), next(text for text in texts if self.secret in text)

    def context(self, caller: Caller, **limits: float) -> CallContext:
        """The surroundings of a call of the model."""
        return caller.context(self.credentials(), self._model(caller), self.model_type, **limits)

    def _model(self, caller: Caller) -> str:
        if self.model:
            return self.model
        models = [model for model in caller.description.models if model.type is self.model_type]
        today = datetime.now(UTC).date()
        current = [model for model in models if model.deprecated_on is None or model.deprecated_on > today]
        assert current, f"The catalog has no {self.model_type} model: say which one to call with `model = …`."
        return current[0].id

    async def ask(self, caller: Caller, number: int = 1, mode: str = "whole", **limits: float) -> Any:
        return await self.invoke(caller, number, mode, self.context(caller, **limits))

    @staticmethod
    def marker(number: int) -> str:
        """A text in request `number` that stands in no other."""
        return f"marker-{number:03}"

    def number_in(self, request: Recorded) -> int:
        """The number of a request that came."""
        found = re.search(rb"marker-(\d{3})", request.body + request.url.encode())
        assert found, f"the request does not hold what was asked: {request.body[:500]!r}"
        return int(found[1])

    # -- the promises ----------------------------------------------------------------------------------------------------

    @pytest.mark.asyncio
    async def test_a_good_answer_is_understood(self, vendor: VendorDouble, caller: Caller, mode: str) -> None:
        vendor.answers(self.good(7, mode))
        with promise("a good answer of the vendor is understood"):
            self.check(await self.ask(caller, 7, mode), 7, mode)
        if self.sends_secret:
            with promise("the credential is sent to the vendor"):
                assert any(self.secret in text for asked in vendor.requests for text in (*asked.headers.values(), asked.url)), (
                    f"it is in no header of {[asked.url for asked in vendor.requests]}"
                )

    @pytest.mark.parametrize("status", STATUSES)
    @pytest.mark.asyncio
    async def test_every_status_has_its_error(self, vendor: VendorDouble, caller: Caller, mode: str, status: int) -> None:
        message = f"it went wrong, by the way your key is {self.secret}"
        vendor.answers(self.error(status, message, {"x-request-id": "req-canary"}))
        text = f"status {status} becomes an error that says whose fault it is"
        error = await error_of(self.ask(caller, 1, mode), text, *STATUSES[status], secrets=(self.secret,))
        with promise(text):
            assert error.vendor_status == status, f"vendor_status is {error.vendor_status}"
            assert error.retryable == (status in RETRYABLE) or status == 409, f"retryable is {error.retryable}"
            assert error.vendor_message, "the vendor's own message is lost"
            assert "it went wrong" in error.vendor_message, f"the vendor's own message became {error.vendor_message!r}"

    @pytest.mark.parametrize("form", ["seconds", "date"])
    @pytest.mark.asyncio
    async def test_a_rate_limit_says_when_to_come_back(
        self, vendor: VendorDouble, caller: Caller, mode: str, form: str
    ) -> None:
        moment = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
        vendor.answers(self.error(429, "slow down", {"retry-after": "30" if form == "seconds" else moment}))
        error = await error_of(self.ask(caller, 1, mode), "429 is a rate limit", RateLimited)
        with promise("a rate limit tells `retry_after` in seconds, from the header in either of its forms"):
            assert error.retry_after is not None
            assert 25 <= error.retry_after <= 31, f"retry_after is {error.retry_after}"

    @pytest.mark.asyncio
    async def test_errors_in_any_form_are_read(self, vendor: VendorDouble, caller: Caller, mode: str) -> None:
        for body in (
            b"",
            b"null",
            b"[]",
            b"3",
            b'{"error": null}',
            b'{"error": []}',
            b'{"message": {"a": 1}}',
            b"\xff\xfe",
            b"<p>",
        ):
            for status in (400, 503):
                vendor.answers(Answer.content(body, "application/json", status))
                kind = BadRequest if status == 400 else ServerUnavailable
                await error_of(self.ask(caller, 1, mode), f"status {status} with the body {body!r} is an error", kind)
        vendor.answers(Answer.content(b"x" * 1_000_000, status=500))
        error = await error_of(self.ask(caller, 1, mode), "a huge error body is an error", ServerUnavailable)
        with promise("a huge error body is cut short"):
            assert len(error.vendor_message or "") <= 10_000

    @pytest.mark.asyncio
    async def test_garbage_is_the_vendors_fault(self, vendor: VendorDouble, caller: Caller, mode: str) -> None:
        for name, answer in self.garbage.items():
            vendor.answers(answer)
            text = f"an answer that is none ({name}) becomes an error of the vendor's"
            error = await error_of(self.ask(caller, 1, mode), text)
            with promise(text):
                assert error.fault == "vendor", f"{type(error).__name__} says it is the fault of the {error.fault}"

    @pytest.mark.asyncio
    async def test_an_answer_that_breaks_off_is_an_error(self, vendor: VendorDouble, caller: Caller, mode: str) -> None:
        good = self._last(mode)
        size = len(good.body)
        for framing in ("length", "chunked"):
            for cut in sorted({0, 1, size // 2, size - 1}):
                vendor.answers(self._instead(mode, good.but(framing=framing, cut=cut)))
                text = f"an answer that breaks off after {cut} of {size} bytes is an error, never a short answer"
                if mode == "stream" and cut == size - 1:
                    continue  # all that matters may have come before
                await error_of(self.ask(caller, 1, mode), text, ConnectionFailed, ServerUnavailable, Timeout)

    @pytest.mark.asyncio
    async def test_a_vendor_that_cannot_be_reached(self, vendor: VendorDouble, caller: Caller, mode: str) -> None:
        await vendor.stop()
        text = "a vendor that cannot be reached is a connection that failed"
        await error_of(self.ask(caller, 1, mode), text, ConnectionFailed, secrets=(self.secret,))

    @pytest.mark.asyncio
    async def test_a_silent_vendor_times_out(self, vendor: VendorDouble, caller: Caller, mode: str) -> None:
        vendor.answers(Answer(silent=True))
        call = self._wait_out(vendor, self.ask(caller, 1, mode, timeout=2.0))
        await error_of(call, "a vendor that does not answer times out", Timeout)
        with promise("a call that timed out is cancelled at the vendor: its connection is closed"):
            await vendor.left()

    @pytest.mark.asyncio
    async def test_a_vendor_that_stalls_times_out(self, vendor: VendorDouble, caller: Caller, mode: str) -> None:
        good = self._last(mode)
        vendor.answers(self._instead(mode, good.but(hang=len(good.body) // 2)))
        call = self._wait_out(vendor, self.ask(caller, 1, mode, timeout=2.0, idle_timeout=1.0))
        await error_of(call, "an answer that stops half-way times out", Timeout)
        with promise("a call that timed out is cancelled at the vendor: its connection is closed"):
            await vendor.left()

    @pytest.mark.asyncio
    async def test_a_slow_answer_is_taken(self, vendor: VendorDouble, caller: Caller, mode: str) -> None:
        good = self._last(mode)
        slow = good.split(-(-len(good.body) // 9)) if len(good.pieces) < 4 else good
        vendor.answers(self._instead(mode, slow.but(pause=1.5)))
        # The timeout is for a whole call, and of a stream for its beginning: then it may take as long as pieces come.
        limits = {"timeout": 12.0, "idle_timeout": 8.0} if mode == "stream" else {"timeout": 60.0, "idle_timeout": 60.0}
        with promise("an answer that comes slowly, each piece in time, is taken whole"):
            task = asyncio.ensure_future(self.ask(caller, 1, mode, **limits))
            await Clock().run_out(task, 120.0)
            self.check(await task, 1, mode)

    @pytest.mark.asyncio
    async def test_a_key_that_expires(self, vendor: VendorDouble, caller: Caller, mode: str) -> None:
        vendor.answers(self.good(1, mode))
        self.check(await self.ask(caller, 1, mode), 1, mode)
        vendor.answers(self.error(401, "the key has expired"))
        text = "a key that worked and is refused now is an invalid credential"
        await error_of(self.ask(caller, 1, mode), text, CredentialsInvalid, secrets=(self.secret,))
        vendor.answers(self.good(2, mode))
        with promise("a refusal is not remembered: the key is asked for again, and may be good again"):
            self.check(await self.ask(caller, 2, mode), 2, mode)

    @pytest.mark.asyncio
    async def test_an_endless_answer_is_refused(
        self, vendor: VendorDouble, caller: Caller, mode: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name, http in inspect.getmembers(self.plugin, lambda member: isinstance(member, VendorHTTP)):
            smaller = dataclasses.replace(http, max_answer_bytes=min(http.max_answer_bytes, 2 << 20))
            monkeypatch.setattr(self.plugin, name, smaller)  # the bound is what is tested, not how much it is
        vendor.answers(Answer.content(b" " * (1 << 18), "application/json").but(endless=True))
        text = "an answer without end is given up, before it fills the memory"
        await error_of(self.ask(caller, 1, mode), text, ServerUnavailable)

    @pytest.mark.parametrize("moment", ["before the answer", "within the answer"])
    @pytest.mark.asyncio
    async def test_cancelling_closes_the_connection(self, vendor: VendorDouble, caller: Caller, mode: str, moment: str) -> None:
        good = self._last(mode)
        within = self._instead(mode, good.but(hang=len(good.body) // 2))
        vendor.answers(Answer(silent=True) if moment == "before the answer" else within)
        task = asyncio.ensure_future(self.ask(caller, 1, mode))
        await vendor.received(1 if moment == "before the answer" else self._requests(mode))
        if moment == "within the answer":
            for _ in range(20):
                await asyncio.sleep(0)
        task.cancel()
        with promise("cancelling a call raises CancelledError, and nothing else"):
            outcome = (await asyncio.gather(task, return_exceptions=True))[0]
            assert isinstance(outcome, asyncio.CancelledError), f"it ended with {outcome!r}"
        with promise("cancelling a call cancels it at the vendor: its connection is closed"):
            await vendor.left()

    @pytest.mark.asyncio
    async def test_calls_do_not_mix(self, vendor: VendorDouble, caller: Caller, mode: str) -> None:
        if not self.concurrent:
            pytest.skip("the requests of this vendor cannot be told apart")

        turns: Counter[int] = Counter()

        def answer(request: Recorded) -> Answer:
            number = self.number_in(request)
            reply = self.good(number, mode)
            turns[number] += 1
            return reply if isinstance(reply, Answer) else reply[min(turns[number], len(reply)) - 1]

        vendor.answers(answer)
        numbers = range(100, 110)
        with promise("calls at the same time get each its own answer"):
            results = await asyncio.gather(*(self.ask(caller, number, mode) for number in numbers))
            for number, result in zip(numbers, results, strict=True):
                self.check(result, number, mode)

    @pytest.mark.asyncio
    async def test_a_key_that_cannot_be_sent(self, vendor: VendorDouble, caller: Caller, mode: str) -> None:
        for odd in ("\n", "ключ", "\x00", "\u2028"):
            secret = f"{self.secret}{odd}{self.secret}"
            values = {name: secret if value == self.secret else value for name, value in self.credentials().items()}
            context = caller.context(values, self._model(caller), self.model_type)
            vendor.answers(self.error(401))
            text = f"a key with {odd!r} in it is an invalid credential"
            error = await error_of(self.invoke(caller, 1, mode, context), text, CredentialsInvalid)
            assert_hidden(self.secret, error)

    # -- below these -----------------------------------------------------------------------------------------------------

    async def _wait_out(self, vendor: VendorDouble, call: Awaitable[Any]) -> Any:
        """What becomes of a call when the vendor says nothing more and time passes."""
        clock = Clock()
        task, hanging = asyncio.ensure_future(call), asyncio.ensure_future(vendor.hangs())
        await asyncio.wait({task, hanging}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            hanging.cancel()
        else:
            await hanging
            with promise("a call lasts no longer than its timeout"):
                await clock.run_out(task, 60.0)
        return await task

    def _last(self, mode: str) -> Answer:
        """The answer that holds the result: the last one, of a vendor that needs several."""
        good = self.good(1, mode)
        return good if isinstance(good, Answer) else good[-1]

    def _requests(self, mode: str) -> int:
        good = self.good(1, mode)
        return 1 if isinstance(good, Answer) else len(good)

    def _instead(self, mode: str, answer: Answer) -> Reply:
        """The good answers, but for the last."""
        good = self.good(1, mode)
        return answer if isinstance(good, Answer) else [*good[:-1], answer]
