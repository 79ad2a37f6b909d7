"""Who calls, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase

from jackfield.contract import ModelType, PermissionDenied


class Role(StrEnum):
    """What a member of a workspace may do: an owner everything, an admin all but members and ownership, a member use it."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"

    @property
    def rank(self) -> int:
        """Higher may do more."""
        return {"member": 0, "admin": 1, "owner": 2}[self]


@dataclass(frozen=True, slots=True)
class Scopes:
    """What a key may call. None: everything. `models` are patterns with `*`, matched against `provider/model`,
    aliases, and `default`."""

    model_types: frozenset[ModelType] | None = None
    models: tuple[str, ...] | None = None

    def permits_type(self, model_type: ModelType) -> bool:
        """Whether calls of this type are allowed."""
        return self.model_types is None or model_type in self.model_types

    def permits_model(self, *names: str) -> bool:
        """Whether a model that goes by these names is allowed."""
        return self.models is None or any(fnmatchcase(name, pattern) for name in names for pattern in self.models)


@dataclass(frozen=True, slots=True)
class Principal:
    """A program with a key, a person with a session, or the host itself (no key, no person).

    :param role: None for a key that only calls models
    :param key_id: the API key's id, for programs
    :param person_id: the person's id, for people
    :param name: the key's name or the person's e-mail, for logs and the audit log
    """

    workspace_id: str
    name: str
    role: Role | None = Role.MEMBER
    key_id: str | None = None
    person_id: str | None = None
    scopes: Scopes = Scopes()
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    expires_at: datetime | None = None

    @property
    def is_operator(self) -> bool:
        """Whether this is the host itself, or who has its files."""
        return self.key_id is None and self.person_id is None

    @property
    def actor(self) -> str:
        """How the audit log names it."""
        kind = "host" if self.is_operator else "key" if self.key_id else "person"
        return f"{kind}:{self.name}"

    def may(self, role: Role) -> bool:
        """Whether this is at least `role` in its workspace."""
        return self.role is not None and self.role.rank >= role.rank

    def require(self, role: Role) -> None:
        """:raises PermissionDenied: if this is not at least `role` in its workspace"""
        if self.role is None:
            raise PermissionDenied(
                "This key calls models only.",
                fault="caller",
                advice="Use a key that carries a role (`jackfield keys create NAME --role admin`), or sign in.",
            )
        if not self.may(role):
            raise PermissionDenied(f"This needs the role {role} in the workspace.", fault="caller")
