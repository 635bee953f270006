"""Why a message goes out, and what withdraws it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_HOLDS = "withdrawn IS NULL"
_CAUSED = "cause_id IS NOT NULL AND state IN ('queued', 'scheduled', 'held', 'sending')"
_WAITING = "state IN ('queued', 'scheduled', 'held', 'held_window', 'held_stale') AND messages > 0"


def upgrade() -> None:
    op.create_table(
        "cause",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("customer_id", _ID, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn", sa.Text()),
        sa.Column("withdrawn_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_cause"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_cause_account_id"),
    )
    holds = sa.text(_HOLDS)
    op.create_index(
        "uq_cause_present",
        "cause",
        ["customer_id", "kind", "currency"],
        unique=True,
        sqlite_where=holds,
        postgresql_where=holds,
    )
    op.create_index("ix_cause_withdrawn_at", "cause", ["withdrawn_at"])
    op.add_column("message", sa.Column("cause_id", _ID))
    caused = sa.text(_CAUSED)
    op.create_index("ix_message_cause_id", "message", ["cause_id"], sqlite_where=caused, postgresql_where=caused)
    op.add_column("campaign_person", sa.Column("cause_id", _ID))
    op.drop_index("ix_queue_count_waiting", "queue_count")
    waiting = sa.text(_WAITING)
    op.create_index(
        "ix_queue_count_waiting", "queue_count", ["queue_id"], sqlite_where=waiting, postgresql_where=waiting
    )
