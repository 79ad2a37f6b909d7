"""What is asked of an import, and where a tenant's things go."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from ..principal import Principal
from ..views import WorkspaceView
from .report import Result, TenantReport


@dataclass(frozen=True, slots=True)
class Options:
    """:param dry_run: write nothing

    :param tenants: names or ids of the tenants to bring over; empty: all
    :param workspaces: name or id of a tenant -> name or id of the workspace that gets what it has; others get a new one
    :param overwrite: bring Dify's values over those that were imported before and differ now
    """

    dry_run: bool = False
    tenants: Collection[str] = ()
    workspaces: Mapping[str, str] = field(default_factory=dict)
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """A workspace, and the report of what comes into it.

    :param view: how it was before; None for a workspace that a dry run only would make
    """

    caller: Principal
    view: WorkspaceView | None
    report: TenantReport

    def add(self, kind: str, subject: str, result: Result, why: str = "", attention: tuple[str, ...] = ()) -> None:
        """As `TenantReport.add`."""
        self.report.add(kind, subject, result, why, attention)
