"""Column types that mean the same in SQLite and PostgreSQL, and ids that sort by the time they were made."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, DateTime, String
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

_MONEY_SCALE = Decimal(10) ** 10


def new_id() -> str:
    """32 hexadecimal digits: 48 bits of milliseconds, 80 bits of chance (as UUIDv7, RFC 9562, without its marks).

    Unique, not secret: whoever guesses one gets nothing by it. (The generator is seeded by the system, anew in each process.)
    """
    return f"{time.time_ns() // 1_000_000:012x}{random.getrandbits(80):020x}"


def now() -> datetime:
    """The time, aware, in UTC."""
    return datetime.now(UTC)


class UTCDateTime(TypeDecorator[datetime]):
    """An aware time; SQLite keeps it without a zone, in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Exact(TypeDecorator[Decimal]):
    """An exact number of any size, kept as text: for what is compared in Python and never summed by the database."""

    impl = String(40)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        return None if value is None else f"{value:f}"

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


class Money(TypeDecorator[Decimal]):
    """An exact amount, kept as a whole number of 10^-10 units: SQLite has no decimals, and a sum of floats is no bill."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        return None if value is None else int((value * _MONEY_SCALE).to_integral_value())

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else (Decimal(value) / _MONEY_SCALE).normalize() + Decimal(0)
