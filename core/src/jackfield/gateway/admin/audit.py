"""The audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from .callers import Admin, OnHost
from .values import Before, Limit, Page, page

router = APIRouter(prefix="/workspaces/{workspace}/audit", tags=["audit"])


class Entry(BaseModel):
    """One change."""

    id: str
    at: datetime
    actor: str = Field(description="`person:…`, `key:…`, or `host:operator`")
    action: str = Field(description="`noun.verb`")
    subject: str
    details: dict[str, Any]


@router.get("")
async def list_changes(host: OnHost, caller: Admin, limit: Limit = 100, before: Before = None) -> Page[Entry]:
    """Who changed what, the newest first."""
    found = await host.tenancy.audit.list(caller, limit=limit + 1, before=before)
    entries = [
        Entry(id=one.id, at=one.at, actor=one.actor, action=one.action, subject=one.subject, details=one.details)
        for one in found
    ]
    return page(entries, limit)
