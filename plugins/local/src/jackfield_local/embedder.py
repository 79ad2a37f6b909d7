"""Embedding and rerank by WordLlama: a vector for each token of a vocabulary, averaged over a text. No network, no GPU."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .engines import engine
from .workers import Stop, Stopped

DIMENSIONS = (64, 128, 256)  # the vectors were trained so that their first 64 or 128 numbers serve alone
_TEXTS_AT_ONCE = 256
_TOKENS_AT_ONCE = 8192

_lock = threading.Lock()


class Embedder:
    """Loads on first use. Its methods block: call them in a worker."""

    def __init__(self) -> None:
        self._model: Any = None
        self._numpy: Any = None

    def embed(self, texts: list[str], dimensions: int, stop: Stop) -> tuple[list[list[float]], int]:
        """A vector of length 1 for each text (all zeros for a text without a known token), and the tokens of all texts.

        :raises MissingExtra: wordllama is not installed
        """
        vectors, tokens = self._vectors(texts, dimensions, stop)
        return vectors.tolist(), tokens

    def rank(self, query: str, documents: list[str], stop: Stop) -> tuple[list[float], int]:
        """The cosine between the query and each document (-1 to 1), and the tokens of all texts.

        :raises MissingExtra: wordllama is not installed
        """
        vectors, tokens = self._vectors([query, *documents], DIMENSIONS[-1], stop)
        return (vectors[1:] @ vectors[0]).tolist(), tokens

    def _vectors(self, texts: list[str], dimensions: int, stop: Stop) -> tuple[Any, int]:
        self._load()
        numpy = self._numpy
        vectors = numpy.zeros((len(texts), dimensions), dtype=numpy.float32)
        tokens = 0
        for start in range(0, len(texts), _TEXTS_AT_ONCE):
            if stop.is_set():
                raise Stopped
            some = texts[start : start + _TEXTS_AT_ONCE]
            for index, encoding in enumerate(self._model.tokenizer.encode_batch(some, add_special_tokens=False), start):
                ids = encoding.ids
                tokens += len(ids)
                vectors[index] = self._sum(ids)[:dimensions]
        norms = numpy.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors / numpy.where(norms > 0, norms, 1), tokens

    def _sum(self, ids: list[int]) -> Any:
        """The sum of the tokens' vectors: their mean but for its length, which is made 1 anyway. In portions, as WordLlama's
        own `embed` pads all texts of a batch to the longest, which a book among them turns into gigabytes."""
        table = self._model.embedding
        total = self._numpy.zeros(table.shape[1], dtype=self._numpy.float32)
        for start in range(0, len(ids), _TOKENS_AT_ONCE):
            total += table[ids[start : start + _TOKENS_AT_ONCE]].sum(axis=0)
        return total

    def _load(self) -> None:
        with _lock:
            if self._model is not None:
                return
            with _untouched_root_logger():
                wordllama = engine("wordllama", extra="embedding")
            self._numpy = engine("numpy", extra="embedding")
            # Its loader looks for the bundled tokenizer in the wrong folder (`tokenizer`, not `tokenizers`), unless its own
            # folder is given as the cache.
            folder = Path(wordllama.__file__).parent
            model = wordllama.WordLlama.load(cache_dir=folder, dim=DIMENSIONS[-1], disable_download=True)
            model.tokenizer.no_padding()
            self._model = model


@contextmanager
def _untouched_root_logger() -> Iterator[None]:
    """WordLlama calls `logging.basicConfig` when it is imported; the host's log is not its to configure."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
