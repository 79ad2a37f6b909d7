"""The promises of rerank."""

from __future__ import annotations

from typing import ClassVar

import pytest
from jackfield.contract import CallContext, ModelType, RankedDocument, RerankRequest, RerankResult, Usage

from ..answers import Reply
from ..calling import Caller
from ..double import VendorDouble
from ..promises import promise
from .base import CallConformance

DOCUMENTS = ["the first document", "ein zweites Dokument", "第三个文件"]


class RerankConformance(CallConformance):
    """Rerank. An author says how the vendor answers.

    :cvar rerank_usage: what each answer reports
    """

    model_type: ClassVar[ModelType] = ModelType.RERANK
    rerank_usage: ClassVar[Usage] = Usage(input_tokens=9)

    def rerank_answer(self, ranking: list[RankedDocument], usage: Usage) -> Reply:
        """The vendor's answer with this ranking, in this order."""
        raise NotImplementedError

    def good(self, number: int, mode: str) -> Reply:
        score = number / 1000
        ranking = [RankedDocument(2, 0.5 + score / 2), RankedDocument(0, 0.25), RankedDocument(1, 0.125)]
        return self.rerank_answer(ranking, self.rerank_usage)

    async def invoke(self, caller: Caller, number: int, mode: str, context: CallContext) -> RerankResult:
        request = RerankRequest(model=self._model(caller), query=self.marker(number), documents=DOCUMENTS)
        return await caller.kernel.invoke_rerank(request, context)

    def check(self, result: RerankResult, number: int, mode: str) -> None:
        assert [one.index for one in result.ranking] == [2, 0, 1], f"the ranking is {result.ranking}"
        assert result.ranking[0].score == pytest.approx(0.5 + number / 2000), f"the scores are {result.ranking}"
        assert result.usage == self.rerank_usage, f"the usage is {result.usage}"

    @pytest.mark.asyncio
    async def test_the_best_comes_first(self, vendor: VendorDouble, caller: Caller) -> None:
        shuffled = [RankedDocument(1, 0.125), RankedDocument(2, 0.75), RankedDocument(0, 0.25)]
        vendor.answers(self.rerank_answer(shuffled, self.rerank_usage))
        with promise("the ranking is best first, whatever the order of the vendor's answer"):
            result = await self.ask(caller)
            assert [one.index for one in result.ranking] == [2, 0, 1], f"the ranking is {result.ranking}"

    @pytest.mark.asyncio
    async def test_no_more_than_were_asked_for(self, vendor: VendorDouble, caller: Caller) -> None:
        vendor.answers(self.good(1, "whole"))
        request = RerankRequest(model=self._model(caller), query="query", documents=DOCUMENTS, top_n=1)
        with promise("`top_n` holds, for a vendor that does not know it as well, and the documents are sent"):
            result = await caller.kernel.invoke_rerank(request, self.context(caller))
            assert [one.index for one in result.ranking] == [2]
            assert all(document.encode() in vendor.last.body for document in DOCUMENTS[:2])
