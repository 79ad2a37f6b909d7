"""What a tenant of Dify has, whichever schema it stood in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Tenant:
    """A workspace of Dify's. `id` is a UUID."""

    id: str
    name: str
    archived: bool = False


@dataclass(slots=True)
class DifyCredential:
    """A form that was filled in: of a provider, or (with `model`) of one model that was added.

    :param id: of the row, unique in its table; `table` tells which
    :param provider: Dify's name of it, short (`openai`)
    :param values: as stored, secrets sealed; None: what is stored is no JSON object
    :param active: whether Dify's calls use it
    :param notes: what cannot be the same here
    """

    table: str
    id: str
    provider: str
    name: str
    values: Mapping[str, Any] | None = field(repr=False)
    active: bool
    model: str | None = None
    model_type: str | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def subject(self) -> str:
        """How the report names it."""
        model = f"/{self.model}" if self.model else ""
        return f"{self.provider}{model} “{self.name}”"


@dataclass(frozen=True, slots=True)
class DifyModel:
    """A model that Dify names, with Dify's names of provider and type."""

    provider: str
    model: str
    model_type: str


@dataclass(slots=True)
class Content:
    """All that a tenant has to bring over.

    :param added: models that were added one by one
    :param defaults: the default models, one for each type
    :param switched_off: models that were switched off
    :param preferences: provider -> `custom` or `system` (Dify's hosted quota) first
    :param hosted: providers of which the tenant has a hosted quota of Dify's
    :param problems: rows that make no sense: kind, subject and why
    """

    tenant: Tenant
    credentials: list[DifyCredential] = field(default_factory=list)
    added: set[DifyModel] = field(default_factory=set)
    defaults: list[DifyModel] = field(default_factory=list)
    switched_off: list[DifyModel] = field(default_factory=list)
    preferences: dict[str, str] = field(default_factory=dict)
    hosted: set[str] = field(default_factory=set)
    problems: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to bring over."""
        return not (self.credentials or self.added or self.switched_off or self.problems)
