"""The promises of a model that is asked for many things at once: texts to embed, documents to rank."""

from __future__ import annotations

from collections.abc import Sequence

from ..calling import Caller
from ..recorded import Recorded
from .base import CallConformance


class BatchConformance(CallConformance):
    """What embedding and rerank have in common: inputs that stand in a list, and how many the model takes of them at once."""

    def _max_batch(self, caller: Caller) -> int | None:
        return caller.model(self._model(caller), self.model_type, self.credentials()).max_batch

    def _many(self, caller: Caller) -> int:
        """More than the vendor takes at once, where that is not too many to ask for here."""
        limit = self._max_batch(caller)
        return min(2 * limit + 1, 250) if limit else 7

    def _check_batches(self, caller: Caller, sizes: Sequence[int]) -> None:
        """Of requests with so many inputs each: none is too large, and there are no more than are needed."""
        limit, count = self._max_batch(caller), self._many(caller)
        assert all(size <= (limit or count) for size in sizes), f"the vendor takes {limit} at once, and got {sizes}"
        assert len(sizes) == -(-count // (limit or count)), f"it took {len(sizes)} requests: {sizes}"

    def _texts_in(self, request: Recorded, *names: str) -> list[str] | None:
        """The texts of the first of these members that is there, also where each is an object."""
        for name in names:
            if (texts := request.json.get(name)) is not None:
                return [texts] if isinstance(texts, str) else [one if isinstance(one, str) else one["text"] for one in texts]
        return None
