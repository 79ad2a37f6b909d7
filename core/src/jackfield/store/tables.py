"""The tables. Everything but people and revisions belongs to a workspace, and every query names it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, BigInteger, Date, ForeignKey, Index, MetaData, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from .columns import Exact, Money, UTCDateTime, new_id, now

_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """All tables."""

    metadata = MetaData(naming_convention=_CONVENTION)
    type_annotation_map = {datetime: UTCDateTime(), dict[str, Any]: JSON(), list[Any]: JSON(), str: Text()}  # noqa: RUF012


def _owner() -> Mapped[str]:
    return mapped_column(String(32), ForeignKey("workspaces.id", ondelete="CASCADE"), index=True)


class Workspace(Base):
    """`revision`: the counter's value at the last change of what calls depend on; see `Revision`."""

    __tablename__ = "workspaces"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(200))
    revision: Mapped[int] = mapped_column(BigInteger, default=0, index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class RemovedWorkspace(Base):
    """What is left of a workspace beside its usage and its audit log; `revision` as of `Workspace`."""

    __tablename__ = "removed_workspaces"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    removed_at: Mapped[datetime] = mapped_column(default=now)
    removed_by: Mapped[str] = mapped_column(String(200))
    revision: Mapped[int] = mapped_column(BigInteger, index=True)


class Revision(Base):
    """One row, id 1: a counter that every change raises, so that replicas find out what changed by one cheap query."""

    __tablename__ = "revisions"

    id: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)


