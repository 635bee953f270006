"""Customers whom a sheet brought as ranges, a row a portion; the rows that were not taken by an index of their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_ISSUE = sa.text("(kind = 'refused' OR kind = 'repeated' OR kind = 'noted')")


def upgrade() -> None:
    op.create_table(
        "import_range",
        sa.Column("import_id", _ID, nullable=False),
        sa.Column("first_id", _ID, nullable=False),
        sa.Column("customers", sa.Integer(), nullable=False),
        sa.Column("undone", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("import_id", "first_id", name="pk_import_range"),
        sa.ForeignKeyConstraint(["import_id"], ["import.id"], name="fk_import_range_import_id"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_import_row_issue", "import_row", ["import_id", "row"], sqlite_where=_ISSUE, postgresql_where=_ISSUE
    )
