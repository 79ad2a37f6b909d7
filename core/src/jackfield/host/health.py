"""How the credentials fare: which fail, which rest, and until when.

A credential rests after a rate limit for that model, after failures in a row for that model, and after a refusal by the vendor
for all models. A rest is advice, not a wall: where every credential rests, the one that wakes first is used all the same, so
that a host never makes a vendor's outage longer than it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

from jackfield.contract import (
    ConnectionFailed,
    CredentialsInvalid,
    JackfieldError,
    PermissionDenied,
    QuotaExceeded,
    RateLimited,
    ServerUnavailable,
    Timeout,
)
from jackfield.tenancy import Condition

from .settings import CooldownSettings

_OUTAGES = (ConnectionFailed, ServerUnavailable, Timeout)
_REFUSALS = (CredentialsInvalid, PermissionDenied, QuotaExceeded)


@dataclass(frozen=True, slots=True)
class Rest:
    """:param model: the model for which the credential rests; empty: for all
    :param until: seconds since the epoch
    :param code: of the error behind it
    :param message: its message, which holds no secret
    """

    credential: str
    model: str
    until: float
    code: str
    message: str

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


@dataclass(slots=True)
class CredentialHealth:
    """What a page shows of a credential. Times are seconds since the epoch."""

    last_success: float | None = None
    last_failure: float | None = None
    failures_in_a_row: int = 0
    last_error: str | None = None
    rests: list[Rest] = field(default_factory=list)

    @property
    def status(self) -> str:
        """`unused`, `good`, `failing`, or `resting`."""
        if self.rests:
            return "resting"
        if self.failures_in_a_row:
            return "failing"
        return "good" if self.last_success else "unused"


class Health:
    """In memory, for this process. `on_rest` is told of each rest that begins here, `on_wake` of each credential that was
    changed or checked here, for the other replicas.

    :param clock: seconds since the epoch
    """

    def __init__(self, settings: CooldownSettings, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._clock = clock
        self._rests: dict[tuple[str, str], Rest] = {}
        self._failures: dict[tuple[str, str], int] = {}
        self._credentials: dict[str, CredentialHealth] = {}
        self._seen: set[str] = set()
        self.on_rest: Callable[[Rest], None] | None = None
        self.on_wake: Callable[[str], None] | None = None

    def seconds_left(self, credential: str, model: str) -> float:
        """How long the credential is still to rest for the model; 0: it is awake."""
        if not self._rests:
            return 0.0
        now = self._clock()
        return max(self._left((credential, model), now), self._left((credential, ""), now))

    def _left(self, key: tuple[str, str], now: float) -> float:
        rest = self._rests.get(key)
        if rest is None:
            return 0.0
        if rest.until <= now:
            del self._rests[key]
            return 0.0
        return rest.until - now

    def succeeded(self, credential: str, model: str) -> None:
        """A call was answered: the failures before it no longer count."""
        state = self._state(credential)
        state.last_success = self._clock()
        self._seen.add(credential)
        if state.failures_in_a_row:
            state.failures_in_a_row = 0
            self._failures.pop((credential, model), None)

    def failed(self, credential: str, model: str, error: JackfieldError) -> None:
        """A call failed. What is the caller's fault says nothing of the credential."""
        seconds = self._rest_for(credential, model, error)
        if seconds is None:
            return
        state = self._state(credential)
        state.last_failure = now = self._clock()
        state.failures_in_a_row += 1
        state.last_error = error.message
        self._seen.add(credential)
        if seconds > 0:
            scope = "" if isinstance(error, _REFUSALS) else model
            rest = Rest(credential, scope, now + seconds, error.code, error.message)
            self.hear(rest)
            if self.on_rest is not None:
                self.on_rest(rest)

    def _rest_for(self, credential: str, model: str, error: JackfieldError) -> float | None:
        """Seconds; None where the error is not the credential's or its vendor's."""
        settings = self._settings
        if isinstance(error, RateLimited):
            return error.retry_after if error.retry_after is not None else settings.rate_limited
        if isinstance(error, _REFUSALS):
            return settings.refused
        if not isinstance(error, _OUTAGES):
            return None
        count = self._failures[(credential, model)] = self._failures.get((credential, model), 0) + 1
        if count < settings.failures:
            return 0.0
        doubled = settings.seconds * 2.0 ** min(count - settings.failures, 32)
        return float(min(max(doubled, error.retry_after or 0.0), settings.seconds_max))

    def hear(self, rest: Rest) -> None:
        """A rest that began here or at another replica; the longer one counts."""
        known = self._rests.get((rest.credential, rest.model))
        if known is None or known.until < rest.until:
            self._rests[(rest.credential, rest.model)] = rest

    def wake(self, credential: str) -> None:
        """The credential was changed or checked here."""
        self.forget(credential)
        if self.on_wake is not None:
            self.on_wake(credential)

    def forget(self, credential: str) -> None:
        """The credential was changed or checked, here or at another replica: what was known of it no longer holds."""
        for key in [key for key in self._rests if key[0] == credential]:
            del self._rests[key]
        for key in [key for key in self._failures if key[0] == credential]:
            del self._failures[key]
        self._credentials.pop(credential, None)
        self._seen.discard(credential)

    def of(self, credential: str) -> CredentialHealth:
        """What is known of the credential in this process."""
        state = self._state(credential)
        now = self._clock()
        state.rests = [rest for key, rest in self._rests.items() if key[0] == credential and rest.until > now]
        return state

    def take_seen(self) -> dict[str, Condition]:
        """How those fare that had a call since this was last asked: by the credential's id, without what is nobody's row."""
        seen, self._seen = self._seen, set()
        return {name: self._condition(name) for name in seen if name.isalnum()}  # not `trial:…`, `free:…`

    def put_back(self, seen: Iterable[str]) -> None:
        """They are to be told once more."""
        self._seen.update(name for name in seen if name in self._credentials)

    def _condition(self, credential: str) -> Condition:
        found = self.of(credential)
        return Condition(
            last_success_at=_moment(found.last_success),
            last_failure_at=_moment(found.last_failure),
            last_failure=found.last_error,
            resting_until=_moment(max((rest.until for rest in found.rests), default=None)),
        )

    def _state(self, credential: str) -> CredentialHealth:
        state = self._credentials.get(credential)
        if state is None:
            state = self._credentials[credential] = CredentialHealth()
        return state


def _moment(seconds: float | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds is not None else None
