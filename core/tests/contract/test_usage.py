"""Units and what they cost, exactly."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.contract import Prices, Usage
from pydantic import ValidationError

PRICES = Prices(input=Decimal("0.15"), output=Decimal("0.60"), cache_read=Decimal("0.075"))


def test_tokens_cost_what_the_list_says() -> None:
    usage = Usage(input_tokens=1_000_000, output_tokens=500_000, cache_read_tokens=400_000, reasoning_tokens=100_000)
    # 600,000 fresh at 0.15, 400,000 cached at 0.075, 500,000 out at 0.60: reasoning is part of the output
    assert PRICES.cost(usage) == Decimal("0.09") + Decimal("0.03") + Decimal("0.30")


def test_one_token_is_not_rounded_away() -> None:
    assert PRICES.cost(Usage(input_tokens=1)) == Decimal("0.00000015")


def test_writing_to_a_cache_has_its_own_price_or_that_of_input() -> None:
    usage = Usage(input_tokens=1_000_000, cache_write_tokens=1_000_000)
    assert PRICES.cost(usage) == Decimal("0.15")
    assert Prices(input=Decimal(3), cache_write=Decimal("3.75")).cost(usage) == Decimal("3.75")


def test_other_units() -> None:
    assert Prices(audio_minute=Decimal("0.006")).cost(Usage(audio_seconds=90)) == Decimal("0.009")
    assert Prices(characters=Decimal(15)).cost(Usage(characters=2_000)) == Decimal("0.03")
    assert Prices(search_units=Decimal(2)).cost(Usage(search_units=5)) == Decimal("0.01")
    assert Prices(request=Decimal("0.01")).cost(Usage()) == Decimal("0.01")
    assert Prices().cost(Usage(input_tokens=10**9)) == 0


@pytest.mark.parametrize("wrong", [{"input": -1}, {"currency": "dollars"}, {"per_token": 1}])
def test_prices_that_make_no_sense(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Prices.model_validate(wrong)


counts = st.integers(min_value=0, max_value=10**9)
usages = st.builds(Usage, input_tokens=counts, output_tokens=counts, characters=counts, search_units=counts)


@given(usages, usages)
def test_two_calls_cost_what_they_cost_one_by_one(one: Usage, other: Usage) -> None:
    both = one + other
    assert both.total_tokens == one.total_tokens + other.total_tokens
    assert PRICES.cost(both) == PRICES.cost(one) + PRICES.cost(other)


@given(counts, counts, counts)
def test_a_cache_never_makes_a_call_dearer_than_no_cache_nor_free(total: int, read: int, written: int) -> None:
    usage = Usage(input_tokens=total, cache_read_tokens=min(read, total), cache_write_tokens=0)
    assert 0 <= PRICES.cost(usage) <= PRICES.cost(Usage(input_tokens=total))
