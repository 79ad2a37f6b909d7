"""Calls and tokens a minute: exact in memory, exact across two replicas through a real Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

import pytest
from jackfield.contract import CredentialsInvalid, RateLimited
from jackfield.host.health import Health
from jackfield.host.rates import Allowance, MemoryCounter, RateCounter, Rates
from jackfield.host.replicas import Replicas
from jackfield.host.settings import CooldownSettings

if TYPE_CHECKING:
    from .conftest import Until


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_exactly_the_limit_passes_in_any_sixty_seconds() -> None:
    clock = Clock()
    rates = Rates(MemoryCounter(clock))
    allowances = (Allowance("key:a", "The key", requests=3),)
    passed: list[float] = []
    for _ in range(600):
        clock.now += 0.5
        if len(passed) < 3 or clock.now - passed[-3] >= 60:
            await rates.admit(allowances)
            passed.append(clock.now)
            continue
        with pytest.raises(RateLimited) as refused:
            await rates.admit(allowances)
        assert refused.value.fault == "caller"
        assert refused.value.retry_after == pytest.approx(passed[-3] + 60 - clock.now)
    assert len(passed) == 15


async def test_tokens_are_counted_after_the_call_and_forgotten_after_a_minute() -> None:
    clock = Clock()
    rates = Rates(MemoryCounter(clock))
    allowances = (Allowance("key:a", "The key", tokens=100), Allowance("ws:a", "The workspace", requests=100))
    for tokens in (60, 60):
        await rates.admit(allowances)
        rates.spend(allowances, tokens)
        clock.now += 10
    with pytest.raises(RateLimited, match="100 tokens a minute") as refused:
        await rates.admit(allowances)
    assert refused.value.retry_after == pytest.approx(40)
    clock.now += 40
    await rates.admit(allowances)


async def test_a_refused_call_counts_for_nobody() -> None:
    clock = Clock()
    rates = Rates(MemoryCounter(clock))
    both = (Allowance("ws", "The workspace", requests=2), Allowance("key", "The key", requests=1))
    await rates.admit(both)
    with pytest.raises(RateLimited, match="The key"):
        await rates.admit(both)
    await rates.admit(both[:1])
    with pytest.raises(RateLimited, match="The workspace"):
        await rates.admit(both[:1])


@pytest.fixture
async def replica(redis_url: str) -> AsyncIterator[Callable[[], Replicas]]:
    made: list[Replicas] = []

    def make() -> Replicas:
        made.append(Replicas.at(redis_url, Health(CooldownSettings())))
        return made[-1]

    yield make
    for one in made:
        await one.close()


async def test_replicas_share_one_count(replica: Callable[[], Replicas], request: pytest.FixtureRequest) -> None:
    counters: list[RateCounter] = [replica(), replica()]
    subject = request.node.nodeid
    allowances = (Allowance(subject + "k", "The key", requests=20), Allowance(subject + "w", "All", requests=1000))
    answers = await asyncio.gather(*(counters[n % 2].take(allowances) for n in range(50)))
    assert sum(answer is None for answer in answers) == 20
    refusal = next(answer for answer in answers if answer)
    assert (refusal.label, refusal.unit, refusal.limit) == ("The key", "calls", 20)
    assert 0 < refusal.seconds <= 60


async def test_replicas_share_tokens(replica: Callable[[], Replicas], request: pytest.FixtureRequest) -> None:
    one, other = replica(), replica()
    allowances = (Allowance(request.node.nodeid, "The key", tokens=100),)
    assert await other.take(allowances) is None
    one.spend(allowances, 100)
    await asyncio.gather(*one._tasks)
    refusal = await other.take(allowances)
    assert refusal is not None
    assert refusal.unit == "tokens"
    assert 0 < refusal.seconds <= 61


async def test_replicas_share_rests_and_their_end(replica: Callable[[], Replicas], until: Until) -> None:
    one, other = replica(), replica()
    for each in (one, other):
        await each.start()
    one._health.failed("c", "m", CredentialsInvalid("no"))
    one._health.failed("d", "m", CredentialsInvalid("no"))
    await until(lambda: other._health.seconds_left("c", "m") > 0 and other._health.seconds_left("d", "m") > 0)
    one._health.wake("c")
    await until(lambda: not other._health.seconds_left("c", "m"))
    assert other._health.seconds_left("d", "m") > 0
    late = replica()
    await late.start()  # which hears of rests that began before it
    await until(lambda: late._health.seconds_left("d", "m") > 0)
    assert not late._health.seconds_left("c", "m")


async def test_without_redis_each_counts_for_itself(tmp_path: object) -> None:
    alone = Replicas.at(f"unix://{tmp_path}/nothing.sock", Health(CooldownSettings()))
    await alone.start()
    allowances = (Allowance("key", "The key", requests=1),)
    assert await alone.take(allowances) is None
    assert await alone.take(allowances) is not None
    assert not await alone.ping()
    await alone.close()
