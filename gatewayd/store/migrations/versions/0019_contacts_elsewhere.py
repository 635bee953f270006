"""Contacts made elsewhere, in the log of interactions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_KNOWN = "person_id IS NOT NULL"


def upgrade() -> None:
    op.create_table(
        "elsewhere",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("answered", sa.Boolean(), nullable=False),
        sa.Column("reached", sa.Boolean(), nullable=False),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.Column("class", sa.Text(), nullable=False),
        sa.Column("text", sa.Text()),
        sa.Column("person_id", _ID),
        sa.Column("document_type", sa.Text()),
        sa.Column("document_number", sa.Text()),
        sa.Column("external_id", sa.Text()),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("process_id", _ID),
        sa.Column("row", sa.Integer()),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_elsewhere"),
        sa.UniqueConstraint("account_id", "key", name="uq_elsewhere_account_id_key"),
    )
    op.create_index("ix_elsewhere_at_id", "elsewhere", ["at", "id"])
    op.create_index("ix_elsewhere_account_id_at_id", "elsewhere", ["account_id", "at", "id"])
    op.create_index("ix_elsewhere_address_at", "elsewhere", ["address", "at"])
    known = sa.text(_KNOWN)
    op.create_index(
        "ix_elsewhere_person_id_at", "elsewhere", ["person_id", "at"], sqlite_where=known, postgresql_where=known
    )
    op.create_table(
        "process_fault",
        sa.Column("process_id", _ID, nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("process_id", "row", name="pk_process_fault"),
        sqlite_with_rowid=False,
    )
    op.add_column("process", sa.Column("outcome", sa.Text()))
