"""The kinds of value that the requests of the admin API are made of."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Generic, Protocol, TypeVar

from fastapi import Path, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from jackfield.contract import NotFound

_ID = re.compile(r"[0-9a-f]{32}")
Item = TypeVar("Item")


def _known(value: str) -> str:
    if not _ID.fullmatch(value):
        raise NotFound("There is nothing with this id.")
    return value


def _no_nul(value: str) -> str:
    if "\x00" in value:
        raise ValueError("must not hold a NUL")  # PostgreSQL has no texts with one
    return value


def _utc(value: datetime) -> datetime:
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError:
        raise ValueError("is out of range") from None


NoNul = AfterValidator(_no_nul)
Id = Annotated[str, Path(description="32 hexadecimal digits"), AfterValidator(_known)]
Cursor = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Name = Annotated[str, StringConstraints(max_length=200), NoNul]
Text = Annotated[str, StringConstraints(max_length=4000), NoNul]
ModelId = Annotated[str, StringConstraints(min_length=1, max_length=256), NoNul]
Ref = Annotated[str, StringConstraints(min_length=1, max_length=400), NoNul]
Provider = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]*$", max_length=64, description="its id, as in `GET …/providers`")]
Moment = Annotated[datetime, AfterValidator(_utc), Field(description="RFC 3339; without a zone, UTC")]
Rate = Annotated[int, Field(ge=1, le=2**31 - 1)]
Weight = Annotated[int, Field(ge=1, le=1000, description="its share of the calls")]
Amount = Annotated[Decimal, Field(ge=0, le=Decimal(10) ** 15, decimal_places=10, allow_inf_nan=False)]
FormValue = Annotated[str, StringConstraints(max_length=100_000), NoNul] | bool | int | float | None
FormValues = Annotated[
    dict[Annotated[str, StringConstraints(max_length=100), NoNul], FormValue],
    Field(description="by the names of the form's fields"),
]
Limit = Annotated[int, Query(ge=1, le=500, description="how many at most")]
Before = Annotated[Cursor | None, Query(description="`next` of the page before")]


class Body(BaseModel):
    """What is sent; a member that is not known is refused."""

    model_config = ConfigDict(extra="forbid")


class Items(BaseModel, Generic[Item]):
    """A list that is whole."""

    data: list[Item]


class Page(BaseModel, Generic[Item]):
    """Part of a list that grows, the newest first. Entries that come meanwhile move no page."""

    data: list[Item]
    next: str | None = Field(description="to be sent as `before` for what follows; null where nothing does")


class HasId(Protocol):
    """What a cursor can point at."""

    @property
    def id(self) -> str:
        """It sorts by time."""


Entry = TypeVar("Entry", bound=HasId)


def page(found: list[Entry], limit: int) -> Page[Entry]:
    """The page of `limit` entries, of which one more was asked for to know whether there are others."""
    shown = found[:limit]
    return Page(data=shown, next=shown[-1].id if len(found) > limit else None)
