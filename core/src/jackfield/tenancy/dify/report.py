"""What an import did, or would do."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum


class Result(StrEnum):
    """What became of one thing."""

    IMPORTED = "imported"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing of a tenant's.

    :param kind: workspace, credential, model, default, switch, or preference
    :param subject: Dify's names for it
    :param why: of a thing that was skipped
    :param attention: what somebody should look at
    """

    kind: str
    subject: str
    result: Result
    why: str = ""
    attention: tuple[str, ...] = ()


@dataclass(slots=True)
class TenantReport:
    """One tenant. `workspace` is None where nothing was to be brought over."""

    tenant_id: str
    tenant: str
    workspace: str | None = None
    items: list[Item] = field(default_factory=list)

    def add(self, kind: str, subject: str, result: Result, why: str = "", attention: tuple[str, ...] = ()) -> None:
        """Note what became of a thing."""
        self.items.append(Item(kind, subject, result, why, attention))


@dataclass(slots=True)
class Report:
    """The whole."""

    dry_run: bool
    tenants: list[TenantReport] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """How many things came to which result, and how many need attention."""
        items = [item for tenant in self.tenants for item in tenant.items]
        found = Counter(str(item.result) for item in items)
        return {result: found[result] for result in Result} | {"attention": sum(bool(item.attention) for item in items)}
