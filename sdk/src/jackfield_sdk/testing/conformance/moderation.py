"""The promises of moderation."""

from __future__ import annotations

from typing import ClassVar

import pytest
from jackfield.contract import CallContext, ModelType, ModerationRequest, ModerationResult, Verdict

from ..answers import Reply
from ..calling import Caller
from ..double import VendorDouble
from ..promises import error_of, promise
from .base import CallConformance


class ModerationConformance(CallConformance):
    """Moderation. An author says how the vendor answers."""

    model_type: ClassVar[ModelType] = ModelType.MODERATION

    def moderation_answer(self, verdicts: list[Verdict]) -> Reply:
        """The vendor's answer with these verdicts; their categories are `violence` and `hate`."""
        raise NotImplementedError

    def _verdict(self, number: int) -> Verdict:
        score = number / 1000
        return Verdict(flagged=True, categories={"violence": True, "hate": False}, scores={"violence": score, "hate": 0.001})

    def good(self, number: int, mode: str) -> Reply:
        return self.moderation_answer([self._verdict(number)])

    async def invoke(self, caller: Caller, number: int, mode: str, context: CallContext) -> ModerationResult:
        request = ModerationRequest(model=self._model(caller), inputs=[self.marker(number)])
        return await caller.kernel.invoke_moderation(request, context)

    def check(self, result: ModerationResult, number: int, mode: str) -> None:
        (verdict,) = result.verdicts
        assert verdict.flagged, "what the vendor flags is not flagged"
        assert verdict.scores["violence"] == pytest.approx(number / 1000), f"the scores are {verdict.scores}"
        assert verdict.categories == {"violence": True, "hate": False}, f"the categories are {verdict.categories}"

    @pytest.mark.asyncio
    async def test_a_verdict_too_few_is_an_error(self, vendor: VendorDouble, caller: Caller) -> None:
        vendor.answers(self.good(1, "whole"))
        request = ModerationRequest(model=self._model(caller), inputs=["one", "two"])
        text = "fewer verdicts than texts are an error: a text without a verdict must not pass for harmless"
        error = await error_of(caller.kernel.invoke_moderation(request, self.context(caller)), text)
        with promise(text):
            assert error.fault == "vendor"
