"""A call from the moment it is let in to the moment it is settled."""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from jackfield.contract import JackfieldError, Usage

from .routes import Candidate, Target

if TYPE_CHECKING:
    from jackfield.tenancy import Principal

    from .admission import Entry


@dataclass(slots=True)
class CallInfo:
    """What a surface may tell its client about a call beside the answer; the host fills it in.

    :param request_id: may be given by the surface; goes to the vendor's plugin, the logs and the ledger
    :param attempts: vendor calls so far
    """

    request_id: str = field(default_factory=lambda: secrets.token_hex(16))
    provider: str = ""
    model: str = ""
    hosted: bool = False
    relayed: bool = False
    attempts: int = 0


class Metered(Protocol):
    """An answer that comes piece by piece."""

    @property
    def usage(self) -> Usage | None:
        """What is known of it so far."""


class Settles(Protocol):
    """Where a ticket goes in the end."""

    def settle(self, ticket: Ticket, outcome: str, usage: Usage, error: JackfieldError | None) -> None:
        """Write it down. Called once for a ticket that had an attempt."""

    def leave(self, ticket: Ticket) -> None:
        """The call is over, settled or not."""


class Ticket:
    """One call that was let in. `finish` ends it, and only the first `finish` counts.

    :ivar free: it uses nothing that is billed (counting tokens), so nothing of it is written down
    :ivar reservation: what it holds of a trial
    :ivar task: which waits for the call, or for the next piece of its answer
    :ivar answer: the stream that it has become
    :ivar first_byte: when its answer began, on the clock of `started`
    """

    __slots__ = (
        "allowances",
        "answer",
        "candidate",
        "deadline",
        "dialect",
        "finished",
        "first_byte",
        "free",
        "info",
        "principal",
        "reservation",
        "route",
        "settles",
        "started",
        "streamed",
        "target",
        "task",
        "view",
        "workspace",
    )

    def __init__(
        self, principal: Principal, entry: Entry, info: CallInfo, settles: Settles, *, seconds: float, streamed: bool = False
    ) -> None:
        self.principal = principal
        self.workspace: str = principal.workspace_id
        self.route = entry.route
        self.view = entry.view
        self.allowances = entry.allowances
        self.info = info
        self.settles = settles
        self.started = time.perf_counter()
        self.deadline = self.started + seconds
        self.streamed = streamed
        self.dialect: str | None = None
        self.first_byte: float | None = None
        self.target: Target | None = None
        self.candidate: Candidate | None = None
        self.reservation: Any = None
        self.free = False
        self.task = asyncio.current_task()
        self.answer: Metered | None = None
        self.finished = False

    def seconds_left(self) -> float:
        """Until the call has taken all the time that it may."""
        return self.deadline - time.perf_counter()

    def begin_attempt(self, target: Target, candidate: Candidate) -> None:
        """A vendor is about to be called."""
        info = self.info
        self.target = target
        self.candidate = candidate
        info.provider = target.provider
        info.model = target.model.id
        info.hosted = candidate.hosted
        info.attempts += 1

    def begin_answer(self, answer: Metered | None = None) -> None:
        """The first piece of the answer is here."""
        self.first_byte = time.perf_counter()
        self.answer = answer

    def abort(self) -> None:
        """The host cannot wait for the call any longer: cancel who waits for it, unless that is who closes the host."""
        if self.task is not None and self.task is not asyncio.current_task():
            self.task.cancel()
        self.finish("cancelled", self.answer.usage if self.answer is not None else None)

    def finish(self, outcome: str, usage: Usage | None, error: JackfieldError | None = None) -> None:
        """The call is over: `ok`, `error` or `cancelled`."""
        if self.finished:
            return
        self.finished = True
        try:
            if self.target is not None:
                self.settles.settle(self, outcome, usage or Usage(), error)
        finally:
            self.settles.leave(self)
