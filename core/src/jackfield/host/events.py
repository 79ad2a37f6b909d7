"""What happens to calls, told to whoever listens: metrics, tracing, logs. Facts and numbers only, no prompt and no answer."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from jackfield.contract import Fault, ModelType, Usage

_log = logging.getLogger("jackfield.host")


@dataclass(slots=True, kw_only=True)  # not frozen: that makes it four times as dear to make, and each call makes one
class CallFinished:
    """A call that reached at least one attempt is over.

    :param outcome: `ok`, `error` or `cancelled`
    :param dialect: the wire dialect of a relayed call; None for a typed one
    :param seconds: from the moment the host took the call to its end; `first_byte_seconds` until its answer began
    :param attempts: how many vendor calls it took
    """

    request_id: str
    workspace: str
    key: str | None
    provider: str
    model: str
    model_type: ModelType
    dialect: str | None
    streamed: bool
    hosted: bool
    outcome: str
    error: str | None = None
    status: int = 200
    attempts: int = 1
    seconds: float = 0.0
    first_byte_seconds: float | None = None
    usage: Usage = field(default_factory=Usage)
    cost: Decimal | None = None
    currency: str = "USD"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptFailed:
    """One vendor call failed; whether the call did, its CallFinished says.

    :param next: what follows: `retry` (the same credential), `credential` (another), `fallback` (another model), `none`
    """

    request_id: str
    workspace: str
    provider: str
    model: str
    credential: str
    error: str
    fault: Fault
    message: str
    vendor_status: int | None
    next: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRefused:
    """The host itself said no: unknown model, missing scope or credential, spent budget or trial, rate."""

    request_id: str
    workspace: str
    key: str | None
    model: str
    model_type: ModelType
    error: str
    status: int


Event = CallFinished | AttemptFailed | CallRefused
Observer = Callable[[Event], None]


class Observers:
    """Who listens. An observer is called in the middle of a call: it counts or queues, and does not wait."""

    def __init__(self) -> None:
        self._observers: list[Observer] = []

    def add(self, observer: Observer) -> None:
        """From now on it is told of everything."""
        self._observers.append(observer)

    def remove(self, observer: Observer) -> None:
        """It is told no more."""
        self._observers.remove(observer)

    @property
    def any(self) -> bool:
        """Whether somebody listens: nobody makes an event for nobody."""
        return bool(self._observers)

    def tell(self, event: Event) -> None:
        """Tell all. One that raises is logged, and no call fails for it."""
        for observer in self._observers:
            try:
                observer(event)
            except Exception:
                _log.exception("an observer of calls failed")
