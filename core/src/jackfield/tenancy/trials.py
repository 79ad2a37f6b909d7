"""Hosted trials: the operator's own credential, lent to every workspace with a quota.

Reserve, settle, give back, each one atomic statement, so that never one call too many passes, with any number of replicas.
What is reserved counts as used from the first moment: a call whose process is killed, or whose stream is cut, has used its
part; only a call that failed before its answer began is given back. A quota in tokens reserves one token and charges the rest
when the call is settled: the calls that run at that moment may go over it, by what they use.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase
from typing import Literal

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from jackfield.contract import Credentials, NotFound, QuotaExceeded, Usage
from jackfield.store import Store, now
from jackfield.store.tables import TrialAccount

Unit = Literal["calls", "tokens", "credits"]


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """What the operator lends.

    :param id: under which its use is counted
    :param models: the models lent, as patterns with `*`
    :param quota: for each workspace, in `unit`
    :param credits: price of a call in credits, by model; `*` for the others
    :param ends_on: its last day, in UTC
    """

    id: str
    provider: str
    models: tuple[str, ...]
    quota: int
    unit: Unit = "calls"
    credits: Mapping[str, int] = field(default_factory=dict)
    ends_on: date | None = None
    credentials: Credentials = field(default_factory=lambda: Credentials({}), repr=False)

    def lends(self, model: str) -> bool:
        """Whether the trial has this model, and is not over."""
        return any(fnmatchcase(model, pattern) for pattern in self.models) and not self.over

    @property
    def over(self) -> bool:
        """Whether its last day is past."""
        return self.ends_on is not None and now().date() > self.ends_on

    def price(self, model: str) -> int:
        """What a call reserves."""
        if self.unit == "credits":
            return self.credits.get(model, self.credits.get("*", 1))
        return 1


@dataclass(frozen=True, slots=True)
class Reservation:
    """Part of a trial, taken for one call."""

    workspace_id: str
    trial: Trial
    amount: int


@dataclass(frozen=True, slots=True)
class TrialState:
    """A trial as a workspace sees it."""

    trial: Trial
    used: int

    @property
    def left(self) -> int:
        """What may still be used."""
        return max(self.trial.quota - self.used, 0)


class Trials:
    """The service."""

    def __init__(self, store: Store, trials: Iterable[Trial] = ()) -> None:
        self._store = store
        self.offered = tuple(trials)

    def lending(self, provider: str, model: str) -> tuple[Trial, ...]:
        """The trials that lend a model, in the operator's order: the next is used when the one before it is spent."""
        return tuple(trial for trial in self.offered if trial.provider == provider and trial.lends(model))

    async def reserve(self, workspace_id: str, trial: Trial, model: str) -> Reservation:
        """:raises QuotaExceeded: when the trial is spent or over, saying how to go on

        :raises NotFound: if the workspace was removed
        """
        amount = trial.price(model)
        if trial.over or not await self._take(workspace_id, trial, amount):
            why = "is over" if trial.over else f"of {trial.quota} {trial.unit} is spent"
            raise QuotaExceeded(
                f"The hosted trial of {trial.provider} {why}.",
                advice=f"Add a {trial.provider} API key of your own under Settings > Model providers"
                f" (or with `jackfield credentials add {trial.provider}`); calls then go on with it.",
                provider=trial.provider,
            )
        return Reservation(workspace_id, trial, amount)

    async def settle(self, reservation: Reservation, usage: Usage) -> None:
        """The call is over; a quota in tokens is charged with what it used."""
        if reservation.trial.unit == "tokens":
            await self._add(reservation, usage.total_tokens - reservation.amount)

    async def give_back(self, reservation: Reservation) -> None:
        """The call failed before its answer began."""
        await self._add(reservation, -reservation.amount)

    async def states(self, workspace_id: str) -> list[TrialState]:
        """All trials, with what the workspace used of them."""
        query = select(TrialAccount.trial, TrialAccount.used).where(TrialAccount.workspace_id == workspace_id)
        async with self._store.read() as session:
            used = {trial: used for trial, used in await session.execute(query)}  # noqa: C416 - rows are not pairs to mypy
        return [TrialState(trial, used.get(trial.id, 0)) for trial in self.offered]

    async def _take(self, workspace_id: str, trial: Trial, amount: int) -> bool:
        statement = (
            self._store.insert(TrialAccount)
            .values(workspace_id=workspace_id, trial=trial.id, used=amount)
            .on_conflict_do_update(
                index_elements=["workspace_id", "trial"],
                set_={"used": TrialAccount.used + amount},
                where=TrialAccount.used + amount <= trial.quota,
            )
            .returning(TrialAccount.used)
        )
        if amount > trial.quota:
            return False
        try:
            async with self._store.write() as session:
                return (await session.execute(statement)).first() is not None
        except IntegrityError:
            raise NotFound("There is no such workspace.") from None  # removed, while the call was on its way

    async def _add(self, reservation: Reservation, amount: int) -> None:
        key = (TrialAccount.workspace_id == reservation.workspace_id, TrialAccount.trial == reservation.trial.id)
        async with self._store.write() as session:
            await session.execute(update(TrialAccount).where(*key).values(used=TrialAccount.used + amount))
