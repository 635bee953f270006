"""Tickets and answers without a person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_UNWRITTEN = "NOT written"
_OPEN = "NOT final"
_DUE = "state IN ('asked', 'due', 'telling')"


def upgrade() -> None:
    _tickets()
    _answers()
    _notices()


def _tickets() -> None:
    op.create_table(
        "ticket",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("customer_id", _ID),
        sa.Column("channel", sa.Text()),
        sa.Column("address", sa.Text()),
        sa.Column("line", sa.Text()),
        sa.Column("category", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("operator_id", _ID),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger()),
        sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("1")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_ticket_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_ticket"),
        sa.UniqueConstraint("account_id", "number", name="uq_ticket_account_id_number"),
    )
    op.create_index("ix_ticket_account_id_updated_at_id", "ticket", ["account_id", "updated_at", "id"])
    op.create_index("ix_ticket_customer_id_day", "ticket", ["customer_id", "day"])
    op.create_table(
        "ticket_event",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("ticket_id", _ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("was", sa.Text()),
        sa.Column("became", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.Column("written", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name="fk_ticket_event_ticket_id"),
        sa.PrimaryKeyConstraint("id", name="pk_ticket_event"),
    )
    op.create_index("ix_ticket_event_ticket_id_id", "ticket_event", ["ticket_id", "id"])
    unwritten = sa.text(_UNWRITTEN)
    op.create_index(
        "ix_ticket_event_unwritten", "ticket_event", ["id"], sqlite_where=unwritten, postgresql_where=unwritten
    )


def _answers() -> None:
    op.create_table(
        "answer",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("inbound_id", _ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("customer_id", _ID),
        sa.Column("ticket_id", _ID),
        sa.Column("message_id", _ID),
        sa.Column("cause_id", _ID),
        sa.Column("tries", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("final", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_answer_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_answer"),
        sa.UniqueConstraint("inbound_id", name="uq_answer_inbound_id"),
    )
    op.create_index("ix_answer_address_at", "answer", ["address", "at"])
    op.create_index("ix_answer_account_id_at", "answer", ["account_id", "at"])
    unended = sa.text(_OPEN)
    op.create_index("ix_answer_open", "answer", ["id"], sqlite_where=unended, postgresql_where=unended)
    op.create_table(
        "answer_settings",
        sa.Column("account_id", _ID, autoincrement=False, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("since", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_answer_settings_account_id"),
        sa.PrimaryKeyConstraint("account_id", name="pk_answer_settings"),
    )
    op.create_table(
        "answer_place",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("place", _ID, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_answer_place"),
        sqlite_with_rowid=False,
    )


def _notices() -> None:
    op.create_table(
        "payment_notice",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_id", _ID, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("customer_id", _ID),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("batch_id", _ID),
        sa.Column("message_id", _ID),
        sa.Column("tries", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_payment_notice_account_id"),
        sa.PrimaryKeyConstraint("kind", "subject_id", name="pk_payment_notice"),
        sqlite_with_rowid=False,
    )
    due = sa.text(_DUE)
    op.create_index("ix_payment_notice_due", "payment_notice", ["state", "at"], sqlite_where=due, postgresql_where=due)
    op.create_index("ix_payment_notice_account_id_kind_at", "payment_notice", ["account_id", "kind", "at"])
    op.create_table(
        "notice_batch",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("customers", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.BigInteger()),
        sa.Column("decided_by", sa.Text()),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_notice_batch_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_notice_batch"),
    )
    op.create_index("ix_notice_batch_account_id_id", "notice_batch", ["account_id", "id"])
