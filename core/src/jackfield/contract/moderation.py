"""Moderation: whether a text or an image breaks a policy, by category."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from .messages import ImagePart, TextPart
from .usage import Usage


@dataclass(slots=True, kw_only=True)
class ModerationRequest:
    """:param inputs: one verdict for each; an input of parts is judged as a whole"""

    model: str
    inputs: list[str] | list[list[TextPart | ImagePart]]
    user: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    dialect: str | None = None
    drop_unsupported: bool = False


@dataclass(slots=True, kw_only=True)
class Verdict:
    """`categories` and `scores` are keyed by the vendor's category names; scores between 0 and 1."""

    flagged: bool
    categories: dict[str, bool] = field(default_factory=dict)
    scores: dict[str, float] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class ModerationResult:
    """One verdict for each input, in order."""

    verdicts: list[Verdict]
    usage: Usage = field(default_factory=Usage)
    model: str = ""
    id: str = field(default_factory=lambda: f"modr-{uuid.uuid4().hex}")
