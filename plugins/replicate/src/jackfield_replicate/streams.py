"""A prediction's output as it comes: https://replicate.com/docs/topics/predictions/streaming

Events: `output` with plain text, `logs`, `error` with `{"detail": …}`, and `done` with `{}`, or with why it ended otherwise.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import orjson
from jackfield_sdk import FinishReason, HeldStream, LLMEvent, StreamEnd, StreamStart, TextDelta, UsageReport, VendorError
from jackfield_sdk.dialects import ServerSentEvent

from .predictions import Prediction


class PredictionStream:
    """The events of a running prediction. Closing it before its end gives the prediction up, not the connection alone."""

    __slots__ = ("_ended", "_give_up", "_inner")

    def __init__(self, inner: HeldStream[LLMEvent], give_up: Callable[[], None]) -> None:
        self._inner = inner
        self._give_up = give_up
        self._ended = False

    def __aiter__(self) -> AsyncIterator[LLMEvent]:
        return self

    async def __anext__(self) -> LLMEvent:
        try:
            event = await anext(self._inner)
        except BaseException:
            await self.aclose()
            raise
        self._ended = self._ended or isinstance(event, StreamEnd)
        return event

    async def aclose(self) -> None:
        """Let go."""
        if not self._ended:
            self._ended = True
            self._give_up()
        await self._inner.aclose()


async def parse_stream(
    events: AsyncIterator[ServerSentEvent],
    prediction: Prediction,
    *,
    model: str,
    fail: Callable[[VendorError], Exception],
    settle: Callable[[], Awaitable[Prediction]],
    reason_of: Callable[[Prediction], FinishReason],
) -> AsyncIterator[LLMEvent]:
    """A stream that stops before `done` ends without a StreamEnd, which is broken.

    :param fail: the error of the tree for what the vendor says
    :param settle: the prediction as it is after its end, which tells what it used
    """
    yield StreamStart(prediction.id, model)
    async for event in events:
        if event.event == "output" and event.data:
            yield TextDelta(event.data)
        elif event.event == "error":
            raise fail(VendorError(_detail(event.data), code="failed"))
        elif event.event == "done":
            reason = _object(event.data).get("reason")
            if reason:
                code = "canceled" if reason == "canceled" else "failed"
                raise fail(VendorError(f"The prediction ended: {reason}.", code=code))
            ended = await settle()
            yield UsageReport(ended.usage)
            yield StreamEnd(reason_of(ended))
            return


def _object(data: str) -> dict[str, Any]:
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def _detail(data: str) -> str:
    detail = _object(data).get("detail")
    return detail if isinstance(detail, str) and detail else data
