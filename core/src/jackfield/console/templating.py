"""The template environment: everything is escaped, and a name that is not given is an error, not a blank."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import as_file, files

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup, escape

from . import assets


@cache
def environment() -> Environment:
    """The one environment, with all templates in memory."""
    sources: dict[str, str] = {}
    with as_file(files(__package__) / "templates") as folder:
        for path in folder.rglob("*.html"):
            sources[path.relative_to(folder).as_posix()] = path.read_text("utf-8")
    found = Environment(
        loader=DictLoader(sources), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    found.globals["static"] = assets.address
    found.filters["code"] = code
    found.filters["count"] = count
    found.filters["money"] = money
    found.filters["spent"] = spent
    found.filters["day"] = day
    found.filters["moment"] = moment
    return found


def code(text: str) -> Markup:
    """What stands between backticks, as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - it is escaped


def count(number: float | Decimal | None) -> str:
    """1234567 -> `1,234,567`; nothing -> `–`."""
    return "–" if number is None else f"{number:,}"


def money(amount: Decimal | int | None, currency: str = "USD") -> str:
    """`$0.15`, `¥2`, `3.50 GBP`: as many decimals as there are, at least those of a price tag where there are any."""
    if amount is None:
        return "–"
    text = f"{Decimal(amount).normalize():f}"
    if "." in text and len(text.rpartition(".")[2]) == 1:
        text += "0"
    signs = {"USD": "$", "CNY": "¥", "EUR": "€"}
    return f"{signs[currency]}{text}" if currency in signs else f"{text} {currency}"


def spent(amount: Decimal | int | None, currency: str = "USD") -> str:
    """What calls came to, as exact as it is worth to be read: `$12.35`, `$0.0356`; a price is `money`."""
    if amount is None:
        return "–"
    found = Decimal(amount)
    digits = 2 if abs(found) >= 1 or not found else 2 - found.adjusted()
    return money(round(found, digits), currency)


def day(moment_: datetime | date | None) -> str:
    """`2026-11-25`; never: `–`."""
    return "–" if moment_ is None else moment_.strftime("%Y-%m-%d")


def moment(moment_: datetime | None) -> str:
    """`2026-11-25 14:03` in UTC; the page's script turns it into the reader's own time."""
    return "–" if moment_ is None else moment_.strftime("%Y-%m-%d %H:%M UTC")
