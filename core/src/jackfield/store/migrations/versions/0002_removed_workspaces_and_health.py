"""Workspaces that were removed, and how credentials fare."""

import jackfield.store.columns
import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "removed_workspaces",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("removed_at", jackfield.store.columns.UTCDateTime(timezone=True), nullable=False),
        sa.Column("removed_by", sa.String(length=200), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_removed_workspaces")),
    )
    op.create_index(op.f("ix_removed_workspaces_revision"), "removed_workspaces", ["revision"], unique=False)
    op.create_table(
        "credential_health",
        sa.Column("credential_id", sa.String(length=32), nullable=False),
        sa.Column("last_success_at", jackfield.store.columns.UTCDateTime(timezone=True), nullable=True),
        sa.Column("last_failure_at", jackfield.store.columns.UTCDateTime(timezone=True), nullable=True),
        sa.Column("last_failure", sa.Text(), nullable=True),
        sa.Column("resting_until", jackfield.store.columns.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["credential_id"], ["credentials.id"], name=op.f("fk_credential_health_credential_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("credential_id", name=op.f("pk_credential_health")),
    )
