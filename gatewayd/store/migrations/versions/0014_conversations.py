"""Conversations. What came in before is put away: nobody waits for an answer to it any more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")

_FILL = """
INSERT INTO conversation (account_id, address, last_at, channel, line, unread, done_at)
SELECT inbound.account_id, inbound.sender, inbound.received_at, inbound.channel, inbound.line, 0, inbound.received_at
FROM inbound JOIN (SELECT max(id) AS id FROM inbound WHERE account_id IS NOT NULL AND channel <> 'call'
                   GROUP BY account_id, sender) AS latest ON latest.id = inbound.id
"""


def upgrade() -> None:
    op.create_table(
        "conversation",
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("unread", sa.Integer(), nullable=False),
        sa.Column("done_at", sa.BigInteger()),
        sa.Column("assigned_id", _ID),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_conversation_account_id"),
        sa.ForeignKeyConstraint(["assigned_id"], ["user_.id"], name="fk_conversation_assigned_id"),
        sa.PrimaryKeyConstraint("account_id", "address", name="pk_conversation"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_conversation_account_id_last_at", "conversation", ["account_id", "last_at", "address"])
    op.execute(_FILL)
