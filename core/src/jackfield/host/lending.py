"""Credentials opened for an attempt, and calls taken out of the operator's trials."""

from __future__ import annotations

import logging

from jackfield.contract import CredentialForm, Credentials, CredentialsInvalid, HostFault, JackfieldError
from jackfield.kernel import Kernel
from jackfield.store import DATABASE_ERRORS
from jackfield.tenancy import CredentialStore, Reservation, Trial, Trials
from jackfield.vault import SealBroken

from .routes import Candidate, Target
from .settings import CONFIG_NAME, TrialSettings
from .tickets import Ticket

_log = logging.getLogger("jackfield.host")


class Lender:
    """What tenancy keeps, in the hands of a call."""

    def __init__(self, kernel: Kernel, credentials: CredentialStore, trials: Trials) -> None:
        self._kernel = kernel
        self._credentials = credentials
        self._trials = trials
        self._bare: dict[str, Credentials] = {}
        self._trial_candidates = {
            trial: Candidate(trial.id, f"trial:{trial.id}", hosted=True, record=trial) for trial in trials.offered
        }

    async def open(self, target: Target, candidate: Candidate) -> Credentials:
        """What the plugin gets: the provider's form, and over it that of a model that was added.

        :raises CredentialsInvalid: where a sealed credential does not open
        """
        record = candidate.record
        if record is None:
            return self._defaults(target.provider)
        if isinstance(record, Trial):
            return record.credentials
        try:
            if len(record) == 1:
                return self._credentials.opened(record[0]) or await self._credentials.open(record[0])
            values: dict[str, object] = {}
            for part in record:
                values |= await self._credentials.open(part)
            return Credentials(values)
        except SealBroken as broken:
            raise CredentialsInvalid(
                f"The stored credential `{candidate.label}` of `{target.provider}` cannot be opened: {broken.message}",
                advice="Enter it anew under Settings > Model providers.",
                provider=target.provider,
            ) from broken

    def _defaults(self, provider: str) -> Credentials:
        """The form of a provider that asks for nothing, filled in by its defaults."""
        found = self._bare.get(provider)
        if found is None:
            form = self._kernel.provider(provider).provider_form or CredentialForm()
            found = self._bare[provider] = Credentials(form.check({}))
        return found

    def find_trials(self, provider: str, model: str) -> tuple[Candidate, ...]:
        """The operator's candidates for a model, in the operator's order."""
        return tuple(self._trial_candidates[trial] for trial in self._trials.lending(provider, model))

    async def reserve(self, ticket: Ticket, target: Target, trial: Candidate) -> None:
        """Take one call out of the trial. Counting tokens takes nothing.

        :raises QuotaExceeded: when it is spent or over
        """
        if not ticket.free:
            ticket.reservation = await self._trials.reserve(ticket.workspace, trial.record, target.model.id)

    async def give_back(self, ticket: Ticket) -> None:
        """Put back what the ticket holds, if it holds anything. Where the database is away it stays used: why the call failed
        is what its caller must hear."""
        reservation: Reservation | None = ticket.reservation
        if reservation is not None:
            ticket.reservation = None
            try:
                await self._trials.give_back(reservation)
            except DATABASE_ERRORS as error:
                _log.warning("part of a trial is not given back, and counts as used: %s", type(error).__name__)


def trials_of(settings: tuple[TrialSettings, ...], kernel: Kernel) -> list[Trial]:
    """The operator's trials, their credentials checked against their providers' forms.

    :raises HostFault: naming the trial and what is wrong with it
    """
    made: list[Trial] = []
    for number, one in enumerate(settings, 1):
        where = f"Trial {number} in {CONFIG_NAME} (provider `{one.provider}`)"
        trial_id = one.id or one.provider
        if any(trial_id == other.id for other in made):
            raise HostFault(
                f"{where} has the name `{trial_id}` of another.", advice="Give each trial of a provider its own `id`."
            )
        try:
            provider = kernel.provider(one.provider)
            form = provider.provider_form or provider.model_form or CredentialForm()
            credentials = Credentials(form.check(one.opened()))
        except CredentialsInvalid as error:
            raise HostFault(f"{where}: {error.message}", advice="Correct its `credentials`.") from None
        except JackfieldError as error:
            raise HostFault(f"{where}: {error.message}", advice=error.advice) from None
        made.append(
            Trial(
                id=trial_id,
                provider=one.provider,
                models=one.models,
                quota=one.quota,
                unit=one.unit,
                credits=one.credits,
                ends_on=one.ends_on,
                credentials=credentials,
            )
        )
    return made
