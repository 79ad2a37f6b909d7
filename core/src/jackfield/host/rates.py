"""How many calls and tokens a minute a key or a workspace may have.

Calls are counted exactly, over the sixty seconds before each call. Tokens are known when a call has ended: a call is let in as
long as the tokens of the last sixty seconds are below the limit, and what it uses counts for those after it.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from jackfield.contract import RateLimited

WINDOW = 60.0


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one key or workspace may have in a minute; None: no limit.

    :param subject: e.g. `key:3f2a…`
    :param label: how an error names it
    """

    subject: str
    label: str
    requests: int | None = None
    tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """:param seconds: until a call would be let in"""

    label: str
    unit: str
    limit: int
    seconds: float


class RateCounter(Protocol):
    """Counts; in memory or in Redis."""

    async def take(self, allowances: Iterable[Allowance]) -> Refusal | None:
        """Count one call against all of them, or none and say which refuses."""

    def spend(self, allowances: Iterable[Allowance], tokens: int) -> None:
        """Count tokens. Does not wait."""


class Rates:
    """The door: nothing to do for a caller without limits."""

    def __init__(self, counter: RateCounter) -> None:
        self._counter = counter

    async def admit(self, allowances: tuple[Allowance, ...]) -> None:
        """:raises RateLimited: with the seconds to wait, and whose limit it is"""
        refusal = await self._counter.take(allowances)
        if refusal is not None:
            seconds = max(refusal.seconds, 0.001)
            raise RateLimited(
                f"{refusal.label} may have {refusal.limit} {refusal.unit} a minute, and has had them.",
                fault="caller",
                retry_after=seconds,
                advice=f"Wait {max(1, round(seconds))} s, or have the limit raised.",
            )

    def spend(self, allowances: tuple[Allowance, ...], tokens: int) -> None:
        """Count what a call has used."""
        if tokens:
            self._counter.spend(allowances, tokens)


@dataclass(slots=True)
class _Log:
    calls: deque[float] = field(default_factory=deque)
    tokens: deque[tuple[float, int]] = field(default_factory=deque)
    sum: int = 0


class MemoryCounter:
    """For one process. :param clock: seconds, monotonic"""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._logs: dict[str, _Log] = {}
        self._sweep_at = 0.0

    async def take(self, allowances: Iterable[Allowance]) -> Refusal | None:
        """Exact: the times of the calls themselves are kept, at most as many as the limit."""
        return self.take_now(allowances)

    def take_now(self, allowances: Iterable[Allowance]) -> Refusal | None:
        """`take` for who cannot wait."""
        now = self._clock()
        logs = []
        for allowance in allowances:
            log = self._logs.get(allowance.subject)
            if log is None:
                log = self._logs[allowance.subject] = _Log()
            refusal = _refusal(allowance, log, now)
            if refusal is not None:
                return refusal
            logs.append((allowance, log))
        for allowance, log in logs:
            if allowance.requests is not None:
                log.calls.append(now)
        if now >= self._sweep_at:
            self._sweep(now)
        return None

    def spend(self, allowances: Iterable[Allowance], tokens: int) -> None:
        """Tokens of one hundredth of a second share an entry, so that a log stays short."""
        now = self._clock()
        for allowance in allowances:
            if allowance.tokens is None:
                continue
            log = self._logs.setdefault(allowance.subject, _Log())
            log.sum += tokens
            if log.tokens and now - log.tokens[-1][0] < 0.01:
                then, before = log.tokens[-1]
                log.tokens[-1] = (then, before + tokens)
            else:
                log.tokens.append((now, tokens))

    def _sweep(self, now: float) -> None:
        """Forget who has been away for a minute."""
        self._sweep_at = now + WINDOW
        for subject, log in list(self._logs.items()):
            newest = max(log.calls[-1] if log.calls else 0.0, log.tokens[-1][0] if log.tokens else 0.0)
            if newest <= now - WINDOW:
                del self._logs[subject]


def _refusal(allowance: Allowance, log: _Log, now: float) -> Refusal | None:
    since = now - WINDOW
    if allowance.requests is not None:
        while log.calls and log.calls[0] <= since:
            log.calls.popleft()
        if len(log.calls) >= allowance.requests:
            wait = log.calls[len(log.calls) - allowance.requests] + WINDOW - now
            return Refusal(allowance.label, "calls", allowance.requests, wait)
    if allowance.tokens is not None:
        while log.tokens and log.tokens[0][0] <= since:
            log.sum -= log.tokens.popleft()[1]
        if log.sum >= allowance.tokens:
            return Refusal(allowance.label, "tokens", allowance.tokens, _until_below(allowance.tokens, log, now))
    return None


def _until_below(limit: int, log: _Log, now: float) -> float:
    left = log.sum
    for then, tokens in log.tokens:
        left -= tokens
        if left < limit:
            return then + WINDOW - now
    return WINDOW
