"""The promises of text embedding."""

from __future__ import annotations

from typing import ClassVar

import pytest
from jackfield.contract import CallContext, EmbeddingRequest, EmbeddingResult, ModelType, Usage

from ..answers import Answer, Reply
from ..calling import Caller
from ..double import VendorDouble
from ..promises import error_of, promise
from ..recorded import Recorded
from .batches import BatchConformance


class EmbeddingConformance(BatchConformance):
    """Text embedding. An author says how the vendor answers, and where its requests hold their texts.

    :cvar embedding_usage: what each answer reports
    """

    model_type: ClassVar[ModelType] = ModelType.TEXT_EMBEDDING
    embedding_usage: ClassVar[Usage] = Usage(input_tokens=5)

    def embedding_answer(self, vectors: list[list[float]], usage: Usage) -> Reply:
        """The vendor's answer with these vectors."""
        raise NotImplementedError

    def embedding_inputs(self, request: Recorded) -> list[str]:
        """The texts in a request that came."""
        texts = self._texts_in(request, "input", "inputs", "texts")
        assert texts is not None, "say where the texts stand: override `embedding_inputs`"
        return texts

    def good(self, number: int, mode: str) -> Reply:
        return self.embedding_answer([[float(number), 0.5, -0.25]], self.embedding_usage)

    async def invoke(self, caller: Caller, number: int, mode: str, context: CallContext) -> EmbeddingResult:
        request = EmbeddingRequest(model=self._model(caller), inputs=[self.marker(number)])
        return await caller.kernel.invoke_text_embedding(request, context)

    def check(self, result: EmbeddingResult, number: int, mode: str) -> None:
        assert result.embeddings == [[float(number), 0.5, -0.25]], f"the vectors are {result.embeddings}"
        assert result.usage == self.embedding_usage, f"the usage is {result.usage}"

    def _vectors(self, request: Recorded) -> Answer:
        vectors = [[float(text.rpartition(" ")[2]), 1.0] for text in self.embedding_inputs(request)]
        reply = self.embedding_answer(vectors, self.embedding_usage)
        return reply if isinstance(reply, Answer) else reply[-1]

    @pytest.mark.asyncio
    async def test_many_texts_keep_their_order(self, vendor: VendorDouble, caller: Caller) -> None:
        count = self._many(caller)
        vendor.answers(self._vectors)
        texts = [f"text number {number}" for number in range(count)]
        context = self.context(caller)
        with promise("many texts are embedded in their order, in as few requests as the vendor takes"):
            request = EmbeddingRequest(model=self._model(caller), inputs=texts)
            result = await caller.kernel.invoke_text_embedding(request, context)
            assert [vector[0] for vector in result.embeddings] == [float(number) for number in range(count)]
            self._check_batches(caller, [len(self.embedding_inputs(request)) for request in vendor.requests])
        with promise("the usage of all requests is added up"):
            assert result.usage.input_tokens == self.embedding_usage.input_tokens * len(vendor.requests)

    @pytest.mark.asyncio
    async def test_a_vector_too_few_is_an_error(self, vendor: VendorDouble, caller: Caller) -> None:
        if self._max_batch(caller) == 1:
            pytest.skip("the vendor takes one text at a time")
        vendor.answers(self.embedding_answer([[1.0, 2.0]], self.embedding_usage))
        request = EmbeddingRequest(model=self._model(caller), inputs=["one", "two"])
        text = "fewer vectors than texts are the vendor's error, and never put beside the wrong text"
        await error_of(caller.kernel.invoke_text_embedding(request, self.context(caller)), text)
