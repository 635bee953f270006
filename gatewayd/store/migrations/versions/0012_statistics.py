"""Counts by hour, account, channel, line and state, and their first filling from the messages that are there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")

_FILL = """
INSERT INTO tally (hour, account_id, channel, line, state, messages, segments, cost)
SELECT coalesce(attempt.started_at, CASE message.state WHEN 'invalid' THEN job.created_at ELSE message.updated_at END)
       / 3600000, job.account_id, job.channel,
       CASE WHEN attempt.id IS NULL THEN '' ELSE coalesce(message.line, '') END, message.state,
       count(*), sum(message.segments), sum(message.cost)
FROM message JOIN job ON job.id = message.job_id LEFT JOIN attempt ON attempt.id = message.attempt_id
WHERE job.state <> 'loading' AND message.state IN
      ('submitted', 'delivered', 'read', 'undelivered', 'failed', 'expired', 'uncertain', 'cancelled', 'invalid')
GROUP BY 1, 2, 3, 4, 5
"""
_FILL_RECEIVED = """
INSERT INTO tally (hour, account_id, channel, line, state, messages, segments, cost)
SELECT received_at / 3600000, account_id, channel, line, 'received', count(*), 0, 0
FROM inbound WHERE account_id IS NOT NULL GROUP BY 1, 2, 3, 4
"""


def upgrade() -> None:
    op.create_table(
        "tally",
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("messages", sa.BigInteger(), nullable=False),
        sa.Column("segments", sa.BigInteger(), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_tally_account_id"),
        sa.PrimaryKeyConstraint("hour", "account_id", "channel", "line", "state", name="pk_tally"),
        sqlite_with_rowid=False,
    )
    op.execute(_FILL)
    op.execute(_FILL_RECEIVED)
