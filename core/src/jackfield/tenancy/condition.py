"""How credentials fare in calls: every replica notes what it saw, so that whoever asks any of them is told of all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from jackfield.store import Store, now
from jackfield.store.tables import CredentialHealthRow, CredentialRow

_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Condition:
    """What calls have shown of a credential since it was last changed; None: nothing yet.

    :param last_failure: the message of the last error that was the credential's or its vendor's; no secret is in it
    :param resting_until: until when calls rather take another credential, for one model or for all
    """

    last_success_at: datetime | None = None
    last_failure_at: datetime | None = None
    last_failure: str | None = None
    resting_until: datetime | None = None

    @property
    def status(self) -> str:
        """`unused`, `good`, `failing` or `resting`."""
        if self.resting_until is not None and self.resting_until > now():
            return "resting"
        if self.last_failure_at is not None and (self.last_success_at is None or self.last_success_at < self.last_failure_at):
            return "failing"
        return "good" if self.last_success_at is not None else "unused"


class Conditions:
    """The service."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def note(self, seen: Mapping[str, Condition]) -> None:
        """Add what this replica saw to what is known; what is older than the credential's last change no longer counts.

        :param seen: by the credential's id
        """
        wanted = select(CredentialRow.id, CredentialRow.updated_at).where(CredentialRow.id.in_(seen)).order_by(CredentialRow.id)
        async with self._store.write() as session:
            # Their locks keep other replicas from noting the same at once, and are taken in one order.
            for credential_id, at in (await session.execute(wanted.with_for_update(key_share=True))).all():
                row = await session.get(CredentialHealthRow, credential_id)
                if row is None:
                    row = CredentialHealthRow(credential_id=credential_id)
                    session.add(row)
                _merge(row, seen[credential_id], since=at)


def condition_of(row: CredentialHealthRow | None) -> Condition:
    """A row as it is told."""
    if row is None:
        return Condition()
    return Condition(row.last_success_at, row.last_failure_at, row.last_failure, row.resting_until)


def _merge(row: CredentialHealthRow, seen: Condition, *, since: datetime) -> None:
    if seen.last_success_at is not None and seen.last_success_at > (row.last_success_at or since):
        row.last_success_at = seen.last_success_at
    if seen.last_failure_at is None or seen.last_failure_at <= (row.last_failure_at or since):
        return
    row.last_failure_at = seen.last_failure_at
    row.last_failure = (seen.last_failure or "")[:_LONGEST]
    if seen.resting_until is not None and seen.resting_until > (row.resting_until or since):
        row.resting_until = seen.resting_until
