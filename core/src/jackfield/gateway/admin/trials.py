"""The operator's trials."""

from __future__ import annotations

from datetime import date
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from jackfield.tenancy import TrialState

from .callers import Member, OnHost
from .values import Items

router = APIRouter(prefix="/workspaces/{workspace}/trials", tags=["trials"])


class TrialOut(BaseModel):
    """What the operator lends, and what the workspace has left of it."""

    id: str
    provider: str
    models: list[str] = Field(description="patterns with `*`")
    unit: Literal["calls", "tokens", "credits"]
    quota: int
    used: int
    left: int
    ends_on: date | None = Field(description="its last day, in UTC")
    over: bool


@router.get("")
async def list_trials(host: OnHost, caller: Member) -> Items[TrialOut]:
    """All of them, those that are over or spent too."""
    return Items(data=[described(one) for one in await host.tenancy.trials.states(caller.workspace_id)])


def described(state: TrialState) -> TrialOut:
    """As it is answered."""
    trial = state.trial
    return TrialOut(
        id=trial.id,
        provider=trial.provider,
        models=list(trial.models),
        unit=trial.unit,
        quota=trial.quota,
        used=state.used,
        left=state.left,
        ends_on=trial.ends_on,
        over=trial.over,
    )
