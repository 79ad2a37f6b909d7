"""Numbers on a scale."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.console.charts import HEIGHT, WIDTH, columns, nice_ceiling, shares


@pytest.mark.parametrize(
    ("value", "ceiling"), [(0, 0), (1, 1), (3, 5), (7, 10), (11, 20), (201, 500), (Decimal("0.034"), Decimal("0.05"))]
)
def test_scales_end_at_round_numbers(value: int | Decimal, ceiling: int | Decimal) -> None:
    assert nice_ceiling(value) == ceiling


@given(st.lists(st.integers(min_value=0, max_value=10**12), max_size=400))
def test_bars_stay_in_the_picture_and_keep_their_order(values: list[int]) -> None:
    chart = columns([(str(at), value) for at, value in enumerate(values)])
    for bar in chart.bars:
        assert 0 <= bar.y <= HEIGHT
        assert 0 <= bar.x <= WIDTH
        assert bar.y + bar.height == pytest.approx(HEIGHT)
    assert sum(bool(bar.label) for bar in chart.bars) <= 8
    ranked = sorted(range(len(values)), key=lambda at: values[at])
    heights = [chart.bars[at].height for at in ranked]
    assert heights == sorted(heights)


def test_shares_are_of_the_largest() -> None:
    assert [(one.name, one.percent) for one in shares([("a", 1), ("b", 4)])] == [("b", 100.0), ("a", 25.0)]
    assert shares([("a", 0)])[0].percent == 0
    assert shares([]) == ()
