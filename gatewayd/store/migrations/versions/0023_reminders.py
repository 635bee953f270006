"""Reminders written by hand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_TIMED = "next_at IS NOT NULL"
_WAITING = "state = 'waiting'"


def upgrade() -> None:
    op.create_table(
        "reminder",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("customer_id", _ID, nullable=False),
        sa.Column("invoice", _KEY, nullable=False, server_default=sa.text("''")),
        sa.Column("due", sa.Text()),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger()),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("first_day", sa.Text()),
        sa.Column("every_days", sa.Integer()),
        sa.Column("times", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("hour", sa.Text(), nullable=False, server_default=sa.text("'10:00'")),
        sa.Column("repeated", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("next_at", sa.BigInteger()),
        sa.Column("sends", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("sent_at", sa.BigInteger()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("1")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_reminder_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_reminder"),
    )
    op.create_index("ix_reminder_account_id_id", "reminder", ["account_id", "id"])
    op.create_index("ix_reminder_customer_id_id", "reminder", ["customer_id", "id"])
    where = sa.text(_TIMED)
    op.create_index("ix_reminder_next_at", "reminder", ["next_at"], sqlite_where=where, postgresql_where=where)
    op.create_table(
        "reminder_event",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("reminder_id", _ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("detail", sa.Text(), nullable=False, server_default=sa.text("'{}'")),
        sa.Column("number", sa.Integer()),
        sa.Column("day", sa.Text()),
        sa.Column("customer_id", _ID),
        sa.Column("currency", sa.Text()),
        sa.Column("state", sa.Text()),
        sa.Column("job_id", _ID),
        sa.Column("cause_id", _ID),
        sa.ForeignKeyConstraint(["reminder_id"], ["reminder.id"], name="fk_reminder_event_reminder_id"),
        sa.PrimaryKeyConstraint("id", name="pk_reminder_event"),
        sa.UniqueConstraint("reminder_id", "number", name="uq_reminder_event_reminder_id_number"),
    )
    op.create_index("ix_reminder_event_reminder_id_id", "reminder_event", ["reminder_id", "id"])
    op.create_index("ix_reminder_event_customer_id_day", "reminder_event", ["customer_id", "day"])
    where = sa.text(_WAITING)
    op.create_index("ix_reminder_event_waiting", "reminder_event", ["id"], sqlite_where=where, postgresql_where=where)
