"""Saved views and columns, and what finding interactions needs: each message's account and its place in time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_ASTRAY = "state IN ('undelivered', 'failed', 'expired', 'uncertain', 'invalid', 'cancelled')"

_PLACE = """
UPDATE message SET
  channel = COALESCE((SELECT job.channel FROM job WHERE job.id = message.job_id), ''),
  account_id = COALESCE((SELECT job.account_id FROM job WHERE job.id = message.job_id), 0),
  at = COALESCE(
    (SELECT attempt.started_at FROM attempt WHERE attempt.id = message.attempt_id),
    (SELECT job.created_at FROM job WHERE job.id = message.job_id),
    updated_at)
"""


def upgrade() -> None:
    op.add_column("message", sa.Column("account_id", _ID, nullable=False, server_default=sa.text("0")))
    op.add_column("message", sa.Column("channel", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("message", sa.Column("at", sa.BigInteger(), nullable=False, server_default=sa.text("0")))
    op.execute(_PLACE)
    op.create_index("ix_message_at_id", "message", ["at", "id"])
    op.create_index("ix_message_account_id_channel_at_id", "message", ["account_id", "channel", "at", "id"])
    astray = sa.text(_ASTRAY)
    op.create_index(
        "ix_message_astray", "message", ["account_id", "at", "id"], sqlite_where=astray, postgresql_where=astray
    )
    op.create_index("ix_inbound_received_at_id", "inbound", ["received_at", "id"])
    op.create_index("ix_inbound_account_id_received_at_id", "inbound", ["account_id", "received_at", "id"])
    op.create_index("ix_inbound_sender_id", "inbound", ["sender", "id"])
    answers = sa.text("message_id IS NOT NULL")
    op.create_index("ix_inbound_message_id", "inbound", ["message_id"], sqlite_where=answers, postgresql_where=answers)
    op.create_table(
        "saved_view",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("account_id", _ID),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_.id"], name="fk_saved_view_user_id"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_saved_view_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_saved_view"),
        sa.UniqueConstraint("user_id", "name", name="uq_saved_view_user_id_name"),
    )
    op.create_index("ix_saved_view_account_id", "saved_view", ["account_id"])
    op.create_table(
        "chosen_columns",
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("columns", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "page", name="pk_chosen_columns"),
        sqlite_with_rowid=False,
    )
