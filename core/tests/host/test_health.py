"""Which credential rests, for which model, how long."""

from __future__ import annotations

import pytest
from jackfield.contract import BadRequest, CredentialsInvalid, JackfieldError, QuotaExceeded, RateLimited, ServerUnavailable
from jackfield.host.health import Health, Rest
from jackfield.host.settings import CooldownSettings


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def health(clock: Clock) -> Health:
    return Health(CooldownSettings(failures=3, seconds=30, seconds_max=100, rate_limited=5, refused=60), clock)


def test_failures_in_a_row_make_it_rest_longer_and_longer(health: Health, clock: Clock) -> None:
    lengths = []
    for _ in range(6):
        health.failed("c", "m", ServerUnavailable("down"))
        lengths.append(health.seconds_left("c", "m"))
        clock.now += lengths[-1]
        assert health.seconds_left("c", "m") == 0
    assert lengths == [0, 0, 30, 60, 100, 100]
    health.succeeded("c", "m")
    health.failed("c", "m", ServerUnavailable("down"))
    assert health.seconds_left("c", "m") == 0
    assert health.of("c").status == "failing"


def test_a_rate_limit_is_of_one_model_and_a_refusal_of_all(health: Health) -> None:
    health.failed("c", "m", RateLimited("slow", retry_after=7))
    assert (health.seconds_left("c", "m"), health.seconds_left("c", "n"), health.seconds_left("d", "m")) == (7, 0, 0)
    health.failed("c", "m", RateLimited("slow"))
    assert health.seconds_left("c", "m") == 7, "a shorter rest does not end a longer one"
    errors: list[JackfieldError] = [CredentialsInvalid("wrong key"), QuotaExceeded("no money")]
    for name, error in zip("de", errors, strict=True):
        health.failed(name, "m", error)
        assert health.seconds_left(name, "other") == 60
    assert health.of("d").status == "resting"
    assert health.of("d").last_error == "wrong key"
    health.wake("d")
    assert health.seconds_left("d", "m") == 0
    assert health.of("d").status == "unused"


def test_the_callers_mistakes_do_not_count(health: Health) -> None:
    for _ in range(9):
        health.failed("c", "m", BadRequest("no such parameter"))
    assert health.of("c").status == "unused"


def test_each_rest_is_told_once_to_the_other_replicas(health: Health, clock: Clock) -> None:
    told: list[Rest] = []
    health.on_rest = told.append
    health.failed("c", "m", RateLimited("slow", retry_after=7))
    assert [(rest.credential, rest.model, rest.until - clock.now) for rest in told] == [("c", "m", 7)]
    other = Health(CooldownSettings(), clock)
    other.hear(told[0])
    assert other.seconds_left("c", "m") == 7
