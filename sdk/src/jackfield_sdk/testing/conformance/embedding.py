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
from .base import CallConformance


class EmbeddingConformance(CallConformance):
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
        for name in ("input", "inputs", "texts"):
            texts = request.json.get(name)
            if texts is not None:
                return [texts] if isinstance(texts, str) else [one if isinstance(one, str) else one["text"] for one in texts]
        raise AssertionError("say where the texts stand: override `embedding_inputs`")

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
        limit = caller.model(self._model(caller), self.model_type, self.credentials()).max_batch
        count = min(2 * limit + 1, 250) if limit else 7
        vendor.answers(self._vectors)
        texts = [f"text number {number}" for number in range(count)]
        context = self.context(caller)
        with promise("many texts are embedded in their order, in as few requests as the vendor takes"):
            request = EmbeddingRequest(model=self._model(caller), inputs=texts)
            result = await caller.kernel.invoke_text_embedding(request, context)
            assert [vector[0] for vector in result.embeddings] == [float(number) for number in range(count)]
            sizes = [len(self.embedding_inputs(request)) for request in vendor.requests]
            assert all(size <= (limit or count) for size in sizes), f"the vendor takes {limit} at once, and got {sizes}"
            assert len(sizes) == -(-count // (limit or count)), f"it took {len(sizes)} requests: {sizes}"
        with promise("the usage of all requests is added up"):
            assert result.usage.input_tokens == self.embedding_usage.input_tokens * len(vendor.requests)

    @pytest.mark.asyncio
    async def test_a_vector_too_few_is_an_error(self, vendor: VendorDouble, caller: Caller) -> None:
        if caller.model(self._model(caller), self.model_type, self.credentials()).max_batch == 1:
            pytest.skip("the vendor takes one text at a time")
        vendor.answers(self.embedding_answer([[1.0, 2.0]], self.embedding_usage))
        request = EmbeddingRequest(model=self._model(caller), inputs=["one", "two"])
        text = "fewer vectors than texts are the vendor's error, and never put beside the wrong text"
        await error_of(caller.kernel.invoke_text_embedding(request, self.context(caller)), text)
