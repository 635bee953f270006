"""Idempotency keys and the hourly jobs of single posts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.add_column("job", sa.Column("origin", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("job", sa.Column("test", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "posted",
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("job_id", _ID),
        sa.Column("status", sa.Integer()),
        sa.Column("answer", sa.Text()),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_posted_account_id"),
        sa.PrimaryKeyConstraint("account_id", "key", name="pk_posted"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_posted_job_id", "posted", ["job_id"])
    op.create_index("ix_posted_at", "posted", ["at"])
