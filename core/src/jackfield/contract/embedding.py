"""Text embedding."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from .messages import ImagePart, TextPart
from .usage import Usage


@dataclass(slots=True, kw_only=True)
class EmbeddingRequest:
    """Texts (or, where the model can, texts and images, or OpenAI's token ids) to be embedded, in one call.

    :param inputs: one entry for each vector asked for
    :param dimensions: a shorter vector, where the model can
    :param purpose: what the vectors are for, where the model distinguishes it (Cohere's `input_type`, Jina's `task`)
    :param extra: as in LLMRequest
    """

    model: str
    inputs: list[str] | list[list[int]] | list[list[TextPart | ImagePart]]
    dimensions: int | None = None
    purpose: Literal["query", "document", "classification", "clustering", "similarity"] | None = None
    truncate: bool | None = None
    user: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    dialect: str | None = None
    drop_unsupported: bool = False


@dataclass(slots=True, kw_only=True)
class EmbeddingResult:
    """One vector of floats for each input, in the order of the inputs."""

    embeddings: list[list[float]]
    usage: Usage = field(default_factory=Usage)
    model: str = ""
