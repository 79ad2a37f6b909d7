"""Bar charts as SVG: numbers are put on a scale here, the template draws them. The tables beside them say the same in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

Number = int | float | Decimal

WIDTH, HEIGHT = 720.0, 200.0
_MOST_LABELS = 8


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; x, y, width and height in the units of the SVG's viewBox.

    :param label: under the bar; empty where there is no room
    """

    name: str
    value: Number
    x: float
    y: float
    width: float
    height: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars beside each other over a scale that begins at zero.

    :param top: the scale's highest line, and its value
    """

    bars: tuple[Bar, ...]
    top: Number
    width: float = WIDTH
    height: float = HEIGHT


@dataclass(frozen=True, slots=True)
class Share:
    """One line of a ranking; `percent` of the largest."""

    name: str
    value: Number
    percent: float


def columns(points: Sequence[tuple[str, Number]]) -> Chart:
    """A chart of values in order, as days."""
    top = nice_ceiling(max((value for _, value in points), default=0))
    step = WIDTH / max(len(points), 1)
    every = math.ceil(len(points) / _MOST_LABELS)
    bars = []
    for at, (name, value) in enumerate(points):
        height = round(HEIGHT * float(value) / float(top), 2) if top else 0.0
        bars.append(
            Bar(
                name,
                value,
                x=round(at * step + step * 0.1, 2),
                y=round(HEIGHT - height, 2),
                width=round(step * 0.8, 2),
                height=height,
                label=name if at % every == 0 else "",
            )
        )
    return Chart(tuple(bars), top)


def shares(points: Sequence[tuple[str, Number]], most: int = 10) -> tuple[Share, ...]:
    """The largest, in order."""
    ranked = sorted(points, key=lambda point: point[1], reverse=True)[:most]
    largest = float(ranked[0][1]) if ranked else 0.0
    return tuple(Share(name, value, round(100 * float(value) / largest, 2) if largest else 0.0) for name, value in ranked)


def nice_ceiling(value: Number) -> Number:
    """The next of 1, 2, 5, 10, 20, …, or of 0.1, 0.2, 0.5, …; zero stays."""
    if value <= 0:
        return 0
    power = math.floor(math.log10(value))
    for factor in (1, 2, 5, 10):
        candidate = Decimal(factor).scaleb(power)
        if candidate >= value:
            return int(candidate) if candidate == candidate.to_integral_value() else candidate
    return Decimal(10).scaleb(power)
