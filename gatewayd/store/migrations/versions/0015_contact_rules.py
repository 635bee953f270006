"""Classes of messages, persons, evidence; blocks by account. What was blocked before stays everybody's."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_READY = "state IN ('queued', 'scheduled', 'held')"
_WAITING = "state IN ('queued', 'scheduled', 'held', 'held_window') AND messages > 0"


def upgrade() -> None:
    op.add_column("job", sa.Column("class", sa.Text(), nullable=False, server_default=sa.text("'collections'")))
    op.add_column("queue", sa.Column("held_until", sa.BigInteger()))
    op.add_column("message", sa.Column("person_id", _ID))
    known = sa.text("person_id IS NOT NULL")
    op.create_index("ix_message_person_id", "message", ["person_id", "id"], sqlite_where=known, postgresql_where=known)
    _made_anew("ix_message_ready", "message", ["queue_id", "due", "id"], _READY)
    _made_anew("ix_queue_count_waiting", "queue_count", ["queue_id"], _WAITING)
    _blocks()
    op.create_table(
        "register",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("imported_at", sa.BigInteger(), nullable=False),
        sa.Column("numbers", sa.Integer(), nullable=False),
        sa.Column("max_age_days", sa.Integer(), nullable=False, server_default=sa.text("30")),
        sa.PrimaryKeyConstraint("name", name="pk_register"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "evidence",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("to", sa.Text()),
        sa.Column("job_id", _ID, nullable=False),
        sa.Column("message_id", _ID),
        sa.Column("attempt_id", _ID),
        sa.Column("class", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger()),
        sa.Column("direct", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.PrimaryKeyConstraint("id", name="pk_evidence"),
    )
    op.create_index("ix_evidence_person", "evidence", ["account_id", "person", "at"])


def _made_anew(name: str, table: str, columns: list[str], condition: str) -> None:
    op.drop_index(name, table)
    where = sa.text(condition)
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)


def _blocks() -> None:
    op.rename_table("blocklist", "blocklist_before")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER INDEX pk_blocklist RENAME TO pk_blocklist_before")
    op.create_table(
        "blocklist",
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("to", sa.Text(), nullable=False),
        sa.Column("register", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("channel", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("note", sa.Text()),
        sa.PrimaryKeyConstraint("account_id", "to", "register", name="pk_blocklist"),
        sqlite_with_rowid=False,
    )
    op.execute(
        'INSERT INTO blocklist (account_id, "to", register, channel, at, source, note)'
        " SELECT 0, \"to\", '', '', at, source, note FROM blocklist_before"
    )
    op.drop_table("blocklist_before")
    op.create_index("ix_blocklist_to", "blocklist", ["to"])
