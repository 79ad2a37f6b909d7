"""The end of a call: what it used is written down, counted against its limits, and told to who listens."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine
from decimal import Decimal
from typing import Any

from jackfield.contract import JackfieldError, Usage
from jackfield.tenancy import Reservation, Tenancy, UsageRecord

from .admission import Admission
from .events import CallFinished, Observers
from .health import Health
from .rates import Rates
from .tickets import Ticket

_log = logging.getLogger("jackfield.host")


class Settlement:
    """Implements `tickets.Settles`. What takes the database is done in the background; `close` waits for it."""

    def __init__(self, tenancy: Tenancy, admission: Admission, rates: Rates, health: Health, observers: Observers) -> None:
        self._tenancy = tenancy
        self._admission = admission
        self._rates = rates
        self._health = health
        self._observers = observers
        self._tasks: set[asyncio.Task[None]] = set()

    def settle(self, ticket: Ticket, outcome: str, usage: Usage, error: JackfieldError | None) -> None:
        """Write the call down: in the ledger's journal before this returns."""
        ended = time.perf_counter()
        target, candidate = ticket.target, ticket.candidate
        assert target is not None
        assert candidate is not None
        if error is not None and ticket.first_byte is not None:
            self._health.failed(candidate.key, target.model.id, error)  # broke after its attempt had succeeded
        prices = target.model.prices
        cost: Decimal | None = None
        if prices is not None and (outcome != "error" or usage != Usage()):
            cost = prices.cost(usage)
        currency = prices.currency if prices is not None else "USD"
        first = ticket.first_byte - ticket.started if ticket.first_byte is not None else None
        if not ticket.free:
            caller = ticket.principal
            record = UsageRecord(
                workspace_id=caller.workspace_id,
                key_id=caller.key_id,
                person_id=caller.person_id,
                credential_id=candidate.credential or None,
                hosted=candidate.hosted,
                provider=target.provider,
                model=target.model.id,
                model_type=target.model.type,
                outcome=outcome,
                error=error.code if error is not None else None,
                usage=usage,
                cost=cost,
                currency=currency,
                milliseconds=round((ended - ticket.started) * 1000),
                first_byte_milliseconds=round(first * 1000) if first is not None else None,
            )
            try:
                self._tenancy.ledger.append(record)
            except OSError:  # a full disk: the answer is there and is given; that it is missing from the bill is said aloud
                _log.exception("the usage of call %s could not be written down", ticket.info.request_id)
            if ticket.view.budgets:
                self._tenancy.budgets.settle(ticket.view, caller.key_id, usage, cost, currency)
            if ticket.allowances:
                self._rates.spend(ticket.allowances, usage.total_tokens)
        reservation: Reservation | None = ticket.reservation
        if reservation is not None:
            ticket.reservation = None
            trials = self._tenancy.trials
            if ticket.first_byte is None and outcome == "error":
                self._run(trials.give_back(reservation))
            elif usage.total_tokens:  # where the vendor told none, what was reserved stays used: nothing is for nothing
                self._run(trials.settle(reservation, usage))
        if self._observers.any:
            self._tell(ticket, outcome, usage, error, (cost, currency, ended, first))

    def leave(self, ticket: Ticket) -> None:
        """One call fewer inside."""
        self._admission.leave(ticket)

    async def close(self) -> None:
        """Wait for what is under way."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _tell(
        self,
        ticket: Ticket,
        outcome: str,
        usage: Usage,
        error: JackfieldError | None,
        figures: tuple[Decimal | None, str, float, float | None],
    ) -> None:
        cost, currency, ended, first = figures
        info = ticket.info
        self._observers.tell(
            CallFinished(
                request_id=info.request_id,
                workspace=ticket.workspace,
                key=ticket.principal.key_id,
                provider=info.provider,
                model=info.model,
                model_type=ticket.route.model_type,
                dialect=ticket.dialect,
                streamed=ticket.streamed,
                hosted=info.hosted,
                outcome=outcome,
                error=error.code if error is not None else None,
                status=error.status if error is not None else 200,
                attempts=info.attempts,
                seconds=ended - ticket.started,
                first_byte_seconds=first,
                usage=usage,
                cost=cost,
                currency=currency,
            )
        )

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(self._logged(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @staticmethod
    async def _logged(work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception:
            # What is not settled counts as used, so the quota is never exceeded for it.
            _log.exception("a trial could not be settled")
