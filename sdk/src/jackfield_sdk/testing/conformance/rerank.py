"""The promises of rerank."""

from __future__ import annotations

from typing import ClassVar

import pytest
from jackfield.contract import CallContext, ModelType, RankedDocument, RerankRequest, RerankResult, Usage

from ..answers import Answer, Reply
from ..calling import Caller
from ..double import VendorDouble
from ..promises import promise
from ..recorded import Recorded
from .batches import BatchConformance

DOCUMENTS = ["the first document", "ein zweites Dokument", "第三个文件"]


class RerankConformance(BatchConformance):
    """Rerank. An author says how the vendor answers, and where its requests hold their documents.

    :cvar rerank_usage: what each answer reports
    """

    model_type: ClassVar[ModelType] = ModelType.RERANK
    rerank_usage: ClassVar[Usage] = Usage(input_tokens=9)

    def rerank_answer(self, ranking: list[RankedDocument], usage: Usage) -> Reply:
        """The vendor's answer with this ranking, in this order."""
        raise NotImplementedError

    def rerank_documents(self, request: Recorded) -> list[str]:
        """The documents in a request that came."""
        documents = self._texts_in(request, "documents", "texts")
        assert documents is not None, "say where the documents stand: override `rerank_documents`"
        return documents

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

    def _ranked(self, request: Recorded) -> Answer:
        """A ranking by the numbers that the documents end in."""
        numbers = [int(document.rpartition(" ")[2]) for document in self.rerank_documents(request)]
        ranking = [RankedDocument(index, number / 1000) for index, number in enumerate(numbers)]
        ranking.sort(key=lambda ranked: -ranked.score)
        reply = self.rerank_answer(ranking, self.rerank_usage)
        return reply if isinstance(reply, Answer) else reply[-1]

    @pytest.mark.asyncio
    async def test_many_documents_are_ranked_together(self, vendor: VendorDouble, caller: Caller) -> None:
        count = self._many(caller)
        vendor.answers(self._ranked)
        documents = [f"document number {number}" for number in range(count)]
        context = self.context(caller)
        with promise("more documents than the vendor takes at once are one ranking, in as few requests as it takes"):
            request = RerankRequest(model=self._model(caller), query="query", documents=documents)
            result = await caller.kernel.invoke_rerank(request, context)
            assert [one.index for one in result.ranking] == list(reversed(range(count)))
            self._check_batches(caller, [len(self.rerank_documents(request)) for request in vendor.requests])
        with promise("the usage of all requests is added up"):
            assert result.usage == sum((self.rerank_usage for _ in vendor.requests), Usage())