class KeyPairRow(Base):
    """A workspace's key pairs: one is current, the others still open what was sealed under them."""

    __tablename__ = "key_pairs"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    workspace_id: Mapped[str] = _owner()
    public_pem: Mapped[str]
    locked: Mapped[str]
    current: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Person(Base):
    """Somebody who signs in. `password_hash` is argon2's."""

    __tablename__ = "people"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    email: Mapped[str] = mapped_column(String(320), unique=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    password_hash: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class Member(Base):
    """Who belongs to a workspace, as owner, admin or member."""

    __tablename__ = "members"

    workspace_id: Mapped[str] = mapped_column(String(32), ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[str] = mapped_column(
        String(32), ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    role: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(default=now)


class SessionRow(Base):
    """A signed-in browser; the token itself is only in its cookie."""

    __tablename__ = "sessions"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[str] = mapped_column(String(32), ForeignKey("people.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class SignInAttempt(Base):
    """A failed sign-in; too many of one subject (an address, an e-mail) in a time, and it has to wait."""

    __tablename__ = "sign_in_attempts"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    subject: Mapped[str] = mapped_column(String(330), index=True)
    at: Mapped[datetime] = mapped_column(default=now, index=True)


class ApiKey(Base):
    """A program's key. `model_types` and `models` (patterns with `*`) limit its calls; None: all. No `role`: it only calls."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    workspace_id: Mapped[str] = _owner()
    name: Mapped[str] = mapped_column(String(200))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    shown: Mapped[str] = mapped_column(String(32))
    model_types: Mapped[list[Any] | None]
    models: Mapped[list[Any] | None]
    role: Mapped[str | None] = mapped_column(String(16))
    requests_per_minute: Mapped[int | None]
    tokens_per_minute: Mapped[int | None]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    created_by: Mapped[str | None] = mapped_column(String(32))
    created_at: Mapped[datetime] = mapped_column(default=now)


class CredentialRow(Base):
    """A vendor credential, or (with `model`) that of one model that was added. `sealed` holds the secret fields."""

    __tablename__ = "credentials"
    __table_args__ = (Index("ix_credentials_workspace_provider", "workspace_id", "provider"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    workspace_id: Mapped[str] = _owner()
    provider: Mapped[str] = mapped_column(String(64))
    model: Mapped[str | None] = mapped_column(String(256))
    model_type: Mapped[str | None] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(200))
    values: Mapped[dict[str, Any]]
    sealed: Mapped[str | None]
    weight: Mapped[int] = mapped_column(default=1)
    enabled: Mapped[bool] = mapped_column(default=True)
    status: Mapped[str] = mapped_column(String(16), default="unchecked")
    status_message: Mapped[str | None]
    checked_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class CredentialHealthRow(Base):
    """How a credential fared in calls since it was last changed, as the replicas noted it."""

    __tablename__ = "credential_health"

    credential_id: Mapped[str] = mapped_column(String(32), ForeignKey("credentials.id", ondelete="CASCADE"), primary_key=True)
    last_success_at: Mapped[datetime | None]
    last_failure_at: Mapped[datetime | None]
    last_failure: Mapped[str | None]
    resting_until: Mapped[datetime | None]


class CustomModel(Base):
    """A model that the workspace added; `description` is a ModelDescription as JSON."""

    __tablename__ = "custom_models"
    __table_args__ = (UniqueConstraint("workspace_id", "provider", "model", "model_type"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    workspace_id: Mapped[str] = _owner()
    provider: Mapped[str] = mapped_column(String(64))
    model: Mapped[str] = mapped_column(String(256))
    model_type: Mapped[str] = mapped_column(String(32))
    description: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)


class ModelSwitch(Base):
    """A model that the workspace switched off."""

    __tablename__ = "model_switches"

    workspace_id: Mapped[str] = mapped_column(String(32), ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True)
    provider: Mapped[str] = mapped_column(String(64), primary_key=True)
    model: Mapped[str] = mapped_column(String(256), primary_key=True)
    model_type: Mapped[str] = mapped_column(String(32), primary_key=True)


class DefaultModel(Base):
    """The model that `default` means, for each type. `ref` is `provider/model`."""

    __tablename__ = "default_models"

    workspace_id: Mapped[str] = mapped_column(String(32), ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True)
    model_type: Mapped[str] = mapped_column(String(32), primary_key=True)
    ref: Mapped[str] = mapped_column(String(400))


class Alias(Base):
    """A name of the workspace's own for a model, and for those that take over when it fails: a list of `provider/model`."""

    __tablename__ = "aliases"

    workspace_id: Mapped[str] = mapped_column(String(32), ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    targets: Mapped[list[Any]]


class ProviderPreference(Base):
    """Own credentials or the hosted trial first, and whether the own take over when the trial is spent."""

    __tablename__ = "provider_preferences"

    workspace_id: Mapped[str] = mapped_column(String(32), ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True)
    provider: Mapped[str] = mapped_column(String(64), primary_key=True)
    hosted_first: Mapped[bool] = mapped_column(default=False)
    take_over: Mapped[bool] = mapped_column(default=True)


class TrialAccount(Base):
    """How much of a trial a workspace has used; open reservations are counted in."""

    __tablename__ = "trial_accounts"

    workspace_id: Mapped[str] = mapped_column(String(32), ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True)
    trial: Mapped[str] = mapped_column(String(128), primary_key=True)
    used: Mapped[int] = mapped_column(BigInteger, default=0)


class UsageRow(Base):
    """One call."""

    __tablename__ = "usage"
    __table_args__ = (Index("ix_usage_workspace_at", "workspace_id", "at"), Index("ix_usage_key_at", "key_id", "at"))

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    workspace_id: Mapped[str] = mapped_column(String(32))
    key_id: Mapped[str | None] = mapped_column(String(32))
    person_id: Mapped[str | None] = mapped_column(String(32))
    credential_id: Mapped[str | None] = mapped_column(String(64))
    hosted: Mapped[bool]
    provider: Mapped[str] = mapped_column(String(64))
    model: Mapped[str] = mapped_column(String(256))
    model_type: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime]
    day: Mapped[date] = mapped_column(Date, index=True)
    outcome: Mapped[str] = mapped_column(String(16))
    error: Mapped[str | None] = mapped_column(String(64))
    input_tokens: Mapped[int] = mapped_column(BigInteger)
    output_tokens: Mapped[int] = mapped_column(BigInteger)
    cache_read_tokens: Mapped[int] = mapped_column(BigInteger)
    cache_write_tokens: Mapped[int] = mapped_column(BigInteger)
    reasoning_tokens: Mapped[int] = mapped_column(BigInteger)
    audio_seconds: Mapped[float]
    characters: Mapped[int] = mapped_column(BigInteger)
    search_units: Mapped[int] = mapped_column(BigInteger)
    cost: Mapped[Decimal | None] = mapped_column(Money)
    currency: Mapped[str] = mapped_column(String(3))
    milliseconds: Mapped[int]
    first_byte_milliseconds: Mapped[int | None]


class Budget(Base):
    """What a workspace, or (with `key_id`) one key, may spend in a period: money in a currency, or tokens."""

    __tablename__ = "budgets"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    workspace_id: Mapped[str] = _owner()
    key_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("api_keys.id", ondelete="CASCADE"))
    period: Mapped[str] = mapped_column(String(8))
    unit: Mapped[str] = mapped_column(String(8))
    amount: Mapped[Decimal] = mapped_column(Exact)


class AuditEntry(Base):
    """Who changed what. `details` holds no secret."""

    __tablename__ = "audit_log"
    __table_args__ = (Index("ix_audit_log_workspace_at", "workspace_id", "at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    workspace_id: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(default=now)
    actor: Mapped[str] = mapped_column(String(200))
    action: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(400))
    details: Mapped[dict[str, Any]]
