"""What was used: sums, single calls, and all of them as CSV."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field, StringConstraints

from jackfield.contract import ModelType
from jackfield.tenancy import UsageFilter
from jackfield.tenancy.usage import Grouping

from .callers import Member, OnHost
from .values import Before, Cursor, Items, Limit, NoNul, Page, page

router = APIRouter(prefix="/workspaces/{workspace}/usage", tags=["usage"])
Word = Annotated[str, StringConstraints(max_length=256), NoNul]
Outcome = Literal["ok", "error", "cancelled"]


class Total(BaseModel):
    """Sums of one group in one currency."""

    group: str = Field(description="the day, the key's id, the provider, the type, or `provider/model`")
    currency: str
    calls: int
    errors: int
    input_tokens: int
    output_tokens: int
    cost: Decimal
    milliseconds: int = Field(description="of a call, on average")
    first_byte_milliseconds: int | None = Field(description="until the answer began, on average")


class Call(BaseModel):
    """One call."""

    id: str
    at: datetime
    key_id: str | None
    person_id: str | None
    provider: str
    model: str
    model_type: ModelType
    outcome: Outcome
    error: str | None = Field(description="the code of its error")
    hosted: bool
    credential_id: str | None
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    audio_seconds: float
    characters: int
    search_units: int
    cost: Decimal | None
    currency: str
    milliseconds: int
    first_byte_milliseconds: int | None


def _filter(
    *,
    since: Annotated[date | None, Query(description="first day, UTC")] = None,
    until: Annotated[date | None, Query(description="last day, UTC")] = None,
    key: Cursor | None = None,
    provider: Word | None = None,
    model: Word | None = None,
    outcome: Outcome | None = None,
    search: Annotated[Word | None, Query(description="part of `provider/model`")] = None,
) -> UsageFilter:
    return UsageFilter(since=since, until=until, key_id=key, provider=provider, model=model, outcome=outcome, search=search)


Wanted = Annotated[UsageFilter, Depends(_filter)]


@router.get("")
async def sum_usage(host: OnHost, caller: Member, wanted: Wanted, group_by: Grouping = "day") -> Items[Total]:
    """Sums by day, model, key, provider or type. A call is in them about a second after its end."""
    totals = await host.tenancy.usage.totals(caller, group_by, wanted)
    return Items(data=[Total.model_validate({name: getattr(one, name) for name in Total.model_fields}) for one in totals])


@router.get("/calls")
async def list_calls(host: OnHost, caller: Member, wanted: Wanted, limit: Limit = 100, before: Before = None) -> Page[Call]:
    """Single calls, the newest first."""
    rows = await host.tenancy.usage.calls(caller, wanted, limit=limit + 1, before=before)
    return page([Call.model_validate({name: getattr(row, name) for name in Call.model_fields}) for row in rows], limit)


@router.get(
    "/calls.csv",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "RFC 4180, as it is read."}},
)
async def export_calls(host: OnHost, caller: Member, wanted: Wanted) -> StreamingResponse:
    """Every single call as CSV, however many there are."""
    headers = {"content-disposition": 'attachment; filename="usage.csv"'}
    return StreamingResponse(host.tenancy.usage.csv(caller, wanted), media_type="text/csv", headers=headers)
