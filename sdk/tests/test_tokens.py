"""Tokens are fetched once for all who need them, kept while they are good, and renewed before they end."""

from __future__ import annotations

import asyncio

import pytest
from jackfield_sdk import ServerUnavailable, Token, TokenCache


class Shop:
    """Hands out numbered tokens."""

    def __init__(self, lifetime: float = 3600.0) -> None:
        self.lifetime = lifetime
        self.fetched = 0
        self.open = True

    async def fetch(self) -> Token:
        self.fetched += 1
        number = self.fetched
        await asyncio.sleep(0)
        if not self.open:
            raise ServerUnavailable("closed")
        return Token(text=f"token-{number}", lifetime=self.lifetime)


class Clock:
    time = 0.0

    def __call__(self) -> float:
        return self.time


async def test_many_calls_fetch_one_token() -> None:
    cache, shop = TokenCache(), Shop()
    assert set(await asyncio.gather(*(cache.get(shop.fetch, "tenant", "secret") for _ in range(20)))) == {"token-1"}
    assert await cache.get(shop.fetch, "tenant", "secret") == "token-1"
    assert await cache.get(shop.fetch, "tenant", "other secret") == "token-2"
    assert await cache.get(shop.fetch, "tenants", "ecret") == "token-3", "parts must not melt together"


@pytest.mark.parametrize(("lifetime", "good_for"), [(3600.0, 3300.0), (60.0, 30.0)])
async def test_a_token_is_renewed_before_it_ends(lifetime: float, good_for: float) -> None:
    clock = Clock()
    cache, shop = TokenCache(clock), Shop(lifetime)
    await cache.get(shop.fetch, "key")
    clock.time = good_for - 1
    assert await cache.get(shop.fetch, "key") == "token-1"
    clock.time = good_for
    assert await cache.get(shop.fetch, "key") == "token-2"


async def test_a_proof_fetches_anew_and_its_token_is_kept() -> None:
    cache, shop = TokenCache(), Shop()
    await cache.get(shop.fetch, "key")
    assert await cache.get(shop.fetch, "key", fresh=True) == "token-2"
    assert await cache.get(shop.fetch, "key") == "token-2"


async def test_a_token_that_the_vendor_takes_no_more_is_let_go() -> None:
    cache, shop = TokenCache(), Shop()
    old = await cache.get(shop.fetch, "key")
    cache.forget(old, "another key")
    assert await cache.get(shop.fetch, "key") == "token-1"
    cache.forget(old, "key")
    assert await cache.get(shop.fetch, "key") == "token-2"
    cache.forget(old, "key")
    assert await cache.get(shop.fetch, "key") == "token-2", "another call has fetched it since"


async def test_a_failure_is_not_kept() -> None:
    cache, shop = TokenCache(), Shop()
    shop.open = False
    with pytest.raises(ServerUnavailable):
        await cache.get(shop.fetch, "key")
    shop.open = True
    assert await cache.get(shop.fetch, "key") == "token-2"


async def test_who_is_cancelled_does_not_take_the_others_along() -> None:
    cache, shop = TokenCache(), Shop()
    first, second = (asyncio.ensure_future(cache.get(shop.fetch, "key")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == "token-2"


def test_a_token_is_good_in_another_loop() -> None:
    cache, shop = TokenCache(), Shop()
    assert [asyncio.run(cache.get(shop.fetch, "key")) for _ in range(2)] == ["token-1", "token-1"]


def test_no_token_is_shown() -> None:
    assert "secret" not in repr(Token(text="secret", lifetime=1.0))
