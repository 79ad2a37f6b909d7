"""The promises of token counting, for a plugin that has `count_tokens`."""

from __future__ import annotations

import pytest
from jackfield.contract import CredentialsInvalid, LLMRequest, RateLimited, ServerUnavailable

from ..answers import Answer, Reply
from ..calling import Caller
from ..double import VendorDouble
from ..promises import error_of, promise, values_in
from .faults import GARBAGE
from .llm import ChatConformance


class TokenCountConformance(ChatConformance):
    """Token counting by the vendor. An author says how the vendor answers."""

    def tokens_answer(self, tokens: int) -> Reply | None:
        """The vendor's count of a chat of one short text; None, if it does not count for this model."""
        raise NotImplementedError("The plugin has `count_tokens`: say how the vendor answers, with `tokens_answer`.")

    def _count(self, caller: Caller) -> LLMRequest:
        if not caller.kernel.implements(caller.description.id, "count_tokens"):
            pytest.skip("the plugin does not count tokens")
        if self.tokens_answer(1) is None:
            pytest.skip("the vendor does not count tokens for this model")
        return self.request(caller, self.marker(7))

    @pytest.mark.asyncio
    async def test_tokens_are_counted(self, vendor: VendorDouble, caller: Caller) -> None:
        request = self._count(caller)
        for tokens in (1, 42):
            vendor.requests.clear()
            vendor.answers(self.tokens_answer(tokens) or [])
            with promise("the number of tokens is the vendor's"):
                counted = await caller.kernel.count_tokens(request, self.context(caller))
                assert counted == tokens, f"it is {counted}, and not {tokens}"
            with promise("what is counted is the text of the chat, and nothing is generated"):
                sent = list(values_in(vendor.last_body.json))
                assert any(isinstance(text, str) and self.marker(7) in text for text in sent), f"{vendor.last_body.body!r}"
                assert not vendor.last_body.json.get("stream"), "a stream is asked for"

    @pytest.mark.asyncio
    async def test_a_count_that_fails(self, vendor: VendorDouble, caller: Caller) -> None:
        request = self._count(caller)
        for status, kind in ((401, CredentialsInvalid), (429, RateLimited), (503, ServerUnavailable)):
            vendor.answers(self.error(status, f"it went wrong, by the way your key is {self.secret}"))
            text = f"status {status} of a count becomes an error that says whose fault it is"
            call = caller.kernel.count_tokens(request, self.context(caller))
            await error_of(call, text, kind, secrets=(self.secret,))
        for name, answer in (GARBAGE | {"numbers-of-text": Answer.json({"input_tokens": "many", "tokens": "many"})}).items():
            vendor.answers(answer)
            text = f"a count that is none ({name}) becomes an error of the vendor's"
            error = await error_of(caller.kernel.count_tokens(request, self.context(caller)), text)
            with promise(text):
                assert error.fault == "vendor", f"{type(error).__name__} says it is the fault of the {error.fault}"
