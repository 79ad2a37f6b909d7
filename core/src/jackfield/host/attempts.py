"""The vendor calls that one call takes: another credential, the same again after a pause, another model.

Never after an answer has begun: what is tried here is up to the whole answer, or up to the first piece of a stream.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from jackfield.contract import (
    CallContext,
    ContextLengthExceeded,
    Credentials,
    CredentialsMissing,
    JackfieldError,
    QuotaExceeded,
)

from .events import AttemptFailed, Observers
from .health import Health
from .judging import Verdict, judge, pause
from .routes import Candidate, Target
from .selection import Selection
from .settings import CallSettings
from .tickets import Ticket
from .way_out import WayOut

_log = logging.getLogger("jackfield.host")
Answer = TypeVar("Answer")


@dataclass(slots=True)
class Lease:
    """What one attempt works with."""

    target: Target
    candidate: Candidate
    context: CallContext


class Lender(Protocol):
    """Opens credentials and reserves trials; tenancy behind it."""

    async def open(self, target: Target, candidate: Candidate) -> Credentials:
        """:raises HostFault: where a sealed credential does not open"""

    async def reserve(self, ticket: Ticket, target: Target, trial: Candidate) -> None:
        """Take one call out of the trial, into the ticket. :raises QuotaExceeded: when it is spent or over"""

    async def give_back(self, ticket: Ticket) -> None:
        """Put back what the ticket holds."""


@dataclass(slots=True)
class _Round:
    """The attempts of one call at one target.

    :param excluded: candidates that are no good for this call
    :param tried: candidates that had their attempt since the last pause
    """

    ticket: Ticket
    target: Target
    excluded: set[Candidate] = field(default_factory=set)
    tried: set[Candidate] = field(default_factory=set)
    attempts: int = 0
    error: JackfieldError | None = None


class Attempts:
    """Runs calls against their targets."""

    def __init__(self, settings: CallSettings, health: Health, lender: Lender, observers: Observers, way_out: WayOut) -> None:
        self._settings = settings
        self._health = health
        self._lender = lender
        self._observers = observers
        self._selection = Selection(health)
        self._way_out = way_out

    async def run(self, ticket: Ticket, targets: tuple[Target, ...], invoke: Callable[[Lease], Awaitable[Answer]]) -> Answer:
        """The first answer.

        :raises JackfieldError: where there is none, that of the first model tried
        """
        if len(targets) == 1:
            return await self._at(_Round(ticket, targets[0]), invoke, is_last=True)
        first: JackfieldError | None = None
        ordered = self._selection.in_order(targets)
        for target in ordered:
            if isinstance(first, ContextLengthExceeded) and not _has_more_room(target, ordered[0]):
                continue
            try:
                return await self._at(_Round(ticket, target), invoke, is_last=target is ordered[-1])
            except JackfieldError as error:
                first = first or error
                if judge(error) is Verdict.NONE:
                    break
        assert first is not None
        raise first

    async def _at(self, the: _Round, invoke: Callable[[Lease], Awaitable[Answer]], *, is_last: bool) -> Answer:
        ticket, target = the.ticket, the.target
        while True:
            candidate = await self._choose(the)
            ticket.begin_attempt(target, candidate)
            the.attempts += 1
            try:
                answer = await invoke(Lease(target, candidate, await self._context(ticket, target, candidate)))
            except JackfieldError as failed:
                error = the.error = failed
            else:
                self._health.succeeded(candidate.key, target.model.id)
                return answer
            await self._lender.give_back(ticket)
            self._health.failed(candidate.key, target.model.id, error)
            verdict = judge(error)
            the.tried.add(candidate)
            if verdict is Verdict.CREDENTIAL:
                the.excluded.add(candidate)
            wait = self._wait(the, verdict, error)
            self._tell(ticket, error, _next_step(verdict, wait, is_last=is_last))
            if wait is None:
                raise error
            if wait:
                the.tried.clear()
                await asyncio.sleep(wait)

    def _wait(self, the: _Round, verdict: Verdict, error: JackfieldError) -> float | None:
        """Seconds until the next attempt with this model; None: there is none."""
        if verdict in (Verdict.NONE, Verdict.FALLBACK) or the.attempts >= self._settings.attempts:
            return None
        target = the.target
        if self._selection.has_fresh(target, the.excluded, the.tried):
            return 0.0
        if verdict is Verdict.CREDENTIAL:
            left = [candidate for candidate in (*target.own, *target.trials) if candidate not in the.excluded]
            return 0.0 if left else None
        wait = pause(the.attempts, error, self._settings)
        return wait if wait is not None and the.ticket.seconds_left() > wait else None

    async def _choose(self, the: _Round) -> Candidate:
        """The candidate of the next attempt; a trial's call is reserved by then.

        :raises CredentialsMissing: where the workspace has none, and there is no trial
        :raises QuotaExceeded: where there are but trials, and they are spent
        """
        target = the.target
        own = self._selection.own(target, the.excluded, the.tried)
        if target.hosted_first or own is None:
            lent = await self._borrow(the, needed=own is None or not target.take_over)
            if lent is not None:
                return lent
        if own is None:
            raise the.error or no_credential(target)
        return own

    async def _borrow(self, the: _Round, *, needed: bool) -> Candidate | None:
        """The first trial with something left, reserved; None where no trial is left to be tried.

        :raises QuotaExceeded: where all are found spent, and one is needed
        """
        spent: list[QuotaExceeded] = []
        for trial in the.target.trials:
            if trial in the.excluded:
                continue
            try:
                await self._lender.reserve(the.ticket, the.target, trial)
            except QuotaExceeded as error:
                the.excluded.add(trial)
                spent.append(error)
            else:
                return trial
        if spent and needed:
            raise the.error or _all_spent(the.target, spent) from None
        return None

    async def _context(self, ticket: Ticket, target: Target, candidate: Candidate) -> CallContext:
        return CallContext(
            provider=target.provider,
            credentials=await self._lender.open(target, candidate),
            http=self._way_out.client,
            wire=self._way_out.wire,
            model=target.model,
            timeout=max(ticket.seconds_left(), 0.001),
            idle_timeout=self._settings.idle_timeout,
            request_id=ticket.info.request_id,
            workspace=ticket.workspace,
        )

    def _tell(self, ticket: Ticket, error: JackfieldError, next_step: str) -> None:
        assert ticket.candidate is not None
        info = ticket.info
        _log.info(
            "an attempt failed",
            extra={
                "request_id": info.request_id,
                "workspace": ticket.workspace,
                "model": f"{info.provider}/{info.model}",
                "attempt": info.attempts,
                "error": error.code,
                "vendor_status": error.vendor_status,
                "reason": error.message,
                "next": next_step,
            },
        )
        if not self._observers.any:
            return
        self._observers.tell(
            AttemptFailed(
                request_id=ticket.info.request_id,
                workspace=ticket.workspace,
                provider=ticket.info.provider,
                model=ticket.info.model,
                credential=ticket.candidate.credential,
                error=error.code,
                fault=error.fault,
                message=error.message,
                vendor_status=error.vendor_status,
                next=next_step,
            )
        )


def no_credential(target: Target) -> CredentialsMissing:
    """The workspace cannot use the target's provider yet."""
    return CredentialsMissing(
        f"This workspace has no credential for `{target.ref}`: none was added, or all are disabled.",
        provider=target.provider,
        model=target.model.id,
    )


def _all_spent(target: Target, spent: list[QuotaExceeded]) -> QuotaExceeded:
    """What the one trial says of itself; of several, what holds for all."""
    if len(spent) == 1:
        return spent[0]
    message = f"The {len(spent)} hosted trials that lend `{target.ref}` are spent or over."
    return QuotaExceeded(message, advice=spent[0].advice, provider=target.provider, model=target.model.id)


def _next_step(verdict: Verdict, wait: float | None, *, is_last: bool) -> str:
    if wait is not None:
        return "credential" if verdict is Verdict.CREDENTIAL else "retry"
    return "none" if is_last or verdict is Verdict.NONE else "fallback"


def _has_more_room(target: Target, asked: Target) -> bool:
    """Whether a conversation too long for one model may fit the other."""
    return (target.model.context_window or 0) > (asked.model.context_window or 0)
