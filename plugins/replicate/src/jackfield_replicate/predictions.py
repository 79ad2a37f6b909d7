"""A prediction: Replicate's record of one run of a model. https://replicate.com/docs/topics/predictions/lifecycle"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from jackfield_sdk import ServerUnavailable, Usage, VendorError

_ENDED = frozenset({"succeeded", "failed", "canceled", "aborted"})
_RUNNING = frozenset({"starting", "processing", "queued"})


@dataclass(frozen=True, slots=True)
class Prediction:
    """:param stream: where the output comes bit by bit, for a model that can"""

    id: str
    status: str
    output: Any
    error: str
    stream: str | None
    usage: Usage = field(default_factory=Usage)

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.status in _ENDED

    @property
    def failure(self) -> VendorError | None:
        """What went wrong with it; None where nothing did, so far."""
        if not self.ended or self.status == "succeeded":
            return None
        return VendorError(self.error or f"The prediction was {self.status}.", code=self.status)


def parse_prediction(body: dict[str, Any]) -> Prediction:
    """:raises ServerUnavailable: if it is none"""
    name, status, urls = body.get("id"), body.get("status"), body.get("urls")
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_-]+", name) or status not in _ENDED | _RUNNING:
        raise ServerUnavailable("The vendor's answer is no prediction.")
    stream = urls.get("stream") if isinstance(urls, dict) else None
    error = body.get("error")
    return Prediction(
        id=name,
        status=str(status),
        output=body.get("output"),
        error=str(error) if error else "",
        stream=stream if isinstance(stream, str) and stream.startswith(("https://", "http://")) else None,
        usage=_usage(body.get("metrics")),
    )


def _usage(metrics: Any) -> Usage:
    """Language models tell their tokens; of others only the time is known."""
    given = metrics if isinstance(metrics, dict) else {}
    asked, answered = (given.get(name) for name in ("input_token_count", "output_token_count"))
    return Usage(input_tokens=_count(asked), output_tokens=_count(answered))


def _count(value: Any) -> int:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 else 0


def text_of(output: Any) -> str:
    """What a language model answered: a text, its pieces, or an object that holds it.

    :raises ServerUnavailable: if it is none of these
    """
    if isinstance(output, dict):
        output = next((output[name] for name in ("text", "output", "content") if isinstance(output.get(name), str)), None)
    if isinstance(output, str):
        return output
    if isinstance(output, list) and all(isinstance(piece, str) for piece in output):
        return "".join(output)
    raise ServerUnavailable("The model's output is no text.")
