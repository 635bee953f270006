"""Conditions of partial indexes as alternatives: SQLite builds a table in memory for each look at a longer `IN`."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def _one_of(*states: str) -> str:
    return "(" + " OR ".join(f"state = '{state}'" for state in states) + ")"


def upgrade() -> None:
    _made_anew("ix_message_ready", "message", ["queue_id", "due", "id"], _one_of("queued", "scheduled", "held"))
    _made_anew(
        "ix_message_cause_id",
        "message",
        ["cause_id"],
        "cause_id IS NOT NULL AND " + _one_of("queued", "scheduled", "held", "sending"),
    )
    _made_anew(
        "ix_message_astray",
        "message",
        ["account_id", "at", "id"],
        _one_of("undelivered", "failed", "expired", "uncertain", "invalid", "cancelled"),
    )
    _made_anew(
        "ix_queue_count_waiting",
        "queue_count",
        ["queue_id"],
        _one_of("queued", "scheduled", "held", "held_window", "held_stale") + " AND messages > 0",
    )
    _made_anew("ix_payment_notice_due", "payment_notice", ["state", "at"], _one_of("asked", "due", "telling"))


def _made_anew(name: str, table: str, columns: list[str], condition: str) -> None:
    op.drop_index(name, table)
    where = sa.text(condition)
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
